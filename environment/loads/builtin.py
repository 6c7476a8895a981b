"""The built-in base load: a summer day of ERCOT's North Central zone, 2010, from noon to noon.

Mean of Monday to Thursday, July and August 2010, per unit of its largest hour (A11 in the rebuilt equations of paper
A, [default]: the paper's zone, day and scale are lost). Public ERCOT data as packaged in the R package renpow.
"""

from functools import lru_cache
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from environment.horizon import Horizon
from environment.loads.profile import LoadSettings, scaled_to_peak
from environment.time_series import on_slots

ERCOT_2010_FROM_NOON = np.array([
    0.904, 0.951, 0.982, 0.999, 1.000, 0.990, 0.962, 0.918, 0.886, 0.854, 0.786, 0.713,
    0.656, 0.613, 0.585, 0.569, 0.566, 0.584, 0.624, 0.647, 0.684, 0.734, 0.793, 0.849,
])  # fmt: skip


class BuiltinLoad(LoadSettings):
    """A summer residential day (ERCOT North Central, 2010), repeated every day and scaled."""

    source: Literal["builtin"] = "builtin"
    """Built-in load shape."""

    peak_kw: float = Field(default=1400.0, gt=0, le=1e9)
    """Largest forecast base load of a transformer [kW]."""

    valley_kw: float | None = Field(default=None, ge=0, le=1e9)
    """Smallest forecast base load [kW]: the shape is stretched between it and the peak; none: as it is (0.566 of the peak)."""

    @model_validator(mode="after")
    def _valley_below_peak(self) -> Self:
        if self.valley_kw is not None and self.valley_kw > self.peak_kw:
            raise ValueError(
                f"valley_kw = {self.valley_kw:g} and peak_kw = {self.peak_kw:g}; expected a valley below the peak"
            )
        return self

    def forecast(self, horizon: Horizon, told: list[str] | None = None) -> NDArray[np.float64]:  # noqa: ARG002
        """Return the shape on the horizon's clock, scaled to `peak_kw`; see `LoadSettings.forecast`."""
        shape = _shape(horizon)
        if self.valley_kw is None:
            return scaled_to_peak(shape, self.peak_kw)
        height = (shape - shape.min()) / (np.ptp(shape) or 1.0)
        load: NDArray[np.float64] = self.valley_kw + (self.peak_kw - self.valley_kw) * height
        return load


@lru_cache(maxsize=16)  # a sweep asks for the same days thousands of times
def _shape(horizon: Horizon) -> NDArray[np.float64]:
    hour, edges_h = horizon.clock_hours()
    load = on_slots(edges_h, ERCOT_2010_FROM_NOON[(hour - 12) % 24], horizon)
    load.setflags(write=False)
    return load
