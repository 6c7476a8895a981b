"""What `mesa.visualization.SolaraViz` plays: a day, or the faults that keep it from beginning."""

from typing import Any

import mesa

from environment.input_faults import FaultyInputError
from runs.page.controls import moved
from runs.page.day import Day
from runs.page.reach import scenario_of


class Player(mesa.Model):  # type: ignore[misc]
    """A Mesa model whose step is one frame of a `Day`; its time counts frames.

    Parameters
    ----------
    file
        Scenario file; empty: the default scenario.
    scenario
        Mesa's own kind of scenario, which SolaraViz passes along; not looked at.
    **values
        Where the controls stand, by name (`runs.page.controls.KEYS`); those left out stand as the scenario has them.

    Attributes
    ----------
    day
        What is played, or None where there are faults.
    faults
        What is wrong with the scenario or the controls, to be read by people.
    """

    def __init__(self, file: str = "", scenario: object = None, **values: Any) -> None:  # noqa: ARG002
        super().__init__(rng=0)  # draws nothing
        self.day: Day | None = None
        self.faults: tuple[str, ...] = ()
        try:
            self.day = Day(moved(scenario_of(file), values))
        except FaultyInputError as error:
            self.faults = tuple(str(fault) for fault in error.faults)
        except (OSError, UnicodeDecodeError) as error:
            self.faults = (f"{file}: {error}",)
        self.running = self.day is not None

    def step(self) -> None:
        """Play one frame; the day's end stops the play."""
        if self.day is not None and not self.day.over:
            self.day.advance()
        self.running = self.day is not None and not self.day.over
