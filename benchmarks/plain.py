"""The baseline that the others are held against: the same ants as plain Python objects in a loop."""

from dataclasses import dataclass

from coordination.valley_filling.problem import ValleyFilling


@dataclass
class PlainEv:
    """One EV that sorts its slots by load and takes the first."""

    first: int
    stop: int
    power_kw: float
    need_kwh: float
    in_h: float
    out_h: float

    def choose(self, load_kw: list[float], limit_kw: list[float], slot_h: float) -> dict[int, float]:
        """Return power by slot."""
        chosen = {}
        left = self.need_kwh
        for slot in sorted(range(self.first, self.stop), key=lambda h: (load_kw[h], h)):
            covered = min(self.out_h, (slot + 1) * slot_h) - max(self.in_h, slot * slot_h)
            power = min(self.power_kw * min(1.0, covered / slot_h), limit_kw[slot] - load_kw[slot], left / slot_h)
            if power > 0:
                chosen[slot] = power
                left -= power * slot_h
            if left <= 1e-9:
                break
        return chosen


def plain_plan(problem: ValleyFilling, batch_size: int) -> list[float]:
    """Plan as `ants.forage` does; return the load of each slot [kW]."""
    columns = (
        problem.first_slot,
        problem.stop_slot,
        problem.power_kw,
        problem.need_kwh,
        problem.plug_in_h,
        problem.plug_out_h,
    )
    evs = [PlainEv(*row) for row in zip(*(column[problem.order].tolist() for column in columns), strict=True)]
    load, limit = problem.base_kw.tolist(), problem.limit_kw.tolist()
    copy = list(load)
    for count, ev in enumerate(evs, start=1):
        chosen = ev.choose(copy, limit, problem.slot_h)
        if any(load[slot] + power > limit[slot] + 1e-6 for slot, power in chosen.items()):
            chosen = ev.choose(load, limit, problem.slot_h)
        for slot, power in chosen.items():
            load[slot] += power
        if count % batch_size == 0:
            copy = list(load)
    return load
