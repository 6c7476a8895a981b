"""A feeder attached once: below one node of the grid, or as the grid itself."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from environment.feeders import CigreLvFeeder
from environment.feeders.placement import NOWHERE
from environment.input_faults import FaultyInputError
from runs.engine import Engine
from runs.homes.feeder import network_of
from runs.homes.part import Homes
from runs.parallel_run import run_in_parts
from runs.result import Result
from runs.scenario import Scenario
from runs.simulate import result_from, simulate
from tests.support.laws import examples

REFERENCE = Path(__file__).parent.parent / "reference" / "feeders"
CASE = Scenario().update(
    fleet={"vehicles": 30},
    load={"peak_kw": 90.0},
    coordination={"batch_size": 5},
    feeder={"source": "cigre_lv", "ev_power_factor": 0.95},
    run={"engine": "compiled"},
)
OWN = CASE.update(grid={"source": "feeder"}, fleet={"vehicles": 60})
NODES = CigreLvFeeder(source="cigre_lv").feeder().node.tolist()


def table(folder: Path, lines: Sequence[str]) -> dict[str, Any]:
    """Write a table of nodes, and return the section that reads it."""
    path = folder / "nodes.csv"
    path.write_text("\n".join(["node,parent,kind,limit_kw,load,feeder_node", "top,,control_center,,,", *lines]) + "\n")
    return {"source": "table", "path": path}


def built(case: Scenario) -> Homes:
    return Homes.build(case, np.random.default_rng(case.run.seed))


def loads_of(world: Homes, schedules: Any, copy: int = 0) -> NDArray[np.float64]:
    """Active load of each node of a copy, as the power flow has it, ``(n_slots, n_nodes)``."""
    assert world.placement is not None
    n_slots, at = world.horizon.n_slots, world.placement.copies.of[world.grid.transformer_rows]
    ev_kw = np.zeros((n_slots, len(world.placement.feeder)))
    for k in np.flatnonzero(at == copy).tolist():
        row, slot, power_kw = schedules[k].entries()
        ev_kw += world.placement.ev_kw(world.rows[k][row], slot, power_kw, n_slots)
    return world.placement.loads(world.base_kw, ev_kw, copy)[0]


@examples(0.5)
@given(at=st.lists(st.sampled_from(NODES), min_size=1, max_size=4), seed=st.integers(0, 99))
def test_on_one_feeder_the_loads_of_its_nodes_are_all_base_loads_and_evs(
    at: list[str], seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    lines = [f"T{k},top,transformer,400,,{node}" for k, node in enumerate(at)]
    grid = table(tmp_path_factory.mktemp("grid"), lines)
    world = built(CASE.update(grid=grid, run={"seed": seed}, load={"fluctuation": 0.1}))
    assert world.placement is not None
    free = world.free_charging.schedules
    load_kw = loads_of(world, free)
    ev_kw = np.array([schedule.load_kw() for schedule in free])
    np.testing.assert_allclose(load_kw.sum(axis=1), world.base_kw.sum(axis=0) + ev_kw.sum(axis=0))
    for node in set(at):
        of = [k for k, other in enumerate(at) if other == node]
        own = sum(world.loads[k].actual_kw + ev_kw[k] for k in of)
        np.testing.assert_allclose(load_kw[:, NODES.index(node)], own)


def test_transformers_at_one_node_load_it_as_their_sum(tmp_path: Path) -> None:
    three = built(CASE.update(grid=table(tmp_path, [f"T{k},top,transformer,400,,R11" for k in range(3)])))
    one = built(CASE.update(grid=table(tmp_path, ["T,top,transformer,1200,,R11"]), load={"peak_kw": 270.0}))
    flows = [network_of(world, world.free_charging.schedules) for world in (three, one)]
    assert flows[0] is not None
    assert flows[1] is not None
    assert flows[0].run.voltage_pu.shape == (24, 44)
    np.testing.assert_allclose(flows[0].run.voltage_pu, flows[1].run.voltage_pu, atol=1e-9)


def test_a_copy_each_is_what_each_would_have_alone() -> None:
    case = CASE.update(transformer={"count": 3})
    each, one = simulate(case), simulate(case.update(feeder={"at": "T2"}))
    assert one.network.transformer.unique().tolist() == ["T2"]
    own = each.network[each.network.transformer == "T2"].reset_index(drop=True)
    np.testing.assert_allclose(one.network.voltage_pu, own.voltage_pu, atol=1e-9)
    assert "no feeder at 2 of 3 transformers, such as T1: it lies below T2" in one.summary["warnings"]
    assert one.vehicles.equals(each.vehicles)


def test_an_upper_load_stands_at_its_node_and_one_without_is_told(tmp_path: Path) -> None:
    lines = ["S,top,substation,,load,C1", "T,S,transformer,400,,R11", "U,top,transformer,400,,R12"]
    world = built(CASE.update(grid=table(tmp_path, lines)))
    load_kw = loads_of(world, world.free_charging.schedules)
    (row,) = (row for row in world.grid.upper_rows.tolist() if world.grid.node[row] == "S")
    np.testing.assert_allclose(load_kw[:, NODES.index("C1")], world.base_kw[row])
    below = built(CASE.update(grid=table(tmp_path, [*lines[:2], "U,top,transformer,400,,R12"]), feeder={"at": "S"}))
    assert below.placement is not None
    assert below.placement.copies.at == ("S",)
    told = "\n".join(below.warnings())
    assert "no feeder at 1 of 2 transformers, such as U: it lies below S" in told
    assert "feeder_node not used at 1 of 4 nodes, such as U: the feeder lies below S" in told
    assert (below.placement.node_of == NOWHERE).tolist() == (below.places.transformer_of == 1).tolist()
    tree = below.places.with_vehicles(below.grid, below.fleet, below.placement)
    assert nx.is_arborescence(tree)
    lines[0] = "S,top,substation,,load,"
    told = "\n".join(built(CASE.update(grid=table(tmp_path, lines))).warnings())
    assert "no feeder_node at 1 of 2 nodes above transformers, such as S: the feeder, below top, does not carry" in told


def test_what_stands_nowhere_is_told_at_once_with_the_nearest_name(tmp_path: Path) -> None:
    grid = table(tmp_path, ["T,top,transformer,400,,R1l", "U,top,transformer,400,,", "V,top,transformer,400,,R12"])
    with pytest.raises(FaultyInputError) as caught:
        built(CASE.update(grid=grid))
    said = [str(fault) for fault in caught.value.faults]
    assert len(said) == 2
    assert "nodes.csv, line 3: feeder_node of T is 'R1l'; expected 'R1" in said[0]
    assert "line 4: feeder_node of U is empty; expected a node of the feeder" in said[1]
    for at, expected in (("tip", "feeder.at is 'tip'; expected 'top'"), ("W", "one of top, T, U, V")):
        with pytest.raises(FaultyInputError, match=expected):
            built(CASE.update(grid=grid, feeder={"at": at}))
    with pytest.raises(FaultyInputError, match=r"no node below that has a feeder_node; expected a transformer, or"):
        built(CASE.update(feeder={"at": "control_center"}))


def test_evs_of_a_feeders_grid_stand_below_their_transformers() -> None:
    world = built(OWN)
    placement = world.placement
    assert placement is not None
    owner = placement.copies.owner
    assert owner is not None
    at = world.grid.transformer_rows[world.places.transformer_of]
    assert (owner[placement.node_of] == at).all()
    assert (placement.feeder.own_kw[placement.node_of] > 0).all()
    assert nx.is_arborescence(world.places.with_vehicles(world.grid, world.fleet, placement))


def test_evs_are_drawn_to_the_transformers_in_proportion_to_their_loads() -> None:
    world = built(OWN.update(fleet={"vehicles": 4000}))
    peak_kw = world.grid.peak_kw[world.grid.transformer_rows]
    counts = np.bincount(world.places.transformer_of, minlength=peak_kw.size)
    np.testing.assert_allclose(counts / counts.sum(), peak_kw / peak_kw.sum(), atol=0.03)


def test_base_loads_are_the_feeders_own_in_the_shape_of_the_load() -> None:
    case = OWN.update(feeder={"source": "simbench", "path": REFERENCE / "simbench_mv_rural"}, load={"peak_kw": 77.0})
    world = built(case)
    assert world.placement is not None
    shape = case.load.profile(case.horizon).forecast_kw
    own_kw = world.placement.feeder.own_kw
    np.testing.assert_allclose(world.base_kw.sum(axis=0), own_kw.sum() * shape / shape.max())
    load_kw, load_kvar = world.placement.loads(world.base_kw, np.zeros((24, own_kw.size)))
    np.testing.assert_allclose(load_kw, np.outer(shape / shape.max(), own_kw), atol=1e-9)
    np.testing.assert_allclose(load_kvar[shape.argmax()], world.placement.feeder.own_kvar, atol=1e-9)
    assert any("load.peak_kw counts only without grid.source = 'feeder'" in text for text in world.warnings())


def test_without_evs_the_fullest_slot_is_the_second_programs() -> None:
    """At the peak of its shape every load is as the reference has it: so are the voltages of the whole network."""
    path = REFERENCE / "simbench_mv_rural"
    result = simulate(OWN.update(feeder={"source": "simbench", "path": path}))
    slot = result.slots.groupby("slot").actual_kw.sum().idxmax()
    found = result.network[result.network.slot == slot].set_index("node").no_evs_voltage_pu
    rows = [line.split(",") for line in (path / "voltages.csv").read_text().splitlines()[1:]]
    np.testing.assert_allclose(found[[name for name, _ in rows]], [float(value) for _, value in rows], atol=1e-7)


def test_a_feeders_grid_reads_back_and_runs_in_parts(tmp_path: Path) -> None:
    result = simulate(OWN)
    result.save(tmp_path)
    assert Result.load(tmp_path) == result
    assert result_from(*run_in_parts(OWN, engine=Engine.SERIAL)).network.equals(result.network)
    agents = simulate(OWN.update(run={"engine": "agents"}))
    assert agents.schedule.equals(result.schedule)


def fleet(folder: Path, *cells: str) -> dict[str, Any]:
    path = folder / "fleet.csv"
    rows = [f"v{i},6,14,10,11,{cell}" for i, cell in enumerate(cells)]
    path.write_text("\n".join(["vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw,node,feeder_node", *rows]) + "\n")
    return {"source": "csv", "path": path}


def test_a_fleet_names_transformers_and_nodes_below_them(tmp_path: Path) -> None:
    case = Scenario().update(grid={"source": "feeder"}, feeder={"source": "cigre_lv"})
    world = built(case.update(fleet=fleet(tmp_path, "R0-R1,R11", "C0-C1,")))
    assert world.placement is not None
    assert world.placement.feeder.node[world.placement.node_of[0]] == "R11"
    assert str(world.placement.feeder.node[world.placement.node_of[1]]).startswith("C")
    with pytest.raises(FaultyInputError) as caught:
        built(case.update(fleet=fleet(tmp_path, "R0-R1,C12", "C0-C1,R12", "R0-R1,R12")))
    said = [str(fault) for fault in caught.value.faults]
    assert len(said) == 2
    assert "feeder_node of EV v0 is 'C12'; expected a node of the feeder below its transformer" in said[0]


def test_faults_of_the_feeder_and_of_a_grid_from_it_are_not_told_twice(tmp_path: Path) -> None:
    with pytest.raises(FaultyInputError) as caught:
        built(OWN.update(feeder={"source": "simbench", "path": tmp_path / "no"}))
    assert len(caught.value.faults) == 1
