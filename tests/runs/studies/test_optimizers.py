"""The optimisers' study: everything is written, and the page's words are those of its numbers."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from runs.optimizing.comparison import Compared, Comparison, compare_optimizers
from runs.optimizing.tables import table4
from runs.studies.optimizers import report
from runs.studies.optimizers.cases import LARGE, MIDDLE, QUICK, SMALL, Block, StudyRuns, optimizers, study_runs
from runs.studies.optimizers.claims import claims, won
from runs.studies.parts import Parts
from runs.studies.registry import STUDIES
from runs.studies.study import StudyOptions
from tests.support.marks import SLOW

PAGE = Path(__file__).parents[3] / "docs" / "reproduction" / "optimizers.md"

TINY = (
    replace(QUICK[0], iterations=10, runs=5, functions=("F1", "F2", "F5", "F6", "F6-smooth")),
    *(replace(size, iterations=5, population=16) for size in QUICK[1:]),
)


@pytest.fixture(scope="module", params=SLOW)
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, StudyRuns]:
    folder = tmp_path_factory.mktemp("study")
    told: list[float] = []
    kept: list[StudyRuns] = []

    def keep(*args: Any) -> StudyRuns:
        kept.append(study_runs(*args))
        return kept[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "QUICK", TINY)
        patch.setattr(report, "study_runs", keep)
        text = STUDIES["optimizers"].run(folder, StudyOptions(quick=True), told.append, Parts(folder, ""))
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert "B-6" in text
    return folder, kept[0]


@pytest.fixture
def folder(written: tuple[Path, StudyRuns]) -> Path:
    return written[0]


def test_every_file_is_written(folder: Path) -> None:
    tables = ("claims", "runs", "table4", "ranks", "mann_whitney", "convergence", "igeo_readings")
    assert {path.name for path in folder.iterdir()} == {*(f"{name}.csv" for name in tables), "optimizers.md", "figures"}
    assert {path.stem for path in (folder / "figures").iterdir()} == {
        "woa_at_the_origin_and_shifted", "convergence_30_origin", "convergence_30_shifted", "convergence_228_shifted",
        "convergence_2280_shifted",
    }  # fmt: skip


def test_all_sizes_and_both_budgets_are_run(folder: Path) -> None:
    runs = pd.read_csv(folder / "runs.csv")
    assert set(runs.dimension) == {30, 228, 2280}
    by = runs[runs.equal == "evaluations"].groupby("dimension").evaluations.unique()
    assert {dimension: values.tolist() for dimension, values in by.items()} == {30: [330], 228: [96], 2280: [96]}
    assert not runs.duplicated(["dimension", "shifted", "equal", "function", "optimizer", "run"]).any()
    page = (folder / "optimizers.md").read_text()
    for text in ("IGEO R1 dimensions", "CSO 0.2", "2280 dimensions", "| F1 |"):
        assert text in page


def test_the_sizes_are_those_of_the_papers() -> None:
    assert (SMALL.dimension, SMALL.population, SMALL.iterations, SMALL.runs) == (30, 30, 100, 50)
    assert (MIDDLE.dimension, MIDDLE.population, MIDDLE.evaluations) == (228, 300, 300_000)
    assert (LARGE.dimension, LARGE.population, LARGE.evaluations) == (2280, 300, 120_000)
    assert optimizers(["cso 0.2"], 300)["cso 0.2"].params.social == 0.2
    assert optimizers(["acso 0.2"], 30)["acso 0.2"].params.social == 0.2
    assert optimizers(["acso"], 30)["acso"].params.social == 0.0
    assert optimizers(["igeo R1 dimensions"], 30)["igeo R1 dimensions"].params.chain == "dimensions"


def test_a_claim_is_found_only_where_the_runs_show_it(written: tuple[Path, StudyRuns]) -> None:
    _, runs = written
    honest = {(claim.number, claim.text): claim.outcome for claim in claims(runs)}
    assert all(outcome == "not found" for (number, _), outcome in honest.items() if number == "B-6")
    better = [s._replace(fun=-1.0) if s.optimizer == "igeo" else s for s in runs.origin.by_iterations.searched]
    block = replace(runs.origin, by_iterations=replace(runs.origin.by_iterations, searched=tuple(better)))
    turned = {claim.text: claim.outcome for claim in claims(replace(runs, origin=block)) if claim.number == "B-6"}
    assert [outcome for text, outcome in turned.items() if text.endswith("at the origin")] == ["found"]


def test_a_function_that_is_another_but_for_the_floor_is_shown_and_not_counted(
    written: tuple[Path, StudyRuns],
) -> None:
    folder, runs = written
    page = (folder / "optimizers.md").read_text()
    assert "F6-smooth is F6 but for the floor" in page
    assert "| optimiser |  | F1 | F2 | F5 | F6 | F6-smooth |" in page
    assert sum(won(runs.shifted.by_iterations, "acso", "pso")) == 4
    for claim in claims(runs):
        assert "F6-smooth" not in claim.evidence
        if claim.number == "B-5":
            assert "of 4 functions" in claim.evidence
    matrix = page.split("row against column, shifted:")[1].split("## WOA")[0]
    counts = [cell for cell in matrix.split("|") if cell.strip().count("-") == 2 and cell.strip()[0].isdigit()]
    assert len(counts) == 2 * 12 * 11
    assert {sum(map(int, cell.split("-"))) for cell in counts} == {4}
    assert "of 44 at the origin" in page


def test_the_page_says_what_was_chosen_what_is_lost_and_how_much_shorter_it_is(
    written: tuple[Path, StudyRuns],
) -> None:
    folder, runs = written
    page = " ".join((folder / "optimizers.md").read_text().split())
    for text in (
        "two rules of the rivals, PSO's at the bounds and the GA's tournaments, were chosen among several on functions of this set",
        "[how](../benchmarks.md)",
        "what makes it adaptive is lost",
        "ACSO's equation is reconstructed",
        "5 iterations are 0.1 % of paper C's 5,000",
    ):
        assert text in page
    middle = replace(runs.middle, size=replace(runs.middle.size, iterations=MIDDLE.iterations))
    whole = report.page(replace(runs, middle=middle), [])
    assert "999 iterations are 20 % of paper C's 5,000" in whole


def test_where_woa_is_unbeatable_is_said_from_the_ranks(written: tuple[Path, StudyRuns]) -> None:
    _, runs = written
    origin = runs.origin

    def said(*first_on: str) -> str:
        turned = [
            s._replace(fun=-1.0 if s.function in first_on else 1e9) if s.optimizer == "woa" else s
            for s in origin.by_evaluations.searched
        ]
        block = Block(origin.size, origin.by_iterations, Compared(origin.by_evaluations.comparison, tuple(turned)))
        return report.page(replace(runs, origin=block), []).split("optimum is there too,\n")[1].split(";")[0]

    assert said("F1", "F2", "F6", "F6-smooth") == "it looks unbeatable on all but F5"
    assert said("F1", "F2", "F5", "F6", "F6-smooth") == "it looks unbeatable on all"
    assert said() == "it is first on none"


def test_the_page_that_is_kept_has_the_numbers_of_today() -> None:
    tables = (
        PAGE.read_text().split("Optima where the set has them, 100 iterations:")[1].split("Shifted, 100 iterations:")
    )
    chosen = optimizers(("pso", "ga", "geo"), SMALL.population)
    for shifted, printed in zip((False, True), tables[:2], strict=True):
        rows = [[cell.strip() for cell in row.split("|")] for row in printed.splitlines() if row.startswith("|")]
        comparison = Comparison(("F1",), chosen, SMALL.runs, SMALL.dimension, SMALL.iterations, shifted=shifted)
        for optimizer, mean in table4(compare_optimizers(comparison).table()).set_index("optimizer")["mean"].items():
            first = next(k for k, row in enumerate(rows) if row[1] == chosen[str(optimizer)].title)
            assert rows[first + 1][2] == "mean"
            assert rows[first + 1][3] == f"{mean:.2e}", (optimizer, shifted)
