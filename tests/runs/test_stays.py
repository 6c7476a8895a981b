"""One car with several stays: what is the car's stays the same on all of them, what is the stay's is told stay by stay."""

from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from environment.input_faults import FaultyInputError
from runs.engine import Engine
from runs.homes.part import Homes
from runs.model import GridModel
from runs.parallel_run import run_in_parts
from runs.printed.run import print_run
from runs.result import Result
from runs.scenario import Scenario
from runs.simulate import result_from, simulate
from runs.v2g.part import V2G
from runs.world import World
from tests.support.laws import examples

SAME_CAR_TWICE = """vehicle,plug_in,plug_out,energy_kwh,power_kw
car,2024-05-06T18:00,2024-05-07T07:00,10,7.4
car,2024-05-07T18:00,2024-05-08T07:00,10,7.4
"""
HEADER = "vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw,capacity_kwh,soc_plug_in\n"


def of_file(folder: Path, text: str, **sections: dict[str, Any]) -> Scenario:
    path = folder / "fleet.csv"
    path.write_text(text)
    horizon = {"start": "2024-05-06T12:00", "slots": 48}
    given_sections = {"horizon": horizon, "load": {"peak_kw": 200, "valley_kw": 100}, **sections}
    return Scenario().update(fleet={"source": "csv", "path": path}, **given_sections)


def week(**sections: dict[str, Any]) -> Scenario:
    """Three days of 30 drawn EVs under three transformers of two lines each."""
    base = {
        "horizon": {"slots": 72},
        "fleet": {"vehicles": 30},
        "transformer": {"count": 3, "lines": 2, "limit_kw": 1250},
    }
    return Scenario().update(**{name: {**base.get(name, {}), **sections.get(name, {})} for name in {*base, *sections}})


@pytest.mark.parametrize("engine", ["agents", "compiled"])
def test_both_stays_of_a_car_are_served(tmp_path: Path, engine: str) -> None:
    result = simulate(of_file(tmp_path, SAME_CAR_TWICE, run={"engine": engine}))
    vehicles = result.vehicles
    assert (result.summary["vehicles"], result.summary["stays"]) == (1, 2)
    assert vehicles.vehicle.tolist() == ["car", "car"]
    assert vehicles.stay.tolist() == [1, 2]
    assert vehicles.plug_in_h.tolist() == [6.0, 30.0]
    assert vehicles.delivered_kwh.tolist() == [10.0, 10.0]
    by_stay = result.schedule.groupby(["vehicle", "stay"]).power_kw.sum()
    np.testing.assert_allclose(by_stay, [10.0, 10.0])
    slots = result.schedule.groupby("stay").slot
    assert (slots.min() >= [6, 30]).all()
    assert (slots.max() < [19, 43]).all()


def test_a_state_of_charge_is_carried_from_stay_to_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An hour at 4 kW gives 4 of the 10 kWh asked for: 6 of 20 kWh are missing the day after, and 12 the day after that."""
    rows = ["car,6,7,10,4,20,0.5", "car,30,31,10,4,20,0.5", "car,40,41,10,4,20,0.5", "new,6,7,10,4,20,0.5"]
    result = simulate(of_file(tmp_path, HEADER + "\n".join(rows)))
    np.testing.assert_allclose(result.vehicles.soc_plug_in, [0.5, 0.2, 0.0, 0.5])
    np.testing.assert_allclose(result.vehicles.soc_plug_out, [0.7, 0.4, 0.2, 0.7])
    np.testing.assert_allclose(result.vehicles.energy_kwh, 10)
    print_run(result.scenario, result.summary)
    assert "2 EVs with 4 stays, 1 transformer" in capsys.readouterr().out
    told = [text for text in result.summary["warnings"] if "below empty" in text]
    assert told == [
        "1 of 2 EVs (car) would plug in below empty, for what earlier stays left unserved; their state of charge counts as 0"
    ]


@examples(0.5)
@given(st.randoms(use_true_random=False), st.sampled_from(["agents", "compiled"]))
def test_the_order_of_lines_changes_no_figure_and_no_stay(
    tmp_path_factory: pytest.TempPathFactory, order: Random, engine: str
) -> None:
    rows = [f"{car},{6 + 24 * day + k},{14 + 24 * day + k},8,4,24," for k, car in enumerate("abc") for day in (0, 1)]
    folder = tmp_path_factory.getbasetemp()
    sections = {"transformer": {"count": 2, "lines": 2, "limit_kw": 205}, "run": {"engine": engine}}
    ordered = simulate(of_file(folder, HEADER + "\n".join(rows), **sections))
    order.shuffle(rows)
    shuffled = simulate(of_file(folder, HEADER + "\n".join(rows), **sections))
    keys = ["vehicle", "stay"]
    pd.testing.assert_frame_equal(
        *(each.vehicles.sort_values(keys).reset_index(drop=True) for each in (ordered, shuffled))
    )
    assert ordered.slots.equals(shuffled.slots)
    assert ordered.messages.equals(shuffled.messages)


def test_a_car_hangs_at_one_transformer_one_line_and_one_node() -> None:
    world = Homes.build(week(feeder={"source": "builtin"}), np.random.default_rng(1))
    fleet, places, placement = world.fleet, world.places, world.placement
    assert placement is not None
    assert len(fleet) == 90
    for place in (places.transformer_of, places.line_of, placement.node_of):
        np.testing.assert_array_equal(place, place[fleet.first_row])
    tree = places.with_vehicles(world.grid, fleet)
    assert sum(kind == "ev" for _, kind in tree.nodes(data="kind")) == 30
    assert all(tree.in_degree(f"ev:{vehicle}") == 1 for vehicle in fleet.vehicle.tolist())


def test_every_stay_has_an_address_of_its_own() -> None:
    model = GridModel(week())
    names = [ev.name for ev in model.evs]
    assert len({*names}) == len(names) == 90
    assert sum("/" not in name for name in names) == 30
    assert "ev:v0" in names
    assert "ev:v0/3" in names


@pytest.mark.parametrize("sections", [{}, {"coordination": {"information": "day_ahead", "rounds": 3}}])
def test_a_copy_of_the_board_is_for_cars_and_not_for_stays(sections: dict[str, Any]) -> None:
    result = simulate(week(transformer={"count": 1, "lines": 0}, **sections))
    copies = result.messages[result.messages.kind == "board_copy"]
    assert len(copies)
    assert (copies.receivers == 30 * copies.messages).all()


def test_parts_of_a_grid_over_days_are_the_whole() -> None:
    scenario = week(load={"fluctuation": 0.1})
    whole, parts = simulate(scenario), result_from(*run_in_parts(scenario, engine=Engine.SERIAL))
    for name, table in whole.tables.items():
        assert table.equals(parts.tables[name]), name


def test_a_car_that_died_is_dead_on_its_later_stays() -> None:
    result = simulate(week(channel={"death": 0.2}))
    vehicles = result.vehicles.sort_values(["vehicle", "stay"])
    died = vehicles.groupby("vehicle").died
    assert 0 < died.any().sum() == result.summary["vehicles_died"] < 30
    assert (died.cummax() == vehicles.died).all()
    before = died.shift(fill_value=False)
    assert before.any()
    assert (vehicles.booked_kwh[before] == 0).all()


@pytest.mark.parametrize("table_format", ["parquet", "csv"])
def test_stays_read_back_equal(tmp_path: Path, table_format: Any) -> None:
    result = simulate(week())
    result.save(tmp_path, table_format=table_format)
    assert Result.load(tmp_path) == result


def test_a_fleet_that_gives_back_takes_each_cars_first_day_and_repeats_it() -> None:
    days = Scenario().update(fleet={"vehicles": 20}, peak_shaving={}, horizon={"slots": 72})
    every, first = (V2G.build(case, np.random.default_rng(1)) for case in (days, days.update(fleet={"days": "first"})))
    assert len(every.fleet) == 20
    np.testing.assert_array_equal(every.fleet.plug_in_h, first.fleet.plug_in_h)
    np.testing.assert_array_equal(every.soc_start, first.soc_start)
    np.testing.assert_array_equal(every.participation.announced, first.participation.announced)


def test_a_file_of_several_stays_a_car_is_refused_where_evs_give_back(tmp_path: Path) -> None:
    text = HEADER + "car,6,9,1,4,24,0.5\ncar,30,33,1,4,24,0.5\n"
    case = of_file(tmp_path, text, peak_shaving={})
    with pytest.raises(FaultyInputError, match=r"fleet\.csv: vehicle is on several lines, 'car' the first"):
        World.build(case, np.random.default_rng(1))
