"""The optimisers' study: everything is written, and the page's words are those of its numbers."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from runs.studies.optimizers import report
from runs.studies.optimizers.cases import LARGE, MIDDLE, QUICK, SMALL, StudyRuns, optimizers, study_runs
from runs.studies.optimizers.claims import claims
from runs.studies.registry import STUDIES

TINY = (
    replace(QUICK[0], iterations=10, runs=5, functions=("F1", "F2", "F5", "F6")),
    *(replace(size, iterations=5, population=16) for size in QUICK[1:]),
)


@pytest.fixture(scope="module")
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
        text = STUDIES["optimizers"].run(folder, quick=True, progress=told.append)
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
        report.PICTURE, "convergence_30_origin", "convergence_30_shifted", "convergence_228_shifted",
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
