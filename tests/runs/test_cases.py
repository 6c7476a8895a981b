"""Small inputs that once went wrong, from file to table; each stands for its kind. Right values are by hand."""

from pathlib import Path

import pandas as pd
import pytest

from runs.result import Result
from runs.scenario import Scenario
from runs.simulate import simulate

CSV = "vehicle,plug_in,plug_out,energy_kwh,power_kw"
ACN = "session_id,arrival,departure,delivered_energy (kWh)"
AUTUMN = ("horizon.start=2019-11-03T00:00:00", "horizon.slots=48", "horizon.timezone=America/Los_Angeles")
"""Two days, of which the first has 25 hours."""


def run(folder: Path, fleet: str, *keys: str, source: str = "csv") -> Result:
    (folder / "fleet.csv").write_text(fleet)
    return simulate(Scenario.read(None, [f"fleet.source={source}", f"fleet.path={folder / 'fleet.csv'}", *keys]))


@pytest.mark.parametrize(("source", "header", "need"), [("csv", CSV, "6.6,6.6"), ("acn", ACN, "6.6")])
def test_sessions_charge_in_their_own_slots_after_a_clock_change(
    tmp_path: Path, source: str, header: str, need: str
) -> None:
    times = [
        "2019-11-03 05:00:00-08:00,2019-11-03 06:00:00-08:00",
        "2019-11-04 08:00:00-08:00,2019-11-04 09:00:00-08:00",
    ]
    rows = "\n".join(f"{name},{stay},{need}" for name, stay in zip("ab", times, strict=True))
    result = run(tmp_path, f"{header}\n{rows}\n", *AUTUMN, source=source)
    assert result.schedule.slot.tolist() == [6, 33]
    assert [f"{result.slots.start[slot]:%H:%M}" for slot in (6, 33)] == ["05:00", "08:00"]
    assert result.summary["warnings"] == []


def test_a_spreadsheets_semicolons_and_decimal_commas_are_read(tmp_path: Path) -> None:
    text = "\ufeffvehicle;plug_in_h;plug_out_h;energy_kwh;power_kw\nv1;6;18,5;10,5;7,4\n"
    result = run(tmp_path, text)
    assert result.summary["energy_delivered_kwh"] == 10.5
    assert result.vehicles[["plug_in_h", "plug_out_h", "power_kw"]].to_numpy().tolist() == [[6.0, 18.5, 7.4]]


def test_a_car_on_two_lines_charges_in_both_nights(tmp_path: Path) -> None:
    nights = [f"car,2024-05-{day:02d}T18:00,2024-05-{day + 1:02d}T07:00,10,7.4" for day in (6, 7)]
    result = run(tmp_path, "\n".join([CSV, *nights]), "horizon.start=fleet", "horizon.slots=48")
    assert (result.summary["vehicles"], result.summary["stays"]) == (1, 2)
    assert result.summary["horizon_start"] == "2024-05-06T12:00:00"
    assert result.vehicles.delivered_kwh.tolist() == [10.0, 10.0]


def test_drawn_evs_come_on_every_day_of_a_week() -> None:
    keys = ("horizon.slots=168", "fleet.vehicles=20", "run.optimum=false", "run.engine=compiled")
    result = simulate(Scenario.read(None, keys))
    assert (result.vehicles.plug_in_h // 24).value_counts().tolist() == [20] * 7
    assert result.schedule.groupby(result.schedule.slot // 24).power_kw.sum().min() > 0


@pytest.mark.parametrize(("fill", "peak_kw"), [("hold", 100.0), ("interpolate", 200.0)])
def test_steps_missing_in_a_load_are_filled_as_asked_and_told(tmp_path: Path, fill: str, peak_kw: float) -> None:
    """100 kW until 16 h, nothing until 22 h, then 220 kW."""
    hours = [(hour, 100 if hour < 17 else 220) for hour in (*range(17), 22, 23)]
    (tmp_path / "load.csv").write_text("hour,load_kw\n" + "\n".join(f"{hour},{kw}" for hour, kw in hours))
    load = ("load.source=csv", f"load.path={tmp_path / 'load.csv'}", f"load.fill={fill}")
    result = run(tmp_path, "vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw\nv,1,3,4,4\n", *load)
    assert result.slots.base_kw[21] == pytest.approx(peak_kw)
    how = "held over from the row before" if fill == "hold" else "interpolated"
    assert result.summary["warnings"] == [f"load.csv: 5 steps missing after 16, {how}"]


def test_150_transformers_of_an_ev_each_add_up_alike_in_both_engines() -> None:
    """Powers were up to 4e-15 kW apart in 90 of 2,063 rows."""
    keys = (
        "load.peak_kw=0.5", "load.fluctuation=0.05", "transformer.limit_kw=5", "transformer.count=150", "fleet.vehicles=150",
        "coordination.rounds=5", "coordination.information=day_ahead", "run.seed=719500", "run.optimum=false",
    )  # fmt: skip
    agents, compiled = (
        simulate(Scenario.read(None, [*keys, f"run.engine={engine}"])) for engine in ("agents", "compiled")
    )
    assert len(agents.schedule) > 1000
    pd.testing.assert_frame_equal(agents.schedule, compiled.schedule, check_exact=True)
