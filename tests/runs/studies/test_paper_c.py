"""The study of paper C writes what it says, goes on where it stopped, and its claims say what the runs say."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from typer.testing import CliRunner, Result

from coordination.stations.search import find
from runs.cli import app
from runs.optimizing.comparison import crew_of
from runs.simulate import summarize
from runs.studies import paper_c
from runs.studies.claim import Claim
from runs.studies.paper_c import cases, report
from runs.studies.paper_c.cases import (
    BEFORE,
    PAPERS,
    READINGS,
    TRIGGERS,
    VARIANTS,
    PaperRuns,
    Size,
    calibrated_price,
    paper_runs,
)
from runs.studies.paper_c.claims import claims, sized
from runs.studies.paper_c.figures import figures
from runs.studies.paper_c.report import page
from runs.studies.paper_c.tables import convergence, months, paired, rows_of, tables, years
from runs.studies.paper_c.work import SEARCHERS, TIME_YUAN_PER_H, Search, busiest, month_factor, run_search, scenario_of
from runs.studies.parts import Parts
from runs.studies.registry import STUDIES
from runs.studies.study import StudyOptions
from tests.support.figures import faulty
from tests.support.marks import SLOW

TINY = Size(
    shots=2, reading_shots=1, tap_shots=1, population=20, iterations=10, months=(7, 11), days=(15,), day_population=12, day_iterations=1,
    seeds=(1,), trigger_iterations=1, some_days=((7, 15),), small_population=5, small_iterations=1,
)  # fmt: skip
TOLD: list[float] = []
WRITTEN = {
    "claims.csv", "convergence.csv", "tests.csv", "paired.csv", "taps.csv", "months.csv", "years.csv", "voltages.csv", "triggers.csv", "voltage_weight.csv",
    "time_cost.csv", "searches.csv", "days.csv", "trigger_days.csv", "paper_c.md", "figures", ".evswarm",
}  # fmt: skip
DRAWN = {
    "fig03_convergence", "fig04_voltage", "fig05_losses", "fig06_load", "fig07_cost", "fig08_cost_with_fee_cut",
    "fig09_cost_by_algorithm",
}  # fmt: skip


@pytest.fixture(scope="module", params=SLOW)
def runs(tmp_path_factory: pytest.TempPathFactory) -> PaperRuns:
    """Return runs by two workers."""
    with Parts(tmp_path_factory.mktemp("parts") / "out", "tiny") as parts, crew_of(2) as crew:
        return paper_runs(TINY, None, parts, crew, TOLD.append)


@pytest.fixture(scope="module")
def drawn(runs: PaperRuns) -> dict[str, Figure]:
    return figures(runs)


def evswarm(*words: object) -> Result:
    return CliRunner().invoke(app, ["study", "paper_c", *map(str, words)])


def by_number(runs: PaperRuns) -> dict[str, list[Claim]]:
    found: dict[str, list[Claim]] = {}
    for claim in claims(runs):
        found.setdefault(claim.number, []).append(claim)
    return found


def with_days(runs: PaperRuns, change: Callable[[pd.DataFrame], object]) -> PaperRuns:
    """Return made-up runs: days of the year's sample changed in place by a function of their table."""
    days = runs.days.copy()
    change(days)
    return dataclasses.replace(runs, days=days)


def as_before(days: pd.DataFrame, column: str, factors: dict[str, float], month: int | None = None) -> None:
    """Make a column that before scheduling, times a factor by way of scheduling; in one month or all."""
    before = days[days.variant == BEFORE].set_index(["month", "day"])[column]
    for row in days.index:
        variant, at = str(days.loc[row, "variant"]), (days.loc[row, "month"], days.loc[row, "day"])
        if month in (None, at[0]):
            days.loc[row, column] = before[at] * factors.get(variant, 1.0)


def test_it_goes_on_where_it_stopped_and_one_worker_writes_the_bytes_of_two(
    runs: PaperRuns, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise RuntimeError("stopped")

    out = tmp_path / "out"
    monkeypatch.setattr(report, "QUICK", TINY)
    with monkeypatch.context() as stopped:
        stopped.setattr(report, "claims", never)
        assert evswarm("--quick", "--out", out).exit_code != 0
    assert not out.exists()
    assert len(list(tmp_path.glob(".out-*.parts"))) == 1
    with monkeypatch.context() as finished:
        finished.setattr(cases, "run_day", never)
        finished.setattr(cases, "run_search", never)
        finished.setattr(cases, "run_taps", never)
        done = evswarm("--quick", "--out", out)
    assert done.exit_code == 0, done.output
    assert list(tmp_path.glob(".out-*.parts")) == []
    assert {path.name for path in out.iterdir()} == WRITTEN
    assert {path.stem for path in (out / "figures").iterdir()} == DRAWN
    held, written = claims(runs), tables(runs)
    assert (out / "paper_c.md").read_text() == page(runs, held, written)
    for name, table in written.items():
        assert (out / f"{name}.csv").read_text() == table.to_csv(index=False, float_format="%.6g"), name
    for claim in held:
        assert claim.text in done.output


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--evaluator", "guess"], "coefficients or powerflow"),
        (["--shots", "0"], "1 to 1000"),
        (["--days", "3"], "no such option"),
    ],
)
def test_it_refuses_what_it_does_not_take(words: list[str], found: str, tmp_path: Path) -> None:
    done = evswarm(*words, "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert found in " ".join(done.output.split())


def test_options_set_how_much_is_run() -> None:
    assert STUDIES["paper_c"] is paper_c.STUDY
    assert report.size_of(StudyOptions()) == cases.FULL
    assert report.size_of(StudyOptions(shots=3)) == dataclasses.replace(cases.FULL, shots=3)
    assert report.size_of(StudyOptions(evaluator="powerflow")).iterations < cases.FULL.iterations
    assert report.size_of(StudyOptions(quick=True, evaluator="coefficients")) == cases.QUICK


def test_everything_is_run_once(runs: PaperRuns) -> None:
    assert (np.diff(TOLD) > -1e-12).all()
    assert TOLD[-1] == pytest.approx(1.0)
    counts = runs.searches.optimizer.value_counts()
    assert counts.to_dict() == {name: 1 if name in READINGS else 2 for name in SEARCHERS}
    assert not runs.days.duplicated(["variant", "month", "day"]).any()
    assert len(runs.days) == len(VARIANTS) * 2
    assert runs.triggers.triggers.to_list() == list(TRIGGERS)
    assert set(runs.some.searched_by) == {"coefficients", "powerflow"}
    assert set(runs.shown) == set(VARIANTS)


def test_ways_of_scheduling_meet_the_same_users_and_events(runs: PaperRuns) -> None:
    for table, keys in ((runs.days, ["month", "day"]), (runs.triggers, ["seed"])):
        same = table.groupby(keys)[["visits", "sags", "short_slots"]].nunique()
        assert (same == 1).all(axis=None)
    assert (runs.days[["sags", "short_slots"]] == 0).all(axis=None)


def test_a_search_ends_as_the_search_of_a_run_would() -> None:
    search = run_search(Search("cso 0.2", 3, 20, 10, "coefficients"))
    problem, _ = busiest(3, "coefficients")
    assert search["evaluations"] == 20 * 11
    settings = problem.settings.model_copy(update={"optimizer": "cso", "population": 20, "iterations": 10})
    same = find(dataclasses.replace(problem, settings=settings), np.random.default_rng([3, 1]))
    assert search["fun_iterations"] == same.fitness
    assert search["feasible_iterations"] == same.objectives.feasible[0]
    assert search["fun"] <= search["fun_iterations"]
    assert search["curve"][-1] == search["fun"]
    assert (np.diff(search["curve"]) <= 0).all()


def test_taps_are_those_of_the_search_and_of_the_power_flow(runs: PaperRuns) -> None:
    taps, searches = runs.taps.set_index(["iterations", "shot"]), runs.searches.set_index(["optimizer", "shot"])
    assert taps.index.to_list() == [(0, 1), (1, 1), (10, 1)]
    assert taps.loc[(10, 1), "fitness"] == searches.loc[("acso", 1), "fun"]
    assert taps.loc[(0, 1), "set_mean_v"] == pytest.approx(400, abs=0.1), "no load, and the fixed taps of 10 to 0.4 kV"
    assert taps.loc[(0, 1), "set_std_v"] < 0.1
    problem, by_power_flow = busiest(1, "coefficients")
    network = by_power_flow.network(problem, problem.free, problem.power_kw(problem.free))
    assert taps.loc[(0, 1), "low_pu"] == pytest.approx(network.voltage_v.min() / 380)
    assert taps.loc[(0, 1), "high_pu"] == pytest.approx(network.voltage_v.max() / 380)


def test_a_day_is_that_of_a_run(runs: PaperRuns) -> None:
    day = next(day for key, day in cases._year(TINY, "coefficients").items() if key == f"{PAPERS}: 7-15")
    summary = summarize(scenario_of(day))
    rows = runs.days[(runs.days.month == 7)].set_index("variant")
    for name in ("losses_kwh", "cost_yuan", "voltage_min_pu", "feasible_slots", "visits"):
        assert rows.loc[PAPERS, name] == pytest.approx(summary[name])
    assert rows.loc[BEFORE, "losses_kwh"] == pytest.approx(summary["free"]["losses_kwh"])


def test_months_and_years_are_sums_of_their_days(runs: PaperRuns) -> None:
    days = runs.days[runs.days.variant == BEFORE].set_index("month").losses_kwh
    month = months(runs)
    own = month[month.variant == BEFORE].set_index("month").losses_mwh
    assert own[7] == pytest.approx(31 * days[7] / 1000)
    assert own[11] == pytest.approx(30 * days[11] / 1000)
    row = rows_of(years(runs), "variant")[BEFORE]
    assert row["losses_mwh"] == pytest.approx((own[7] + own[11]) * 365 / 61)
    assert row["losses_kwh_change"] == 0


def test_base_load_is_most_in_july() -> None:
    factors = {month: month_factor(month) for month in range(1, 13)}
    assert max(factors, key=lambda month: factors[month]) == 7
    assert factors[7] == pytest.approx(1.15)
    assert np.mean(list(factors.values())) == pytest.approx(1.0)


def test_at_the_calibrated_price_time_is_a_tenth_before(runs: PaperRuns) -> None:
    assert runs.time_yuan_per_h == calibrated_price(runs.days)
    before = runs.days[runs.days.variant == BEFORE]
    scaled = before.time_cost_yuan.sum() * runs.time_yuan_per_h / TIME_YUAN_PER_H
    assert scaled / (before.cost_yuan.sum() - before.time_cost_yuan.sum() + scaled) == pytest.approx(0.1)
    assert runs.priced[runs.priced.variant == BEFORE].time_cost_share.mean() == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize(
    ("ours", "outcome"), [(-0.034, "found"), (-0.017, "found"), (-0.1, "partly found"), (-0.01, "partly found"), (0.01, "not found")]
)  # fmt: skip
def test_a_change_is_found_at_half_to_twice_its_size(ours: float, outcome: str) -> None:
    assert sized(ours, -0.034) == outcome


@pytest.mark.parametrize(
    ("factors", "outcomes"),
    [
        ({PAPERS: 0.966, "cso 0.2": 0.994}, ["found", "found"]),
        ({PAPERS: 0.85, "cso 0.2": 0.851}, ["partly found", "partly found"]),
        ({PAPERS: 1.01, "cso 0.2": 0.99}, ["not found", "not found"]),
    ],
)
def test_losses_are_held_to_before_and_to_cso(runs: PaperRuns, factors: dict[str, float], outcomes: list[str]) -> None:
    made = with_days(runs, lambda days: as_before(days, "losses_kwh", factors))
    assert [claim.outcome for claim in by_number(made)["C-4"]] == outcomes


def test_november_counts_only_if_no_month_saves_more(runs: PaperRuns) -> None:
    for month, outcomes in ((11, ["found", "found"]), (7, ["not found", "not found"])):
        made = with_days(runs, lambda days: as_before(days, "losses_kwh", {}))
        made = with_days(made, lambda days, at=month: as_before(days, "losses_kwh", {PAPERS: 0.85}, at))  # type: ignore[misc]
        assert [claim.outcome for claim in by_number(made)["C-5"]] == outcomes


def test_costs_are_held_to_before_with_and_without_the_fee_cut(runs: PaperRuns) -> None:
    def change(days: pd.DataFrame) -> None:
        as_before(days, "cost_yuan", {PAPERS: 0.925})
        days["discount_yuan"] = np.where(days.variant == PAPERS, 0.017 * days.cost_yuan, 0.0)

    made = with_days(runs, change)
    assert [claim.outcome for claim in by_number(made)["C-6"]] == ["found", "found"]
    free = with_days(made, lambda days: days.__setitem__("discount_yuan", 0.0))
    assert [claim.outcome for claim in by_number(free)["C-6"]] == ["found", "partly found"]
    dearer = with_days(runs, lambda days: as_before(days, "cost_yuan", {PAPERS: 1.1}))
    assert [claim.outcome for claim in by_number(dearer)["C-6"]] == ["not found", "not found"]


@pytest.mark.parametrize(
    ("deviation", "swing", "outcome"),
    [(0.032, 0.062, "found"), (0.049, 0.096, "partly found"), (0.06, 0.062, "partly found"), (0.06, 0.12, "not found")],
)
def test_voltages_are_held_in_deviation_and_swing(
    runs: PaperRuns, deviation: float, swing: float, outcome: str
) -> None:
    def change(days: pd.DataFrame) -> None:
        own = days.variant == PAPERS
        days["voltage_min_pu"], days["voltage_max_pu"] = 0.953, 1.05
        days["voltage_deviation_max_pu"] = np.where(own, deviation, 0.05)
        days["voltage_swing_max_pu"] = np.where(own, swing, 0.097)

    assert [claim.outcome for claim in by_number(with_days(runs, change))["C-3"]] == ["calibrated", outcome]
    low = with_days(runs, lambda days: days.__setitem__("voltage_min_pu", 0.9))
    assert by_number(low)["C-3"][0].outcome == "not found"


@pytest.mark.parametrize(("factor", "outcome"), [(2.2, "calibrated"), (1.2, "partly found"), (0.9, "not found")])
def test_the_share_of_time_is_at_most_calibrated(runs: PaperRuns, factor: float, outcome: str) -> None:
    def change(days: pd.DataFrame) -> None:
        as_before(days, "cost_yuan", {})
        as_before(days, "time_cost_yuan", {PAPERS: factor})

    made = with_days(runs, change)
    made = dataclasses.replace(made, time_yuan_per_h=calibrated_price(made.days))
    assert [claim.outcome for claim in by_number(made)["C-7"]] == [outcome]


@pytest.mark.parametrize(
    ("rivals", "outcome"),
    [({}, "found"), ({"pso": -1.0}, "partly found"), (dict.fromkeys(SEARCHERS, -1.0), "not found")],
)
def test_acso_has_to_end_below_its_rivals(runs: PaperRuns, rivals: dict[str, float], outcome: str) -> None:
    made = pd.DataFrame([
        {
            "optimizer": name, "shot": shot, "fun": (fun := shot / 100 + (0.0 if name == "acso" else rivals.get(name, 1.0))),
            "fun_iterations": fun, "feasible": True, "feasible_iterations": True, "evaluations": 220,
        }
        for name in SEARCHERS
        for shot in range(8)
    ])  # fmt: skip
    held = by_number(dataclasses.replace(runs, searches=made))["C-8"]
    assert [claim.outcome for claim in held] == [outcome, outcome]
    assert convergence(dataclasses.replace(runs, searches=made)).feasible.eq(8).all()


def test_few_shots_say_nothing(runs: PaperRuns) -> None:
    assert {claim.outcome for claim in by_number(runs)["C-8"]} == {"not found"}


def test_inputs_are_found_at_the_papers_sizes_only(runs: PaperRuns) -> None:
    for changes, outcome in (
        ({}, "not found"),
        ({"population": 300, "iterations": 5000}, "partly found"),
        ({"population": 300, "iterations": 5000, "shots": 1000}, "found"),
    ):
        size = dataclasses.replace(TINY, **changes)
        assert by_number(dataclasses.replace(runs, size=size))["C-2"][0].outcome == outcome
    few = with_days(runs, lambda days: days.__setitem__("visits", 5000))
    assert by_number(few)["C-1"][0].outcome == "not found"
    assert by_number(runs)["C-1"][0].outcome == "found"


def test_figures_are_whole_and_explained_and_fit_their_axes(drawn: dict[str, Figure]) -> None:
    assert faulty(drawn) == {}


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_every_axis_is_labelled(drawn: dict[str, Figure], name: str) -> None:
    assert drawn[name].legends
    for axes in drawn[name].axes:
        x = {other.get_xlabel() for other in axes.get_shared_x_axes().get_siblings(axes)} - {""}
        y = {other.get_ylabel() for other in axes.get_shared_y_axes().get_siblings(axes)} - {""}
        assert len(x) == 1
        assert len(y) == 1
        assert "[" in y.pop()


def test_pairs_are_told_by_shot(runs: PaperRuns) -> None:
    shots = 8
    ended = {
        name: np.arange(shots) + (0.0 if name == "acso" else 1.0 if name == "pso" else -0.5)
        for name in ("acso", "cso 0.2", "cso", "pso", "apso")
    }
    searches = pd.DataFrame(
        [
            {"optimizer": name, "shot": shot, "fun": values[shot], "fun_iterations": ended["acso"][shot]}
            for name, values in ended.items()
            for shot in range(shots)
        ]
    )
    told = paired(dataclasses.replace(runs, searches=searches)).set_index(["equal", "other"])
    assert told.loc[("evaluations", "pso"), ["lower", "median_difference"]].tolist() == [shots, -1.0]
    assert told.loc[("evaluations", "cso"), ["lower", "median_difference"]].tolist() == [0, 0.5]
    assert (told.loc["evaluations", "p"] < 0.01).all(), "8 of 8 shots are one way, 2 in 256"
    assert (told.loc["iterations", "p"] == 1.0).all()
    assert (told.shots == shots).all()
