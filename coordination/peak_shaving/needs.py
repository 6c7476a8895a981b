"""Needs of EVs that leave: the least state of charge from which each can still charge what it needs, as late as possible.

A day ahead each slot is planned from the last to the first. In a slot an EV that is there could charge at rated power, so before the
slot it may be that much emptier. Where transformers have no room for all, those that lack most, in hours of rated power, go first:
they have the least time to spare (least laxity). An EV that keeps above this line meets its need, whatever it is asked meanwhile, as
long as the load is what was forecast.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from environment.battery import Batteries
from environment.compiled import compiled

ROUNDING_SOC: Final = 1e-9
"""State of charge that lacks no more than this lacks nothing."""

HALVINGS: Final = 60
"""Steps in which the hours that all may lack are found where room is scarce."""


class Needs(NamedTuple):
    """What EVs are to have; columns ``(n_vehicles,)``, minus infinity where there is no condition.

    Parameters
    ----------
    leaving_soc
        State of charge at every departure.
    end_soc
        State of charge at the end of the horizon.
    """

    leaving_soc: NDArray[np.float64]
    end_soc: NDArray[np.float64]


class _Cells(NamedTuple):
    """Batteries as the plan takes them.

    Parameters
    ----------
    soc
        State of charge before the first slot.
    least_soc
        State of charge that an EV may have sunk to: it is given room to charge up from there.
    most_soc
        Ceiling, to which it can be charged.
    step_soc
        What a slot at rated power adds.
    power_kw
        Rated power.
    """

    soc: NDArray[np.float64]
    least_soc: NDArray[np.float64]
    most_soc: float
    step_soc: NDArray[np.float64]
    power_kw: NDArray[np.float64]


@compiled
def _asked_kw(hours: NDArray[np.float64], power_kw: NDArray[np.float64], left: float) -> float:
    """Return the power in a slot after which nobody lacks more hours than are left, as far as a slot can do that."""
    total = 0.0
    for i in range(hours.size):
        total += power_kw[i] * min(max(hours[i] - left, 0.0), 1.0)
    return total


@compiled
def _plan(
    announced: NDArray[np.bool_],
    room_kw: NDArray[np.float64],
    needs: tuple[Any, ...],
    cells: tuple[Any, ...],
    kept: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Enter what each EV is to have after each slot; return what it is to have before the first."""
    n_slots, n = announced.shape
    need, cell = Needs(*needs), _Cells(*cells)
    line, hours, there = need.end_soc.copy(), np.zeros(n), np.zeros(n)
    for t in range(n_slots):
        there += announced[t]
    for t in range(n_slots - 1, -1, -1):
        for i in range(n):
            if t + 1 < n_slots and announced[t, i] and not announced[t + 1, i]:
                reached = min(cell.soc[i] + there[i] * cell.step_soc[i], cell.most_soc)
                line[i] = max(line[i], min(need.leaving_soc[i], reached))
            kept[t, i] = line[i]
            there[i] -= announced[t, i]
            # What is above the ceiling no charging brings back.
            lacks = announced[t, i] and cell.least_soc[i] < line[i] <= cell.most_soc
            hours[i] = (line[i] - cell.least_soc[i]) / cell.step_soc[i] if lacks else 0.0
        left, high = 0.0, hours.max() if n else 0.0
        if _asked_kw(hours, cell.power_kw, left) > room_kw[t]:
            for _ in range(HALVINGS):
                middle = 0.5 * (left + high)
                if _asked_kw(hours, cell.power_kw, middle) > room_kw[t]:
                    left = middle
                else:
                    high = middle
            left = high
        for i in range(n):
            line[i] -= cell.step_soc[i] * min(max(hours[i] - left, 0.0), 1.0)
    gone = np.zeros(n, dtype=np.bool_)
    for t in range(1, n_slots):
        for i in range(n):
            gone[i] = not announced[t, i] and (gone[i] or announced[t - 1, i])
            if gone[i]:  # what it left with stays in it
                kept[t, i] = max(kept[t, i], kept[t - 1, i])
    return line


def soc_kept(
    announced: NDArray[np.bool_], needs: Needs, batteries: Batteries, room_kw: NDArray[np.float64], slot_h: float
) -> NDArray[np.float64]:
    """Return the least state of charge that each EV is to have after each slot, shape ``(n_slots, n_vehicles)``.

    Parameters
    ----------
    announced
        Whether an EV means to be there for the whole slot, shape ``(n_slots, n_vehicles)``.
    needs
        What EVs are to have when they leave, and in the end; what is out of reach is cut to what is not.
    batteries
        The fleet as it begins.
    room_kw
        Power that the transformers leave the fleet in each slot [kW], shape ``(n_slots,)``.
    slot_h
        Slot length.
    """
    soc = batteries.soc
    step = batteries.power_kw * batteries.efficiency * slot_h / batteries.capacity_kwh
    kept = np.empty(announced.shape)
    # At best EVs may give all down to the floor. Where there is no room to bring that back, they keep what they begin with. What
    # even then there is no room for is cut.
    for least in (np.minimum(soc, batteries.soc_min), soc, soc):
        begin = _plan(announced, room_kw, tuple(needs), (soc, least, batteries.soc_max, step, batteries.power_kw), kept)
        lacks = np.maximum(begin - soc, 0.0)
        if (lacks <= ROUNDING_SOC).all():
            break
        if least is soc:
            needs = Needs(needs.leaving_soc - lacks, needs.end_soc - lacks)
    return kept


def mean_soc_kept(kept: NDArray[np.float64], batteries: Batteries) -> NDArray[np.float64]:
    """Return the fleet's mean state of charge that its EVs' own add up to, shape ``(n_slots,)``.

    Parameters
    ----------
    kept
        As `soc_kept` gives it, shape ``(n_slots, n_vehicles)``.
    batteries
        The fleet as it begins: an EV that needs nothing is no emptier than its floor.
    """
    least = np.minimum(batteries.soc, batteries.soc_min)
    return np.average(np.maximum(kept, least), axis=1, weights=batteries.capacity_kwh)
