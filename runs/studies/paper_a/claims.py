"""Paper A's claims, each held against runs of many seeds; numbered as in part D of the rebuilt equations."""

import numpy as np
from numpy.typing import NDArray

from runs.result import Result
from runs.studies.claim import Claim, Outcome
from runs.studies.paper_a.cases import NIGHT, SEEN, VALLEY, PaperRuns, PlanRun, night_ripple_kw


def _outcome(found: bool) -> Outcome:
    return "found" if found else "not found"


def _graded(share: float, weaker: float, *, enough: float = 0.75) -> Outcome:
    """Found where the share of cases that show it is large, partly found where most show it in a weaker sense."""
    return "found" if share > enough else "partly found" if weaker > 0.5 else "not found"


def claims(runs: PaperRuns) -> list[Claim]:
    """Hold every claim against these runs."""
    one = runs.one_by_one
    ripple = {batch: np.array([night_ripple_kw(r) for r in results]) for batch, results in runs.batches.items()}
    return [
        _limit(one[0]),
        _types(one),
        _used_slots(one),
        _dimensions(one),
        _free(one, runs.thousand),
        _coincidence(one, runs.thousand),
        _danger(one, runs.thousand),
        _filled(one),
        _batches(ripple),
        _one_by_one(ripple),
        _difference(one),
        _same_curve(runs),
        _more_iterations(runs),
        *_fluctuation_and_time(runs),
        _second_method(runs),
        *_adjustment(runs.planned, runs.adjusted),
        _usable_segments(one),
    ]


def _limit(result: Result) -> Claim:
    limit = result.summary["limit_kw"]
    return Claim(
        "A-1",
        "the transformer carries at most 1615 kW",
        _outcome(limit == 1615),
        f"2000 kVA x 0.85 x 0.95 = {limit:g} kW",
    )


def _types(results: list[Result]) -> Claim:
    kinds = [_slots_needed(result) for result in results]
    largest = [int(kind.max()) for kind in kinds]
    count = [_types_of(result).size for result in results]
    return Claim(
        "A-2",
        "EVs fall into 7 types by charging time",
        _outcome(max(largest) == 7 and min(count) == 7),
        f"longest charging time {_span(largest)} h, {_span(count)} different times (24 kWh, 4 kW, efficiency 0.9 are ours)",
    )


def _used_slots(results: list[Result]) -> Claim:
    used = [_filled_hours(result) for result in results]
    first, last = [u[0] for u in used], [u[1] for u in used]
    exact = sum(u == (22, 34) for u in used)
    return Claim(
        "A-2",
        "500 EVs fill the valley from 22 h to 10 h",
        _outcome(exact > len(used) / 2),
        f"slots that carry at least a tenth of the largest EV load: from {_clock(min(first))}-{_clock(max(first))} to "
        f"{_clock(min(last))}-{_clock(max(last))}; exactly 22:00 to 10:00 in {exact} of {len(used)} fleets",
    )


def _filled_hours(result: Result) -> tuple[int, int]:
    """First and last hour of the valley that EVs fill, counted from the midnight before."""
    ev = result.slots.ev_kw.to_numpy()
    slots = np.flatnonzero(ev >= 0.1 * ev.max())
    return 12 + int(slots[0]), 12 + int(slots[-1]) + 1


def _dimensions(results: list[Result]) -> Claim:
    types = [_types_of(result).size for result in results]
    hours = [last - first for first, last in map(_filled_hours, results)]
    product = [kinds * length for kinds, length in zip(types, hours, strict=True)]
    return Claim(
        "A-2",
        "types times valley segments make 7 x 12 = 84 dimensions for a particle swarm, instead of 500",
        _graded(np.mean(np.array(product) == 84), np.mean(np.array(types) == 7)),
        f"{_span(types)} types x {_span(hours)} h that EVs fill make {_span(product)}",
    )


def _free(half: list[Result], thousand: list[Result]) -> Claim:
    base = half[0].summary["no_evs"]["peak_valley_difference_kw"]
    small = [r.summary["free"]["peak_valley_difference_kw"] for r in half]
    large = [r.summary["free"]["peak_valley_difference_kw"] for r in thousand]
    return Claim(
        "A-3",
        "free charging widens the peak-valley difference, 1000 EVs more than 500",
        _outcome(min(small) > base and min(large) > max(small)),
        f"{base:.0f} kW without EVs, {_mean(small)} with 500, {_mean(large)} with 1000",
    )


def _coincidence(half: list[Result], thousand: list[Result]) -> Claim:
    base = half[0].slots.actual_kw.to_numpy()
    hours = np.array([int(r.slots.free_kw.to_numpy().argmax()) for r in half + thousand])
    share = 100 * base[hours] / base.max()
    return Claim(
        "A-3",
        "the EVs' own peak under free charging comes in the load's peak hours",
        _graded(np.mean(hours == base.argmax()), np.mean(share >= 90)),
        f"the EVs peak at {_clock(12 + hours.min())} to {_clock(12 + hours.max())}, {hours.min() - base.argmax()} to "
        f"{hours.max() - base.argmax()} h after the load; the load then has {share.min():.0f} to {share.max():.0f} % of "
        f"its peak, at least 90 % in {int((share >= 90).sum())} of {share.size} fleets",
    )


def _danger(half: list[Result], thousand: list[Result]) -> Claim:
    over = [[r.summary["free"]["overload_slots"] for r in results] for results in (half, thousand)]
    peak = [[r.summary["free"]["peak_kw"] for r in results] for results in (half, thousand)]
    return Claim(
        "A-3",
        "the more EVs charge freely, the more they endanger the grid",
        _outcome(min(over[0]) > 0 and min(over[1]) > max(over[0])),
        f"{_span(over[0])} slots above the limit with 500 EVs, peak {_mean(peak[0])}; {_span(over[1])} with 1000, peak "
        f"{_mean(peak[1])}",
    )


def _filled(results: list[Result]) -> Claim:
    over = sum(r.summary["overload_slots"] for r in results)
    before = np.ptp(results[0].slots.actual_kw.to_numpy()[NIGHT])
    ripple = [night_ripple_kw(r) for r in results]
    return Claim(
        "A-4",
        "500 EVs one by one fill the valley and never break 1615 kW",
        _outcome(over == 0 and max(ripple) < before / 2),
        f"{over} slots above the limit in {len(results)} fleets; between 23 and 7 h the load varies by {_mean(ripple)}, "
        f"{before:.0f} kW without EVs",
    )


def _batches(ripple: dict[int, NDArray[np.float64]]) -> Claim:
    smooth = max(ripple[batch].mean() for batch in (1, 10, 20))
    worse = int((ripple[50] > np.maximum(ripple[10], ripple[20])).sum())
    listed = ", ".join(f"{values.mean():.0f} kW at {batch}" for batch, values in ripple.items())
    return Claim(
        "A-5",
        "batches of 10 or 20 EVs leave a small ripple, 50 is worse",
        _outcome(bool(ripple[50].mean() > 1.5 * smooth) and worse > 0.75 * ripple[50].size),
        f"ripple between 23 and 7 h: {listed}; 50 is the worst in {worse} of {ripple[50].size} fleets",
    )


def _one_by_one(ripple: dict[int, NDArray[np.float64]]) -> Claim:
    others = [values for batch, values in ripple.items() if batch != 1]
    least = np.mean(ripple[1] <= np.minimum.reduce(others))
    on_average = ripple[1].mean() <= min(values.mean() for values in others)
    return Claim(
        "A-5",
        "one EV at a time gives the smoothest curve",
        _graded(float(least), float(on_average)),
        f"the smallest ripple in {100 * least:.0f} % of fleets; on average {ripple[1].mean():.0f} kW against "
        f"{min(values.mean() for values in others):.0f} kW in the best of the larger batches",
    )


def _difference(results: list[Result]) -> Claim:
    free = [r.summary["free"]["peak_valley_difference_kw"] for r in results]
    ants = [r.summary["peak_valley_difference_kw"] for r in results]
    base = results[0].summary["no_evs"]["peak_valley_difference_kw"]
    return Claim(
        "A-6",
        "coordination lowers the peak-valley difference (Table 4)",
        _outcome(all(a < f for a, f in zip(ants, free, strict=True))),
        f"{base:.0f} kW without EVs, {_mean(free)} free, {_mean(ants)} coordinated",
    )


def _same_curve(runs: PaperRuns) -> Claim:
    part = []
    for result, ants, swarm in zip(
        runs.one_by_one, runs.plans["ants", 0], runs.plans["pso2", runs.iterations[1]], strict=True
    ):
        free_kw = (result.slots.actual_kw + result.slots.free_kw).to_numpy()
        part.append(_rms(ants.total_kw - swarm.total_kw) / _rms(ants.total_kw - free_kw))
    apart = np.array(part)
    return Claim(
        "A-7",
        "ants get a load curve similar to that of a particle swarm (Fig 10)",
        _graded(float(np.mean(apart < 0.1)), float(np.mean(apart < 0.25))),
        f"over the day the curves of ants and of PSO ({runs.iterations[1]} iterations, second method) are {_percent(apart)} as "
        f"far apart as those of ants and of free charging, root mean square; less than 10 % in {_count(apart < 0.1)} fleets",
    )


def _more_iterations(runs: PaperRuns) -> Claim:
    fewer, more = runs.iterations
    gaps = {key: _gaps(plans) for key, plans in runs.plans.items()}
    smaller, larger = (sign * (gaps["pso2", more] - gaps["pso2", fewer]) < 0 for sign in (1, -1))
    ripple = [np.mean(_ripples(runs.plans["pso2", count])) for count in runs.iterations]
    first = gaps["pso1", more] < gaps["pso1", fewer]
    return Claim(
        "A-7",
        "1500 iterations of PSO get a better curve than 500",
        _graded(float(smaller.mean()), float(smaller.mean())),
        f"second method, gap to the exact optimum: {_percent(gaps['pso2', more])} after {more}, "
        f"{_percent(gaps['pso2', fewer])} after {fewer}, smaller in {_count(smaller)} fleets and larger in {_count(larger)}; "
        f"its ripple from 22 to 10 h is {ripple[1]:.1f} and {ripple[0]:.1f} kW, and one EV draws 4 kW. First method: "
        f"{_percent(gaps['pso1', more])} and {_percent(gaps['pso1', fewer])}, smaller in {_count(first)}",
    )


def _fluctuation_and_time(runs: PaperRuns) -> list[Claim]:
    ants = runs.plans["ants", 0]
    flat_enough = [1.25 * plan.ripple_kw for plan in runs.plans["pso2", runs.iterations[0]]]
    similar = np.array(_ripples(ants)) <= flat_enough
    counts = sorted(count for method, count in runs.plans if method == "pso2")
    taken, times = [], []
    for fleet, own in enumerate(ants):
        swarm = {count: runs.plans["pso2", count][fleet] for count in counts}
        as_flat = [count for count in counts if swarm[count].ripple_kw <= 1.25 * own.ripple_kw]
        taken.append(as_flat[0] if as_flat else counts[-1])
        times.append(swarm[taken[-1]].wall_s / own.wall_s)
    faster = np.array(times) > 2
    shown = {"ants": ants, "the exact optimum": runs.plans["optimal", 0]}
    shown |= {f"PSO with {count} iterations": runs.plans["pso2", count] for count in runs.iterations}
    listed = ", ".join(f"{_mean(_ripples(plans))} with {name}" for name, plans in shown.items())
    seconds = ", ".join(
        f"{np.mean([plan.wall_s for plan in plans]):.2g} s with {name}" for name, plans in shown.items()
    )
    return [
        Claim(
            "A-7",
            "ants and PSO reach a similar fluctuation in the valley (Table 5)",
            _outcome(float(similar.mean()) > 0.75),
            f"ripple from 22 to 10 h: {listed}; that of ants is at most a quarter above that of PSO (second method, "
            f"{runs.iterations[0]} iterations) in {_count(similar)} fleets",
        ),
        Claim(
            "A-7",
            "ants take less time than PSO where both reach a similar fluctuation (Table 5)",
            _graded(float(faster.mean()), float(faster.mean())),
            f"PSO (second method) takes {_span(taken)} iterations until its ripple is at most a quarter above that of ants, and "
            f"{np.median(times):.0f} times their time (median); ants take less than half of it in {_count(faster)} fleets. "
            f"Plans take {seconds}; compiled, on one core of the machine that wrote this",
        ),
    ]


def _second_method(runs: PaperRuns) -> Claim:
    gaps = {key: _gaps(plans) for key, plans in runs.plans.items()}
    better = np.concatenate([gaps["pso2", count] < gaps["pso1", count] for count in runs.iterations])
    listed = ", ".join(
        f"{_percent(gaps['pso2', count])} against {_percent(gaps['pso1', count])} after {count}"
        for count in runs.iterations
    )
    return Claim(
        "A-7",
        "the second method of PSO (types and slots) converges better than the first (a start for each EV)",
        _graded(float(better.mean()), float(better.mean())),
        f"gap to the exact optimum: {listed} iterations; smaller in {_count(better)} pairs of runs",
    )


def _gaps(plans: list[PlanRun]) -> NDArray[np.float64]:
    return np.array([plan.optimality_gap for plan in plans])


def _ripples(plans: list[PlanRun]) -> list[float]:
    return [plan.ripple_kw for plan in plans]


def _adjustment(planned_runs: list[Result], adjusted_runs: list[Result]) -> list[Claim]:
    left: dict[str, list[float]] = {moment: [] for moment in SEEN}
    against = []
    for planned, adjusted in zip((r.slots for r in planned_runs), (r.slots for r in adjusted_runs), strict=True):
        plan = (planned.base_kw + planned.ev_kw).to_numpy()
        without = planned.total_kw.to_numpy() - plan
        with_it = adjusted.total_kw.to_numpy() - plan
        for name, stop in SEEN.items():
            left[name].append(_rms(with_it[:stop]) / _rms(without[:stop]))
        moved = (adjusted.ev_kw - planned.ev_kw).to_numpy()
        against += (moved * without <= 0)[VALLEY].tolist()
    listed = ", ".join(f"{100 * np.mean(values):.0f} % by {name}" for name, values in left.items())
    closer = {name: sum(value < 1 for value in values) for name, values in left.items()}
    holds = ", ".join(f"{count} of {len(planned_runs)} by {name}" for name, count in closer.items())
    share = float(np.mean(against))
    ripple = [[night_ripple_kw(r) for r in results] for results in (planned_runs, adjusted_runs)]
    smoother = np.mean(np.array(ripple[1]) < np.array(ripple[0]))
    return [
        Claim(
            "A-8",
            "adjustment brings actual load plus EVs closer to the plan at 18, 24, 6 and 12 h",
            _outcome(min(closer.values()) > 0.75 * len(planned_runs)),
            f"root mean square deviation from the plan since noon, adjusted against not: {listed}; closer in {holds}",
        ),
        Claim(
            "A-8",
            "EVs are pulled into hours with less load than forecast and pushed out of hours with more",
            _graded(share, share, enough=0.95),
            f"so in {100 * share:.0f} % of the slots from 22 to 10 h; in the others what other hours pushed out or pulled in "
            "outweighs it",
        ),
        Claim(
            "A-8",
            "the actual load with EVs that answer is smooth",
            _graded(float(smoother), float(np.mean(ripple[1]) < np.mean(ripple[0]))),
            f"between 23 and 7 h it varies by {_mean(ripple[1])}, by {_mean(ripple[0])} if EVs keep to their plan; less in "
            f"{100 * smoother:.0f} % of fleets",
        ),
    ]


def _usable_segments(results: list[Result]) -> Claim:
    counts = []
    for result in results:
        vehicles = result.vehicles
        first = np.maximum(np.ceil(vehicles.plug_in_h.to_numpy()), VALLEY.start)
        stop = np.minimum(np.floor(vehicles.plug_out_h.to_numpy()), VALLEY.stop)
        counts.append(np.maximum(stop - first, 0))
    number = np.concatenate(counts)
    share = float(((number >= 5) & (number <= 11)).mean())
    low, high = np.quantile(number, [0.05, 0.95])
    return Claim(
        "A-9",
        "each EV has 5 to 11 usable segments in the valley from 22 h to 10 h",
        _outcome(share > 0.9),
        f"{100 * share:.0f} % of EVs have 5 to 11, {100 * float((number == 12).mean()):.0f} % have all 12; 90 % lie between "
        f"{low:.0f} and {high:.0f}",
    )


def _slots_needed(result: Result) -> NDArray[np.int64]:
    vehicles = result.vehicles
    need = vehicles.energy_kwh / (vehicles.efficiency * vehicles.power_kw)
    return np.ceil(need.to_numpy() - 1e-9).astype(np.int64)


def _types_of(result: Result) -> NDArray[np.int64]:
    kind = _slots_needed(result)
    return np.unique(kind[kind > 0])


def _rms(values: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def _clock(hour: int) -> str:
    return f"{hour % 24:02d}:00"


def _mean(values: list[float]) -> str:
    return f"{np.mean(values):.0f} kW ({min(values):.0f} to {max(values):.0f})"


def _percent(parts: NDArray[np.float64]) -> str:
    values = 100 * parts
    return f"{values.mean():.3g} % ({values.min():.3g} to {values.max():.3g})"


def _count(cases: NDArray[np.bool_]) -> str:
    return f"{int(cases.sum())} of {cases.size}"


def _span(values: list[int]) -> str:
    return f"{min(values)}" if min(values) == max(values) else f"{min(values)} to {max(values)}"
