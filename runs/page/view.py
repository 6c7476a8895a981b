"""What the page shows of a day, as plain data: no widgets, no colours, testable without a browser."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from coordination.valley_filling.problem import cost_kw2
from coordination.valley_filling.stays import ENERGY_TOLERANCE_KWH
from environment.horizon import Horizon
from environment.pheromone_board import pheromone
from runs.homes.judging import EnergyBooks, judging
from runs.metrics import gap_of, load_metrics
from runs.page.day import Day
from runs.page.nodes import known_kw, most_loaded, nodes_now, promised_kw, rows_below, short, transformers_below

AWAY, WAITING, CHARGING, FULL, UNSERVED = range(5)
STATES: Final = ("away", "waiting", "charging", "full", "left unserved")
"""Names of an EV's states."""

LACKING_KWH: Final = 1e-6
"""Lacking more than this is not rounding [kWh]."""


@dataclass(frozen=True, eq=False)
class BoardView:
    """The board of a transformer, or those below a node summed; every array ``(n_slots,)``.

    Parameters
    ----------
    base_kw
        Actual base load of slots that have begun, forecast of the others; with that of the nodes above the transformers.
    held_kw, flash_kw
        What EVs hold: before the last frame, and what its choices added.
    pheromone
        Share of the headroom left in each slot, as the boards of the transformers stand.
    free_kw, optimum_kw
        Total load with free charging and with the optimum (None if it is not asked for), for the load as it comes.
    limit_kw
        The node's own, infinite for none; of a node that has none in any slot, those of the transformers below together.
    limit_name
        Name of that limit, which says whose it is.
    now
        The present slot.
    """

    base_kw: NDArray[np.float64]
    held_kw: NDArray[np.float64]
    flash_kw: NDArray[np.float64]
    pheromone: NDArray[np.float64]
    free_kw: NDArray[np.float64]
    optimum_kw: NDArray[np.float64] | None
    limit_kw: NDArray[np.float64]
    limit_name: str
    now: int


def board(day: Day, row: int) -> BoardView:
    """Return the board of a node of the grid, by its row there: of a transformer, or of all that is below another node."""
    grid, none = day.homes.grid, np.zeros(day.chose.size)
    places = transformers_below(grid, row).tolist()
    loads = [day.homes.loads[k] for k in places]
    above = np.isin(grid.upper_rows, rows_below(grid, row)).tolist()
    loads += [load for load, inside in zip(day.homes.upper_loads, above, strict=True) if inside and load is not None]
    actual = sum((load.actual_kw for load in loads), start=none)
    ev = sum((day.transformers[k].schedule.load_kw() for k in places), start=none)
    load = sum((day.transformers[k].board.load_kw for k in places), start=none)
    flash = np.minimum(day.flash_kw[places].sum(axis=0), ev)
    of_transformers, own = grid.transformer_limit_kw[places].sum(axis=0), grid.limit_kw[row]
    limited = bool(np.isfinite(own).any())
    return BoardView(
        base_kw=sum((known_kw(day, load) for load in loads), start=none),
        held_kw=ev - flash,
        flash_kw=flash,
        pheromone=pheromone(load, of_transformers) if places else none,
        free_kw=sum((day.free[k].load_kw() for k in places), start=actual),
        optimum_kw=sum((day.optimum[k].schedule.load_kw() for k in places), start=actual) if day.optimum else None,
        limit_kw=own if limited else of_transformers,
        limit_name="limit" if limited else "limits of its transformers",
        now=day.slot,
    )


def drawn_kwh(day: Day, k: int) -> NDArray[np.float64]:
    """Return what each EV of a transformer has drawn by now [kWh], even over each slot; shape ``(n_vehicles,)``."""
    schedule, slot_h = day.transformers[k].schedule, day.homes.horizon.slot_h
    summed = np.concatenate([[0.0], np.cumsum(schedule.power_kw)])
    slots = np.diff(schedule.start)
    passed = np.clip(day.now_h / slot_h - schedule.first_slot, 0, slots)
    whole = np.floor(passed).astype(np.int64)
    begun = np.minimum(schedule.start[:-1] + whole, max(schedule.power_kw.size - 1, 0))
    present = (passed - whole) * (schedule.power_kw[begun] if schedule.power_kw.size else 0.0)
    drawn_kw = summed[schedule.start[:-1] + whole] - summed[schedule.start[:-1]] + present
    return np.asarray(drawn_kw * slot_h, dtype=np.float64)


def power_now_kw(day: Day, k: int) -> NDArray[np.float64]:
    """Return what each EV of a transformer draws in the present slot [kW], shape ``(n_vehicles,)``."""
    schedule = day.transformers[k].schedule
    place = day.slot - schedule.first_slot
    inside = (place >= 0) & (place < np.diff(schedule.start))
    power = np.zeros(inside.size)
    power[inside] = schedule.power_kw[(schedule.start[:-1] + place)[inside]]
    return power


def states(day: Day, k: int) -> NDArray[np.int64]:
    """Return the state of each EV of a transformer on each of its stays (a place in `STATES`), shape ``(n_stays,)``."""
    problem = day.transformers[k].problem
    lacking = problem.need_kwh - drawn_kwh(day, k) > LACKING_KWH
    gone = (problem.plug_out_h <= day.now_h) | day.over
    here = (problem.plug_in_h <= day.now_h) & ~gone
    draws = here & (power_now_kw(day, k) > 0)
    return np.select(
        [gone & lacking & ~draws, draws, here & ~lacking, here], [UNSERVED, CHARGING, FULL, WAITING], default=AWAY
    )


def present_rows(day: Day, k: int) -> NDArray[np.int64]:
    """Return the row of each EV of a transformer: of its stay that began last, or of its first while none has begun."""
    fleet = day.transformers[k].fleet
    begun = np.bincount(fleet.first_row[fleet.plug_in_h <= day.now_h], minlength=len(fleet))
    rows = np.flatnonzero(fleet.stay == np.maximum(begun, 1)[fleet.first_row])
    return rows[np.argsort(fleet.first_row[rows])]


def state_counts(day: Day, places: Sequence[int] | None = None) -> NDArray[np.int64]:
    """Return the EVs in each state under some transformers, or under all; shape ``(len(places), n_states)``."""
    found = [states(day, k)[present_rows(day, k)] for k in (range(len(day.transformers)) if places is None else places)]
    counts = [np.bincount(each, minlength=len(STATES)) for each in found]
    return np.array(counts, dtype=np.int64).reshape(len(counts), len(STATES))


def unserved_kwh(day: Day) -> float:
    """Return what EVs that have left lack [kWh in their batteries]; at the day's end, as the run's summary has it."""
    fleet = day.homes.fleet
    schedules = tuple(each.schedule for each in day.transformers)
    lacking = EnergyBooks.of(fleet, day.homes.rows, schedules, day.homes.horizon.slot_h).unserved_kwh
    return float(lacking[(fleet.plug_out_h <= day.now_h) | day.over].sum())


def gap(day: Day) -> float | None:
    """Return the distance to the optimum, as if EVs that have not chosen yet charged freely; None without an optimum.

    It begins at 1 (free charging) and is the summary's `optimality_gap` when all have chosen.
    """
    if not day.optimum:
        return None
    cost = free = 0.0
    for k in range(len(day.transformers)):
        problem = judging(day.homes, k)
        cost += cost_kw2(problem, day.as_if_free(k))
        free += cost_kw2(problem, day.free[k])
    return gap_of(cost, sum(each.bound_kw2 for each in day.optimum), free)


def numbers(day: Day) -> list[tuple[str, str, str]]:
    """Return the running numbers: name, value with its unit, and what it means."""
    load = load_metrics(promised_kw(day), day.homes.grid.transformer_limit_kw)
    distance = gap(day)
    return [
        *_most_loaded(day),
        ("Peak", f"{load['peak_kw']:,.0f} kW", "highest slot, as promised so far"),
        ("Peak less valley", f"{load['peak_valley_difference_kw']:,.0f} kW", "highest less lowest slot"),
        (
            "Gap to the optimum",
            "not asked for" if distance is None else f"{100 * distance:.2f} %",
            "100 %: free charging, 0 %: optimum; EVs to come count as free",
        ),
        ("Messages", f"{day.sent.messages:,}", f"{day.sent.n_bytes / 1000:,.0f} kB in all"),
        ("Refused", f"{day.sent.refused:,}", "deposits that no longer fitted under the limit"),
        ("Lost", f"{day.sent.lost:,}", "messages that did not reach a receiver"),
        ("Unserved", f"{unserved_kwh(day):,.1f} kWh", "lacking in EVs that have left"),
    ]


def _most_loaded(day: Day) -> list[tuple[str, str, str]]:
    """Return the number that names the most loaded node; none where there is but one transformer."""
    now = nodes_now(day)
    row = None if len(day.transformers) == 1 else most_loaded(now)
    if row is None:
        return []
    of_limit = f"{now.load_kw[row]:,.0f} of {now.limit_kw[row]:,.0f} kW"
    return [("Most loaded now", day.homes.grid.node[row], f"{short(now, row)} of its limit, {of_limit}")]


@dataclass(frozen=True, eq=False)
class EvView:
    """One EV: its stay, its need, what it saw and what it chose.

    Parameters
    ----------
    name, transformer, state
        Who it is, where it hangs, what it does.
    stay_h
        Plug-in and plug-out in hours from the horizon's start.
    need_kwh, drawn_kwh, power_kw
        To draw from the grid, drawn so far, and rated power.
    slots
        Slots of its stay, shape ``(n,)``.
    chosen_kw
        Its power in them, shape ``(n,)``.
    seen
        Pheromone that it read in them when it last chose, shape ``(n,)``; None if it read no board.
    seen_h
        When it read that [h].
    changed
        Whether it has changed its choice since.
    """

    name: str
    transformer: str
    state: str
    stay_h: tuple[float, float]
    need_kwh: float
    drawn_kwh: float
    power_kw: float
    slots: NDArray[np.int64]
    chosen_kw: NDArray[np.float64]
    seen: NDArray[np.float64] | None
    seen_h: float
    changed: bool


def ev(day: Day, k: int, row: int) -> EvView:
    """Return an EV by its transformer and its row there."""
    transformer = day.transformers[k]
    problem, schedule = transformer.problem, transformer.schedule
    slots = np.arange(problem.first_slot[row], problem.stop_slot[row])
    seen_h, seen = day.witness.seen.get((transformer.name, row), (np.nan, None))
    return EvView(
        name=str(transformer.fleet.name[row]),
        transformer=transformer.name,
        state=STATES[int(states(day, k)[row])],
        stay_h=(float(problem.plug_in_h[row]), float(problem.plug_out_h[row])),
        need_kwh=float(problem.need_kwh[row]),
        drawn_kwh=float(drawn_kwh(day, k)[row]),
        power_kw=float(problem.power_kw[row]),
        slots=slots,
        chosen_kw=schedule.of(row).copy(),
        seen=seen,
        seen_h=seen_h,
        changed=(transformer.name, row) in day.witness.changed,
    )


NO_BOARD: Final = {
    "vehicle": "the safe rule let it charge",
    "planner": "a planner chose for it",
    "iteration": "its schedule was settled before the day",
    "nobody": "it charges from its plug-in on",
}
"""Why an EV holds slots without having read a board, by who decides (`Coordinator.decides`)."""


def why(day: Day, each: EvView) -> str:
    """Say in a sentence or two why an EV chose its slots."""
    horizon = day.homes.horizon
    if each.need_kwh <= ENERGY_TOLERANCE_KWH:
        return "It needs nothing."
    if not each.slots.size:
        return "Its stay covers no usable slot."
    if not (each.chosen_kw > 0).any():
        return (
            "It has not chosen yet." if each.seen is None else "It holds nothing: what it deposited was not accepted."
        )
    if each.seen is None:
        return f"It read no board: {NO_BOARD[day.homes.coordinator.decides]}."
    return (
        f"At {clock(horizon, each.seen_h)} it read the board and took the slots of its stay where the pheromone was "
        "strongest, until its need was met."
        + (" It has changed that since, to answer the load or in a later round." if each.changed else "")
    )


def moves_by_round(day: Day) -> list[int]:
    """Return the EVs that changed their schedules in each round on record, from round 1 on, over the whole day."""
    moves: dict[int, int] = {}
    for each in day.transformers:
        for _, held in each.rounds:
            moves[held.number] = moves.get(held.number, 0) + held.moves
    return [moves.get(number, 0) for number in range(1, max(moves, default=0) + 1)]


def clock(horizon: Horizon, hour: float) -> str:
    """Return the time of day, and from the second day on the day, of an hour after the horizon's start."""
    return _clocks(horizon, np.array([hour]))[0]


def _clocks(horizon: Horizon, hours: NDArray[np.float64]) -> list[str]:
    texts = []
    for hour in (horizon.start_clock_h + horizon.wall_h(hours)).tolist():
        day, minute = divmod(round(hour * 60), 24 * 60)
        text = f"{minute // 60:02d}:{minute % 60:02d}"
        texts.append(f"{text} (day {day + 1})" if horizon.hours > 24 and day else text)
    return texts


def slot_names(horizon: Horizon) -> list[str]:
    """Return each slot's start as a time of day; unique, as a chart's categories must be."""
    names = _clocks(horizon, horizon.edges_h[:-1])
    first = dict(zip(reversed(names), reversed(range(len(names))), strict=True))
    return [name if first[name] == k else f"{name} ({k})" for k, name in enumerate(names)]
