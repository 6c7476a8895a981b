"""On-load tap changers: how each site's own transformer is set, so that its node has the voltage that is asked for."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from environment.feeders.feeder import Feeder
from environment.feeders.power_flow import MOST_TAPS


@dataclass(frozen=True, eq=False)
class TapChangers:
    """Tap changers of the transformers of some sites, each with one of its own.

    Parameters
    ----------
    transformer
        Row of each site's own transformer on their feeder, shape ``(n_sites,)``.
    step
        One step, as a part of the rated voltage of the upper winding [1].
    """

    transformer: NDArray[np.int64]
    step: float

    def step_v(self, feeder: Feeder) -> NDArray[np.float64]:
        """Return what one step adds to the rated voltage of each of a feeder's upper windings [V], shape ``(n_transformers,)``."""
        return self.step * feeder.transformer_hv_v

    def positions(
        self, feeder: Feeder, idle_v: NDArray[np.float64], voltage_v: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        """Return the tap positions next to voltages without load, shape ``(n_cases, n_transformers)``.

        Where that is further than the changer goes, it stands at its end.

        Parameters
        ----------
        feeder
            The sites' feeder.
        idle_v
            What each site's node has without load, taps as they stand [V], shape ``(n_sites,)``.
        voltage_v
            What it is to have [V], shape ``(n_cases, n_sites)``.
        """
        own = self.transformer
        upper_v = feeder.transformer_hv_v[own] + feeder.transformer_tap_v[own]
        steps = np.rint(upper_v * (idle_v / voltage_v - 1) / self.step_v(feeder)[own])
        taps = np.zeros((len(voltage_v), feeder.transformer.size), dtype=np.int64)
        taps[:, own] = np.clip(steps, -MOST_TAPS, MOST_TAPS)
        return taps
