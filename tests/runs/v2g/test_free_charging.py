"""Free charging of a fleet that gives back: what its EVs would do each on its own."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runs.result import Result
from runs.scenario import Scenario
from runs.simulate import simulate


def free_case(folder: Path, **sections: dict[str, Any]) -> Result:
    """Run two EVs with half full batteries of 20 kWh for a day from midnight, by the hour."""
    path = folder / "fleet.csv"
    stays = "early,1,9,6,4,20,0.5,0.8\nshort,3,4,8,2,20,0.5,0.8\n"
    path.write_text(f"vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw,capacity_kwh,soc_plug_in,efficiency\n{stays}")
    chosen: dict[str, dict[str, Any]] = {
        "horizon": {"start": "2024-05-06T00:00"},
        "fleet": {"source": "csv", "path": path},
        "peak_shaving": {"optimizer": "exact", "soc_max": 0.9},
        "participation": {"stays": "once", "soc_start": "fleet", "end": "need"},
    }
    merged = {name: {**chosen.get(name, {}), **sections.get(name, {})} for name in {**chosen, **sections}}
    return simulate(Scenario().update(**merged))


def test_every_ev_charges_at_rated_power_from_its_plug_in_until_it_has_what_it_asks_for(tmp_path: Path) -> None:
    result = free_case(tmp_path)
    expected_kw = np.zeros(24)
    expected_kw[[1, 2]] = 4.0, 3.5  # 6 kWh in the battery are 7.5 kWh at the grid
    expected_kw[3] = 2.0  # the other one's only hour: 1.6 of 8 kWh
    np.testing.assert_allclose(result.v2g_slots.free_kw, expected_kw)
    free = result.summary["free"]
    assert free["unserved_kwh"] == pytest.approx(6.4)
    assert free["energy_kwh"] == pytest.approx(9.5)
    np.testing.assert_allclose(free["peak_kw"], (result.v2g_slots.actual_kw + expected_kw).max())


def test_where_nobody_needs_anything_it_charges_to_the_ceiling(tmp_path: Path) -> None:
    result = free_case(tmp_path, participation={"end": "free"})
    expected_kw = np.zeros(24)
    expected_kw[[1, 2, 3]] = 4.0, 4.0, 2.0 + 2.0  # 8 kWh of 0.5 to 0.9 are 10 kWh at the grid
    np.testing.assert_allclose(result.v2g_slots.free_kw, expected_kw)
