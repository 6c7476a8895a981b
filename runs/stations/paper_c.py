"""Paper C's case as a scenario: 76 stations, 23,000 users, 11,000 of whom charge on a day, on the built-in feeder.

Source: paper C, section 4 [verbatim where it says so]; its data are lost. A day has 40 slots of 36 min, the paper's longest charging
time: who is plugged in at the beginning of a slot is gone at its end. The base load is 200 kW a station at its peak [default].
"""

from datetime import datetime
from typing import Any, Final

from runs.scenario import Scenario

SLOT_MIN: Final = 36
BASE_KW: Final = 15_200.0
YEAR: Final = 2023


def paper_c(month: int = 7, day: int = 12, *, base_kw: float = BASE_KW, **sections: dict[str, Any]) -> Scenario:
    """Return paper C's case on a day of 2023.

    Parameters
    ----------
    month, day
        Month and day of the paper's year.
    base_kw
        Largest base load of the feeder.
    **sections
        Values of further keys, section by section, as for `Scenario.update`.
    """
    case = Scenario().update(
        horizon={"start": datetime(YEAR, month, day), "slot_min": SLOT_MIN},  # noqa: DTZ001  (a wall clock)
        load={"peak_kw": base_kw},
        feeder={"source": "builtin"},
        stations={},
    )
    return case.update(**sections)
