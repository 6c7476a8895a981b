"""A transformer's base load: what is forecast a day ahead, and what comes.

Source: paper A, section 5.1; the fluctuation is its eq (16), reconstructed (A9 in the rebuilt equations).
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from environment.horizon import Horizon
from environment.input_faults import Fault, FaultyInputError, collecting, raise_if_any
from environment.settings import Settings
from environment.time_series import Fill, read_steps


@dataclass(frozen=True, eq=False)
class LoadProfile:
    """A base load over the horizon's slots.

    Parameters
    ----------
    forecast_kw, actual_kw
        Forecast and actual load, mean over each slot [kW], shape ``(n_slots,)``.
    told
        What the source read past, changed or doubts, in sentences for the run's warnings.
    fluctuation
        Relative standard deviation with which `drawn` lets the actual load stray.
    parts
        Loads of which this is the sum; empty for a load of its own.
    """

    forecast_kw: NDArray[np.float64]
    actual_kw: NDArray[np.float64]
    told: tuple[str, ...] = ()
    fluctuation: float = 0.0
    parts: tuple["LoadProfile", ...] = ()

    @classmethod
    def sum(cls, parts: Sequence["LoadProfile"]) -> "LoadProfile":
        """Return the sum of at least one load, forecast and actual; of one it is that load itself.

        Parameters
        ----------
        parts
            The loads; each keeps its own fluctuation.
        """
        if len(parts) == 1:
            return parts[0]
        forecast, actual = (
            np.sum([getattr(part, name) for part in parts], axis=0) for name in ("forecast_kw", "actual_kw")
        )
        told = tuple(dict.fromkeys(text for part in parts for text in part.told))
        return cls(forecast, actual, told, parts=tuple(parts))

    def with_peak(self, peak_kw: float) -> "LoadProfile":
        """Return the profile in another size, with its largest forecast at a power [kW]; a profile that is never above 0 as it is."""
        largest_kw = float(self.forecast_kw.max())
        return self._times(peak_kw / largest_kw) if largest_kw > 0 else self

    def _times(self, factor: float) -> "LoadProfile":
        parts = tuple(part._times(factor) for part in self.parts)  # noqa: SLF001  (of this class)
        return replace(self, forecast_kw=self.forecast_kw * factor, actual_kw=self.actual_kw * factor, parts=parts)

    def drawn(self, rng: np.random.Generator) -> "LoadProfile":
        """Return the profile with an actual load that strays by its `fluctuation`; of a sum every part by its own.

        Parameters
        ----------
        rng
            Source of the draws; untouched where nothing fluctuates.
        """
        if self.parts:
            parts = [part.drawn(rng) for part in self.parts]
            strays = any(part is not before for part, before in zip(parts, self.parts, strict=True))
            return LoadProfile.sum(parts) if strays else self
        return self.with_fluctuation(self.fluctuation, rng)

    def with_fluctuation(self, sigma: float, rng: np.random.Generator) -> "LoadProfile":
        r"""Return the profile with an actual load that strays from the forecast.

        Paper A, eq (16) [reconstructed]: :math:`P^r_t = P^f_t (1 + \sigma \epsilon_t)` with standard normal
        :math:`\epsilon_t`. The paper's scale is lost; an additive form is the other reading. It never changes its sign.

        Parameters
        ----------
        sigma
            Relative standard deviation (0.05 is 5 %).
        rng
            Source of the draws; untouched when `sigma` is 0.
        """
        if sigma == 0:
            return self
        actual = self.forecast_kw * (1 + sigma * rng.standard_normal(self.forecast_kw.size))
        return replace(self, actual_kw=np.where(actual * self.forecast_kw < 0, 0.0, actual))


class LoadSettings(Settings):
    """What every source of base load has in common."""

    fluctuation: float = Field(default=0.0, ge=0, le=10)
    """Relative standard deviation of the actual load around the forecast, slot by slot (0.05 is 5 %)."""

    actual_path: Path | None = None
    """CSV file of the actual load (as for source "csv"); none: the forecast with `fluctuation`."""

    fill: Fill | None = None
    """What stands in for steps missing in a file: "hold": the row before them; "interpolate": a straight line to the row after
    them; none: they are a fault."""

    @abstractmethod
    def forecast(self, horizon: Horizon, told: list[str] | None = None) -> NDArray[np.float64]:
        """Return the forecast base load of one transformer [kW], shape ``(n_slots,)``; `told` receives what was filled."""

    def profile(self, horizon: Horizon) -> LoadProfile:
        """Return forecast and actual load before any fluctuation.

        Raises
        ------
        FaultyInputError
            With every fault of the files read.
        """
        faults, told = list[Fault](), list[str]()
        forecast = collecting(faults, lambda: self.forecast(horizon, told))
        actual = collecting(faults, lambda: self._actual(horizon, told))
        raise_if_any(faults)
        assert forecast is not None
        return LoadProfile(forecast, forecast if actual is None else actual, tuple(told), self.fluctuation)

    def idle_keys(self) -> dict[str, str]:
        """Return the keys that do not count as the others stand, each with where it would, after "counts only"."""
        return {} if self.actual_path is not None else {"fill": "with a file of loads"}

    def _actual(self, horizon: Horizon, told: list[str]) -> NDArray[np.float64] | None:
        return None if self.actual_path is None else read_steps(self.actual_path, horizon, fill=self.fill, told=told)

    @model_validator(mode="after")
    def _one_actual_load(self) -> Self:
        if self.actual_path is not None and self.fluctuation:
            raise ValueError("both actual_path and fluctuation; expected one way to say what the load turns out to be")
        return self


def scaled_to_peak(load_kw: NDArray[np.float64], peak_kw: float | None) -> NDArray[np.float64]:
    """Return the load scaled so that its largest slot is `peak_kw`; None leaves it.

    Raises
    ------
    FaultyInputError
        If no slot has a load to scale.
    """
    if peak_kw is None:
        return load_kw
    if load_kw.max() <= 0:
        raise FaultyInputError(
            [
                Fault(
                    "scenario",
                    None,
                    "load.peak_kw",
                    f"{peak_kw:g} on a load of at most {load_kw.max():g} kW",
                    "no peak_kw",
                )
            ]
        )
    return load_kw * (peak_kw / load_kw.max())
