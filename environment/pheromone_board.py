"""A transformer's time-slot board: what is promised per slot, the pheromone, and which version of it ants may read.

Source: paper A, section 4.2.3, Steps 2, 5 and 6, eqs (8)-(10); eqs (9)-(10) are reconstructed (A6 in the rebuilt
equations). The two kernels below are the board's only rules; the board of the agents and the compiled colony both
use them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from environment.compiled import compiled
from environment.horizon import MINUTES_PER_DAY, Horizon

LIMIT_TOLERANCE_KW: Final = 1e-6
"""A slot counts as above the limit from this excess on [kW]: room for rounding, nothing else."""

SINCE_COPY, VERSION, DEPOSITS, ENTRIES, TAKEN, REFUSALS, N_TALLIES = range(7)
"""Places in a board's tally: deposits since it was published, version last published (each goes out once, to every line),
deposits received, slots named in them, slots named in those that were accepted, deposits refused."""


def by_slot(limit_kw: float | NDArray[np.float64], n_slots: int) -> NDArray[np.float64]:
    """Return a limit by slot, an array of its own [kW], shape ``(n_slots,)``; a number stands for all slots."""
    return np.full(n_slots, limit_kw, dtype=np.float64)


@compiled
def post(
    load_kw: NDArray[np.float64], limit_kw: NDArray[np.float64], first_slot: int, change_kw: NDArray[np.float64]
) -> tuple[bool, int]:
    """Add a change to the load if no slot that it raises would pass its limit (eq 8).

    Parameters
    ----------
    load_kw
        Base load plus all promises [kW], shape ``(n_slots,)``; changed in place.
    limit_kw
        The transformer's limit [kW], shape ``(n_slots,)``.
    first_slot
        Slot of the first entry of `change_kw`.
    change_kw
        Change of the promised load in consecutive slots [kW].

    Returns
    -------
    added, entries
        Whether it was added, and the number of slots that it names.
    """
    refused = False
    entries = 0
    for k in range(change_kw.size):  # without branches: which slots are raised is not to be foreseen
        raised = change_kw[k] > 0.0
        refused |= raised & (load_kw[first_slot + k] + change_kw[k] > limit_kw[first_slot + k] + LIMIT_TOLERANCE_KW)
        entries += raised | (change_kw[k] < 0.0)
    if not refused:
        for k in range(change_kw.size):
            load_kw[first_slot + k] += change_kw[k]
    return not refused, entries


@compiled
def publish(load_kw: NDArray[np.float64], copies_kw: NDArray[np.float64], tally: NDArray[np.int64]) -> None:
    """Make the present load the version that ants read, on every line, and begin a new batch."""
    for line in range(copies_kw.shape[0]):
        for k in range(load_kw.size):  # a loop is twice as fast here as a slice
            copies_kw[line, k] = load_kw[k]
    tally[SINCE_COPY] = 0
    tally[VERSION] += 1


@compiled
def deposit(
    load_kw: NDArray[np.float64],
    limit_kw: NDArray[np.float64],
    tally: NDArray[np.int64],
    first_slot: int,
    power_kw: NDArray[np.float64],
) -> bool:
    """Take an ant's deposit, or refuse it; after the last one of a batch the board is to be published (Step 6)."""
    added, entries = post(load_kw, limit_kw, first_slot, power_kw)
    tally[DEPOSITS] += 1
    tally[ENTRIES] += entries
    if added:
        tally[TAKEN] += entries
        tally[SINCE_COPY] += 1
    else:
        tally[REFUSALS] += 1
    return added


@compiled
def headroom_kw(load_kw: float, limit_kw: float, top_kw: float) -> float:
    """Return the headroom of a slot, which an ant goes by and the pheromone is a share of: 0 where the slot is closed.

    Parameters
    ----------
    load_kw, limit_kw
        Load and limit of the slot [kW].
    top_kw
        The largest limit of any slot [kW]: a slot's own limit says only whether it is open.
    """
    return top_kw - load_kw if load_kw < limit_kw else 0.0


@compiled
def _headrooms_kw(
    load_kw: NDArray[np.float64], limit_kw: NDArray[np.float64], top_kw: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the headroom of each of some slots, all arrays of one shape ``(n,)``."""
    headroom = np.empty(load_kw.size)
    for k in range(load_kw.size):
        headroom[k] = headroom_kw(load_kw[k], limit_kw[k], top_kw[k])
    return headroom


def pheromone(
    load_kw: NDArray[np.float64],
    limit_kw: float | NDArray[np.float64],
    top_kw: float | NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    r"""Return the pheromone of each slot: its share of all free headroom.

    Paper A, eqs (9)-(10) [reconstructed]: :math:`\tau(h) = (P^{max} - P_h) / \sum_k (P^{max} - P_k)`, zero where the
    transformer is full. An ant takes the slots of its stay by their headroom (`headroom_kw`), the strongest pheromone first: it needs
    no sum for that. Any other falling function of the load gives the same order of slots, hence the same schedule. Where limits vary by slot, :math:`P^{max}` is the
    largest of them: the order is that of the loads, and a slot's own limit says only whether it is open.

    Parameters
    ----------
    load_kw
        Base load plus promises [kW], shape ``(..., n_slots)``.
    limit_kw
        The transformer's limit [kW]: a number, or by slot, a shape that broadcasts to that of the load.
    top_kw
        The largest limit of any slot, where the load is only that of some slots; the largest of those given if left out.
    """
    limit_kw = np.asarray(limit_kw, dtype=np.float64)
    if top_kw is None:
        top_kw = limit_kw.max(axis=-1, keepdims=True) if limit_kw.ndim else limit_kw
    same = np.broadcast_arrays(np.asarray(load_kw, dtype=np.float64), limit_kw, np.asarray(top_kw, dtype=np.float64))
    headroom = _headrooms_kw(*(each.ravel() for each in same)).reshape(same[0].shape)
    total = headroom.sum(axis=-1, keepdims=True)
    return np.divide(headroom, total, out=np.zeros_like(headroom), where=total > 0)


class PheromoneBoard:
    """The board of one transformer.

    Ants read the version last published: after every `batch_size` deposits, in plug-in order, and whenever the actual
    load of a slot turns out to differ from the forecast. Deposits are held against the true load: one that no longer fits
    is refused.

    Parameters
    ----------
    base_kw
        Forecast base load [kW], shape ``(n_slots,)``.
    limit_kw
        The transformer's limit [kW]: a number, or by slot, shape ``(n_slots,)``; kept by slot.
    batch_size
        Deposits per version.
    lines
        Lines that keep a copy of their own; 0: one copy for all.

    Attributes
    ----------
    copies_kw
        The copies that ants read where no message is lost [kW], shape ``(max(lines, 1), n_slots)``.
    """

    def __init__(
        self, base_kw: NDArray[np.float64], limit_kw: float | NDArray[np.float64], batch_size: int, lines: int = 0
    ) -> None:
        self.limit_kw = by_slot(limit_kw, base_kw.size)
        self.batch_size = int(batch_size)
        self.base_kw = base_kw.astype(np.float64)
        self.load_kw = self.base_kw.copy()
        self.copies_kw = np.tile(self.base_kw, (max(lines, 1), 1))
        self.tally = np.zeros(N_TALLIES, dtype=np.int64)

    @property
    def promised_kw(self) -> NDArray[np.float64]:
        """EV load promised so far [kW], shape ``(n_slots,)``."""
        return self.load_kw - self.base_kw

    def promised_in_kw(self, slot: int) -> float:
        """Return the EV load promised in one slot [kW]."""
        return float(self.load_kw[slot] - self.base_kw[slot])

    @property
    def version(self) -> int:
        """Number of the version last published, from 0."""
        return int(self.tally[VERSION])

    @property
    def due(self) -> bool:
        """Whether a batch is full, and the board is to be published."""
        return bool(self.tally[SINCE_COPY] >= self.batch_size)

    def deposit(self, first_slot: int, power_kw: NDArray[np.float64]) -> bool:
        """Take an ant's promise of power in consecutive slots [kW]; False if a slot has no room for it."""
        return deposit(self.load_kw, self.limit_kw, self.tally, first_slot, power_kw)

    def exchange(self, first_slot: int, change_kw: NDArray[np.float64]) -> bool:
        """Take a change of promises (withdrawals are negative) [kW]; False if a slot has no room for it."""
        added, _ = post(self.load_kw, self.limit_kw, first_slot, change_kw)
        return added

    def reveal(self, slot: int, actual_kw: float) -> float:
        """Replace a slot's forecast by its actual base load; return the deviation [kW]."""
        deviation = float(actual_kw - self.base_kw[slot])
        if deviation != 0:
            self.base_kw[slot] += deviation
            self.load_kw[slot] += deviation
        return deviation

    def publish(self) -> None:
        """Publish the present load."""
        publish(self.load_kw, self.copies_kw, self.tally)


@dataclass(frozen=True, eq=False)
class BoardRecord:
    """What stood on boards at each slot boundary: the slots of the day that follows, at the end those of the last day.

    So a record grows with the slots of a horizon, not with their square; a horizon of a day has the whole board at each.

    Parameters
    ----------
    first_slot
        First slot that is recorded at each boundary, shape ``(n_slots + 1,)``.
    load_kw
        Base load plus promises [kW], shape ``(n_transformers, n_slots + 1, n_recorded)``.
    """

    first_slot: NDArray[np.int64]
    load_kw: NDArray[np.float64]

    @classmethod
    def empty(cls, n_transformers: int, horizon: Horizon) -> Self:
        """Return a record to be filled."""
        n = horizon.n_slots
        width = min(n, -(-MINUTES_PER_DAY // horizon.slot_min))
        return cls(np.minimum(np.arange(n + 1), n - width), np.zeros((n_transformers, n + 1, width)))

    @classmethod
    def joined(cls, parts: "Sequence[BoardRecord]") -> Self:
        """Return the record of the transformers of several records, in their order."""
        return cls(parts[0].first_slot, np.concatenate([part.load_kw for part in parts]))

    @property
    def slot(self) -> NDArray[np.int64]:
        """Slot of each entry, shape ``(n_slots + 1, n_recorded)``."""
        return self.first_slot[:, None] + np.arange(self.load_kw.shape[2])

    def enter(self, transformer: int, boundary: int, load_kw: NDArray[np.float64]) -> None:
        """Record the board of a transformer [kW], shape ``(n_slots,)``, as it stands at a slot boundary, from 0."""
        first = self.first_slot[boundary]
        self.load_kw[transformer, boundary] = load_kw[first : first + self.load_kw.shape[2]]
