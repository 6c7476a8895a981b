"""Optimisers against each other: the same rows however they are run, and tables that say what the rows say."""

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import mannwhitneyu
from typer.testing import CliRunner, Result

from coordination.optimizers import FUNCTIONS, OPTIMIZERS
from environment.input_faults import FaultyInputError
from runs import terminal
from runs.cli import app
from runs.optimizing import comparison, figures, printed
from runs.optimizing.comparison import Compared, Comparison, Searched, compare_optimizers
from runs.optimizing.options import comparison_of
from runs.optimizing.tables import GRID, convergence, mann_whitney, ranks, table4, won_lost_tied

FILES = ("runs.csv", "table4.csv", "ranks.csv", "mann_whitney.csv", "convergence.csv")
SMALL = ["--runs", "3", "--dimension", "4", "--population", "10", "--iterations", "8"]


def evswarm(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def ask(functions: str = "all", optimizers: str = "all", **changes: Any) -> Comparison:
    usual: dict[str, Any] = {
        "runs": 12, "dimension": 5, "population": 10, "iterations": None, "evaluations": None, "shifted": True, "seed": 3,
    }  # fmt: skip
    return comparison_of(functions, optimizers, **{**usual, **changes})


@pytest.fixture(scope="module")
def compared() -> Compared:
    return compare_optimizers(ask(iterations=20, runs=7))


@pytest.fixture(scope="module")
def runs(compared: Compared) -> pd.DataFrame:
    return compared.table()


@pytest.mark.slow
def test_two_workers_give_the_bytes_of_one(tmp_path: Path) -> None:
    words = ["optimize", *SMALL, "--runs", "12", "--functions", "F1,F5", "--optimizers", "pso,acso,de", "--shifted"]
    for workers in ("1", "2"):
        done = evswarm(*words, "--workers", workers, "--out", tmp_path / workers)
        assert done.exit_code == 0, done.output
    for name in FILES:
        one, two = (pd.read_csv(tmp_path / workers / name, dtype=str) for workers in ("1", "2"))
        drop = [column for column in one.columns if column == "cpu_s"]
        assert one.drop(columns=drop).to_csv() == two.drop(columns=drop).to_csv(), name


def test_rows_do_not_depend_on_what_is_run_beside_them(runs: pd.DataFrame) -> None:
    alone = compare_optimizers(ask("F6", "ga,cso", iterations=20, runs=3)).table()
    whole = runs[runs.function.eq("F6") & runs.optimizer.isin(["ga", "cso"]) & runs.run.lt(3)]
    assert alone.drop(columns="cpu_s").equals(whole.drop(columns="cpu_s").reset_index(drop=True))


def test_another_seed_is_another_draw() -> None:
    one, two = (compare_optimizers(ask("F1", "pso", runs=2, seed=seed)).table().fun for seed in (3, 4))
    assert set(one).isdisjoint(two)
    assert one.nunique() == 2


def test_table_4_is_that_of_the_runs(runs: pd.DataFrame) -> None:
    table = table4(runs).set_index(["function", "optimizer"])
    assert len(table) == runs.function.nunique() * len(OPTIMIZERS)
    for function, optimizer in (("F1", "woa"), ("F5", "de")):
        own = runs[(runs.function == function) & (runs.optimizer == optimizer)]
        row = table.loc[function, optimizer]
        assert row.runs == len(own) == 7
        assert row.best == min(own.fun)
        assert row["mean"] == pytest.approx(sum(own.fun) / 7)
        assert row.rmse == pytest.approx((sum(fun**2 for fun in own.fun) / 7) ** 0.5)
        assert row["median"] == sorted(own.fun)[3]
        assert row.cpu_s == sorted(own.cpu_s)[3] > 0


def test_ranks_are_those_of_the_medians(runs: pd.DataFrame) -> None:
    table = ranks(runs).set_index("optimizer")
    medians = runs[runs.function == "F4"].groupby("optimizer").fun.median().sort_values()
    assert table.F4.sort_values().index.tolist() == medians.index.tolist()
    assert table.drop(columns="average").sum().tolist() == [55.0] * runs.function.nunique()
    assert table.average.is_monotonic_increasing


def test_the_pairwise_tests_are_scipys_and_mirror_each_other(runs: pd.DataFrame) -> None:
    tests = mann_whitney(runs).set_index(["function", "optimizer", "other"])
    found = {name: own.fun.to_numpy() for name, own in runs[runs.function == "F1"].groupby("optimizer")}
    u, p = mannwhitneyu(found["pso"], found["random"])
    row = tests.loc["F1", "pso", "random"]
    assert (row.u, row.p, row.outcome) == (u, p, "wins")
    turned = {"wins": "loses", "loses": "wins", "ties": "ties"}
    for (function, one, other), outcome in tests.outcome.items():  # type: ignore[misc]
        assert tests.loc[function, other, one].outcome == turned[outcome]
        assert tests.loc[function, one, other].u + tests.loc[function, other, one].u == 49
    text = won_lost_tied(tests.reset_index())
    wins, losses, ties = text.loc["pso", "random"].split("-")
    assert text.loc["random", "pso"] == f"{losses}-{wins}-{ties}"
    assert int(wins) == (tests.xs("pso", level="optimizer").xs("random", level="other").outcome == "wins").sum() > 0


def test_optimisers_that_all_end_alike_tie() -> None:
    for fun in (0.0, np.inf):
        rows = [("F6", name, run, fun) for name in ("pso", "woa") for run in range(9)]
        tests = mann_whitney(pd.DataFrame(rows, columns=["function", "optimizer", "run", "fun"]))
        assert tests.outcome.tolist() == ["ties", "ties"]
        assert tests.p.tolist() == [1.0, 1.0]


def test_equal_evaluations_are_equal_for_all() -> None:
    runs = compare_optimizers(ask("F1", runs=1, evaluations=137)).table()
    assert runs.evaluations.tolist() == [137] * len(OPTIMIZERS)
    iterations = compare_optimizers(ask("F1", runs=1, iterations=9)).table().set_index("optimizer")
    assert iterations.iterations.tolist() == [9] * len(OPTIMIZERS)
    assert iterations.evaluations["cso"] == 10 + 9 * 5
    assert iterations.evaluations["pso"] == 100


def test_who_evaluates_the_population_once_an_iteration_has_the_same_runs_under_both_budgets() -> None:
    names = "pso,apso,geo,igeo,woa,ga,random,de"
    one = compare_optimizers(ask("F1,F5", names, runs=2, iterations=9)).table()
    two = compare_optimizers(ask("F1,F5", names, runs=2, evaluations=100)).table()
    assert one.drop(columns=["cpu_s", "message"]).equals(two.drop(columns=["cpu_s", "message"]))


def test_woa_wins_at_the_origin_and_not_elsewhere() -> None:
    means = {}
    for shifted in (False, True):
        table = table4(compare_optimizers(ask("F1", "woa,cso", dimension=30, population=30, shifted=shifted)).table())
        means[shifted] = table.set_index("optimizer")["mean"]
    assert means[False]["woa"] < 1e-6 < means[False]["cso"]
    assert means[True]["woa"] > 1e4 > means[True]["cso"]


def test_curves_fall_to_what_the_runs_found(compared: Compared, runs: pd.DataFrame) -> None:
    curves = convergence(compared)
    for (function, optimizer), each in curves.groupby(["function", "optimizer"]):
        own = runs[(runs.function == function) & (runs.optimizer == optimizer)]
        assert len(each) <= GRID
        assert each.evaluations.iloc[[0, -1]].tolist() == [10, own.evaluations.max()]
        assert each["median"].is_monotonic_decreasing
        assert each["median"].iloc[-1] == np.median(own.fun)
        assert (each.low <= each["median"]).all()
        assert (each["median"] <= each.high).all()


def test_the_figure_has_a_labelled_panel_a_function_and_no_two_lines_alike(compared: Compared) -> None:
    figure = figures.convergence(convergence(compared), compared.comparison.title)
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert len(shown) == 7
    assert "shifted" in figure.get_suptitle()
    for axes in shown:
        assert axes.get_yscale() == "log"
        assert len({(line.get_color(), str(line.get_linestyle())) for line in axes.lines}) == len(OPTIMIZERS)
        assert axes.get_title(loc="left")
    assert sum(bool(axes.get_xlabel()) for axes in shown) == sum(bool(axes.get_ylabel()) for axes in shown) == 3
    names = ["cso", "cso 0.2", "igeo", "igeo R2", "igeo R3", "mine"]
    assert len(set(figures.looks(names).values())) == len(names)


def test_the_command_prints_and_writes_everything_and_replaces_it(tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ["optimize", *SMALL, "--functions", "F1..F3,F6-smooth", "--optimizers", "woa, pso"]
    done = evswarm(*words, "--out", out)
    assert done.exit_code == 0, done.output
    for text in ("F3", "woa", "rmse", "rank", "8 iterations", "won-lost-tied", "Written to"):
        assert text in done.stdout
    assert {path.name for path in out.iterdir()} == {*FILES, "figures", ".evswarm"}
    before = pd.read_csv(out / "runs.csv")
    assert before.function.unique().tolist() == ["F1", "F2", "F3", "F6-smooth"]
    assert before.optimizer.unique().tolist() == ["pso", "woa"]
    assert evswarm(*words, "--seed", "9", "--out", out).exit_code == 0
    assert pd.read_csv(out / "runs.csv").seed.unique().tolist() == [9]
    (out / "thesis.txt").write_text("years of work")
    assert evswarm(*words, "--out", out).exit_code == 2
    assert (out / "thesis.txt").read_text() == "years of work"
    assert pd.read_csv(out / "runs.csv").seed.unique().tolist() == [9]


def test_every_fault_is_said_at_once_with_the_nearest_name() -> None:
    words = ["--functions", "F6-smoth,F6..F1", "--optimizers", "pzo,de,ga", "--population", "4"]
    done = evswarm("optimize", *words, "--iterations", "5", "--evaluations", "5")
    assert done.exit_code == 2
    assert "5 faults" in done.stderr
    assert "expected F1..F6, the other way round" in done.stderr
    for text in ("'F6-smooth', the nearest", "'F6..F1'", "'pso', the nearest", "DE (SciPy)", "one of the two"):
        assert text in done.stderr
    assert evswarm("optimize", "--functions", ",").exit_code == 2


def test_a_stopped_command_prints_the_runs_that_are_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = comparison.as_they_finish

    def stopped(*args: Any, **settings: Any) -> Iterator[Searched]:
        for number, each in enumerate(whole(*args, **settings)):
            if number == 4:
                raise KeyboardInterrupt
            yield each

    monkeypatch.setattr(comparison, "as_they_finish", stopped)
    words = ["optimize", *SMALL, "--functions", "F1,F2", "--optimizers", "pso,ga", "--out", tmp_path / "out"]
    done = evswarm(*words)
    assert done.exit_code == 130
    assert "4 of 12 runs" in done.stderr
    assert "nothing was written" in done.stderr
    assert "pso" in done.stdout
    assert "ga" in done.stdout
    assert list(tmp_path.iterdir()) == []


def rows_of(text: str, optimizer: str) -> list[list[str]]:
    """Return the cells of an optimiser's first row in every table that was printed, between "best" and "rank"."""
    lines = [line for line in text.splitlines() if line.split()[:2] == [optimizer, "best"]]
    return [line.partition("rank")[0].split()[2:] for line in lines]


def test_numbers_of_a_stopped_command_stand_below_their_function(capsys: pytest.CaptureFixture[str]) -> None:
    whole = compare_optimizers(ask("F1..F3", "pso,ga,woa", iterations=5, runs=2))
    there = {"pso": ("F1", "F3"), "ga": ("F1", "F2", "F3"), "woa": ("F3",)}
    printed.print_compared(
        Compared(whole.comparison, tuple(s for s in whole.searched if s.function in there[s.optimizer]))
    )
    text = capsys.readouterr().out
    head = next(line for line in text.splitlines() if line.split() == ["F1", "F2", "F3"])
    at = {name: head.index(name) + 2 for name in ("F1", "F2", "F3")}
    best = table4(whole.table()).set_index(["function", "optimizer"]).best
    for optimizer, functions in there.items():
        row = next(line for line in text.splitlines() if line.split()[:2] == [optimizer, "best"])
        for function, end in at.items():
            cell = row[:end].split(" ")[-1]
            if function in functions:
                assert float(cell) == pytest.approx(best[function, optimizer], rel=0.06)
            else:
                assert cell == ""
    medians = whole.table().query("function == 'F3'").groupby("optimizer").fun.median().rank()
    for optimizer, rank in medians.items():
        assert f"rank {rank:.1f}" in next(line for line in text.splitlines() if line.startswith(f"{optimizer} "))
    assert "medians on F3, where all shown have runs" in " ".join(text.split())


@pytest.mark.parametrize("there", [{("F1", "pso"), ("F2", "ga")}, {("F2", "ga")}])
def test_where_no_two_ran_on_a_function_there_is_nothing_to_test(
    there: set[tuple[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    whole = compare_optimizers(ask("F1,F2", "pso,ga", iterations=5, runs=2))
    some = tuple(s for s in whole.searched if (s.function, s.optimizer) in there)
    printed.print_compared(Compared(whole.comparison, some))
    text = capsys.readouterr().out
    assert "won-lost-tied" not in text
    assert ("on no function, where all" in " ".join(text.split())) == (len(there) > 1)


@functools.cache
def all_in(dimension: int) -> Compared:
    return compare_optimizers(ask(dimension=dimension, population=30, iterations=30, runs=2, shifted=False))


@pytest.mark.parametrize("dimension", [2, 30])
@pytest.mark.parametrize(
    ("factor", "width"), [(1.0, 80), (1e-140, 80), (1e140, 80), (1e-140, 40), (1.0, 60), (1.0, 120)]
)
def test_no_digit_is_lost_on_few_columns(
    dimension: int, factor: float, width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = all_in(dimension)
    longer = tuple(s._replace(fun=factor * s.fun, evaluations=1_234_567 * s.evaluations) for s in whole.searched)
    monkeypatch.setattr(terminal.out, "_width", width)
    printed.print_compared(Compared(whole.comparison, longer if factor != 1 else whole.searched))
    text = capsys.readouterr().out
    assert "…" not in text
    assert max(map(len, text.splitlines()[1:])) <= width  # the title wraps as the terminal likes
    cells = [cell for row in rows_of(text, "de") for cell in row]
    best = table4(whole.table()).query("optimizer == 'de'").best * factor
    assert len(cells) == len(FUNCTIONS)
    assert [float(cell) for cell in cells] == pytest.approx(best.tolist(), rel=0.5 if factor != 1 else 0.06)


def test_names_may_be_in_capitals_or_titles() -> None:
    chosen = ask("f1,Sphere,F6-SMOOTH,f2..f3", "PSO,A-PSO,Random Search,de (scipy)", iterations=1)
    assert chosen.functions == ("F1", "F2", "F3", "F6-smooth")
    assert list(chosen.optimizers) == ["pso", "apso", "random", "de"]
    assert ask("ALL", "all", iterations=1).functions == tuple(FUNCTIONS)
    with pytest.raises(FaultyInputError, match="'pso', the nearest known name"):
        ask("F1", "PZO")


@pytest.mark.parametrize("word", ["all..F3", "F1..all", "F1..F2..F3"])
def test_a_range_has_two_ends_that_are_functions(word: str) -> None:
    with pytest.raises(FaultyInputError) as caught:
        ask(word)
    assert [fault.found for fault in caught.value.faults] == [repr(word)]
    assert caught.value.faults[0].expected == "'all' alone, or a range such as F1..F6-smooth"


def test_one_dimension_is_too_few_for_f5() -> None:
    for functions in ("all", "F5", "F4..F6"):
        with pytest.raises(FaultyInputError, match="at least 2: F5 needs a neighbour"):
            ask(functions, "pso", dimension=1)
    assert ask("F1..F4,F6", "pso", dimension=1).dimension == 1


def test_a_population_that_is_too_small_is_one_fault() -> None:
    with pytest.raises(FaultyInputError) as caught:
        ask(population=0)
    assert len(caught.value.faults) == 1
    assert all(cls.title in caught.value.faults[0].expected for cls in OPTIMIZERS.values())


def test_one_is_no_plural() -> None:
    title = ask("F1", "pso", dimension=1, runs=1, evaluations=1).title
    assert title == "1 dimension, population 10, 1 run of 1 evaluation, optima shifted"
    assert "5 dimensions, population 10, 12 runs of 2,000 iterations" in ask("F1", "pso", iterations=2000).title
