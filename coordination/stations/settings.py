"""How stations are scheduled: who searches, who says what a schedule does to the grid, and what counts."""

from typing import Final, Literal

from pydantic import Field

from coordination.optimizers import OPTIMIZERS
from environment.settings import Settings

NONE: Final = "none"

SCHEDULERS: Final = (*OPTIMIZERS, NONE)
"""Names that `SchedulingSettings.optimizer` may have."""


class SchedulingSettings(Settings):
    """The stations' schedule of each slot (paper C)."""

    optimizer: str = "acso"
    """Who looks for the schedule: a name of the registry of optimisers, or "none" for charging without a schedule."""

    population: int = Field(default=300, ge=5, le=100_000)
    """Members of the optimiser's population [verbatim]."""

    iterations: int = Field(default=200, ge=0, le=1_000_000)
    """Iterations of the optimiser in each slot; the paper has 5,000."""

    evaluator: Literal["coefficients", "powerflow"] = "coefficients"
    """What the search goes by: the paper's coefficients of loss and voltage, or an AC power flow of every candidate."""

    weight_loss: float = Field(default=0.4, ge=0, le=10)
    """c1 [verbatim]."""

    weight_cost: float = Field(default=0.4, ge=0, le=10)
    """c2 [verbatim]."""

    weight_spread: float = Field(default=0.6, ge=0, le=10)
    """c3, of the standard deviation of the loads [verbatim]."""

    weight_satisfaction: float = Field(default=0.6, ge=0, le=10)
    """c4 [verbatim]."""

    weight_voltage: float = Field(default=0.0, ge=0, le=10)
    """Of the largest distance of a station's voltage from its rated one; 0: none, as in the paper's F."""

    penalty: float = Field(default=10.0, ge=0, le=1e15)
    """Added for each kind of constraint that is broken [verbatim]."""

    loss_coefficient: float = Field(default=0.05, ge=0, le=1)
    """Loss of a station with all places taken and all EVs at rated power, as a part of what it draws [default]."""

    pile_coefficient: float = Field(default=1.0, ge=0, le=1)
    """Weight of the piles' loss [default]."""

    device_coefficient: float = Field(default=1.0, ge=0, le=1)
    """Weight of the storage devices' loss [default]."""

    drop_coefficient: float = Field(default=0.05, ge=0, le=0.5)
    """Voltage drop of a station that draws the most power, as a part of its voltage without load [default]."""

    transformer_coefficient: float = Field(default=0.25, ge=0, le=1)
    """Weight of the transformer's cost [default]."""

    storage_coefficient: float = Field(default=0.25, ge=0, le=1)
    """Weight of the storage's cost [default]."""

    line_coefficient: float = Field(default=0.25, ge=0, le=1)
    """Weight of the line's cost [default]."""

    loss_cost_coefficient: float = Field(default=0.25, ge=0, le=1)
    """Weight of the cost of losses [default]."""

    transformer_yuan_per_kwh: float = Field(default=0.02, ge=0, le=100)
    """Cost of a transformer for each kW granted and hour [default]."""

    storage_yuan_per_kwh: float = Field(default=0.1, ge=0, le=100)
    """Cost of the storage for each kWh that flows [default]."""

    line_yuan_per_kwh: float = Field(default=0.05, ge=0, le=100)
    """Cost of lines for each kWh carried to EVs [default]."""

    time_yuan_per_h: float = Field(default=0.2, ge=0, le=1000)
    """Cost of each hour that an EV charges or waits [default]."""

    discount_yuan_per_h: float = Field(default=0.5, ge=0, le=1000)
    """Paid back to users who took part, for each hour of charging that was shifted [default]."""
