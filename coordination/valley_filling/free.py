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
def _charge(
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
        left_kwh = need_kwh[i]
        for k in range(start[i + 1] - start[i]):
            if left_kwh <= ENERGY_TOLERANCE_KWH:
                break
            cap = power_kw[i]
            if not whole:
                cap = min(
                    usable_kw(first_slot[i] + k, slot_h, plug_in_h[i], plug_out_h[i], power_kw[i]), left_kwh / slot_h
                )
            schedule_kw[start[i] + k] = cap
            left_kwh -= cap * slot_h


def plan(problem: ValleyFilling, settings: CoordinationSettings, rng: np.random.Generator) -> Plan:  # noqa: ARG001
    """Return the schedule of free charging; the limit is not looked at."""
    schedule = Schedule(problem)
    _charge(
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
