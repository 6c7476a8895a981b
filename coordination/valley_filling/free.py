"""Free charging: at rated power from plug-in until the need is met, whatever the transformer says.

Source: paper A, section 5.2 [verbatim in words].
"""

import numpy as np
from numpy.typing import NDArray

from coordination.valley_filling.problem import (
    ENERGY_TOLERANCE_KWH,
    CoordinationSettings,
    Coordinator,
    Plan,
    Schedule,
    ValleyFilling,
    usable_kw,
)
from environment.compiled import compiled


@compiled
def charge(
    begin: int,
    slot_h: float,
    plug_in_h: float,
    plug_out_h: float,
    first_slot: int,
    power_kw: float,
    need_kwh: float,
    whole: bool,
    drawn_kw: NDArray[np.float64],
) -> None:
    """Add the power of one EV that charges from a slot on, without a pause, until its need is met or its stay ends.

    Parameters
    ----------
    begin
        Where it begins, in slots from its first usable one.
    slot_h, plug_in_h, plug_out_h, first_slot, power_kw, need_kwh, whole
        As in `choose_slots`.
    drawn_kw
        Power in its usable slots [kW], shape ``(n_usable,)``; its own is added.
    """
    left_kwh = need_kwh
    for k in range(begin, drawn_kw.size):
        if left_kwh <= ENERGY_TOLERANCE_KWH:
            break
        power = power_kw
        if not whole:
            power = min(usable_kw(first_slot + k, slot_h, plug_in_h, plug_out_h, power_kw), left_kwh / slot_h)
        drawn_kw[k] += power
        left_kwh -= power * slot_h


@compiled
def _charge_all(
    slot_h: float,
    plug_in_h: NDArray[np.float64],
    plug_out_h: NDArray[np.float64],
    first_slot: NDArray[np.int32],
    power_kw: NDArray[np.float64],
    need_kwh: NDArray[np.float64],
    whole: bool,
    start: NDArray[np.int64],
    schedule_kw: NDArray[np.float64],
) -> None:
    for i in range(power_kw.size):
        charge(
            0, slot_h, plug_in_h[i], plug_out_h[i], first_slot[i], power_kw[i], need_kwh[i], whole,
            schedule_kw[start[i] : start[i + 1]],
        )  # fmt: skip


def plan(problem: ValleyFilling, settings: CoordinationSettings, rng: np.random.Generator) -> Plan:  # noqa: ARG001
    """Return the schedule of free charging; the limit is not looked at."""
    schedule = Schedule(problem)
    _charge_all(
        problem.slot_h,
        problem.plug_in_h,
        problem.plug_out_h,
        problem.first_slot,
        problem.power_kw,
        problem.need_kwh,
        problem.whole,
        schedule.start,
        schedule.power_kw,
    )
    return Plan(schedule)


COORDINATOR = Coordinator("free charging", "nobody", keeps_limit=False, keeps_whole_slots=True, plan=plan)
