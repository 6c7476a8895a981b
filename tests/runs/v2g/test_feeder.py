"""A fleet that gives back on a feeder: power flows after the run, from where its EVs stand and what each did."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from environment.feeders import CigreLvFeeder
from environment.fleets.fleet import RENAMED
from environment.input_faults import FaultyInputError
from runs.result import Result
from runs.scenario import Scenario
from runs.simulate import simulate
from runs.v2g.feeder import network_of
from tests.runs.v2g.test_lost_messages import FAULTS
from tests.support.laws import examples
from tests.support.worlds import run_v2g

BASE = Scenario().update(
    load={"peak_kw": 200.0},
    transformer={"limit_kw": 300.0},
    peak_shaving={"optimizer": "exact"},
)
PLAIN = BASE.update(fleet={"vehicles": 20})
FEEDER = {"source": "cigre_lv", "ev_power_factor": 0.95}
CASE = PLAIN.update(feeder=FEEDER)
TABLES = ("network", "network_slots", "network_branches")
_CIGRE = CigreLvFeeder(source="cigre_lv").feeder()
HOUSES = tuple(_CIGRE.node[_CIGRE.own_kw > 0].tolist())


@pytest.fixture(scope="module")
def result() -> Result:
    return simulate(CASE)


def of_file(folder: Path, column: str, nodes: list[str], **sections: Any) -> Scenario:
    """Return the case of a file whose EVs name nodes in a column."""
    rows = [f"v{i},{17 + i % 4},{30 + i % 3},35,10,7.5,0.4,{node}" for i, node in enumerate(nodes)]
    head = f"vehicle,plug_in_h,plug_out_h,capacity_kwh,energy_kwh,power_kw,soc_plug_in,{column}"
    (folder / "fleet.csv").write_text("\n".join([head, *rows, ""]), encoding="utf-8")
    return BASE.update(fleet={"source": "csv", "path": str(folder / "fleet.csv")}, **sections)


@pytest.mark.parametrize("engine", ["agents", "compiled"])
def test_a_feeder_changes_nothing_of_the_run(engine: str) -> None:
    changes: dict[str, Any] = {"run": {"engine": engine}, "load": {"fluctuation": 0.05}, "transformer": {"count": 2}}
    plain, on_feeder = simulate(PLAIN.update(**changes)), simulate(CASE.update(**changes))
    for name, table in plain.tables.items():
        assert table.equals(on_feeder.tables[name]), name
    assert on_feeder.tables.keys() - plain.tables.keys() == {*TABLES}


def test_engines_agree_on_voltages_and_losses(result: Result) -> None:
    compiled = simulate(CASE.update(run={"engine": "compiled"}))
    for name in TABLES:
        assert result.tables[name].equals(compiled.tables[name]), name


def test_without_evs_the_feeder_is_as_below_evs_at_home(result: Result) -> None:
    at_home = simulate(Scenario().update(load={"peak_kw": 200.0}, fleet={"vehicles": 3}, feeder=FEEDER))
    for table, column in (("network", "no_evs_voltage_pu"), ("network_slots", "no_evs_loss_kw")):
        np.testing.assert_array_equal(result.tables[table][column], at_home.tables[table][column])
    for name in ("voltage_min_pu", "losses_kwh", "line_loading_max"):
        assert result.summary["no_evs"][name] == at_home.summary["no_evs"][name], name


@given(seed=st.integers(0, 2**31), vehicles=st.integers(1, 8), faults=FAULTS, end=st.sampled_from(["need", "free"]))
@examples(1 / 6)
def test_what_nodes_carry_adds_up_to_what_the_fleet_does(
    seed: int, vehicles: int, faults: dict[str, Any], end: str
) -> None:
    case = CASE.update(
        fleet={"vehicles": vehicles},
        channel=faults,
        participation={"end": end},
        run={"seed": seed},
        horizon={"slots": 96},
    )
    v2g, outcome = run_v2g(case)
    network = network_of(v2g, outcome)
    assert network is not None
    loads, track = network.loads, outcome.track
    np.testing.assert_allclose(track.vehicle_kw.sum(axis=1), track.response_kw, atol=1e-9)
    for node_kw, whole_kw in ((loads.run_kw, track.response_kw), (loads.free_kw, v2g.free_charging.response_kw)):
        np.testing.assert_allclose(node_kw.sum(axis=(0, 2)), whole_kw, atol=1e-9)
    for flow, ev_kw in ((network.run, track.response_kw), (network.no_evs, 0.0)):
        np.testing.assert_allclose(flow.source_kw - flow.loss_kw, v2g.load.actual_kw + ev_kw, atol=1e-3)


def test_evs_stand_where_their_file_says(tmp_path: Path) -> None:
    far, near = HOUSES[-1], HOUSES[0]
    lows = {}
    for node in (far, near):
        result = simulate(of_file(tmp_path, "feeder_node", [node] * 6, feeder=FEEDER))
        voltage = result.network.pivot(index="slot", columns="node", values=["free_voltage_pu", "no_evs_voltage_pu"])
        drop_pu = (voltage["no_evs_voltage_pu"] - voltage["free_voltage_pu"]).max()
        assert drop_pu[node] == pytest.approx(drop_pu.max(), rel=0.2), "the drop is where the EVs are"
        lows[node] = drop_pu[far]
    assert lows[far] > 2 * lows[near]


def test_the_order_of_lines_changes_no_voltage(tmp_path: Path) -> None:
    nodes = [*HOUSES[:5], "", ""]
    case = of_file(tmp_path, "feeder_node", nodes, feeder=FEEDER)
    first = simulate(case)
    head, *rows = (tmp_path / "fleet.csv").read_text(encoding="utf-8").split()
    (tmp_path / "fleet.csv").write_text("\n".join([head, *rows[::-1], ""]), encoding="utf-8")
    np.testing.assert_allclose(simulate(case).network.voltage_pu, first.network.voltage_pu, atol=1e-9)


def test_a_column_node_that_names_the_feeders_nodes_means_them(tmp_path: Path) -> None:
    old, new = (
        simulate(of_file(tmp_path, column, list(HOUSES[:3]), feeder=FEEDER)) for column in ("node", "feeder_node")
    )
    assert old.network.equals(new.network)
    assert RENAMED in old.summary["warnings"]
    assert RENAMED not in new.summary["warnings"]


def test_a_node_that_the_feeder_lacks_is_a_fault_with_its_vehicle(tmp_path: Path) -> None:
    with pytest.raises(FaultyInputError, match="v1") as caught:
        simulate(of_file(tmp_path, "feeder_node", [HOUSES[0], "moon"], feeder=FEEDER))
    assert "'moon'" in str(caught.value)


def test_what_does_not_count_is_told(tmp_path: Path) -> None:
    unread = simulate(of_file(tmp_path, "feeder_node", list(HOUSES[:2]))).summary["warnings"]
    assert "the fleet's column feeder_node counts only beside a section [feeder]" in unread
    beside = simulate(CASE.update(feeder={**FEEDER, "at": "t1"})).summary["warnings"]
    assert any("feeder.at" in text for text in beside)


def test_a_load_that_no_power_flow_carries_is_a_fault() -> None:
    with pytest.raises(FaultyInputError, match="power flow below control_center"):
        simulate(CASE.update(load={"peak_kw": 20_000.0}, transformer={"limit_kw": 30_000.0}))


def test_figures_of_the_feeder_are_drawn_and_its_figures_add_up(result: Result) -> None:
    assert {"voltage_profile", "voltage_band", "losses"} <= {*result.plot()}
    assert result.summary["losses_kwh"] == pytest.approx(result.network_slots.loss_kw.sum() * CASE.horizon.slot_h)
    assert result.summary["losses_kwh"] == pytest.approx(result.network_branches.losses_kwh.sum())
    assert result.summary["voltage_min_pu"] == result.network.voltage_pu.min()
