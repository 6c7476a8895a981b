"""Sources of feeders, what is wrong with them, and who stands where."""

import shutil
from collections.abc import Callable
from dataclasses import fields, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from numpy.typing import NDArray
from power_grid_model import PowerGridModel
from power_grid_model.utils import json_serialize_to_file

from environment.feeders import (
    BuiltinFeeder,
    CigreLvFeeder,
    CigreMvFeeder,
    Feeder,
    PgmJsonFeeder,
    SimbenchFeeder,
)
from environment.feeders.placement import Copies, Placement
from environment.feeders.power_flow import PowerFlow, _components
from environment.fleets import Fleet
from environment.grid import TransformerSettings
from environment.input_faults import FaultyInputError, nearest
from tests.support.feeders import changed, radial
from tests.support.worlds import counted_grid, make_fleet

SIMBENCH = Path(__file__).parent.parent / "reference" / "feeders" / "simbench_small"
CHAIN = radial([0, 1, 2], [0.05, 0.05, 0.05], [5, 5, 5])
LV = CigreLvFeeder(source="cigre_lv").read()


def test_the_built_in_feeder_has_76_stations_in_four_regions() -> None:
    feeder = BuiltinFeeder().feeder()
    assert len(feeder) == 1 + 2 * 76
    assert {name[1] for name in feeder.node.tolist() if name.startswith("S")} == set("1234")
    assert nx.is_tree(feeder.graph)
    assert feeder.ways[0].max() == pytest.approx(4 + 4 * 2.2)
    from_busbar = feeder.line_from == feeder.source_node
    heads = [f"L{region}-{place}" for region in "1234" for place in ("01", "06", "11", "16")]
    assert feeder.line[from_busbar].tolist() == heads
    stations = np.flatnonzero(np.char.startswith(feeder.node, "S"))
    above = feeder.branches_above(stations)
    assert above[:76][from_busbar].sum(axis=1).tolist() == [5, 5, 5, 4] * 4
    assert feeder.transformer[feeder.transformer_above(stations)].tolist() == [
        f"T{name[1:]}" for name in feeder.node[stations].tolist()
    ]


def test_the_benchmarks_have_their_published_size() -> None:
    assert (len(LV), LV.line.size, LV.transformer.size) == (44, 37, 3)
    assert np.hypot(LV.load_kw, LV.load_kvar).sum() == pytest.approx(404 + 100 + 242, abs=0.1)  # kVA: R, I, C
    medium = CigreMvFeeder(source="cigre_mv").feeder()
    assert (len(medium), medium.line.size, medium.transformer.size) == (15 + 3, 15, 2)
    for feeder in (LV, medium):
        assert nx.is_tree(feeder.graph)


def linked(feeder: Feeder, *ends: tuple[int, int]) -> Feeder:
    """Return a feeder with closed switches between rows of nodes."""
    first, second = np.array(ends).T
    return replace(feeder, link_from=first, link_to=second)


FAULTS: list[tuple[Feeder, list[str]]] = [
    (changed(CHAIN, line_from={2: 3}), ["line l3 is from n3 to itself", "node n3 is an island"]),
    (
        changed(CHAIN, line_to={2: 1}),
        ["node n3 is an island at 400 V; expected a line, transformer or closed switch on a way"],
    ),
    (changed(CHAIN, line_r_ohm={1: 0.0}, line_x_ohm={1: 0.0}), ["line l2: impedance is 0 + j0 ohm"]),
    (changed(CHAIN, line_r_ohm={1: -0.1}), ["line l2: resistance is -0.1 ohm"]),
    (changed(CHAIN, line_r_ohm={1: np.nan}), ["line l2: impedance is nan"]),
    (changed(CHAIN, line_rated_a={0: 0.0}), ["line l1: rated current is 0 A"]),
    (changed(CHAIN, line_to={0: -1}), ["line l1 is on an unknown node", "is an island"]),
    (
        changed(CHAIN, node_v={0: 10_000.0}),
        ["line l1 is between n0 of 10000 V and n1 of 400 V; expected a transformer"],
    ),
    (changed(CHAIN, node_v={3: 380.0}), ["line l3 is between n2 of 400 V and n3 of 380 V"]),
    (linked(CHAIN, (0, 3), (2, -1)), ["closed switch 2 at n2 is on an unknown node"]),
    (linked(LV, (0, 2)), ["closed switch 1 is between 0 of 20000 V and R1 of 400 V"]),
    (replace(CHAIN, source_va=0.0), ["source: short-circuit power is 0 VA"]),
    (replace(CHAIN, source_rx=-0.1), ["source: resistance per reactance is -0.1"]),
    (changed(CHAIN, node_v={3: 0.0}), ["node n3: rated voltage is 0 V"]),
    (changed(CHAIN, node={3: "n2"}), ["node n2 is there twice"]),
    (changed(CHAIN, load_node={1: -1}), ["load 2 is on no node"]),
    (changed(CHAIN, load_kw={1: -3.0}), ["load 2 at n2 is -3 kW"]),
    (changed(CHAIN, load_kvar={1: np.nan}), ["load 2 at n2 is nan kvar"]),
    (radial([0], [0.1], [0.0]), ["loads is 0 kW"]),
    (changed(LV, transformer_uk={0: 0.0}), ["transformer R0-R1: short-circuit voltage is 0; expected above 0 (no imp"]),
    (changed(LV, transformer_pk_w={0: 1e6}), ["transformer R0-R1: short-circuit loss is 1e+06 W"]),
    (changed(LV, transformer_va={1: 0.0}), ["transformer I0-I1: rating is 0 VA"]),
    (
        changed(LV, transformer_lv_v={1: 20_000.0}),
        ["transformer I0-I1: winding at I1 is for 20000 V; expected about the"],
    ),
    (
        changed(LV, transformer_lv={1: -1}),
        ["transformer I0-I1 is on an unknown node", "the part with nodes I1, I2 is an island at 400 V"],
    ),
]


@pytest.mark.parametrize(("feeder", "texts"), FAULTS, ids=lambda value: value[0] if isinstance(value, list) else "")
def test_what_is_wrong_is_said_by_name(feeder: Feeder, texts: list[str]) -> None:
    said = [str(fault) for fault in feeder.faults()]
    for text in texts:
        assert any(text in fault for fault in said), said


def test_a_missing_transformer_leaves_an_island() -> None:
    columns = {name: getattr(LV, name)[1:] for name in vars(LV) if name.partition("_")[0] == "transformer"}
    said = [str(fault) for fault in replace(LV, **columns).faults()]
    assert len(said) == 1
    assert said[0].startswith(
        "feeder cigre_lv: the part with nodes R1, R2, R3, R4, R5 and 13 more is an island at 400 V; expected a line, trans"
    )


def test_sound_feeders_have_no_fault() -> None:
    assert CHAIN.faults() == LV.faults() == BuiltinFeeder().read().faults() == []


def test_a_simbench_folder_loses_its_auxiliary_nodes_but_the_open_end() -> None:
    feeder = SimbenchFeeder(source="simbench", path=SIMBENCH).feeder()
    assert sorted(feeder.node.tolist()) == ["A", "B", "B aux", "C", "LV bus", "MV bus"]
    assert feeder.transformer_tap_v.tolist() == [-500.0]
    assert feeder.own_kw.sum() == pytest.approx(62)


def test_a_tap_at_the_lower_winding_of_a_simbench_folder_turns_that_winding(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(SIMBENCH, tmp_path / "grid"))
    edit(folder / "TransformerType.csv", ";HV;2.5;", ";LV;2.5;")  # at position -1
    feeder = SimbenchFeeder(source="simbench", path=folder).feeder()
    assert feeder.transformer_tap_v.tolist() == [0.0]
    assert feeder.transformer_hv_v.tolist() == [20_000.0]
    assert feeder.transformer_lv_v.tolist() == pytest.approx([390.0])


def test_what_is_cut_off_at_both_ends_is_left_out(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(SIMBENCH, tmp_path / "grid"))
    edit(folder / "Node.csv", "B;node", "D aux;auxiliary;NULL;NULL;0.4;NULL;NULL;NULL;NULL;LV1;7\nB;node")
    edit(folder / "Line.csv", "L4;C;B aux", "L4;D aux;B aux")
    feeder = SimbenchFeeder(source="simbench", path=folder).feeder()
    assert sorted(feeder.node.tolist()) == ["A", "B", "C", "LV bus", "MV bus"]
    assert feeder.line.tolist() == ["L1", "L2", "L3"]


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("Load.csv", "Load B;B;", "Load B;Bb;", r"Load.csv, line 3: node is 'Bb'; expected one of|nearest"),
        ("Line.csv", "A;B;NAYY 4x50", "A;B;NAYY 4x51", "Line.csv, line 3: type is 'NAYY 4x51'; expected 'NAYY 4x50'"),
        ("Line.csv", ";0.15;", ";long;", "Line.csv, line 3: length is 'long'; expected a number"),
        ("Line.csv", "id;nodeA", "id;from", "column nodeA is missing"),
        ("Node.csv", ";", ",", "semicolons between columns|missing"),
        ("Transformer.csv", ";0.16 MVA 20/0.4 kV;", ";none;", "Transformer.csv, line 2: type is 'none'"),
        ("ExternalNet.csv", "vavm", "pq", "0 of calc_type vavm; expected one"),
        ("Switch.csv", "LV bus aux 1;LBS;1", "LV bus aux 1;LBS;0", "nodes A, B, LV bus aux 1 is an island at 400 V"),
    ],
)
def test_faults_of_a_simbench_folder(tmp_path: Path, name: str, old: str, new: str, message: str) -> None:
    folder = Path(shutil.copytree(SIMBENCH, tmp_path / "grid"))
    edit(folder / name, old, new)
    with pytest.raises(FaultyInputError, match=message):
        SimbenchFeeder(source="simbench", path=folder).feeder()


@pytest.mark.parametrize("name", ["Node.csv", "Load.csv", "ExternalNet.csv", "LineType.csv", "TransformerType.csv"])
def test_a_file_that_is_missing_is_named(tmp_path: Path, name: str) -> None:
    folder = Path(shutil.copytree(SIMBENCH, tmp_path / "grid"))
    (folder / name).unlink()
    with pytest.raises(FaultyInputError, match=r"missing|a file of types"):
        SimbenchFeeder(source="simbench", path=folder).feeder()


def test_a_folder_that_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(FaultyInputError, match="folder is missing"):
        SimbenchFeeder(source="simbench", path=tmp_path / "none").feeder()


Changes = dict[str, dict[str, Any]]
UNSET = -128


def components_of(feeder: Feeder, changes: Changes) -> dict[str, NDArray[Any]]:
    """Return a feeder as power-grid-model takes it, with its own loads and some columns replaced."""
    parts = {str(name.value): rows for name, rows in _components(feeder, 10_000).items() if rows.size}
    loads = parts["sym_load"]
    loads["p_specified"], loads["q_specified"] = 1e3 * feeder.own_kw, 1e3 * feeder.own_kvar
    for kind, columns in changes.items():
        before = parts[kind].copy()
        for name, value in columns.items():
            parts[kind][name] = before[value] if isinstance(value, str) else value
    return parts


def write_json(feeder: Feeder, path: Path, changes: Changes | None = None) -> PgmJsonFeeder:
    json_serialize_to_file(path, components_of(feeder, changes or {}))
    return PgmJsonFeeder(source="pgm_json", path=path)


TAPS = {"tap_min": -3, "tap_max": 5, "tap_nom": 1, "tap_size": 250.0, "i0": 0.01, "p0": 300.0}
IMPEDANCES = {"uk_min": 0.02, "uk_max": 0.09, "pk_min": 900.0, "pk_max": 4000.0}
TURNED = {"tap_min": 5, "tap_max": -3}
SWAPPED = {"from_node": "to_node", "to_node": "from_node", "u1": "u2", "u2": "u1"}
AS_THERE: list[Changes] = [
    {"transformer": {**TAPS, **more}}
    for more in (
        {"tap_pos": 3},
        {"tap_pos": -2},
        {"tap_pos": 9},  # beyond the limit
        {"tap_pos": -9},
        {"tap_pos": UNSET},
        {"tap_pos": 2, "tap_nom": UNSET},
        {"tap_pos": 3, **TURNED},
        {"tap_pos": 9, **TURNED},
        {"tap_pos": 3, "tap_side": 1, "tap_size": 5.0},
        {"tap_pos": 3, "tap_side": 1, **SWAPPED},
        {"tap_pos": 3, "tap_side": 0, "tap_size": 5.0, **SWAPPED},
        {"tap_pos": 3, **IMPEDANCES},
        {"tap_pos": -2, **IMPEDANCES},
        {"tap_pos": 1, **IMPEDANCES},
        {"tap_pos": 9, **IMPEDANCES},
        {"tap_pos": 3, **IMPEDANCES, **TURNED},
        {"tap_pos": -2, **IMPEDANCES, **TURNED},
        {"tap_pos": 3, "tap_nom": 5, **IMPEDANCES},
        {"tap_pos": 3, "tap_nom": -3, **IMPEDANCES},
        {"tap_pos": 3, "uk_max": 0.09},
        {"tap_pos": 3, "pk_max": 4000.0},
    )
]
AS_THERE += [
    {"source": {"sk": 1e7, "rx_ratio": 1.0}},
    {"source": {"sk": 1e7, "rx_ratio": np.nan}},
    {"source": {"sk": np.nan, "rx_ratio": 3.0}},
    {"source": {"status": UNSET}, "sym_load": {"status": UNSET}, "line": {"from_status": UNSET}},
]


@pytest.mark.parametrize("changes", AS_THERE, ids=str)
def test_a_file_means_what_it_means_to_power_grid_model(tmp_path: Path, changes: Changes) -> None:
    parts: Any = components_of(LV, changes)
    there = PowerGridModel(parts).calculate_power_flow(error_tolerance=1e-8)["node"]["u_pu"]
    feeder = write_json(LV, tmp_path / "grid.json", changes).feeder()
    here = PowerFlow(feeder).solve(feeder.own_kw[None], feeder.own_kvar[None])
    np.testing.assert_allclose(here.voltage_pu[0], there, rtol=0, atol=1e-8)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sym_load": {"q_specified": np.nan}}, "sym_load 10000: q_specified is missing"),
        ({"sym_load": {"p_specified": np.nan}}, "sym_load 10000: p_specified is missing"),
        ({"transformer": {"tap_pos": 1, "tap_size": np.nan}}, "transformer 81: tap_size is missing"),
        ({"transformer": {"tap_pos": 1, "tap_min": UNSET}}, "transformer 81: tap_min is missing"),
        ({"transformer": {"tap_pos": 1, "tap_max": UNSET}}, "transformer 81: tap_max is missing"),
        ({"transformer": {"tap_pos": 1, "tap_side": UNSET}}, "transformer 81: tap_side is missing"),
        ({"link": {"to_node": 777}}, "link 84: to_node is 777; expected the id of a node"),
        ({"link": {"from_node": 0, "to_node": 2}}, "closed switch 1 is between 0 of 20000 V"),
        ({"line": {"from_node": 777}}, "line 44: from_node is 777"),
        ({"sym_load": {"node": 777}}, "sym_load 10000: node is 777"),
        ({"source": {"node": 777}}, "source 9999: node is 777"),
        ({"source": {"status": 0}}, "sources switched on is 0"),
    ],
    ids=str,
)
def test_what_a_file_leaves_open_is_said_by_id(tmp_path: Path, changes: Changes, message: str) -> None:
    with pytest.raises(FaultyInputError, match=message):
        write_json(LV, tmp_path / "grid.json", changes).feeder()


def test_a_tap_in_the_middle_needs_no_step(tmp_path: Path) -> None:
    nothing = {"tap_pos": UNSET, "tap_min": UNSET, "tap_max": UNSET, "tap_side": UNSET, "tap_size": np.nan}
    feeder = write_json(LV, tmp_path / "grid.json", {"transformer": nothing}).feeder()
    assert not feeder.transformer_tap_v.any()
    assert feeder.transformer_uk.tolist() == LV.transformer_uk.tolist()


@pytest.mark.parametrize("tap_v", [0.0, 500.0, -500.0])
def test_power_grid_models_own_file_gives_the_same_voltages(tmp_path: Path, tap_v: float) -> None:
    feeder = changed(LV, transformer_tap_v=dict.fromkeys(range(3), tap_v))
    read = write_json(feeder, tmp_path / "grid.json").feeder()
    assert read.node.tolist() == [str(i) for i in range(len(feeder))]
    one, other = (PowerFlow(each).solve(each.own_kw[None], each.own_kvar[None]) for each in (feeder, read))
    np.testing.assert_allclose(other.voltage_pu, one.voltage_pu, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no json", "unreadable"),
        ("{}", "unreadable"),
        (
            '{"version": "1.0", "type": "update", "is_batch": false, "attributes": {}, "data": {}}',
            "sources switched on is 0",
        ),
    ],
)
def test_faults_of_a_power_grid_model_file(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "grid.json"
    path.write_text(text)
    with pytest.raises(FaultyInputError, match=message):
        PgmJsonFeeder(source="pgm_json", path=path).feeder()
    with pytest.raises(FaultyInputError, match="missing"):
        PgmJsonFeeder(source="pgm_json", path=tmp_path / "none.json").feeder()


WALKED = [LV, CigreMvFeeder(source="cigre_mv").read(), BuiltinFeeder().read(), CHAIN]


def branches(feeder: Feeder, kind: str) -> dict[frozenset[int], int]:
    """Return the rows of lines or transformers by the rows of their nodes."""
    ends = {"line": (feeder.line_from, feeder.line_to), "transformer": (feeder.transformer_hv, feeder.transformer_lv)}
    return {frozenset(pair): row for row, pair in enumerate(zip(*(end.tolist() for end in ends[kind]), strict=True))}


@pytest.mark.parametrize("feeder", WALKED, ids=lambda feeder: feeder.title)
def test_what_is_above_a_node_is_what_a_walk_to_the_source_meets(feeder: Feeder) -> None:
    line_at, transformer_at = branches(feeder, "line"), branches(feeder, "transformer")
    rows = np.random.default_rng(1).permutation(len(feeder))
    above, transformers = feeder.branches_above(rows), feeder.transformer_above(rows)
    lines, units = np.split(above, [feeder.line.size])
    for k, row in enumerate(rows.tolist()):
        way = nx.shortest_path(feeder.graph, row, feeder.source_node)
        met = [frozenset(pair) for pair in pairwise(way)]
        assert set(np.flatnonzero(lines[:, k]).tolist()) == {line_at[pair] for pair in met if pair in line_at}
        assert set(np.flatnonzero(units[:, k]).tolist()) == {
            transformer_at[pair] for pair in met if pair in transformer_at
        }
        assert transformers[k] == next((transformer_at[pair] for pair in met if pair in transformer_at), -1)
    none = np.zeros(0, dtype=np.int64)
    assert feeder.branches_above(none).shape == (feeder.line.size + feeder.transformer.size, 0)
    assert feeder.transformer_above(none).shape == (0,)


def test_of_branches_side_by_side_the_shorter_is_the_way() -> None:
    columns = {f.name: getattr(CHAIN, f.name) for f in fields(CHAIN) if f.name.partition("_")[0] == "line"}
    doubled = replace(CHAIN, **{name: np.concatenate([column, column[1:2]]) for name, column in columns.items()})
    rows = np.array([3])
    for km, taken in ((0.1, 1), (0.2, 1), (0.05, 3)):
        lines = changed(doubled, line_km={3: km}).branches_above(rows)[:4]
        assert np.flatnonzero(lines[:, 0]).tolist() == sorted([0, taken, 2])
    switched = linked(CHAIN, (1, 2))
    assert np.flatnonzero(switched.branches_above(rows)[:3, 0]).tolist() == [0, 2]


FLEET = make_fleet([(1, 9, 5, 4)] * 400)


def place(settings: CigreLvFeeder, seed: int = 1, fleet: Fleet = FLEET) -> Placement:
    feeder, at = settings.feeder(), np.zeros(len(fleet), dtype=np.int64)
    rng = np.random.default_rng(seed)
    return Placement.build(settings, feeder, Copies.one(feeder), fleet, at, "fleet.csv", rng)


def test_base_load_and_evs_are_spread_in_proportion_to_the_feeders_loads() -> None:
    placement = place(CigreLvFeeder(source="cigre_lv", ev_power_factor=0.9))
    feeder = placement.feeder
    base_kw = np.array([100.0, 200.0])
    load_kw, load_kvar = placement.loads(base_kw[None], np.zeros((2, len(feeder))))
    np.testing.assert_allclose(load_kw.sum(axis=1), base_kw)
    np.testing.assert_allclose(load_kw[1] / feeder.own_kw.sum(), 200 * feeder.own_kw / feeder.own_kw.sum() ** 2)
    with_own = feeder.own_kw > 0
    ratio = feeder.own_kvar[with_own] / feeder.own_kw[with_own]
    np.testing.assert_allclose(load_kvar[:, with_own] / load_kw[:, with_own], [ratio] * 2)
    counts = np.bincount(placement.node_of, minlength=len(feeder))
    assert not counts[~with_own].any()
    assert counts[feeder.own_kw.argmax()] == counts.max()
    ev_kw = placement.ev_kw(np.array([0, 1, 0]), np.array([0, 0, 1]), np.array([4.0, 3.0, 2.0]), 2)
    assert ev_kw.sum(axis=1).tolist() == [7.0, 2.0]
    assert ev_kw[1, placement.node_of[0]] == 2.0
    _, kvar = placement.loads(np.zeros((1, 2)), ev_kw)
    np.testing.assert_allclose(kvar, ev_kw * np.tan(np.arccos(0.9)))


def test_a_power_factor_replaces_the_feeders_own() -> None:
    placement = place(CigreLvFeeder(source="cigre_lv", load_power_factor=1.0))
    assert not placement.kvar_per_kw.any()


def test_places_follow_the_seed_and_not_the_order_of_rows() -> None:
    settings = CigreLvFeeder(source="cigre_lv")
    assert (place(settings).node_of == place(settings).node_of).all()
    assert (place(settings, 2).node_of != place(settings).node_of).any()
    late_first = make_fleet([(3, 9, 5, 4), (1, 9, 5, 4), (2, 9, 5, 4)])
    early_first = make_fleet([(1, 9, 5, 4), (2, 9, 5, 4), (3, 9, 5, 4)])
    one, other = (place(settings, 5, fleet).node_of for fleet in (late_first, early_first))
    assert one.tolist() == other[[2, 0, 1]].tolist()


def test_the_feeder_hangs_below_each_transformer_of_the_tree() -> None:
    rng, settings = np.random.default_rng(1), CigreLvFeeder(source="cigre_lv")
    grid, places = counted_grid(TransformerSettings(count=2), FLEET, rng)
    feeder, rows = settings.feeder(), grid.transformer_rows
    copies, at = Copies.each(grid.transformers, rows, len(grid), feeder), rows[places.transformer_of]
    placement = Placement.build(settings, feeder, copies, FLEET, at, "fleet.csv", rng)
    tree = places.with_vehicles(grid, FLEET, placement)
    assert nx.is_arborescence(tree)
    assert sum(kind == "node" for _, kind in tree.nodes(data="kind")) == 2 * len(feeder)
    row = 17
    way = nx.shortest_path(tree, "control_center", f"ev:{FLEET.vehicle[row]}")
    name = grid.transformers[places.transformer_of[row]]
    assert way[2:4] == [f"transformer:{name}", f"node:{name}/0"]
    assert way[-2] == f"node:{name}/{feeder.node[placement.node_of[row]]}"


def test_an_ev_on_no_node_is_a_fault_with_the_nearest_node() -> None:
    fleet = named(lambda i: "R11" if i == 0 else "" if i == 1 else "R1l" if i == 2 else "nowhere")
    settings = CigreLvFeeder(source="cigre_lv")
    with pytest.raises(FaultyInputError) as caught:
        place(settings, fleet=fleet)
    said = [str(fault) for fault in caught.value.faults]
    assert len(said) == 1 + 3
    assert said[0].startswith("fleet.csv: feeder_node of EV")
    assert "'R1l'; expected 'R1" in said[0]


def named(name_of: Callable[[int], str]) -> Fleet:
    fleet = make_fleet([(1, 9, 5, 4)] * 6)
    return replace(fleet, feeder_node=np.array([name_of(i) for i in range(6)]))


def test_a_named_node_is_kept_and_an_empty_one_drawn() -> None:
    settings = CigreLvFeeder(source="cigre_lv")
    fleet = named(lambda i: "R11" if i % 2 else "")
    placement = place(settings, fleet=fleet)
    assert set(placement.feeder.node[placement.node_of[1::2]].tolist()) == {"R11"}
    assert (placement.feeder.own_kw[placement.node_of] > 0).all()


def test_of_many_names_only_some_are_listed() -> None:
    names = [f"bus {i}" for i in range(500)]
    assert nearest("bus 49 ", names) == "'bus 49', the nearest known name"
    assert nearest("xyz", names) == "one of 500 names, such as bus 0, bus 1, bus 2, bus 3, bus 4"
