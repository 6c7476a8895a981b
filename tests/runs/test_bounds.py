"""The largest quantities that files and keys may hold run through to figures that strict JSON can write."""

import json
from pathlib import Path

import pytest

from runs.scenario import Scenario
from runs.simulate import summarize


@pytest.mark.parametrize("load", ["file", "key"])
@pytest.mark.parametrize(
    "keys",
    [
        [],
        ["transformer.limit_kw=1e9"],
        ["coordination.method=optimal", "transformer.limit_kw=1e9"],
        ["peak_shaving.optimizer=exact", "transformer.limit_kw=1e9"],
        ["peak_shaving.optimizer=pso", "peak_shaving.iterations=5"],
    ],
)
def test_figures_at_the_bounds_are_finite(tmp_path: Path, keys: list[str], load: str) -> None:
    fleet = tmp_path / "fleet.csv"
    rows = "".join(f"v{i},0,5,1e9,1e9,1e9,0.0\n" for i in range(5))
    fleet.write_text("vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw,capacity_kwh,soc_plug_in\n" + rows)
    series = tmp_path / "load.csv"
    series.write_text("hour,load_kw\n" + "".join(f"{hour},{1e9 if hour % 2 else -1e9}\n" for hour in range(24)))
    base = ["load.peak_kw=1e9"] if load == "key" else ["load.source=csv", f"load.path={series}"]
    case = Scenario.read(None, ["fleet.source=csv", f"fleet.path={fleet}", *base, *keys])
    json.dumps(summarize(case), allow_nan=False)
