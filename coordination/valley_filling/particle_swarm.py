r"""Paper A's particle swarms as coordinators: one planner searches for the slots in which EVs begin to charge.

Source: paper A, section 5.4. From its start an EV charges without a pause, as in free charging [reconstructed: the paper
counts "start charging"].

- First method (`ByEv`): a dimension for each EV, 500 in the paper: its start, from its first usable slot to the last from
  which its need still fits in its stay; where it fits from none, its first slot.
- Second method (`ByType`): EVs are of one type if they need as many slots at rated power, 7 types in the paper; starts are
  counted by type and slot of the valley, 12 in the paper: so D = 84 [verbatim]. The valley is the emptier half of the slots
  by base load [reconstructed; 22:00 to 10:00, the paper's valley, with the built-in load]. A dimension is a weight; those of
  a type are scaled to its number of EVs and rounded by largest remainder, ties to the earlier slot; all of them zero counts
  as all alike. The earliest start goes to the EV whose last possible start is the earliest, and so on; one that the stay
  does not allow moves to the nearest that it does. So every stay is kept.

Fitness, of what the paper names only as "the load valley and the minimum fluctuation in the valley time segment"
[reconstructed]:

.. math:: F = \sum_h L_h^2 + 2 P^{max} \sum_h \max(L_h - P^{max}_h, 0)

over all slots, with :math:`P^{max}` the largest limit of any: for a given energy the same order as the variance. The price of
load above a slot's limit is what the last kW under the largest one costs. The other reading, largest less smallest load of the
valley alone, says nothing of the rest of the day.

Repair, once, of the best point found [default: the paper says nothing of it]: its EVs are laid on the board in plug-in order.
A slot without room is used as far as there is room (whole slots: not at all); what lost its place goes to the slots of the
strongest pheromone in the stay by the ants' own rule, and stays unserved if there is no room. So the limit is kept always.

PSO is the paper's; any optimiser of the registry can take its place.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from coordination.optimizers import OPTIMIZERS
from coordination.optimizers.minimize import minimize
from coordination.valley_filling.ants import choose_slots
from coordination.valley_filling.coordinator import CoordinationSettings, Coordinator, Plan
from coordination.valley_filling.free_charging import charge
from coordination.valley_filling.problem import Schedule, ValleyFilling
from coordination.valley_filling.stays import ENERGY_TOLERANCE_KWH, Book, Stays, most_kw, powers_of, rest_of, stay_of
from environment.compiled import compiled


@compiled
def _last_begins(rows: NDArray[np.int64], stays: Stays, last: NDArray[np.int64]) -> None:
    for j in range(rows.size):
        stay = stay_of(stays, rows[j])
        left_kwh = stay.need_kwh
        k = stays.stop_slot[rows[j]] - stay.first_slot
        while k > 0 and left_kwh > ENERGY_TOLERANCE_KWH:
            k -= 1
            left_kwh -= most_kw(stay, stay.first_slot + k) * stay.slot_h
        last[j] = k


@compiled
def _fitness(
    begins: NDArray[np.int64],
    rows: NDArray[np.int64],
    base_kw: NDArray[np.float64],
    limit_kw: NDArray[np.float64],
    stays: Stays,
    fitness: NDArray[np.float64],
) -> None:
    load = np.empty(base_kw.size)
    top_kw = limit_kw.max()
    for p in range(fitness.size):
        load[:] = base_kw
        for j in range(rows.size):
            i = rows[j]
            charge(begins[p, j], stay_of(stays, i), load[stays.first_slot[i] : stays.stop_slot[i]])
        fitness[p] = 0.0
        for h in range(load.size):
            fitness[p] += load[h] * load[h] + 2.0 * top_kw * max(load[h] - limit_kw[h], 0.0)


@compiled
def _repair(
    begins: NDArray[np.int64],
    rows: NDArray[np.int64],
    load_kw: NDArray[np.float64],
    limit_kw: NDArray[np.float64],
    stays: Stays,
    book: Book,
) -> None:
    added = np.empty(load_kw.size)
    scratch = np.empty(load_kw.size)
    top_kw = limit_kw.max()
    for j in range(rows.size):
        stay, own = stay_of(stays, rows[j]), powers_of(book, rows[j])
        charge(begins[j], stay, own)
        left_kwh = stay.need_kwh
        for k in range(own.size):
            h = stay.first_slot + k
            room = max(limit_kw[h] - load_kw[h], 0.0)
            if own[k] > room:
                own[k] = 0.0 if stay.whole else room
            left_kwh -= own[k] * stay.slot_h
            load_kw[h] += own[k]
        more = added[: own.size]
        choose_slots(load_kw, limit_kw, top_kw, rest_of(stay, stay.first_slot, left_kwh), own, more, scratch)
        for k in range(own.size):
            own[k] += more[k]
            load_kw[stay.first_slot + k] += more[k]


@dataclass(frozen=True, eq=False)
class Starts(ABC):
    """What is searched: when each EV of ``problem.order`` begins to charge. A gene lies between 0 and 1.

    Parameters
    ----------
    problem
        Of one transformer, with at least one EV in its order.
    """

    problem: ValleyFilling

    @cached_property
    def last(self) -> NDArray[np.int64]:
        """Last begin of each EV from which its need fits in its stay, in slots from its first usable one, shape ``(n,)``."""
        problem = self.problem
        last = np.empty(problem.order.size, dtype=np.int64)
        _last_begins(problem.order, problem.stays, last)
        return last

    @property
    @abstractmethod
    def dimensions(self) -> int:
        """Number of genes."""

    @abstractmethod
    def begins(self, x: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return where EVs begin, in slots from their first usable ones, shapes ``(m, d)`` to ``(m, n)``."""

    @property
    def lower(self) -> NDArray[np.float64]:
        """Lower bounds, shape ``(d,)``."""
        return np.zeros(self.dimensions)

    @property
    def upper(self) -> NDArray[np.float64]:
        """Upper bounds, shape ``(d,)``."""
        return np.ones(self.dimensions)

    def evaluate(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the fitness of points [kW2], shapes ``(m, d)`` to ``(m,)``."""
        problem, fitness = self.problem, np.empty(len(x))
        _fitness(self.begins(x), problem.order, problem.base_kw, problem.limit_kw, problem.stays, fitness)
        return fitness

    def repaired(self, x: NDArray[np.float64]) -> Schedule:
        """Return the schedule of one point, shape ``(d,)``, with what has no room under the limit moved."""
        problem, schedule = self.problem, Schedule(self.problem)
        begins, load_kw = self.begins(x[None])[0], problem.base_kw.copy()
        _repair(begins, problem.order, load_kw, problem.limit_kw, problem.stays, schedule.book)
        return schedule


class ByEv(Starts):
    """The first method: a gene is the start of one EV, as a part of the starts that it has."""

    @property
    def dimensions(self) -> int:
        """One for each EV."""
        return self.problem.order.size

    def begins(self, x: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return where EVs begin."""
        return np.minimum((x * (self.last + 1)).astype(np.int64), self.last)


@compiled
def _deal(
    x: NDArray[np.float64],
    valley: NDArray[np.int64],
    members: NDArray[np.int64],
    type_start: NDArray[np.int64],
    first_slot: NDArray[np.int64],
    last: NDArray[np.int64],
    begins: NDArray[np.int64],
) -> None:
    counts = np.empty(valley.size, dtype=np.int64)
    for p in range(x.shape[0]):
        for t in range(type_start.size - 1):
            apportion(x[p, t * valley.size : (t + 1) * valley.size], type_start[t + 1] - type_start[t], counts)
            m = type_start[t]
            for v in range(valley.size):
                for _ in range(counts[v]):
                    j = members[m]
                    begins[p, j] = min(max(valley[v] - first_slot[j], 0), last[j])
                    m += 1


@compiled
def apportion(weight: NDArray[np.float64], total: int, counts: NDArray[np.int64]) -> None:
    """Share a total out by weight, in whole numbers by largest remainder; ties go to the earlier, no weight means alike.

    Parameters
    ----------
    weight
        At least 0, shape ``(n,)``.
    total
        What is shared out.
    counts
        Receives the shares, shape ``(n,)``.
    """
    n = weight.size
    whole_weight = weight.sum()
    remainder = np.empty(n)
    left = total
    for k in range(n):
        share = total * (weight[k] / whole_weight) if whole_weight > 0.0 else total / n
        counts[k] = min(int(share), left)
        remainder[k] = share - counts[k]
        left -= counts[k]
    for _ in range(left):
        best = np.argmax(remainder)
        counts[best] += 1
        remainder[best] -= 1.0


class ByType(Starts):
    """The second method: a gene is the weight of a slot of the valley among the starts of one type."""

    @cached_property
    def valley(self) -> NDArray[np.int64]:
        """The emptier half of the slots by base load, in time order; of equal ones the earlier."""
        return np.sort(np.argsort(self.problem.base_kw, kind="stable")[: -(-self.problem.n_slots // 2)])

    @cached_property
    def slots_needed(self) -> NDArray[np.int64]:
        """Slots that each EV needs at rated power, shape ``(n,)``: its type."""
        rows = self.problem.order
        slot_kwh = self.problem.power_kw[rows] * self.problem.slot_h
        return np.ceil((self.problem.need_kwh[rows] - ENERGY_TOLERANCE_KWH) / slot_kwh).astype(np.int64)

    @cached_property
    def type_start(self) -> NDArray[np.int64]:
        """Where each type begins among `members`, and their number, shape ``(n_types + 1,)``."""
        counts = np.unique(self.slots_needed, return_counts=True)[1]
        return np.concatenate(([0], np.cumsum(counts)))

    @cached_property
    def members(self) -> NDArray[np.int64]:
        """Places in ``problem.order``, type after type, by last possible start, then by plug-in, shape ``(n,)``."""
        return np.lexsort((self.problem.first_slot[self.problem.order] + self.last, self.slots_needed))

    @property
    def dimensions(self) -> int:
        """One for each type and slot of the valley."""
        return (self.type_start.size - 1) * self.valley.size

    def begins(self, x: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return where EVs begin."""
        begins = np.empty((len(x), self.last.size), dtype=np.int64)
        first_slot = self.problem.first_slot[self.problem.order].astype(np.int64)
        _deal(np.ascontiguousarray(x), self.valley, self.members, self.type_start, first_slot, self.last, begins)
        return begins


def _coordinator(title: str, starts: type[Starts]) -> Coordinator:
    def plan(problem: ValleyFilling, settings: CoordinationSettings, rng: np.random.Generator) -> Plan:
        if not problem.order.size:
            return Plan(Schedule(problem))
        search = starts(problem)
        optimizer = OPTIMIZERS[settings.optimizer].of(population=settings.population)
        best = minimize(search, optimizer, max_iterations=settings.iterations, rng=rng)
        return Plan(search.repaired(best.x))

    reads = ("optimizer", "iterations", "population")
    return Coordinator(title, "planner", keeps_limit=True, keeps_whole_slots=True, plan=plan, plan_reads=reads)


BY_EV = _coordinator("PSO by EV", ByEv)
BY_TYPE = _coordinator("PSO by type", ByType)
