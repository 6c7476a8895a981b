"""The batch-size study: its points are sound, its means are those of the runs, its rule is read off as it says."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from runs.simulate import summarize
from runs.studies.batch.cases import BATCHES, Series, all_series, design, means, rule, scenario
from runs.studies.batch.figures import figures
from runs.studies.batch.report import page
from runs.sweep import replication_seed, sweep
from tests.support.figures import faulty
from tests.support.marks import SLOW

FLEETS = 2
SERIES = all_series()


@pytest.fixture(scope="module", params=SLOW)
def runs(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    folder: Path = tmp_path_factory.mktemp("study") / "sweep"
    done = sweep(scenario(), design(SERIES), replications=FLEETS, folder=folder, engine="serial")
    assert done.failed == 0
    return pd.read_parquet(done.folder / "runs.parquet")


@pytest.fixture(scope="module")
def table(runs: pd.DataFrame) -> pd.DataFrame:
    return means(SERIES, runs)


def test_every_series_differs_from_the_ideal_one_in_what_it_says() -> None:
    assert SERIES[0].family == "ideal"
    assert {each.family for each in SERIES} == {"ideal", "rounds", "losses", "delays", "sizes"}
    assert design(SERIES).faults(scenario()) == []
    assert len({tuple(sorted(each.changes.items())) for each in SERIES}) == len(SERIES)


def test_a_row_is_the_mean_over_fleets_of_the_runs_that_it_names(table: pd.DataFrame) -> None:
    k = SERIES.index(next(each for each in SERIES if each.label == "20 % lost"))
    row = table[(table.series == "20 % lost") & (table.batch_size == 50)].iloc[0]
    by_hand = [
        summarize(scenario().varied({**SERIES[k].changes, "coordination.batch_size": 50, "run.seed": seed}))
        for seed in (replication_seed(1, r) for r in range(FLEETS))
    ]
    for name in ("valley_ripple_kw", "messages", "optimality_gap"):
        values = [each[name] for each in by_hand]
        assert row[name] == pytest.approx(np.mean(values))
        assert row[f"{name}_half_width"] == pytest.approx(12.7062 * np.std(values, ddof=1) / np.sqrt(2), rel=1e-4)
    assert row.share == 50 / 500


def test_all_series_meet_the_same_fleets(runs: pd.DataFrame) -> None:
    points = sum(len(each.batches) for each in SERIES)
    ours = runs[runs["fleet.vehicles"] == 500]
    assert ours.groupby(ours.run // points).energy_requested_kwh.nunique().tolist() == [1] * FLEETS


def test_the_rule_is_read_between_the_batch_sizes() -> None:
    series = Series("ideal", "one round", {}, (1, 10, 100))
    gaps = [0.005, 0.0055, 0.02]
    table = pd.DataFrame({
        "series": series.label, "vehicles": 1000, "batch_size": series.batches, "share": [0.001, 0.01, 0.1],
        "optimality_gap": gaps, "valley_ripple_kw": [20.0, 24.0, 220.0],
    })  # fmt: skip
    (row,) = rule(table).itertuples()
    assert row.unnoticed_share == pytest.approx(0.01 * 10 ** ((0.006 - 0.0055) / (0.02 - 0.0055)))
    assert row.filled_share == pytest.approx(0.01 * 10 ** ((0.01 - 0.0055) / (0.02 - 0.0055)))
    assert row.ripple_per_batch_kw == pytest.approx(200 / 400)
    (never,) = rule(table.assign(optimality_gap=0.001)).itertuples()
    assert never.filled_share == 1.0
    (always,) = rule(table.assign(optimality_gap=[0.02, 0.03, 0.04])).itertuples()
    assert np.isnan(always.filled_share)


def test_bigger_batches_fill_the_valley_worse_and_send_less(table: pd.DataFrame) -> None:
    ideal = table[table.family == "ideal"].set_index("batch_size")
    assert ideal.index.tolist() == list(BATCHES)
    assert ideal.optimality_gap[1] < ideal.optimality_gap[50] < ideal.optimality_gap[250]
    assert ideal.messages[1] > ideal.messages[10] > ideal.messages[100]


def test_figures_and_page_show_every_series(table: pd.DataFrame) -> None:
    rules = rule(table)
    assert faulty(figures(table, rules)) == {}
    for name, figure in figures(table, rules).items():
        for axes in figure.axes:
            assert "[" in axes.get_ylabel() or axes.get_ylabel() == "messages", name
            assert len(axes.lines) >= 3
    text = page(table, rules, failed=0)
    for label in table.series.unique():
        assert label in text


@pytest.mark.slow
def test_a_study_that_is_killed_goes_on_from_its_sweep(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "runs", "study", "batch", "--quick", "--out", str(tmp_path / "out")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        journals = iter(lambda: list(tmp_path.glob(".out-*.sweep/journal.jsonl")), None)
        next(found for found in journals if process.poll() is not None or (found and found[0].stat().st_size > 0))
        process.kill()
    (journal,) = tmp_path.glob(".out-*.sweep/journal.jsonl")
    kept = journal.read_bytes().rpartition(b"\n")[0]
    assert kept
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    assert "which a killed run had left" in done.stderr
    assert (tmp_path / "out" / "sweep" / "journal.jsonl").read_bytes().startswith(kept)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
