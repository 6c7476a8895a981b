"""A day that is played frame by frame, watched from outside: the agents do not know that anyone looks."""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.ev import EV
from coordination.valley_filling.optimum import Optimum, solve
from coordination.valley_filling.problem import Schedule
from environment.channel import Channel
from environment.input_faults import Fault, FaultyInputError
from environment.messages import Deposit, Exchange, Message, Refusal
from environment.pheromone_board import REFUSALS, pheromone
from runs.homes.judging import judging
from runs.homes.part import Homes
from runs.model import GridModel
from runs.scenario import Scenario
from runs.world import World

MOST: Final = 5_000_000
"""EVs times slots that a day on the page may have. Such a day takes some 150 MB and a second for some frames."""

FRAMES: Final = 200
"""About so many frames show a day's plug-ins; slot boundaries are frames as well."""


class Sent(NamedTuple):
    """What was sent up to a frame."""

    messages: int
    n_bytes: int
    lost: int
    refused: int


class Witness(Channel):
    """A channel that remembers what each EV had read when it chose.

    Attributes
    ----------
    seen
        When an EV last read the board to choose [h], and the pheromone of the slots of its stay there, shape ``(n_usable,)``;
        by transformer and row.
    changed
        Those that have changed a choice since: to answer the load, or in a later round.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.seen: dict[tuple[str, int], tuple[float, NDArray[np.float64]]] = {}
        self.changed: set[tuple[str, int]] = set()
        self._refused: dict[tuple[str, int], NDArray[np.float64]] = {}

    def carry(self, faults: Any, message: Message, sender: Any, receiver: Any, *args: Any, **kwargs: Any) -> None:
        """Carry a message as any channel does; an ant that was refused has read the load that came with it."""
        if isinstance(message, Refusal):
            self._refused[receiver.transformer.name, receiver.row] = message.load_kw
        elif isinstance(message, Exchange):
            self.changed.add((receiver.name, message.row))
        elif isinstance(message, Deposit) and isinstance(sender, EV):
            assert self.clock is not None
            key = sender.transformer.name, sender.row
            self.changed.discard(key)
            read_kw = self._refused.pop(key, sender.swarm.load_kw)
            if read_kw is not None:
                problem = sender.transformer.problem
                stay = slice(problem.first_slot[sender.row], problem.stop_slot[sender.row])
                self.seen[key] = self.clock.now_h(), pheromone(read_kw, problem.limit_kw)[stay].copy()
        super().carry(faults, message, sender, receiver, *args, **kwargs)


class Day:
    """A charging model and what is remembered of it from frame to frame.

    A frame ends after one batch of plug-ins, or as many as make about `FRAMES` of the day, and at every slot boundary.

    Parameters
    ----------
    case
        What to run; by agents, whatever its engine.

    Attributes
    ----------
    frames_h
        End of each frame in hours from the horizon's start.
    frame
        Frames played.
    free
        Free charging, a schedule a transformer.
    optimum
        Of the load as it comes, one a transformer; empty where the scenario does not ask for it.
    flash_kw, just_now
        What the last frame's choices put into each slot [kW], shape ``(n_transformers, n_slots)``; and the rows whose
        choices changed, an array a transformer.
    sent
        Messages, bytes, receivers not reached and deposits refused up to the last frame. Counted there, because a page may be
        drawn while the next frame is played in another thread.
    chose, moved
        EVs that chose for the first time, and that changed a choice, in each slot of the day, shape ``(n_slots,)``.

    Raises
    ------
    FaultyInputError
        With every fault of the files that the scenario names.
    """

    def __init__(self, case: Scenario) -> None:
        _require_small(getattr(case.fleet, "vehicles", 0), case)  # before so many are drawn
        homes = Homes.build(case, np.random.default_rng(case.run.seed))
        _require_small(len(homes.fleet), case)
        self.case, self.homes = case, homes
        self.model = GridModel(world=World.of(homes=homes), channel=Witness)
        self.frames_h = frames_h(homes)
        self.frame = 0
        self.free = homes.free_charging.schedules
        self.optimum = optimum_of(homes) if case.run.optimum else ()
        n_slots = homes.horizon.n_slots
        self.flash_kw = np.zeros((len(self.transformers), n_slots))
        self.sent = Sent(0, 0, 0, 0)
        self.chose = np.zeros(n_slots, dtype=np.int64)
        self.moved = np.zeros(n_slots, dtype=np.int64)
        self._before = [np.zeros_like(each.schedule.power_kw) for each in self.transformers]
        self._row = [row_of_entries(each.schedule) for each in self.transformers]
        self._slot = [
            np.arange(row.size) - each.schedule.start[row] + each.schedule.first_slot[row]
            for row, each in zip(self._row, self.transformers, strict=True)
        ]
        self.just_now = [np.zeros(0, dtype=np.int64) for _ in self.transformers]
        self.has_chosen = [np.zeros(each.problem.n_vehicles, dtype=np.bool_) for each in self.transformers]

    @property
    def transformers(self) -> list[Any]:
        """The agents."""
        return self.model.transformers

    @property
    def witness(self) -> Witness:
        """The channel."""
        assert isinstance(self.model.channel, Witness)
        return self.model.channel

    @property
    def now_h(self) -> float:
        """Time in hours from the horizon's start."""
        return self.model.now_h()

    @property
    def slot(self) -> int:
        """The present slot; at the end, the last."""
        return max(self.model.slot - 1, 0)

    @property
    def over(self) -> bool:
        """Whether the day has ended."""
        return self.frame == self.frames_h.size

    def advance(self) -> None:
        """Play one frame."""
        self.model.run_until(float(self.frames_h[self.frame]))
        self.frame += 1
        channel, boards = self.model.channel, [each.board for each in self.transformers]
        refused = sum(int(board.tally[REFUSALS]) for board in boards)
        self.sent = Sent(channel.messages, channel.bytes, channel.lost, refused)
        for k, transformer in enumerate(self.transformers):
            power = transformer.schedule.power_kw
            change = power - self._before[k]
            rows = np.unique(self._row[k][change != 0])
            chosen = self.has_chosen[k]
            again = int(chosen[rows].sum())
            self.chose[self.slot] += rows.size - again
            self.moved[self.slot] += again
            chosen[rows] = True
            self.just_now[k] = rows
            self.flash_kw[k] = np.bincount(self._slot[k], np.maximum(change, 0.0), self.flash_kw.shape[1])
            self._before[k][:] = power

    def as_if_free(self, k: int) -> Schedule:
        """Return what a transformer's EVs hold, with free charging in place of those that have not chosen yet."""
        transformer = self.transformers[k]
        schedule = Schedule(transformer.problem)
        chosen = self.has_chosen[k][self._row[k]]
        schedule.power_kw[:] = np.where(chosen, transformer.schedule.power_kw, self.free[k].power_kw)
        return schedule


def row_of_entries(schedule: Schedule) -> NDArray[np.int64]:
    """Return the row of each entry of a schedule."""
    return np.repeat(np.arange(schedule.first_slot.size), np.diff(schedule.start))


def _require_small(vehicles: int, case: Scenario) -> None:
    slots = case.horizon.n_slots
    if vehicles * slots > MOST:
        found = f"{vehicles:,} EVs in {slots:,} slots"
        expected = f"at most {MOST:,} EVs times slots on the page; `evswarm run --workers` takes more"
        raise FaultyInputError([Fault("page", None, "fleet", found, expected)])


def frames_h(homes: Homes) -> NDArray[np.float64]:
    """Return when each frame of a day ends, in hours from the horizon's start.

    Parameters
    ----------
    homes
        Its plug-ins, batch size and slots.
    """
    plug_in_h = np.sort(np.concatenate([np.maximum(each.plug_in_h[each.order], 0.0) for each in homes.problems]))
    batch = homes.scenario.coordination.batch_size
    plugged_in = batch * max(-(-plug_in_h.size // (batch * FRAMES)), 1)
    moments = np.concatenate([plug_in_h[plugged_in - 1 :: plugged_in], homes.horizon.edges_h[1:]])
    return np.unique(moments[moments <= homes.horizon.hours])


def optimum_of(homes: Homes) -> tuple[Optimum, ...]:
    """Return the optimum of the load as it comes, one a transformer, as a run's summary is held against it."""
    return tuple(solve(judging(homes, k)) for k in range(len(homes.loads)))
