import gzip
import json
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from environment.fleets import AcnFleet, CsvFleet, Fleet, NhtsFleet
from environment.fleets.fleet import RENAMED
from environment.fleets.nhts import EvType
from environment.horizon import Horizon
from environment.input_faults import FaultyInputError
from tests.support.laws import examples
from tests.support.worlds import make_fleet

RNG = np.random.default_rng(0)
HEADER = "vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw,capacity_kwh,soc_plug_in,efficiency,transformer\n"


def draw(seed: int = 1, **settings: object) -> Fleet:
    return NhtsFleet.model_validate({"vehicles": 20_000, **settings}).build(Horizon(), np.random.default_rng(seed))


def test_habits_follow_the_survey() -> None:
    fleet = draw()
    assert np.median((fleet.plug_in_h + 12) % 24) == pytest.approx(17.6, abs=0.3)
    # Leaving after noon is leaving before coming home, and is drawn again: the median moves forward a little.
    assert np.median((fleet.plug_out_h + 12) % 24) == pytest.approx(8.9, abs=0.7)
    assert (fleet.plug_out_h > fleet.plug_in_h).all()
    assert (fleet.plug_in_h >= 0).all()
    assert (fleet.plug_out_h <= 24).all()


def test_stays_are_the_same_on_any_horizon() -> None:
    noon, midnight = (
        NhtsFleet().build(Horizon(start=start), np.random.default_rng(1))
        for start in ("2026-01-01T12:00", "2026-01-01")
    )
    np.testing.assert_allclose((noon.plug_in_h + 12) % 24, midnight.plug_in_h)
    np.testing.assert_allclose(noon.plug_out_h - noon.plug_in_h, midnight.plug_out_h - midnight.plug_in_h)


def test_stays_that_can_never_be_are_refused() -> None:
    with pytest.raises(FaultyInputError, match="plug-out after plug-in"):
        draw(plug_in_mean_h=9, plug_out_mean_h=8, plug_in_std_h=0, plug_out_std_h=0)


def test_distance_sets_the_energy_and_miles_are_longer() -> None:
    miles, km = draw(), draw(distance_unit="km")
    kwh = np.median(km.energy_kwh)
    assert kwh == pytest.approx(np.exp(3.2) * 15 / 100, rel=0.03)
    assert np.median(miles.energy_kwh) == pytest.approx(1.609344 * kwh, rel=0.03)


def test_no_battery_asks_for_more_than_it_has_room_for() -> None:
    fleet = draw(soc_plug_out=0.9)
    assert (fleet.energy_kwh <= fleet.room_kwh + 1e-9).all()
    assert (fleet.soc_plug_in >= 0).all()
    np.testing.assert_allclose(fleet.soc_plug_in * 24 + fleet.energy_kwh, 0.9 * 24)


def test_seven_charge_time_types() -> None:
    needed = draw().slots_needed(Horizon())
    assert set(needed.tolist()) == {1, 2, 3, 4, 5, 6, 7}


def test_types_have_their_shares_and_modes() -> None:
    small = EvType(name="small", share=3, capacity_kwh=20)
    large = EvType(name="large", share=1, capacity_kwh=40, mode="fast_1c")
    fleet = draw(types=[small, large])
    assert set(fleet.power_kw.tolist()) == {4.0, 40.0}
    assert (fleet.capacity_kwh == 20).mean() == pytest.approx(0.75, abs=0.02)


def test_draws_depend_on_the_seed_alone() -> None:
    assert draw(3).plug_in_h.tolist() == draw(3).plug_in_h.tolist()
    assert draw(3).plug_in_h.tolist() != draw(4).plug_in_h.tolist()


@st.composite
def long_horizons(draw: st.DrawFn) -> Horizon:
    """Horizons of up to nine days from any hour, across a change of the clock in spring, in autumn, or without one."""
    day = draw(st.sampled_from(["2026-03-26", "2026-10-22", "2026-06-01"]))
    hour = draw(st.integers(0, 23))
    zone = draw(st.sampled_from([None, "Europe/Berlin", "America/Los_Angeles"]))
    return Horizon(start=f"{day}T{hour:02d}:00", slots=draw(st.integers(1, 9 * 24)), timezone=zone)


@examples(0.5)
@given(long_horizons(), st.integers(0, 2**32))
def test_the_same_evs_come_day_after_day_and_never_overlap_themselves(horizon: Horizon, seed: int) -> None:
    kinds = [EvType(capacity_kwh=24.0), EvType(capacity_kwh=40.0)]
    source = NhtsFleet(vehicles=8, types=kinds)
    fleet = source.build(horizon, np.random.default_rng(seed))
    first = source.model_copy(update={"days": "first"}).build(horizon, np.random.default_rng(seed))
    for name in ("vehicle", "plug_in_h", "plug_out_h", "energy_kwh", "power_kw", "capacity_kwh", "soc_plug_in"):
        np.testing.assert_array_equal(getattr(fleet.first_stays, name), getattr(first, name))
    assert first.stay_number is None
    assert (fleet.plug_in_h[fleet.stay > 1] < horizon.hours).all()
    for car in first.vehicle:
        own = fleet.take(np.flatnonzero(fleet.vehicle == car))
        assert own.stay.tolist() == list(range(1, len(own) + 1))
        assert (own.plug_in_h[1:] >= own.plug_out_h[:-1] - 1e-9).all()
        assert np.unique(own.capacity_kwh).size == np.unique(own.power_kw).size == 1
    if horizon.hours <= 24:
        assert len(fleet) == len(first)


@examples(0.5)
@given(st.integers(1, 9), st.integers(1, 20), st.integers(0, 2**32))
def test_from_noon_each_day_has_as_many_stays_as_there_are_evs(days: int, vehicles: int, seed: int) -> None:
    fleet = NhtsFleet(vehicles=vehicles).build(Horizon(slots=24 * days), np.random.default_rng(seed))
    assert fleet.n_vehicles == vehicles
    assert np.bincount((fleet.plug_in_h // 24).astype(int)).tolist() == [vehicles] * days
    assert np.unique(fleet.name).size == len(fleet)
    np.testing.assert_array_equal(fleet.plug_in_h // 24 + 1, fleet.stay)


def test_days_are_drawn_anew() -> None:
    fleet = NhtsFleet(vehicles=2000).build(Horizon(slots=48), np.random.default_rng(1))
    one, two = fleet.take(np.flatnonzero(fleet.stay == 1)), fleet.take(np.flatnonzero(fleet.stay == 2))
    for name in ("plug_in_h", "plug_out_h", "energy_kwh"):
        correlation = np.corrcoef(getattr(one, name), getattr(two, name))[0, 1]
        assert abs(correlation) < 0.1
    assert np.median(two.plug_in_h) - 24 == pytest.approx(np.median(one.plug_in_h), abs=0.3)


@pytest.mark.parametrize(
    ("start", "elapsed_h"),
    [("2026-10-24T12:00", 21 + 55 / 60), ("2026-03-28T12:00", 19 + 55 / 60), ("2026-06-01T12:00", 20 + 55 / 60)],
)
def test_hours_of_habit_are_read_off_the_wall_where_clocks_change(start: str, elapsed_h: float) -> None:
    """Who leaves at 08:55 does so after a night of 25, 23 or 24 hours."""
    punctual = NhtsFleet(vehicles=1, plug_in_std_h=0, plug_out_mean_h=8 + 55 / 60, plug_out_std_h=0)
    fleet = punctual.build(Horizon(start=start, slots=48, timezone="Europe/Berlin"), RNG)
    assert fleet.plug_in_h[0] == pytest.approx(5.6)
    assert fleet.plug_out_h[0] == pytest.approx(elapsed_h)
    assert fleet.plug_out_h[1] == pytest.approx(elapsed_h + 24)


def test_the_last_hour_on_the_wall_of_a_horizon_with_a_short_day_has_its_stays() -> None:
    """48 h from noon before the change in spring end at 13:00 of the third day: who plugs in at 12:30 comes three times."""
    at_noon = NhtsFleet(vehicles=2, plug_in_mean_h=12.5, plug_in_std_h=0)
    fleet = at_noon.build(Horizon(start="2026-03-28T12:00", slots=48, timezone="Europe/Berlin"), RNG)
    np.testing.assert_allclose(fleet.plug_in_h, np.repeat([0.5, 23.5, 47.5], 2))


def test_usable_slots_whole_and_in_part() -> None:
    fleet = make_fleet([(0.5, 3.5, 1, 4), (1, 3, 1, 4), (-2, 30, 1, 4), (25, 30, 1, 4), (2.2, 2.8, 1, 4)])
    horizon = Horizon()
    assert [a.tolist() for a in fleet.usable_slots(horizon, whole=False)] == [[0, 1, 0, 24, 2], [4, 3, 24, 24, 3]]
    first, stop = fleet.usable_slots(horizon, whole=True)
    assert (stop - first).tolist() == [2, 2, 24, 0, 0]


def test_plug_in_order_breaks_ties_by_what_the_evs_are() -> None:
    fleet = make_fleet([(5, 9, 2, 4), (1, 8, 2, 4), (5, 8, 3, 4), (5, 8, 2, 4)])
    assert fleet.plug_in_order.tolist() == [1, 3, 2, 0]


def read(folder: Path, text: str, horizon: Horizon | None = None) -> Fleet:
    path = folder / "fleet.csv"
    path.write_text(text)
    return CsvFleet(source="csv", path=path).build(horizon or Horizon(), RNG)


def test_csv_with_all_columns(tmp_path: Path) -> None:
    fleet = read(tmp_path, HEADER + "a,1,9,10,4,24,0.5,0.9,T1\nb,2,8,5,7.4,,,,T2\n")
    assert fleet.vehicle.tolist() == ["a", "b"]
    assert fleet.efficiency.tolist() == [0.9, 1.0]
    assert fleet.room_kwh.tolist() == [12.0, 5.0]
    assert fleet.node is not None
    assert fleet.node.tolist() == ["T1", "T2"]


PLACES = {"node": "T1", "feeder_node": "R11", "transformer": "T9"}


@pytest.mark.parametrize(
    ("columns", "node", "feeder_node", "named"),
    [
        (("node",), "T1", None, (1, 0)),
        (("transformer",), "T9", None, (1, 1)),
        (("feeder_node",), None, "R11", (0, 0)),
        (("feeder_node", "node"), "T1", "R11", (1, 1)),
        (("transformer", "feeder_node"), "T9", "R11", (1, 1)),
        (("node", "transformer"), "T9", "T1", (1, 1)),
    ],
)
def test_columns_of_places_by_their_names_of_today_and_of_old(
    tmp_path: Path, columns: tuple[str, ...], node: str | None, feeder_node: str | None, named: tuple[int, int]
) -> None:
    head = ",".join(["vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw", *columns])
    fleet = read(tmp_path, head + "\n" + ",".join(["a,1,9,10,4", *(PLACES[name] for name in columns)]) + "\n")
    assert (None if fleet.node is None else fleet.node.tolist()) == (node and [node])
    assert (None if fleet.feeder_node is None else fleet.feeder_node.tolist()) == (feeder_node and [feeder_node])
    assert fleet.told == ((RENAMED,) if columns == ("node", "transformer") else ())
    source = CsvFleet(source="csv", path=tmp_path / "fleet.csv")
    assert named == (source.transformers_named(), source.transformers_named(beside_feeder=True))


def test_a_node_and_its_old_name_are_one_too_many(tmp_path: Path) -> None:
    head = "vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw,feeder_node,node,transformer\n"
    with pytest.raises(FaultyInputError, match="line 1: column transformer is there beside node; expected one of the"):
        read(tmp_path, head + "a,1,9,10,4,R11,T1,T1\n")


@pytest.mark.parametrize("beside", ["feeder_node", "transformer"])
def test_only_where_the_grids_nodes_are_meant_an_empty_cell_is_a_fault(tmp_path: Path, beside: str) -> None:
    head = f"vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw,node,{beside}\n"
    with pytest.raises(FaultyInputError) as caught:
        read(tmp_path, head + "a,1,9,10,4,,\nb,1,9,10,4,T1,T1\n")
    (fault,) = caught.value.faults
    assert (fault.file, fault.row, fault.found) == ("fleet.csv", 2, "empty")
    assert fault.field == ("node" if beside == "feeder_node" else "transformer")


def test_whose_nodes_a_column_names_is_for_the_world_to_say(tmp_path: Path) -> None:
    text = "vehicle,plug_in,plug_out,energy_kwh,power_kw,node\n"
    text += "a,2024-05-06T18:00,2024-05-07T07:00,10,7.4,R1\nb,2024-05-07T19:00,2024-05-08T07:00,10,7.4,\n"
    path = tmp_path / "fleet.csv"
    path.write_text(text)
    horizon = Horizon(start="2024-05-06T12:00")
    for fold in ("none", "day"):
        fleet = CsvFleet.model_validate({"source": "csv", "path": path, "fold": fold}).build(horizon, RNG)
        assert [str(fault).partition(";")[0] for fault in fleet.nodeless] == ["fleet.csv, line 3: node is empty"]
        moved = fleet.with_feeder_nodes()
        assert (moved.node, moved.nodeless, moved.told) == (None, (), (*fleet.told, RENAMED))
        assert moved.feeder_node is not None
        assert moved.feeder_node.tolist() == ["R1", ""]


def test_csv_without_a_state_of_charge_asks_to_be_filled(tmp_path: Path) -> None:
    fleet = read(tmp_path, "vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw,capacity_kwh\na,1,9,6,4,24\n")
    assert fleet.soc_plug_in.tolist() == [0.75]


TWICE = "vehicle,plug_in,plug_out,energy_kwh,power_kw\n"
SAME_CAR_TWICE = (
    "car,2024-05-06T18:00,2024-05-07T07:00,10,7.4\n"
    "other,2024-05-06T19:00,2024-05-07T07:00,10,7.4\n"
    "car,2024-05-07T18:00,2024-05-08T07:00,10,11\n"
)


def test_a_car_may_stand_on_several_lines(tmp_path: Path) -> None:
    fleet = read(tmp_path, TWICE + SAME_CAR_TWICE, Horizon(start="2024-05-06T12:00", slots=48))
    assert (len(fleet), fleet.n_vehicles) == (3, 2)
    assert fleet.stay.tolist() == [1, 1, 2]
    assert fleet.name.tolist() == ["car", "other", "car/2"]
    assert fleet.plug_in_h.tolist() == [6.0, 7.0, 30.0]
    assert fleet.first_row.tolist() == [0, 1, 0]


@given(st.randoms(use_true_random=False), st.integers(0, 2**32))
def test_the_order_of_lines_changes_no_stay(tmp_path_factory: pytest.TempPathFactory, order: Random, seed: int) -> None:
    drawn = NhtsFleet(vehicles=4).build(Horizon(slots=96), np.random.default_rng(seed))
    columns = (drawn.vehicle, drawn.plug_in_h, drawn.plug_out_h, drawn.energy_kwh, drawn.power_kw)
    lines = [",".join(map(str, row)) for row in zip(*(column.tolist() for column in columns), strict=True)]
    order.shuffle(lines)
    text = "vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw\n" + "\n".join(lines)
    fleet = read(tmp_path_factory.getbasetemp(), text, Horizon(slots=96))
    line_of = {line.split(",")[1]: i for i, line in enumerate(lines)}
    rows = np.array([line_of[str(each)] for each in drawn.plug_in_h.tolist()])
    np.testing.assert_array_equal(fleet.stay[rows], drawn.stay)
    np.testing.assert_array_equal(fleet.name[rows], drawn.name)
    places = fleet.each_vehicle(np.arange)[rows]
    np.testing.assert_array_equal(places, drawn.each_vehicle(np.arange))


@pytest.mark.parametrize(
    ("rows", "field", "message"),
    [
        (["a,1,9,1,4,24,,,T1", "a,8,12,1,4,24,,,T1"], "vehicle", "line 3.*at 8 h, while its stay on line 2 lasts until 9 h"),
        (["a,8,12,1,4,24,,,T1", "a,1,9,1,4,24,,,T1"], "vehicle", "line 2.*at 8 h, while its stay on line 3 lasts until 9 h"),
        (["a,1,20,1,4,24,,,T1", "a,2,3,1,4,24,,,T1", "a,5,6,1,4,24,,,T1"], "vehicle", "line 4.*stay on line 2 lasts"),
        (["a,1,9,1,4,24,,,T1", "a,10,12,1,4,25,,,T1"], "capacity_kwh", "line 3.*'25', and '24' on line 2"),
        (["a,1,9,1,4,24,,,T1", "a,10,12,1,4,,,,T1"], "capacity_kwh", "the same on all lines of an EV"),
        (["a,1,9,1,4,24,,,T1", "a,10,12,1,4,24,,,T2"], "transformer", "'T2', and 'T1' on line 2"),
        (["a,1,9,1,4,24,,,T1", "a,10,12,1,4,24,,,T1", "a/2,1,2,1,4,24,,,T1"], "vehicle", "line 4.*another EV's later stay"),
    ],
)  # fmt: skip
def test_what_one_car_cannot_do_names_both_lines(tmp_path: Path, rows: list[str], field: str, message: str) -> None:
    with pytest.raises(FaultyInputError, match=message) as caught:
        read(tmp_path, HEADER + "\n".join(rows) + "\n")
    assert {fault.field for fault in caught.value.faults} == {field}


def test_power_and_efficiency_may_differ_between_the_stays_of_a_car(tmp_path: Path) -> None:
    fleet = read(tmp_path, HEADER + "a,1,9,1,4,24,0.5,0.9,T1\na,10,12,1,11,24,0.5,1,T1\n")
    assert fleet.power_kw.tolist() == [4.0, 11.0]


def test_what_earlier_stays_left_unserved_is_missing_later() -> None:
    fleet = make_fleet(
        [(1, 2, 8, 4), (3, 4, 8, 4), (5, 6, 8, 4), (7, 8, 8, 4)],
        capacity_kwh=np.array([20.0, 20.0, 40.0, 20.0]),
        soc_plug_in=np.array([0.5, 0.6, 0.5, 0.2]),
    )
    fleet = replace(fleet, vehicle=np.array(["a", "a", "b", "a"]), stay_number=np.array([1, 2, 1, 3]))
    carried = fleet.soc_carried(np.array([4.0, 3.0, 9.0, 0.0]))
    np.testing.assert_allclose(carried, [0.5, 0.4, 0.5, 0.2 - 7 / 20])


def test_csv_with_timestamps(tmp_path: Path) -> None:
    text = "vehicle,plug_in,plug_out,energy_kwh,power_kw\na,2026-01-01T18:00+01:00,2026-01-02T06:00Z,6,4\n"
    fleet = read(tmp_path, text, Horizon(start="2026-01-01T12:00", timezone="Europe/Berlin"))
    assert (fleet.plug_in_h[0], fleet.plug_out_h[0]) == (6.0, 19.0)


def test_every_fault_of_a_file_is_found_at_once(tmp_path: Path) -> None:
    rows = [
        "a,1,9,10,4,24,0.5,0.9,T1",  # line 2: sound
        "a,1,9,1,4,24,0.5,0.9,T1",  # 3: there twice at a time
        "b,9,1,1,4,24,0.5,0.9,T1",  # 4: leaves before it comes
        "c,1,9,-1,4,24,0.5,0.9,T1",  # 5: negative energy
        "d,1,9,20,4,24,0.5,0.9,T1",  # 6: no room for it
        "e,1,9,1,0,24,0.5,0.9,T1",  # 7: no power
        "f,x,9,1,4,24,0.5,0.9,T1",  # 8: no number
        "g,1,9,nan,4,24,0.5,0.9,T1",  # 9: no number
        "h,1,9,0,4,24,1.5,0.9,T1",  # 10: state of charge
        "i,1,9,1,4,24,0.5,1.9,T1",  # 11: efficiency
        "j,1,9,1,4,24,0.5,0.9,",  # 12: no transformer
        ",1,9,1,4,24,0.5,0.9,T1",  # 13: no name
    ]
    with pytest.raises(FaultyInputError) as caught:
        read(tmp_path, HEADER + "\n".join(rows) + "\n")
    faults = caught.value.faults
    assert [fault.row for fault in faults] == [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]
    assert [fault.field for fault in faults] == [
        "vehicle", "plug_out_h", "energy_kwh", "energy_kwh", "power_kw", "plug_in_h", "energy_kwh", "soc_plug_in",
        "efficiency", "transformer", "vehicle",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw\n", "at least one row"),
        ("vehicle,plug_in_h,plug_out_h,energy,power_kw\na,1,2,3,4\n", "'energy_kwh', the nearest known name"),
        ("vehicle,energy_kwh,power_kw\na,3,4\n", "plug_in_h,plug_out_h"),
        ("vehicle,plug_in,energy_kwh,power_kw\na,2026-01-01,3,4\n", "one of plug_in_h,plug_out_h or plug_in,plug_out"),
    ],
)
def test_faults_of_the_header(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(FaultyInputError, match=message):
        read(tmp_path, text)


def test_rows_of_the_wrong_length_are_faults_beside_others(tmp_path: Path) -> None:
    head = "vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw\n"
    with pytest.raises(FaultyInputError) as caught:
        read(tmp_path, head + "a,1,9,4,4,77\nb,1,9,4\n\nc,1,9,-4,4\n")
    assert [(fault.row, fault.field) for fault in caught.value.faults] == [(2, "row"), (3, "row"), (5, "energy_kwh")]


def test_spreadsheet_exports_read_as_they_come(tmp_path: Path) -> None:
    text = '\ufeffvehicle , plug_in_h,plug_out_h,energy_kwh,power_kw\r\n"a, the first", 1 ,9,4,4\r\n\r\n'
    assert read(tmp_path, text).vehicle.tolist() == ["a, the first"]


def test_zones_may_not_be_mixed_between_columns(tmp_path: Path) -> None:
    head = "vehicle,plug_in,plug_out,energy_kwh,power_kw\n"
    for row in ("2026-01-01T18:00+01:00,2026-01-02T06:00-08:00", "2026-01-01T18:00,2026-01-02T06:00Z"):
        for zone in (None, "+01:00"):
            with pytest.raises(FaultyInputError, match="zone") as caught:
                read(tmp_path, head + f"a,{row},6,4\n", Horizon(start="2026-01-01T12:00", timezone=zone))
            assert len(caught.value.faults) == 1


@pytest.mark.parametrize("damage", [b"", b"\x1f\x8b\x08", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03nonsense"])
def test_a_damaged_archive_is_a_fault(tmp_path: Path, damage: bytes) -> None:
    for name in ("f.csv.gz", "f.json.gz"):
        (tmp_path / name).write_bytes(damage)
        with pytest.raises(FaultyInputError, match=r"unreadable|empty"):
            acn(tmp_path / name).build(WEEK, RNG)


@pytest.mark.parametrize("content", [b"{", b"", b"\xff\xfe\x00", b'["\\ud800"]', b"[" * 100_000])
def test_json_that_cannot_be_read_is_told_without_a_word_of_python(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "f.json").write_bytes(content)
    with pytest.raises(FaultyInputError, match=r"f\.json: file is (unreadable|nested)") as caught:
        acn(tmp_path / "f.json").build(WEEK, RNG)
    assert "Error" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ['{"_items": [1]}', '{"_items": {"a": 1}}', "[]", '{"_items": [{"userInputs": [null]}]}', "{}"]
)
def test_json_of_another_shape_is_a_fault(tmp_path: Path, text: str) -> None:
    (tmp_path / "f.json").write_text(text)
    with pytest.raises(FaultyInputError):
        acn(tmp_path / "f.json").build(WEEK, RNG)


def test_json_needs_the_sites_zone(tmp_path: Path) -> None:
    item = {
        "sessionID": "a", "connectionTime": "Mon, 06 May 2019 15:00:00 GMT",
        "disconnectTime": "Mon, 06 May 2019 20:00:00 GMT", "kWhDelivered": 5,
    }  # fmt: skip
    (tmp_path / "f.json").write_text(json.dumps({"_items": [item]}))
    assert acn(tmp_path / "f.json").build(WEEK, RNG).plug_in_h.tolist() == [4.0]  # 8 h in California
    with pytest.raises(FaultyInputError, match=r"horizon\.timezone"):
        acn(tmp_path / "f.json").build(Horizon(start="2019-05-06T04:00"), RNG)


def test_a_missing_file_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(FaultyInputError, match="missing"):
        CsvFleet(source="csv", path=tmp_path / "none.csv").build(Horizon(), RNG)


WEEK = Horizon(start="2019-05-06T04:00", slot_min=15, timezone="America/Los_Angeles")


def acn(path: Path, **settings: object) -> AcnFleet:
    return AcnFleet.model_validate({"source": "acn", "path": path, **settings})


def test_acn_week_folds_onto_a_day_and_loses_nothing(tree: Path) -> None:
    path = tree / "scenarios/data/acn_caltech_week.csv"
    raw = pd.read_csv(path)
    fleet = acn(path, fold="day").build(WEEK, RNG)
    assert len(fleet) == len(raw) == 233
    assert fleet.energy_kwh.sum() == pytest.approx(raw["delivered_energy (kWh)"].sum())
    assert ((fleet.plug_in_h >= 0) & (fleet.plug_in_h < 24)).all()
    assert (fleet.plug_out_h > 24).any(), "sessions that cross the horizon's end are kept"
    clock = pd.to_datetime(raw.arrival.str[11:19], format="%H:%M:%S")
    expected = (clock.dt.hour + clock.dt.minute / 60 + clock.dt.second / 3600 - 4) % 24
    np.testing.assert_allclose(fleet.plug_in_h, expected)


def test_acn_days_can_be_chosen(tree: Path) -> None:
    path = tree / "scenarios/data/acn_caltech_week.csv"
    raw = pd.read_csv(path)
    day = acn(path, fold="day", first_day="2019-05-08", last_day="2019-05-08").build(WEEK, RNG)
    assert len(day) == raw.arrival.str.startswith("2019-05-08").sum() > 0
    with pytest.raises(FaultyInputError, match="sessions from 2021-01-01"):
        acn(path, first_day="2021-01-01", last_day="2021-01-02").build(WEEK, RNG)


def test_acn_on_a_week_long_horizon_keeps_the_days_apart(tree: Path) -> None:
    path = tree / "scenarios/data/acn_caltech_week.csv"
    week = Horizon(start="2019-05-06T00:00", slot_min=60, slots=168, timezone="America/Los_Angeles")
    fleet = acn(path).build(week, RNG)
    raw = pd.read_csv(path)
    assert np.unique((fleet.plug_in_h // 24).astype(int)).tolist() == sorted({int(d[8:10]) - 6 for d in raw.arrival})


@pytest.mark.parametrize("suffix", [".json", ".json.gz"])
def test_acn_json_export_reads_as_the_csv_does(tree: Path, tmp_path: Path, suffix: str) -> None:
    source = tree / "scenarios/data/acn_caltech_week.csv"
    raw = pd.read_csv(source).head(20)

    def gmt(text: str) -> str:
        return f"{pd.Timestamp(text).tz_convert('UTC'):%a, %d %b %Y %H:%M:%S} GMT"

    items = [
        {
            "sessionID": row["session_id"],
            "connectionTime": gmt(row["arrival"]),
            "disconnectTime": gmt(row["departure"]),
            "kWhDelivered": row["delivered_energy (kWh)"],
            "userInputs": [{"kWhRequested": row["requested_energy (kWh)"]}] if i % 2 else None,
        }
        for i, row in raw.iterrows()
    ]
    text = json.dumps({"_meta": {"site": "caltech"}, "_items": items}).encode()
    path = tmp_path / f"sessions{suffix}"
    path.write_bytes(gzip.compress(text) if suffix.endswith("gz") else text)
    days = {"first_day": "2019-05-06", "last_day": "2019-05-06"}
    expected = acn(source, **days).build(WEEK, RNG)
    fleet = acn(path, **days).build(WEEK, RNG)
    np.testing.assert_allclose(fleet.plug_in_h, expected.plug_in_h[: len(fleet)])
    np.testing.assert_allclose(fleet.plug_out_h, expected.plug_out_h[: len(fleet)])
    np.testing.assert_allclose(fleet.energy_kwh, expected.energy_kwh[: len(fleet)])


def test_acn_gz_csv(tree: Path, tmp_path: Path) -> None:
    source = tree / "scenarios/data/acn_caltech_week.csv"
    path = tmp_path / "week.csv.gz"
    path.write_bytes(gzip.compress(source.read_bytes()))
    assert len(acn(path, fold="day").build(WEEK, RNG)) == 233


def test_acn_faults(tmp_path: Path) -> None:
    header = "arrival,departure,delivered_energy (kWh),session_id\n"
    rows = [
        "2019-05-06 08:00:00-07:00,2019-05-06 07:00:00-07:00,5,a",
        "2019-05-06 08:00:00-07:00,2019-05-06 17:00:00-07:00,-5,b",
        "2019-05-06 08:00:00-07:00,2019-05-06 17:00:00-07:00,5,b",
    ]
    path = tmp_path / "sessions.csv"
    path.write_text(header + "\n".join(rows) + "\n")
    with pytest.raises(FaultyInputError) as caught:
        acn(path).build(WEEK, RNG)
    assert [(fault.row, fault.field) for fault in caught.value.faults] == [
        (2, "departure"), (3, "delivered_energy (kWh)"), (4, "session_id"),
    ]  # fmt: skip
    broken = tmp_path / "sessions.json"
    broken.write_text("{")
    with pytest.raises(FaultyInputError, match="_items"):
        acn(broken).build(WEEK, RNG)


def test_needs_beyond_all_counting_take_more_slots_than_there_are() -> None:
    fleet = make_fleet([(0, 5, 10, 4)], efficiency=np.array([1e-300]))
    assert fleet.slots_needed(Horizon()).tolist() == [2**31 - 1]
