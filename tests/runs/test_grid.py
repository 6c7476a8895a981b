"""Whole runs on any grid: engines, parts and books agree, limits are kept, and what is wrong or idle is told."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from environment.grid import Kind
from environment.pheromone_board import LIMIT_TOLERANCE_KW
from runs.engine import Engine
from runs.homes.part import Homes
from runs.parallel_run import run_in_parts
from runs.result import Result
from runs.scenario import Scenario
from runs.simulate import result_from, simulate
from tests.support.grids import trees, written
from tests.support.laws import examples
from tests.support.worlds import run_homes

TIMES = ("wall_s", "free")
LOADS = ("flat", "wave", "sun", "wave+sun", "")


@st.composite
def cases(draw: st.DrawFn, folder: Path, **sections: dict[str, Any]) -> Scenario:
    """Write a grid, its loads and EVs, and draw the scenario that runs them."""
    rows = draw(trees(limits_kw=("25", "40", "90.5", "1000", "signal"), loads=LOADS))
    seed = draw(st.integers(0, 2**32))
    rng = np.random.default_rng(seed)
    written(folder, rows)
    hours = np.arange(24)
    table = pd.DataFrame(
        {
            "hour": hours,
            "flat": np.full(24, 10.25),
            "wave": 20 + 15 * np.sin(hours / 4),
            "sun": np.minimum(0, 60 * np.cos(hours / 3.8)),
            "signal": np.maximum(0, 35 + 40 * np.cos(hours / 3)),
        }
    )
    table.round(6).to_csv(folder / "loads.csv", index=False)
    names = [row.node for row in rows if row.kind == Kind.TRANSFORMER]
    n = draw(st.integers(1, 30))
    start = rng.uniform(0, 20, n).round(2)
    pd.DataFrame({
        "vehicle": [f"v{k}" for k in range(n)], "node": rng.choice(names, n), "plug_in_h": start,
        "plug_out_h": (start + rng.uniform(0.5, 12, n)).round(2), "energy_kwh": rng.uniform(0, 40, n).round(3),
        "power_kw": rng.choice([3.7, 7.4, 11.0], n),
    }).to_csv(folder / "fleet.csv", index=False)  # fmt: skip
    return Scenario().update(
        horizon={"slot_min": draw(st.sampled_from([30, 60]))},
        grid={"source": "table", "path": folder / "nodes.csv"},
        loads={"path": folder / "loads.csv"},
        load={"peak_kw": 60.0},
        fleet={"source": "csv", "path": folder / "fleet.csv"},
        coordination={
            "batch_size": draw(st.sampled_from([1, 4])),
            "energy": draw(st.sampled_from(["exact", "whole_slots"])),
            "rounds": draw(st.sampled_from([0, 2])),
            "information": draw(st.sampled_from(["online", "day_ahead"])),
            **sections.get("coordination", {}),
        },
        transformer={"lines": draw(st.sampled_from([0, 2]))},
        run={"engine": "compiled"},
    )


def drawn(data: st.DataObject, folder: str, **sections: dict[str, Any]) -> Scenario:
    return data.draw(cases(Path(folder), **sections))


def by_node(result: Result, column: str) -> pd.DataFrame:
    """A column of all slots, a row a node, in the order of the table of nodes."""
    upper, below = result.upper_slots, result.slots.rename(columns={"transformer": "node"})
    each = pd.concat([table[["node", "slot", column]] for table in (upper, below)])
    wide = each.pivot_table(index="node", columns="slot", values=column, dropna=False)
    return wide.loc[result.nodes.node.tolist()]


@given(data=st.data())
@examples(1 / 2)
def test_agents_and_the_compiled_colony_agree(data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        case = drawn(data, folder)
        agents, compiled = (simulate(case.update(run={"engine": engine})) for engine in ("agents", "compiled"))
    for name, table in agents.tables.items():
        pd.testing.assert_frame_equal(table, compiled.tables[name], check_exact=True, obj=name)


@given(data=st.data(), engine=st.sampled_from(["agents", "compiled"]))
@examples(2 / 3)
def test_each_transformer_run_alone_is_its_part_of_the_whole(data: st.DataObject, engine: str) -> None:
    with TemporaryDirectory() as folder:
        case = drawn(data, folder).update(run={"engine": engine})
        whole, parts = simulate(case), result_from(*run_in_parts(case, engine=Engine.SERIAL))
        world = Homes.build(case, np.random.default_rng(case.run.seed))
        alone = [run_homes(world.part(k, k + 1)) for k in range(len(world.loads))]
    for name, table in whole.tables.items():
        if name != "log":
            pd.testing.assert_frame_equal(table, parts.tables[name], check_exact=True, obj=name)
    for name, value in whole.summary.items():
        if name not in TIMES:
            assert parts.summary[name] == value or (pd.isna(value) and pd.isna(parts.summary[name])), name
    ev_kw = np.stack([outcome.schedules[0].load_kw() for outcome in alone])
    np.testing.assert_array_equal(ev_kw.ravel(), whole.slots.ev_kw)


@given(data=st.data())
def test_limits_are_kept_and_energy_closes(data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        case = drawn(data, folder)
        result = simulate(case)
    slots, vehicles = result.slots, result.vehicles
    open_kw = np.maximum(slots.limit_kw - slots.base_kw, 0.0)
    assert (slots.ev_kw <= open_kw + LIMIT_TOLERANCE_KW).all()
    np.testing.assert_allclose(vehicles.delivered_kwh + vehicles.unserved_kwh, vehicles.energy_kwh, atol=1e-9)
    drew = slots.groupby("transformer").ev_kw.sum() * case.horizon.slot_h
    got = vehicles.booked_kwh.groupby(vehicles.transformer).sum()
    pd.testing.assert_series_equal(
        got.reindex(drew.index, fill_value=0.0), drew, check_names=False, atol=1e-9, rtol=1e-12
    )


@given(data=st.data())
def test_the_table_of_nodes_is_what_slots_and_vehicles_add_up_to(data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        case = drawn(data, folder)
        result = simulate(case)
        lines = pd.read_csv(Path(folder) / "nodes.csv", keep_default_na=False).set_index("node")
        signal = pd.read_csv(Path(folder) / "loads.csv").signal.repeat(case.horizon.n_slots // 24)
    nodes = result.nodes.set_index("node")
    total_kw, limit_kw = by_node(result, "total_kw"), by_node(result, "limit_kw")
    free_kw = by_node(result, "actual_kw") + by_node(result, "free_kw")
    for name in nodes.index:  # every node is what is below it
        children = [child for child in nodes.index if nodes.parent[child] == name]
        if children:
            np.testing.assert_allclose(total_kw.loc[name], total_kw.loc[children].sum(), atol=1e-9)
            assert nodes.vehicles[name] == nodes.vehicles[children].sum()
            assert nodes.unserved_kwh[name] == pytest.approx(nodes.unserved_kwh[children].sum())
        assert (nodes.kind[name], nodes.parent[name]) == (lines.kind[name], lines.parent[name])
        limit = lines.limit_kw[name]
        expected = signal if limit == "signal" else np.nan if limit == "" else float(limit)
        np.testing.assert_allclose(limit_kw.loc[name], expected, rtol=1e-12)
        over_kw = (total_kw.loc[name] - limit_kw.loc[name]).fillna(0.0)
        over_kw = over_kw[over_kw > LIMIT_TOLERANCE_KW]
        assert nodes.overload_slots[name] == len(over_kw)
        assert nodes.overload_kwh[name] == pytest.approx(over_kw.sum() * case.horizon.slot_h)
    for column, expected in {
        "peak_kw": total_kw.max(axis=1),
        "free_peak_kw": free_kw.max(axis=1),
        "loading_max": (total_kw / limit_kw).max(axis=1),
        "feed_in_kw": (-total_kw.min(axis=1)).clip(lower=0.0),
    }.items():
        np.testing.assert_allclose(nodes[column], expected, rtol=1e-12, atol=1e-9, err_msg=column)
    slot_of = {start.isoformat(): slot for slot, start in enumerate(result.slots.start.drop_duplicates())}
    at_peak_kw = [total_kw.loc[name, slot_of[text]] for name, text in nodes.peak_time.items()]
    np.testing.assert_allclose(at_peak_kw, nodes.peak_kw, rtol=1e-12, atol=1e-9)
    own = result.vehicles.groupby("transformer")
    below = nodes[nodes.kind == Kind.TRANSFORMER]
    assert below.vehicles.tolist() == own.size().reindex(below.index, fill_value=0).tolist()
    np.testing.assert_allclose(
        below.unserved_kwh, own.unserved_kwh.sum().reindex(below.index, fill_value=0.0), atol=1e-9
    )


@given(data=st.data(), seed=st.integers(0, 2**32))
@examples(2 / 3)
def test_the_order_of_a_tables_lines_changes_no_schedule(data: st.DataObject, seed: int) -> None:
    with TemporaryDirectory() as folder:
        case = drawn(data, folder)
        one = simulate(case)
        path = Path(folder) / "nodes.csv"
        header, *lines = path.read_text().splitlines()
        path.write_text("\n".join([header, *np.random.default_rng(seed).permutation(lines)]))
        other = simulate(case)
    columns = ["vehicle", "slot"]
    left, right = (result.schedule.sort_values(columns).reset_index(drop=True) for result in (one, other))
    if case.transformer.lines == 0:  # lines are drawn transformer by transformer
        pd.testing.assert_frame_equal(left, right, check_exact=True)
        pd.testing.assert_frame_equal(
            by_node(one, "total_kw").sort_index(), by_node(other, "total_kw").sort_index(), atol=1e-9
        )
