"""The built-in feeder: 76 charging stations in four regions below one 10 kV busbar, radial, 10/0.38 kV.

Stations, regions and 380 V are paper C's [verbatim]; it states no lines and no transformers, so these are [default]:

- Each region is one underground cable with 19 stations along it, the first 1 km from the busbar, the others 0.25 km
  apart: aluminium, 300 mm2, XLPE at 90 C, 0.128 + j0.105 ohm/km, 310 nF/km, 480 A.
- Each station has a transformer of 1000 kVA, 10/0.4 kV, 4.5 %, 10.3 kW short-circuit and 1.15 kW no-load loss, 0.7 %
  no-load current. At 0.4 kV on a 0.38 kV node an idle station stands at 1.053 pu, near the paper's 1.050 before scheduling.
- The busbar is held at 1 pu. Every station's own load is 200 kW at a power factor of 0.95; a scenario's base load is
  spread in proportion, here evenly.
"""

from functools import lru_cache
from typing import Final, Literal

import numpy as np

from environment.feeders.feeder import Feeder
from environment.feeders.settings import FeederSettings

REGIONS: Final = 4
STATIONS_A_REGION: Final = 19


class BuiltinFeeder(FeederSettings):
    """76 stations in four regions below a 10 kV busbar, radial, each behind a transformer of 1000 kVA to 380 V."""

    source: Literal["builtin"] = "builtin"
    """The built-in feeder."""

    def read(self) -> Feeder:
        """Return the feeder; see `FeederSettings.read`. Station ``S2-05`` is the fifth of region 2, ``M2-05`` its 10 kV node."""
        return _stations()


@lru_cache(maxsize=1)
def _stations() -> Feeder:
    stations = REGIONS * STATIONS_A_REGION
    places = [f"{region + 1}-{k + 1:02d}" for region in range(REGIONS) for k in range(STATIONS_A_REGION)]
    upper = 1 + np.arange(stations)  # row 0 is the busbar
    lower = 1 + stations + np.arange(stations)
    first = np.arange(stations) % STATIONS_A_REGION == 0
    km = np.where(first, 1.0, 0.25)
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
        transformer_va=np.full(stations, 1e6),
        transformer_uk=np.full(stations, 0.045),
        transformer_pk_w=np.full(stations, 10.3e3),
        transformer_i0=np.full(stations, 0.007),
        transformer_p0_w=np.full(stations, 1.15e3),
        transformer_tap_v=np.zeros(stations),
        link_from=np.zeros(0, dtype=np.int64),
        link_to=np.zeros(0, dtype=np.int64),
        load_node=lower,
        load_kw=np.full(stations, 200.0),
        load_kvar=np.full(stations, 200.0 * np.tan(np.arccos(0.95))),
        source_node=0,
        source_pu=1.0,
    )
