"""Free charging: at rated power from plug-in until the need is met, whatever the transformer says.

Source: paper A, section 5.2 [verbatim in words].
"""

import numpy as np
from numpy.typing import NDArray

from coordination.valley_filling.coordinator import CoordinationSettings, Coordinator, Plan
from coordination.valley_filling.problem import Schedule, ValleyFilling
from coordination.valley_filling.stays import ENERGY_TOLERANCE_KWH, Book, Stay, Stays, powers_of, stay_of, usable_kw
from environment.compiled import compiled


@compiled
def charge(begin: int, stay: Stay, drawn_kw: NDArray[np.float64]) -> None:
    """Add the power of one EV that charges from a slot on, without a pause, until its need is met or its stay ends.

    Parameters
    ----------
    begin
        Where it begins, in slots from its first usable one.
    stay
        The EV's stay and need.
    drawn_kw
        Power in its usable slots [kW], shape ``(n_usable,)``; its own is added.
    """
    left_kwh = stay.need_kwh
    for k in range(begin, drawn_kw.size):
        if left_kwh <= ENERGY_TOLERANCE_KWH:
            break
        power = stay.power_kw
        if not stay.whole:
            power = min(usable_kw(stay, stay.first_slot + k), left_kwh / stay.slot_h)
        drawn_kw[k] += power
        left_kwh -= power * stay.slot_h


@compiled
def _charge_all(stays: Stays, book: Book) -> None:
    for i in range(stays.power_kw.size):
        charge(0, stay_of(stays, i), powers_of(book, i))


def plan(problem: ValleyFilling, settings: CoordinationSettings, rng: np.random.Generator) -> Plan:  # noqa: ARG001  (every coordinator is called alike)
    """Return the schedule of free charging; the limit is not looked at."""
    schedule = Schedule(problem)
    _charge_all(problem.stays, schedule.book)
    return Plan(schedule)


COORDINATOR = Coordinator("free charging", "nobody", keeps_limit=False, keeps_whole_slots=True, plan=plan)
