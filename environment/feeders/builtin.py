"""The built-in feeder: 76 charging stations in four regions below one 10 kV busbar, radial, 10/0.38 kV.

Stations, their 3000 kW, regions and 380 V are paper C's [verbatim]; it states no lines and no transformers, so these are
[default]:

- Each region has 19 stations along four underground cables: 5 on each of the first three, 4 on the last. The first is 4 km
  from the busbar, the others 2.2 km apart: aluminium, 300 mm2, XLPE at 90 C, 0.128 + j0.105 ohm/km, 310 nF/km, 480 A.
- Each station has a transformer of 3150 kVA, 10/0.4 kV, 7 %, 27.5 kW short-circuit and 2.2 kW no-load loss, 0.5 % no-load
  current. At 0.4 kV on a 0.38 kV node an idle station stands at 1.053 pu, near the paper's 1.050 before scheduling.
- The busbar is held at 1 pu. Every station's own load is 200 kW at a power factor of 0.95; a scenario's base load is
  spread in proportion, here evenly.

The lengths were chosen to bring the voltages near the paper's range and stand for no city: with the users that
`[users]` draws, the lowest is 0.95 to 0.96 pu on a day before scheduling (the paper: 0.953), the cables within their 480 A. A cable with five stations at 3000 kW carries three times that; a schedule has to avoid it.
"""

from functools import lru_cache
from typing import Final, Literal

import numpy as np

from environment.feeders.feeder import Feeder
from environment.feeders.settings import FeederSettings

REGIONS: Final = 4
STATIONS_A_REGION: Final = 19
STATIONS_A_CABLE: Final = 5
KM_TO_FIRST: Final = 4.0
KM_BETWEEN: Final = 2.2

PLACES: Final = {f"{r + 1}-{k + 1:02d}": f"region {r + 1}" for r in range(REGIONS) for k in range(STATIONS_A_REGION)}
"""The stations' places, and the region of each."""


class BuiltinFeeder(FeederSettings):
    """76 stations in four regions below a 10 kV busbar, radial, each behind a transformer of 3150 kVA to 380 V."""

    source: Literal["builtin"] = "builtin"
    """The built-in feeder."""

    def read(self) -> Feeder:
        """Return the feeder; see `FeederSettings.read`. Station ``S2-05`` is the fifth of region 2, ``M2-05`` its 10 kV node."""
        return _stations()


@lru_cache(maxsize=1)
def _stations() -> Feeder:
    stations = REGIONS * STATIONS_A_REGION
    places = list(PLACES)
    upper = 1 + np.arange(stations)  # row 0 is the busbar
    lower = 1 + stations + np.arange(stations)
    first = np.arange(stations) % STATIONS_A_REGION % STATIONS_A_CABLE == 0
    km = np.where(first, KM_TO_FIRST, KM_BETWEEN)
    return Feeder(
        title="feeder builtin",
        node=np.array(["busbar", *(f"M{place}" for place in places), *(f"S{place}" for place in places)]),
        node_v=np.concatenate([[10e3], np.full(stations, 10e3), np.full(stations, 380.0)]),
        line=np.array([f"L{place}" for place in places]),
        line_from=np.where(first, 0, upper - 1),
        line_to=upper,
        line_r_ohm=0.128 * km,
        line_x_ohm=0.105 * km,
        line_c_f=310e-9 * km,
        line_rated_a=np.full(stations, 480.0),
        line_km=km,
        transformer=np.array([f"T{place}" for place in places]),
        transformer_hv=upper,
        transformer_lv=lower,
        transformer_hv_v=np.full(stations, 10e3),
        transformer_lv_v=np.full(stations, 400.0),
        transformer_va=np.full(stations, 3.15e6),
        transformer_uk=np.full(stations, 0.07),
        transformer_pk_w=np.full(stations, 27.5e3),
        transformer_i0=np.full(stations, 0.005),
        transformer_p0_w=np.full(stations, 2.2e3),
        transformer_tap_v=np.zeros(stations),
        link_from=np.zeros(0, dtype=np.int64),
        link_to=np.zeros(0, dtype=np.int64),
        load_node=lower,
        load_kw=np.full(stations, 200.0),
        load_kvar=np.full(stations, 200.0 * np.tan(np.arccos(0.95))),
        source_node=0,
        source_pu=1.0,
    )
