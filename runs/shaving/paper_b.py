"""Paper B's case as a scenario: 300 EVs that give back, on a day with a peak-valley rate of 55.03 %.

Source: paper B's inputs: 300 EVs, 7.5 kW, 35 kWh, efficiency 0.9, 96 intervals a day, the rate without EVs [verbatim]; what else it
gives is the default of the settings. Its load curve is lost: the built-in day is stretched between a peak of 45 MW [calibrated: the
paper gives none] and the valley of that rate.
"""

from datetime import datetime
from typing import Final

from runs.scenario import Scenario

VEHICLES: Final = 300
POWER_KW: Final = 7.5
CAPACITY_KWH: Final = 35.0
EFFICIENCY: Final = 0.9
SLOTS_PER_DAY: Final = 96
PEAK_KW: Final = 45_000.0
"""Largest load without EVs."""
RATE_BEFORE: Final = 0.5503
"""Peak less valley, by the peak, without EVs."""
NO_LIMIT_KW: Final = 1e9
"""Limit of the transformer, which the paper has none of."""


def paper_b(days: int = 1, peak_kw: float = PEAK_KW) -> Scenario:
    """Return paper B's case.

    Parameters
    ----------
    days
        Length of the horizon.
    peak_kw
        Scale of the load.
    """
    return Scenario().update(
        horizon={"start": datetime(2010, 7, 12), "slot_min": 15, "slots": SLOTS_PER_DAY * days},  # noqa: DTZ001  (a wall clock)
        load={"peak_kw": peak_kw, "valley_kw": peak_kw * (1 - RATE_BEFORE)},
        fleet={
            "vehicles": VEHICLES,
            "efficiency": EFFICIENCY,
            "types": ({"name": "paper B", "power_kw": POWER_KW, "capacity_kwh": CAPACITY_KWH},),
        },
        transformer={"limit_kw": NO_LIMIT_KW},
        peak_shaving={},
        participation={"end": "free"},
    )
