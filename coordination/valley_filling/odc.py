r"""Optimal decentralized charging (ODC), the comparator that a reader of the field asks for.

Source: L. Gan, U. Topcu, S. H. Low, "Optimal decentralized protocol for electric vehicle charging", IEEE Trans. Power
Systems 28(2), 2013, Algorithm 1, synchronous, continuous rates [standard]. In every iteration the utility broadcasts
:math:`p_h = \gamma U'(L_h)` with :math:`U'(L) = L`; every EV solves
:math:`\min \sum_h p_h r_h + (r_h - r^k_h)^2 / 2` over its feasible profiles, and reports the new profile. It converges
for :math:`0 < \gamma < 1/N`; :math:`\gamma = 1/2N` [default]. N counts EVs and not stays: those of one EV share no slot
but where one ends and the next begins. The protocol knows no limit and no whole slots.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from coordination.valley_filling.coordinator import CoordinationSettings, Coordinator, Plan, Round
from coordination.valley_filling.problem import Schedule, ValleyFilling, cost_kw2
from coordination.valley_filling.stays import Book, Stays, powers_of, stay_of
from coordination.valley_filling.water import water_fill
from environment.compiled import compiled
from environment.messages import Profile, Sent, Signal

ITERATIONS: Final = 60
"""Rounds where the scenario does not say."""

STEP: Final = 0.5
"""Part of 1/N that the step is."""

SETTLED_KW: Final = 1e-6
"""Profiles that change by less count as settled [kW]."""


@compiled
def _iterate(
    rows: NDArray[np.int64],
    signal: NDArray[np.float64],
    stays: Stays,
    book: Book,
) -> tuple[int, int]:
    usable = np.empty(signal.size)
    height = np.empty(signal.size)
    profile = np.empty(signal.size)
    no_limit = np.full(signal.size, np.inf)
    changed = 0
    entries = 0
    for i in rows:
        stay, own = stay_of(stays, i), powers_of(book, i)
        n = own.size
        for k in range(n):  # the new profile is the projection of own - signal: the water-filling of its negative
            height[k] = signal[stay.first_slot + k] - own[k]
        water_fill(height[:n], stay.need_kwh / stay.slot_h, no_limit[:n], np.inf, stay, -np.inf, usable, profile[:n])
        moved = False
        for k in range(n):
            moved |= abs(profile[k] - own[k]) > SETTLED_KW
            entries += profile[k] > 0.0
            own[k] = profile[k]
        changed += moved
    return changed, entries


def plan(problem: ValleyFilling, settings: CoordinationSettings, rng: np.random.Generator) -> Plan:  # noqa: ARG001  (every coordinator is called alike)
    """Return the schedule after the iterations; they begin from empty profiles, and end early once all have settled."""
    schedule = Schedule(problem)
    n, n_stays = problem.n_active, problem.order.size
    held = []
    for number in range(1, (settings.rounds or ITERATIONS) + 1):
        signal = STEP / max(n, 1) * (problem.base_kw + schedule.load_kw())
        changed, entries = _iterate(problem.order, signal, problem.stays, schedule.book)
        sent = (
            Sent(Signal, 1, n, Signal.bytes_of(1, signal.size)),
            Sent(Profile, n_stays, n_stays, Profile.bytes_of(n_stays, entries)),
        )
        held.append(Round(number, changed, cost_kw2(problem, schedule), sent, settled=changed == 0))
        if changed == 0:
            break
    return Plan(schedule, tuple(held))


COORDINATOR = Coordinator(
    "ODC", "iteration", keeps_limit=False, keeps_whole_slots=False, plan=plan, plan_reads=("rounds",)
)
