"""Paper A's fleet: habits of the US household travel survey (NHTS 2009), drawn by Monte Carlo.

Sources: paper A, eqs (1)-(4) and Tables 1 and 3. Plug-in time and distance are the [standard] fits of the cited survey;
the plug-out fit, the EV's data and the consumption are [default]: the paper's numbers are lost (A1-A3, A11 in the
rebuilt equations).
"""

from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from environment.fleets.fleet import Fleet
from environment.horizon import HOURS_PER_DAY, Horizon
from environment.input_faults import Fault, FaultyInputError
from environment.settings import Settings

KM_PER_MILE = 1.609344
NOON_H = 12.0
"""Hour of the day at which a day of stays begins and ends."""

MOST_DRAWS = 1000
"""Times that impossible stays are drawn again before the habits count as impossible."""

C_RATE_PER_H = {"slow": 0.2, "fast_1c": 1.0, "fast_2c": 2.0}
"""Paper A, Table 1 [verbatim]: slow charging at 0.2 C (5 h), fast at 1 C to 2 C (1 h to 0.5 h)."""


class EvType(Settings):
    """A kind of EV and its share of the fleet."""

    name: str = "compact"
    """What to call it."""

    share: float = Field(default=1.0, gt=0, le=1e9)
    """Part of the fleet; shares are taken relative to their sum."""

    capacity_kwh: float = Field(default=24.0, gt=0, le=1e6)
    """Battery size [kWh]; the paper quotes 16 (Volt), 20 (Fit), 23 (Focus), 24 (LEAF)."""

    power_kw: float | None = Field(default=None, gt=0, le=1e6)
    """Rated charging power [kW]; none: from `mode`."""

    mode: Literal["slow", "fast_1c", "fast_2c"] = "slow"
    """Charging mode of the paper's Table 1, used where `power_kw` is not given: 0.2, 1 or 2 times the capacity per h."""

    @property
    def rated_kw(self) -> float:
        """Rated charging power [kW]."""
        return self.power_kw or C_RATE_PER_H[self.mode] * self.capacity_kwh


class NhtsFleet(Settings):
    """EVs that come home in the evening and leave in the morning, by the US travel survey."""

    source: Literal["nhts"] = "nhts"
    """Monte Carlo draws from the survey's distributions."""

    vehicles: int = Field(default=500, gt=0, le=100_000_000)
    """Number of EVs."""

    days: Literal["every", "first"] = "every"
    """"every": the EVs come on every day of the horizon, their hours and distances drawn anew; "first": on the first only.
    Days are counted in 24 h from the horizon's start."""

    plug_in_mean_h: float = Field(default=17.6, ge=0, lt=24)
    """Mean hour of the day of plugging in."""

    plug_in_std_h: float = Field(default=3.4, ge=0, le=1e3)
    """Its standard deviation [h]."""

    plug_out_mean_h: float = Field(default=8.92, ge=0, lt=24)
    """Mean hour of the day of plugging out."""

    plug_out_std_h: float = Field(default=3.24, ge=0, le=1e3)
    """Its standard deviation [h]."""

    distance_log_mean: float = Field(default=3.20, ge=-20, le=20)
    """Mean of the logarithm of the daily distance."""

    distance_log_std: float = Field(default=0.88, ge=0, le=10)
    """Standard deviation of the logarithm of the daily distance."""

    distance_unit: Literal["mile", "km"] = "mile"
    """Unit of the daily distance; the paper says miles, many who reuse its numbers take km."""

    consumption_kwh_per_100km: float = Field(default=15.0, gt=0, le=1e6)
    """Energy taken from the battery for 100 km [kWh]."""

    soc_plug_out: float = Field(default=1.0, gt=0, le=1)
    """State of charge asked for at plug-out."""

    efficiency: float = Field(default=0.9, gt=0, le=1)
    """Grid to battery."""

    types: tuple[EvType, ...] = (EvType(power_kw=4.0),)
    """Kinds of EV, one table `[[fleet.types]]` each."""

    @property
    def file(self) -> str:
        """Name of where the fleet comes from, for faults: the scenario itself."""
        return "scenario"

    @model_validator(mode="after")
    def _has_types(self) -> Self:
        if not self.types:
            raise ValueError("no types; expected at least one kind of EV")
        return self

    def build(self, horizon: Horizon, rng: np.random.Generator) -> Fleet:
        """Draw the fleet.

        A stay lies between two noons, as in the paper; pairs of hours that would leave before they come are drawn again
        [default]. On a horizon that starts at another hour, first stays begin on its first 24 h and may end after it. Each
        further stay of an EV lies between the next two noons, so its stays cannot overlap; those that would begin after the
        horizon are left out.

        Parameters
        ----------
        horizon
            Gives the hour of the day from which hours are counted, the number of days, and changes of the clock.
        rng
            Source of all draws: those of the first day come first.

        Raises
        ------
        FaultyInputError
            If the habits leave no stay possible.
        """
        n = self.vehicles
        wall_in_h, wall_out_h = self._stays(horizon, rng)
        distance_km = [self._distance_km(rng)]
        share = np.array([kind.share for kind in self.types])
        kind = rng.choice(len(self.types), size=n, p=share / share.sum())
        plug_in_h, plug_out_h = [wall_in_h], [wall_out_h]
        first_noon_h = (NOON_H - horizon.start_clock_h) % HOURS_PER_DAY
        noon_h = np.where(wall_in_h >= first_noon_h, first_noon_h, first_noon_h - HOURS_PER_DAY)
        for day in range(1, self._n_days(horizon)):
            wall_in_h, wall_out_h = self._stays(horizon, rng)
            distance_km.append(self._distance_km(rng))
            later_h = noon_h + HOURS_PER_DAY * day + (wall_in_h - first_noon_h) % HOURS_PER_DAY
            plug_in_h.append(later_h)
            plug_out_h.append(later_h + (wall_out_h - wall_in_h))
        return self._fleet(horizon, kind, np.array(plug_in_h), np.array(plug_out_h), np.array(distance_km))

    def stays_at_most(self, horizon: Horizon) -> int:
        """Return how many stays there are at most; nothing is drawn."""
        return self.vehicles * self._n_days(horizon)

    def transformers_named(self, *, beside_feeder: bool = False) -> int:  # noqa: ARG002  (never any)
        """Return 0: the grid says how many transformers there are."""
        return 0

    def _n_days(self, horizon: Horizon) -> int:
        return int(np.ceil(horizon.wall_hours / HOURS_PER_DAY)) if self.days == "every" else 1

    def _fleet(
        self,
        horizon: Horizon,
        kind: NDArray[np.int64],
        wall_in_h: NDArray[np.float64],
        wall_out_h: NDArray[np.float64],
        distance_km: NDArray[np.float64],
    ) -> Fleet:
        """Return the fleet of each EV's kind, shape ``(n_vehicles,)``, and its days, all others ``(n_days, n_vehicles)``."""
        plug_in_h, plug_out_h = horizon.elapsed_h(wall_in_h), horizon.elapsed_h(wall_out_h)
        counts = plug_in_h < horizon.hours
        counts[0] = True
        day, vehicle = np.nonzero(counts)
        capacity_kwh = np.array([kind.capacity_kwh for kind in self.types])[kind][vehicle]
        # Eq (4) [reconstructed]: the day's distance empties the battery, at most to nothing.
        used = distance_km[counts] * self.consumption_kwh_per_100km / 100 / capacity_kwh
        soc = np.maximum(self.soc_plug_out - used, 0.0)
        return Fleet(
            vehicle=np.char.add("v", np.arange(self.vehicles).astype(str))[vehicle],
            plug_in_h=plug_in_h[counts],
            plug_out_h=plug_out_h[counts],
            energy_kwh=(self.soc_plug_out - soc) * capacity_kwh,
            power_kw=np.array([kind.rated_kw for kind in self.types])[kind][vehicle],
            capacity_kwh=capacity_kwh,
            soc_plug_in=soc,
            efficiency=np.full(vehicle.size, self.efficiency),
            stay_number=day + 1 if day.any() else None,
        )

    def _distance_km(self, rng: np.random.Generator) -> NDArray[np.float64]:
        log_distance = self.distance_log_mean + self.distance_log_std * rng.standard_normal(self.vehicles)
        return np.exp(log_distance) * (KM_PER_MILE if self.distance_unit == "mile" else 1.0)

    def _stays(self, horizon: Horizon, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Draw a stay of each EV that begins on the first 24 h, in hours of the wall clock from the horizon's start."""
        # Eqs (1)-(2): normal on the clock, wrapped at 24 h.
        start = np.empty(self.vehicles)
        stay = np.empty(self.vehicles)
        open_rows = np.arange(self.vehicles)
        for _ in range(MOST_DRAWS):
            clock_in = self.plug_in_mean_h + self.plug_in_std_h * rng.standard_normal(open_rows.size)
            clock_out = self.plug_out_mean_h + self.plug_out_std_h * rng.standard_normal(open_rows.size)
            start[open_rows] = (clock_in - horizon.start_clock_h) % HOURS_PER_DAY
            stay[open_rows] = (clock_out - NOON_H) % HOURS_PER_DAY - (clock_in - NOON_H) % HOURS_PER_DAY
            open_rows = open_rows[stay[open_rows] <= 0]
            if not open_rows.size:
                return start, start + stay
        found = f"plug-in at {self.plug_in_mean_h:g} h and plug-out at {self.plug_out_mean_h:g} h, with little spread"
        raise FaultyInputError(
            [Fault("scenario", None, "fleet", found, "a plug-out after plug-in between noon and noon")]
        )
