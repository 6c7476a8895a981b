"""Paper B's case as a scenario: 300 EVs that give back, on a day with a peak-valley rate of 55.03 %.

Source: paper B's inputs: 300 EVs, 7.5 kW, 35 kWh, 96 intervals, the rate without EVs [verbatim]; what else it gives is the default of
the settings. Its load curve is lost, so the built-in day is stretched between a peak of 45 MW and the valley of that rate [default].
"""

from datetime import datetime
from typing import Final

from runs.scenario import Scenario

PEAK_KW: Final = 45_000.0
"""Largest load without EVs."""

PEAK_VALLEY_RATE: Final = 0.5503
"""Peak less valley, by the peak."""

ITERATIONS: Final = 1000
"""Of the optimiser: after the 100 of a scenario's default most of them are still no better than doing nothing on this case."""


def paper_b() -> Scenario:
    """Return paper B's case."""
    return Scenario().update(
        horizon={"start": datetime(2010, 7, 12), "slot_min": 15},  # noqa: DTZ001  (a wall clock)
        load={"peak_kw": PEAK_KW, "valley_kw": PEAK_KW * (1 - PEAK_VALLEY_RATE)},
        fleet={"vehicles": 300, "types": ({"name": "paper B", "power_kw": 7.5, "capacity_kwh": 35.0},)},
        peak_shaving={"iterations": ITERATIONS},
    )
