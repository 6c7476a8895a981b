"""Paper B's case, scenarios/paper_b.toml: 300 EVs that give back, on a day with a peak-valley rate of 55.03 %.

Source: paper B's inputs: 300 EVs, 7.5 kW, 35 kWh, efficiency 0.9, 96 intervals a day, the rate without EVs [verbatim]; what else it
gives is the default of the settings. Its load curve is lost: the built-in day is stretched between a peak of 45 MW [calibrated: the
paper gives none] and the valley of that rate.
"""

from typing import Final

from environment.fleets.nhts import NhtsFleet
from environment.loads.builtin import BuiltinLoad
from runs.scenario import Scenario
from runs.scenario_files import scenario_named

CASE: Final = scenario_named("paper_b")
assert isinstance(CASE.fleet, NhtsFleet)
assert isinstance(CASE.load, BuiltinLoad)
assert CASE.load.valley_kw is not None
EV_TYPE: Final = CASE.fleet.types[0]
assert EV_TYPE.power_kw is not None
VEHICLES: Final = CASE.fleet.vehicles
POWER_KW: Final = EV_TYPE.power_kw
CAPACITY_KWH: Final = EV_TYPE.capacity_kwh
SLOTS_PER_DAY: Final = 24 * 60 // CASE.horizon.slot_min
PEAK_KW: Final = CASE.load.peak_kw
"""Largest load without EVs."""
RATE_BEFORE: Final = 1 - CASE.load.valley_kw / PEAK_KW
"""Peak less valley, by the peak, without EVs."""
NO_LIMIT_KW: Final = 1e9
"""Limit of the transformer, which the paper has none of: above that of the file, for larger loads."""


def paper_b(days: int = 1, peak_kw: float = PEAK_KW) -> Scenario:
    """Return paper B's case.

    Parameters
    ----------
    days
        Length of the horizon.
    peak_kw
        Scale of the load.
    """
    return CASE.update(
        horizon={"slots": SLOTS_PER_DAY * days},
        load={"peak_kw": peak_kw, "valley_kw": peak_kw * (1 - RATE_BEFORE)},
        transformer={"limit_kw": NO_LIMIT_KW},
    )
