"""What every source of a feeder has in common."""

from abc import abstractmethod
from typing import Self

from pydantic import Field, model_validator

from environment.feeders.feeder import Feeder
from environment.input_faults import raise_if_any
from environment.settings import Settings


class FeederSettings(Settings):
    """A feeder: where loads and EVs stand on it, and between which voltages they should."""

    at: str | None = None
    """Node of the grid below which the feeder lies: a transformer, or a node above several, of which each stands on the feeder at its
    `feeder_node`; none: the control centre where the grid's nodes have a `feeder_node` or are the feeder's own, else a copy of the
    feeder lies below each transformer."""

    load_power_factor: float | None = Field(default=None, gt=0, le=1)
    """Active per apparent power of the base load, lagging; none: as the feeder's own loads have it, node by node."""

    ev_power_factor: float = Field(default=1.0, gt=0, le=1)
    """Active per apparent power of EVs, lagging."""

    source_voltage_pu: float | None = Field(default=None, gt=0.5, lt=1.5)
    """Voltage that the grid above holds at the feeder's source [pu]; none: the feeder's own."""

    voltage_min_pu: float = Field(default=0.93, gt=0, lt=2)
    """Lower limit of the voltage band [pu]; paper C's 353.4 V of 380 V."""

    voltage_max_pu: float = Field(default=1.07, gt=0, lt=2)
    """Upper limit of the voltage band [pu]; paper C's 406.6 V of 380 V."""

    @model_validator(mode="after")
    def _band(self) -> Self:
        if self.voltage_min_pu >= self.voltage_max_pu:
            raise ValueError(
                f"voltage_min_pu = {self.voltage_min_pu:g} with voltage_max_pu = {self.voltage_max_pu:g}; "
                "expected a lower limit below the upper one"
            )
        return self

    @abstractmethod
    def read(self) -> Feeder:
        """Return the feeder as its source has it; what a power flow cannot take may be in it.

        Raises
        ------
        FaultyInputError
            With every fault of the files read.
        """

    def feeder(self) -> Feeder:
        """Return the feeder, fed at the voltage asked for.

        Raises
        ------
        FaultyInputError
            With every fault, by the names of nodes, lines and transformers.
        """
        feeder = self.read().fed_at(self.source_voltage_pu)
        raise_if_any(feeder.faults())
        return feeder
