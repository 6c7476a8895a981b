"""What a scenario describes, built: one world whose parts live below one control centre."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from environment.horizon import Horizon
from environment.input_faults import Fault, FaultyInputError
from runs.parts import Built, parts_of
from runs.scenario import Scenario

if TYPE_CHECKING:
    from runs.homes.part import Homes
    from runs.stations.part import StationPark
    from runs.v2g.part import V2G


@dataclass(frozen=True, eq=False)
class World:
    """All that exists before anyone decides.

    Parameters
    ----------
    scenario
        Scenario that the world was built from, its horizon settled.
    homes
        EVs that choose for themselves, and the grid that they hang in; None without.
    v2g
        A fleet that gives back, and its aggregator; None without.
    stations
        Charging stations and their visitors; None without.
    """

    scenario: Scenario
    homes: "Homes | None" = None
    v2g: "V2G | None" = None
    stations: "StationPark | None" = None

    @classmethod
    def build(cls, scenario: Scenario, rng: np.random.Generator) -> Self:
        """Read and draw all that a scenario names.

        Parameters
        ----------
        scenario
            The run.
        rng
            The run's one generator; each use gets a generator spawned from it.

        Raises
        ------
        FaultyInputError
            With every fault of every file read.
        """
        scenario = scenario.settled()
        return cls(scenario, **{name: part.build(scenario, rng) for name, part in parts_of(scenario).items()})

    @classmethod
    def of(cls, **parts: Built) -> Self:
        """Return the world of parts that have been built already, by their names.

        Raises
        ------
        FaultyInputError
            If their slots are not the same.
        """
        first, *others = parts.values()
        if any(part.scenario.horizon != first.scenario.horizon for part in others):
            expected = "the same slots for all parts"
            raise FaultyInputError([Fault("World.of", None, "horizon", "different ones", expected)])
        return cls(first.scenario, **parts)  # type: ignore[arg-type]

    @property
    def parts(self) -> dict[str, Built]:
        """The parts that there are, by name."""
        every: dict[str, Built | None] = {"homes": self.homes, "v2g": self.v2g, "stations": self.stations}
        return {name: part for name, part in every.items() if part is not None}

    @property
    def horizon(self) -> Horizon:
        """The slots."""
        return self.scenario.horizon

    @property
    def holds(self) -> str:
        """What there is, in words."""
        return "; ".join(part.holds for part in self.parts.values())

    def warnings(self) -> list[str]:
        """Say what is no fault, but worth knowing."""
        return list(dict.fromkeys(text for part in self.parts.values() for text in part.warnings()))
