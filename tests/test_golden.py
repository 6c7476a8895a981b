"""What scenarios and reduced studies give is pinned, bit for bit; ``make golden`` pins it anew and prints what moved."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from tests.support import golden
from tests.support.golden import Golden, cases, digest, made_here, moved, read, scenario_runs

QUICK = {"my_fleet", "paper_a"}
RUNS = [
    pytest.param(case, run, marks=() if case in QUICK else pytest.mark.slow, id=f"{case}, {run}")
    for case, runs in cases().items()
    for run in runs
]
PINNED = Golden(
    {"peak_kw": 1200.0, "method": "ants", "certified": True},
    {"slots.ev_kw": np.array([1.0, np.nan, 3.0]), "vehicles.vehicle": np.array(["a", "b"])},
)


def entry_of(golden: Golden) -> dict[str, dict[str, object]]:
    return {"figures": golden.figures, "columns": {name: digest(column) for name, column in golden.columns.items()}}


def moves_to(now: Golden) -> list[str]:
    kept = {digest(column): column for column in PINNED.columns.values()}
    return [f"{move.name}: {move.how}" for move in moved("run", entry_of(PINNED), kept, now)]


@pytest.mark.parametrize(("case", "run"), RUNS)
def test_tables_and_summary_are_as_pinned(case: str, run: str) -> None:
    pinned, kept = read(case)
    assert run in pinned, "python -m tests.support.golden pins it"
    moves = moved(run, pinned[run], kept, cases()[case][run]())
    if not made_here(case):  # another processor, another library: their last bits are not ours
        moves = [move for move in moves if not move.is_rounding]
    assert not moves, "\n".join(map(str, moves))


def test_every_pinned_run_is_one_that_is_still_run() -> None:
    assert {case: set(read(case)[0]) for case in cases()} == {case: set(runs) for case, runs in cases().items()}


def test_every_seed_and_engine_of_a_scenario_is_pinned(tree: Path) -> None:
    both = {f"seed {n}, {engine}" for n in (1, 2) for engine in ("agents", "compiled")}
    for path in (tree / "scenarios").glob("*.toml"):
        assert set(scenario_runs(path)) == both, path.stem
    assert {path.stem for path in (tree / "scenarios").glob("*.toml")} <= set(cases())


def test_what_is_equal_has_not_moved() -> None:
    assert moves_to(PINNED) == []


def test_one_bit_of_one_number_is_told_with_its_table_column_and_largest_difference() -> None:
    ev_kw = np.array([1.0, np.nan, np.nextafter(3.0, 4.0)])
    (move,) = moves_to(dataclasses.replace(PINNED, columns=PINNED.columns | {"slots.ev_kw": ev_kw}))
    assert move == "slots.ev_kw: 1 of 3 numbers differ, by 4.44e-16 at most"


def test_a_figure_is_told_with_both_values() -> None:
    assert moves_to(dataclasses.replace(PINNED, figures=PINNED.figures | {"peak_kw": 1200.5, "certified": 1})) == [
        "certified: was True, is 1",
        "peak_kw: was 1200.0, is 1200.5, by 0.5",
    ]


def test_texts_rows_types_and_columns_that_come_or_go_are_told() -> None:
    now = {
        "slots.ev_kw": np.array([1.0, 2.0]),
        "vehicles.vehicle": np.array(["a", "c"]),
        "vehicles.node": np.array([1]),
    }
    assert moves_to(dataclasses.replace(PINNED, columns=now)) == [
        "slots.ev_kw: had 3 rows, has 2",
        "vehicles.node: new column",
        "vehicles.vehicle: 1 of 2 texts differ",
    ]
    whole = np.array([1, 2, 3])
    kept = {digest(whole.astype(np.float64)): whole.astype(np.float64)}
    before = Golden({}, {"slots.n": whole.astype(np.float64)})
    (move,) = moved("run", entry_of(before), kept, Golden({}, {"slots.n": whole}))
    assert move.how == "0 of 3 numbers differ, by 0 at most; type was float64, is int64"


@pytest.mark.parametrize(
    ("new", "is_rounding"),
    [(1200.0 * (1 + 1e-12), True), (1200.1, False), (1200, False), (float("nan"), False), ("1200", False)],
)
def test_only_rounding_may_differ_on_another_machine(new: object, is_rounding: bool) -> None:
    now = dataclasses.replace(PINNED, figures=PINNED.figures | {"peak_kw": new})
    kept = {digest(column): column for column in PINNED.columns.values()}
    assert [move.is_rounding for move in moved("run", entry_of(PINNED), kept, now)] == [is_rounding]


@pytest.mark.parametrize(
    ("old", "new", "is_rounding"),
    [
        ([1e8, 5.0], [1e8, 5.0 + 1e-9], True),
        ([1e8, 5.0], [1e8, 55.0], False),
        ([np.inf, np.nan, 1.0], [np.inf, np.nan, 1.0 + 1e-12], True),
        ([np.inf, 1.0], [np.inf, 2.0], False),
        ([1, 2], [1, 3], False),
        ([1.0, 2.0], [1, 2], False),
    ],
)
def test_rounding_is_told_number_by_number(old: list[float], new: list[float], is_rounding: bool) -> None:
    was, now = np.array(old), np.array(new)
    (move,) = moved("run", entry_of(Golden({}, {"slots.x": was})), {digest(was): was}, Golden({}, {"slots.x": now}))
    assert move.is_rounding == is_rounding


def test_spoilt_files_pin_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(golden, "FOLDER", tmp_path)
    assert read("case") == ({}, {})
    golden.write("case", {"run": PINNED})
    pinned, kept = read("case")
    assert pinned["run"] == entry_of(PINNED)
    assert kept.keys() == set(pinned["run"]["columns"].values())
    whole = (tmp_path / "case.npz").read_bytes()
    (tmp_path / "case.npz").write_bytes(whole[: len(whole) // 2])
    assert read("case") == ({}, {})
    (tmp_path / "case.npz").write_bytes(whole)
    (tmp_path / "case.json").write_text("")
    assert read("case") == ({}, {})
