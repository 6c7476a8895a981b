"""Who coordinates the charging under a transformer: settings, plans and the entries of the registry."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import Field

from coordination.valley_filling.problem import Schedule, ValleyFilling
from environment.messages import Sent
from environment.settings import Settings


class CoordinationSettings(Settings):
    """How charging is coordinated."""

    method: str = "ants"
    """Who decides, and how: a name of the registry of coordinators."""

    batch_size: int = Field(default=1, gt=0, le=1_000_000_000)
    """EVs that read the same version of their transformer's board before it is refreshed."""

    rounds: int = Field(default=0, ge=0, le=1_000_000)
    """Rounds of communication, at most; 0 means the method's own number: 1 for ants (paper A), 60 for odc."""

    information: Literal["online", "day_ahead"] = "online"
    """"online": an EV exists from its plug-in on, and in later rounds, at slot boundaries, plugged-in EVs choose future
    slots again; "day_ahead": EVs know their stays before the horizon, and all come back in every round."""

    energy: Literal["exact", "whole_slots"] = "exact"
    """"exact" delivers what is asked for, the last slot in part; "whole_slots" books whole slots at rated power."""

    adjust: bool = True
    """Whether plugged-in EVs shift slots at each slot boundary to make up for what the load strays from its forecast."""

    optimizer: str = "pso"
    """Who searches for pso1 and pso2: a name of the registry of optimisers. Other methods do not use it."""

    iterations: int = Field(default=500, ge=0, le=1_000_000)
    """Iterations of that search (paper A: 500 and 1500)."""

    population: int = Field(default=50, ge=5, le=1_000_000)
    """Schedules that are tried in each of those iterations: the particles of a swarm. The paper gives no number."""


@dataclass(frozen=True)
class Round:
    """What one round of communication did.

    Parameters
    ----------
    number
        From 1.
    moves
        EVs that changed their schedule.
    cost_kw2
        Cost of the schedule after it.
    sent
        What was sent in it.
    settled
        Whether no EV would move, were it its turn.
    """

    number: int
    moves: int
    cost_kw2: float
    sent: tuple[Sent, ...]
    settled: bool = False


@dataclass(frozen=True, eq=False)
class Plan:
    """A coordinator's answer.

    Parameters
    ----------
    schedule
        Schedule of all EVs of the problem.
    rounds
        How it came about, where it took rounds.
    """

    schedule: Schedule
    rounds: tuple[Round, ...] = ()


@dataclass(frozen=True)
class Coordinator:
    """An entry of the registry.

    Parameters
    ----------
    title
        What to call it in tables and figures.
    decides
        Who chooses the slots: each "vehicle" as an ant; a central "planner" that hears every need and dispatches every
        schedule; the EVs by an "iteration" against a common signal; or "nobody" (charging begins at plug-in).
    keeps_limit
        Whether no slot that it fills passes the transformer's limit.
    keeps_whole_slots
        Whether it books whole slots where they are asked for; else its powers are continuous all the same.
    plan
        Schedules the EVs of one transformer against its forecast load.
    claims_optimum
        Whether its title says that no schedule is better: tables and figures call it so only where a run proves it.
    plan_reads
        Keys of `CoordinationSettings` that `plan` reads, beside the energy.
    """

    title: str
    decides: Literal["vehicle", "planner", "iteration", "nobody"]
    keeps_limit: bool
    keeps_whole_slots: bool
    plan: Callable[[ValleyFilling, CoordinationSettings, np.random.Generator], Plan]
    claims_optimum: bool = False
    plan_reads: tuple[str, ...] = ()

    def reads(self, key: str) -> bool:
        """Whether a key of `CoordinationSettings` counts with this coordinator."""
        of_ants = ("batch_size", "rounds", "information", "adjust") if self.decides == "vehicle" else ()
        return key in ("method", "energy", *of_ants, *self.plan_reads)

    def adjusts(self, settings: CoordinationSettings) -> bool:
        """Whether EVs answer the deviations of the actual load from the forecast."""
        return settings.adjust and self.decides == "vehicle"

    def plans_ahead(self, settings: CoordinationSettings) -> bool:
        """Whether EVs choose before the horizon, all of them, and not at their plug-ins."""
        return self.decides == "vehicle" and settings.information == "day_ahead"

    def holds_online_rounds(self, settings: CoordinationSettings) -> bool:
        """Whether plugged-in EVs come back at slot boundaries."""
        return self.decides == "vehicle" and settings.information == "online" and settings.rounds > 1
