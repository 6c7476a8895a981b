"""Paper C's case, scenarios/paper_c.toml: 76 stations, 23,000 users, 11,000 of whom charge on a day, on the built-in feeder.

Source: paper C, section 4 [verbatim where it says so]; its data are lost. A day has 40 slots of 36 min, the paper's longest charging
time: who is plugged in at the beginning of a slot is gone at its end. The base load is 200 kW a station at its peak [default].
"""

from datetime import datetime
from typing import Any, Final

from environment.loads.builtin import BuiltinLoad
from runs.scenario import Scenario
from runs.scenario_files import scenario_named

CASE: Final = scenario_named("paper_c")
assert isinstance(CASE.horizon.start, datetime)
assert isinstance(CASE.load, BuiltinLoad)
START: Final = CASE.horizon.start
YEAR: Final = START.year
SLOT_MIN: Final = CASE.horizon.slot_min
BASE_KW: Final = CASE.load.peak_kw


def paper_c(
    month: int = START.month, day: int = START.day, *, base_kw: float = BASE_KW, **sections: dict[str, Any]
) -> Scenario:
    """Return paper C's case on a day of its year.

    Parameters
    ----------
    month, day
        Month and day of the paper's year.
    base_kw
        Largest base load of the feeder.
    **sections
        Values of further keys, section by section, as for `Scenario.update`.
    """
    case = CASE.update(horizon={"start": START.replace(month=month, day=day)}, load={"peak_kw": base_kw})
    return case.update(**sections)
