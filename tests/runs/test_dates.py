"""One clock for all files of a scenario: zones, dates, and a horizon that starts with its fleet."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from environment.input_faults import FaultyInputError
from runs.commands.case import read_leniently
from runs.engine import Engine
from runs.homes.part import Homes
from runs.parallel_run import run_in_parts
from runs.result import Result
from runs.scenario import Scenario
from runs.simulate import result_from, simulate, summarize
from runs.world import World

FLEET = "vehicle,plug_in,plug_out,energy_kwh,power_kw\n"


def write(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def load_file(
    folder: Path, zone: str = "", name: str = "load.csv", column: str = "load_kw", peak: float = 200.0
) -> str:
    """50 kW, and 200 kW from 16 to 17 h."""
    rows = "".join(f"2024-05-06T{hour:02d}:00:00{zone},{peak if hour == 16 else 50}\n" for hour in range(24))
    return write(folder, name, f"time,{column}\n{rows}")


def fleet_file(folder: Path, zone: str = "", hour: int = 18, name: str = "fleet.csv") -> str:
    """One EV, 11 kWh in an hour at 11 kW."""
    return write(folder, name, f"{FLEET}v,2024-05-06T{hour}:00:00{zone},2024-05-06T{hour + 1}:00:00{zone},11,11\n")


def scenario(*overrides: str, **files: str) -> Scenario:
    named = [f"{section}.source={'acn' if path.endswith('sessions.csv') else 'csv'}" for section, path in files.items()]
    named += [f"{section}.path={path}" for section, path in files.items()]
    return Scenario.read(None, [*named, *overrides])


def faults(case: Scenario) -> str:
    with pytest.raises(FaultyInputError) as caught:
        World.build(case, np.random.default_rng(1))
    return str(caught.value)


def test_files_of_two_zones_ask_for_the_horizons(tmp_path: Path) -> None:
    files = {"load": load_file(tmp_path, "Z"), "fleet": fleet_file(tmp_path, "+02:00")}
    told = faults(scenario("horizon.start=2024-05-06T00:00:00", **files))
    assert "load.csv: zone of its times is +00:00" in told
    assert "fleet.csv: zone of its times is +02:00" in told
    assert "horizon.timezone" in told


@pytest.mark.parametrize(("zone", "start"), [("UTC", "2024-05-06T00:00:00"), ("Europe/Berlin", "2024-05-06T02:00:00")])
def test_files_of_two_zones_meet_at_one_instant_on_the_horizons_clock(tmp_path: Path, zone: str, start: str) -> None:
    files = {"load": load_file(tmp_path, "Z"), "fleet": fleet_file(tmp_path, "+02:00")}
    case = scenario(f"horizon.start={start}", f"horizon.timezone={zone}", "transformer.limit_kw=205", **files)
    summary = summarize(case)
    assert summary["free"]["peak_kw"] == 211.0
    assert summary["peak_kw"] == 205.0
    assert summary["unserved_kwh"] == pytest.approx(6.0)


def test_the_zone_that_all_files_share_is_the_horizons(tmp_path: Path) -> None:
    files = {"load": load_file(tmp_path, "+02:00"), "fleet": fleet_file(tmp_path, "+0200", hour=16)}
    case = scenario("horizon.start=2024-05-06T00:00:00", **files)
    result = simulate(case)
    assert result.scenario.horizon.timezone == "+02:00"
    assert result.summary["horizon_start"] == "2024-05-06T00:00:00+02:00"
    assert result.summary["free"]["peak_kw"] == 211.0
    assert str(result.slots.start[16]) == "2024-05-06 16:00:00+02:00"
    for table_format in ("parquet", "csv"):
        folder = tmp_path / table_format
        folder.mkdir()
        result.save(folder, table_format=table_format)
        again = Result.load(folder)
        assert again.scenario == result.scenario
        assert again.slots.start.tolist() == result.slots.start.tolist()


def test_a_file_without_zone_is_on_the_wall_clock_of_the_zone_of_the_others(tmp_path: Path) -> None:
    files = {"load": load_file(tmp_path, "-07:00"), "fleet": fleet_file(tmp_path, hour=16)}
    assert summarize(scenario("horizon.start=2024-05-06T00:00:00", **files))["free"]["peak_kw"] == 211.0
    berlin = ("horizon.start=2024-05-06T09:00:00", "horizon.timezone=Europe/Berlin")  # 16 h at -07:00 is 1 h in Berlin
    summary = summarize(scenario(*berlin, **files))
    assert summary["free"]["peak_kw"] == 200.0
    assert summary["horizon_start"] == "2024-05-06T09:00:00+02:00"


@pytest.mark.parametrize(
    ("section", "key", "column", "beside"),
    [
        ("load", "actual_path", "load_kw", ()),
        ("tariff", "path", "yuan_per_kwh", ("peak_shaving.optimizer=exact",)),
        ("participation", "available_path", "vehicles", ("peak_shaving.optimizer=exact",)),
    ],
)
def test_every_file_with_times_has_a_say(
    tmp_path: Path, section: str, key: str, column: str, beside: tuple[str, ...]
) -> None:
    other = load_file(tmp_path, "Z", name="other.csv", column=column, peak=1)
    source = [f"{section}.source=csv"] if section == "tariff" else []
    case = scenario(*beside, *source, f"{section}.{key}={other}", fleet=fleet_file(tmp_path, "+02:00"))
    assert "other.csv: zone of its times is +00:00" in faults(case)


def test_a_file_that_does_not_count_has_no_say(tmp_path: Path) -> None:
    idle = load_file(tmp_path, "Z", name="prices.csv", column="yuan_per_kwh")
    case = scenario("horizon.start=fleet", fleet=fleet_file(tmp_path, "+02:00"), tariff=idle)
    assert case.settled().horizon.timezone == "+02:00"


def test_offsets_mixed_in_one_file_are_told_line_by_line(tmp_path: Path) -> None:
    path = write(
        tmp_path, "fleet.csv",
        FLEET + "a,2024-05-06T18:00+02:00,2024-05-06T19:00+02:00,1,4\nb,2024-05-06T18:00+01:00,2024-05-06T19:00+02:00,1,4\n",
    )  # fmt: skip
    told = faults(scenario("horizon.start=2024-05-06T00:00:00", fleet=path))
    assert "fleet.csv, line 3: plug_in is '2024-05-06T18:00+01:00'; expected zone +02:00 as elsewhere" in told


def test_a_fleet_of_other_dates_is_a_fault_of_both_spans(tmp_path: Path) -> None:
    told = faults(scenario(fleet=fleet_file(tmp_path)))
    for text in (
        "fleet.csv: span of all stays is 2024-05-06 18:00 .. 2024-05-06 19:00",
        "2010-07-12 12:00 .. 2010-07-13 12:00",
        'horizon.start = "fleet"',
    ):
        assert text in told


def test_a_load_of_other_dates_is_a_fault_of_both_spans(tmp_path: Path) -> None:
    told = faults(scenario(load=load_file(tmp_path)))
    assert "2024-05-06 00:00 .. 2024-05-07 00:00" in told
    assert "2010-07-12 12:00 .. 2010-07-13 12:00 (horizon.start)" in told


def test_stays_of_other_dates_beside_those_of_the_horizon_are_told(tmp_path: Path) -> None:
    rows = "".join(f"v{day},2024-05-{day:02d}T18:00,2024-05-{day + 1:02d}T06:00,5,4\n" for day in range(6, 10))
    case = scenario("horizon.start=2024-05-06T12:00:00", fleet=write(tmp_path, "fleet.csv", FLEET + rows))
    (told,) = Homes.build(case, np.random.default_rng(1)).warnings()
    assert told.startswith("3 of 4 stays lie wholly outside the horizon, 2024-05-06 12:00 .. 2024-05-07 12:00")
    assert "2024-05-07 18:00 .. 2024-05-10 06:00" in told


SHAVING = ("peak_shaving.optimizer=exact", "participation.soc_start=uniform")


def test_a_store_looks_at_dates_only_where_its_stays_are_once(tmp_path: Path) -> None:
    rows = "v,2024-05-06T18:00,2024-05-07T06:00,5,4,30\n"
    path = write(tmp_path, "fleet.csv", FLEET.replace("power_kw", "power_kw,capacity_kwh") + rows)
    daily = scenario(*SHAVING, fleet=path)
    world: Any = World.build(daily, np.random.default_rng(1))
    assert world.v2g.participation.available.sum() == 12
    assert "span of all stays is 2024-05-06 18:00" in faults(scenario(*SHAVING, "participation.stays=once", fleet=path))


@pytest.mark.parametrize(
    ("hour", "start"), [(18, "2024-05-06T12:00:00"), (12, "2024-05-06T12:00:00"), (11, "2024-05-05T12:00:00")]
)
@pytest.mark.parametrize("zone", ["", "+02:00"])
def test_a_horizon_starts_with_its_fleet(tmp_path: Path, hour: int, start: str, zone: str) -> None:
    case = scenario("horizon.start=fleet", fleet=fleet_file(tmp_path, zone, hour=hour))
    result = simulate(case)
    assert result.summary["horizon_start"] == start + zone
    assert result.scenario.horizon.begin == result.slots.start.dt.tz_localize(None)[0] == pd.Timestamp(start)
    assert result.summary["unserved_kwh"] == pytest.approx(0.0)
    assert f"start = {start.replace('T', ' ')}" in result.scenario.to_toml()
    assert result.scenario.settled() is result.scenario


def test_the_fleets_first_noon_is_on_the_clock_of_the_horizons_zone(tmp_path: Path) -> None:
    path = fleet_file(tmp_path, "Z", hour=11)  # 13 h in Berlin
    case = scenario("horizon.start=fleet", "horizon.timezone=Europe/Berlin", fleet=path)
    assert case.settled().horizon.begin_text == "2024-05-06T12:00:00+02:00"


def test_a_horizon_starts_with_real_sessions(tmp_path: Path) -> None:
    head = "arrival,departure,delivered_energy (kWh),session_id\n"
    rows = "2019-05-07 08:00-07:00,2019-05-07 17:00-07:00,5,a\n2019-05-07 13:00-07:00,2019-05-07 17:00-07:00,5,b\n"
    case = scenario("horizon.start=fleet", fleet=write(tmp_path, "sessions.csv", head + rows))
    fleet = Homes.build(case, np.random.default_rng(1)).fleet
    assert fleet.plug_in_h.tolist() == [20.0]
    assert "1 of 2 sessions" in fleet.told[0]
    assert Homes.build(case.update(fleet={"fold": "day"}), np.random.default_rng(1)).fleet.plug_in_h.tolist() == [
        20.0,
        1.0,
    ]


@pytest.mark.parametrize("case", [("fleet.vehicles=5",), ("stations.piles=4",)])
def test_a_fleet_without_dates_starts_no_horizon(case: tuple[str, ...]) -> None:
    assert "horizon.start is 'fleet'" in faults(scenario("horizon.start=fleet", *case))


def test_hours_start_no_horizon(tmp_path: Path) -> None:
    path = write(tmp_path, "fleet.csv", "vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw\na,1,2,1,4\n")
    assert "column plug_in is missing" in faults(scenario("horizon.start=fleet", fleet=path))


def test_parts_of_a_grid_share_the_fleets_start(tmp_path: Path) -> None:
    case = scenario("horizon.start=fleet", "transformer.count=2", "run.optimum=false", fleet=fleet_file(tmp_path, "Z"))
    whole, parts = simulate(case), result_from(*run_in_parts(case, engine=Engine.SERIAL))
    assert whole.scenario == parts.scenario
    assert whole.slots.equals(parts.slots)


def test_a_store_tells_of_stays_outside_its_horizon(tmp_path: Path) -> None:
    rows = "".join(f"v{day},2024-05-{day:02d}T18:00,2024-05-{day + 1:02d}T06:00,5,4,30\n" for day in (6, 9))
    path = write(tmp_path, "fleet.csv", FLEET.replace("power_kw", "power_kw,capacity_kwh") + rows)
    for stays, told in (("once", ["1 of 2 stays lie wholly outside the horizon"]), ("daily", [])):
        case = scenario(*SHAVING, f"participation.stays={stays}", "horizon.start=fleet", fleet=path)
        warnings = World.build(case, np.random.default_rng(1)).warnings()
        assert [text.partition(",")[0] for text in warnings if "horizon" in text] == told


def test_a_faulty_fleet_is_not_blamed_on_the_horizon_that_begins_with_it(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text("[horizon]\nstart = 'fleet'\n[fleet]\nsource = 'csv'\npath = 'fleet.csv'\nvehicles = 10\n")
    _, faults = read_leniently(file, None, None, None)
    (fault,) = faults
    assert fault.field == "fleet.vehicles"


def test_a_fleet_that_begins_beyond_the_calendar_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "fleet.csv"
    path.write_text("vehicle,plug_in,plug_out,energy_kwh,power_kw\na,0001-01-01T18:00,0001-01-02T07:00,10,4\n")
    case = Scenario.read(None, ["horizon.start=fleet", "fleet.source=csv", f"fleet.path={path}"])
    with pytest.raises(FaultyInputError, match=r"horizon\.start is 0001-01-01.*; expected a horizon between the years"):
        case.settled()
