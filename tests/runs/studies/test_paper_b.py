"""The study of paper B writes what it says, and its tables and figures say what the runs say."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from typer.testing import CliRunner

from coordination.optimizers import OPTIMIZERS
from coordination.optimizers.minimize import minimize
from coordination.peak_shaving.exact import solve
from runs.cli import app
from runs.progress import Course
from runs.simulate import simulate
from runs.studies import paper_b
from runs.studies.paper_b import report
from runs.studies.paper_b.cases import (
    EXACT,
    NOTHING,
    SEARCHERS,
    STAYS,
    PaperRuns,
    Size,
    _scale_all,
    paper_case,
    paper_runs,
    rate_of,
    settled,
    v2g_of,
)
from runs.studies.paper_b.claims import claims
from runs.studies.paper_b.figures import figures
from runs.studies.paper_b.tables import row_of, tables, where
from runs.studies.registry import STUDIES
from tests.support.figures import faulty
from tests.support.marks import SLOW

SMALL = Size(range(1, 3), iterations=20, large=40, scale_steps=4)
TOLD: list[float] = []
ONE_DAY = [
    "fig03_signal", "fig04_convergence", "fig05_spread", "fig06_tracking", "fig07_deviation", "fig08_load_1_day",
]  # fmt: skip
THREE_DAYS = ["fig09_load_3_days"]


@pytest.fixture(scope="module", params=SLOW)
def runs() -> PaperRuns:
    return paper_runs(SMALL, progress=TOLD.append)


@pytest.fixture(scope="module")
def drawn(runs: PaperRuns) -> dict[str, Figure]:
    return figures(runs)


@pytest.fixture
def small_study(runs: PaperRuns, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command show runs that are there already, cut to the days that it asks for."""

    def cut(_size: Size, days: tuple[int, ...], progress: object) -> PaperRuns:
        assert callable(progress)
        horizons = runs.horizons[runs.horizons.days.isin(days)]
        shown = {key: result for key, result in runs.shown.items() if key[0] in days}
        part = runs if 1 in days else dataclasses.replace(runs, signals=pd.DataFrame())
        return dataclasses.replace(part, days=days, horizons=horizons, shown=shown)

    monkeypatch.setattr(report, "paper_runs", cut)


def test_it_knows_paper_b_from_the_command_line() -> None:
    assert STUDIES["paper_b"] is paper_b.STUDY
    assert paper_b.STUDY.options["days"].allowed == (1, 3)


@pytest.mark.usefixtures("small_study")
def test_the_study_writes_every_file_and_prints_the_claims(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["study", "paper_b", "--quick", "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "claims.csv", "table3_algorithms.csv", "table5_tactics.csv", "load_scales.csv", "functions.csv", "searches.csv",
        "tactic_runs.csv", "horizons.csv", "paper_b.md", "figures", ".evswarm",
    }  # fmt: skip
    assert sorted(path.stem for path in (tmp_path / "out/figures").iterdir()) == ONE_DAY + THREE_DAYS
    told = pd.read_csv(tmp_path / "out/claims.csv")
    assert list(dict.fromkeys(told.number)) == [f"B-{number}" for number in range(1, 10)]
    assert set(told.outcome) <= {"found", "partly found", "calibrated", "not found"}
    page = (tmp_path / "out/paper_b.md").read_text()
    for text in told.text:
        assert text in page
        assert text in done.stdout


@pytest.mark.usefixtures("small_study")
@pytest.mark.parametrize(
    ("days", "drawn", "numbers"), [(1, ONE_DAY, {1, 2, 3, 4, 5, 6, 7, 9}), (3, THREE_DAYS, {8})], ids=["one", "three"]
)
def test_days_cuts_the_study(tmp_path: Path, days: int, drawn: list[str], numbers: set[int]) -> None:
    done = CliRunner().invoke(app, ["study", "paper_b", "--quick", "--days", str(days), "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert sorted(path.stem for path in (tmp_path / "out/figures").iterdir()) == drawn
    assert set(pd.read_csv(tmp_path / "out/claims.csv").number) == {f"B-{number}" for number in numbers}
    assert set(pd.read_csv(tmp_path / "out/horizons.csv").days) == {days}


@pytest.mark.parametrize("name", sorted(set(STUDIES) - {"paper_b"}))
def test_other_studies_refuse_days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["study", name, "--days", "3"])
    assert done.exit_code == 2
    assert "no such option" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_two_days_are_a_fault(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["study", "paper_b", "--days", "2", "--out", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert "1 or 3" in done.stderr
    assert not (tmp_path / "out").exists()


def test_three_days_alone_run_nothing_of_one_day() -> None:
    runs = paper_runs(Size([1], iterations=1, large=1, scale_steps=1), [3])
    assert runs.signals.empty
    assert set(runs.horizons.days) == {3}
    assert all(len(result.v2g_slots) == 288 for result in runs.shown.values())


def test_the_case_is_the_papers() -> None:
    world = v2g_of(paper_case(1))
    load_kw = world.load.forecast_kw
    assert (load_kw.max() - load_kw.min()) / load_kw.max() == pytest.approx(0.5503, abs=1e-12)
    assert load_kw.max() == 45_000
    assert len(world.fleet) == 300
    assert (world.settings.soc_min, world.settings.soc_max) == (0.2, 0.8)
    assert (v2g_of(paper_case(1, stays="always")).participation.available == 300).all()


def test_a_search_is_the_one_that_a_run_makes(runs: PaperRuns) -> None:
    summary = simulate(paper_case(2, stays="always", optimizer="pso", iterations=SMALL.iterations)).summary
    row = row_of(runs.signals, tariff="guangdong", stays="always", budget="iterations", optimizer="pso", seed=2)
    assert row["fitness"] == summary["signal_fitness"]
    assert row["gap"] == pytest.approx(summary["gap_to_exact"], abs=1e-9)
    assert row["owner_profit_yuan"] == pytest.approx(-summary["signal_cost_yuan"])
    assert row["is_feasible"] == summary["signal_is_feasible"]


def test_the_exact_optimum_has_the_least_f(runs: PaperRuns) -> None:
    for _, each in runs.signals.groupby(["tariff", "stays", "seed"]):
        (exact,) = where(each, optimizer=EXACT).itertuples()
        assert exact.is_optimal
        assert exact.is_feasible
        assert (each.fitness >= exact.fitness - 1e-9).all()
        assert row_of(each, optimizer=NOTHING)["fitness"] == pytest.approx(0.5)


def test_budgets_are_equal_where_they_say_so(runs: PaperRuns) -> None:
    for budget, evaluations in (("evaluations", 630), ("large", 1230)):
        assert (where(runs.signals, budget=budget).evaluations == evaluations).all()
    assert set(where(runs.signals, budget="iterations").optimizer) == set(SEARCHERS)


def test_table_3_agrees_with_the_searches(runs: PaperRuns) -> None:
    table = tables(runs)["table3_algorithms"]
    for name in SEARCHERS:
        key = {"tariff": "guangdong", "stays": "daily", "budget": "iterations", "optimizer": name}
        searches = where(runs.signals, **key)
        sound = searches[searches.is_feasible]
        for figure in ("fitness", "rate", "difference_kw", "owner_profit_yuan", "settled_evaluations", "gap"):
            row = row_of(table, figure=figure, **key)
            assert (row["mean"], row["min"], row["max"]) == pytest.approx(
                (sound[figure].mean(), sound[figure].min(), sound[figure].max()), nan_ok=True
            )
            assert row["feasible_share"] == searches.is_feasible.mean()
            assert row["worse_than_nothing_share"] == (searches.fitness > 0.501).mean()


def test_table_5_agrees_with_runs_of_its_tactics(runs: PaperRuns) -> None:
    table = tables(runs)["table5_tactics"]
    for reading in ("cumulative", "per_interval"):
        summaries = [
            simulate(
                paper_case(
                    seed, tactic="tactic_4", optimizer="igeo", iterations=SMALL.iterations, ageing_reading=reading
                )
            ).summary
            for seed in SMALL.seeds
        ]
        row = row_of(table, stays="daily", signal="igeo", reading=reading, tactic="4: two halves, by state of charge")
        for ours, theirs in (
            ("loss_mean_percent", "life_loss_mean_percent"), ("loss_p95_percent", "life_loss_p95_percent"),
            ("loss_max_percent", "life_loss_max_percent"), ("years_mean", "years_mean_loss"),
            ("deviation_max_kw", "deviation_max_kw"), ("soc_std_after", "soc_std_after"),
        ):  # fmt: skip
            assert row[ours] == pytest.approx(np.mean([summary[theirs] for summary in summaries])), ours


def test_energy_and_charge_at_the_end_are_those_of_a_run(runs: PaperRuns) -> None:
    for stays in STAYS:
        result = simulate(paper_case(1, stays=stays, tactic="tactic_2", optimizer=EXACT))
        row = row_of(runs.tactics, stays=stays, signal=EXACT, tactic="tactic_2", seed=1)
        slot_h = result.scenario.horizon.slot_h
        signal_kwh = result.v2g_slots.signal_kw * slot_h
        assert row["soc_start"] == pytest.approx(result.v2g_vehicles.soc_start.mean())
        assert row["soc_end"] == pytest.approx(result.summary["soc_mean_end"])
        assert row["signal_charged_kwh"] == pytest.approx(signal_kwh.clip(lower=0).sum(), abs=1e-6)
        assert row["signal_discharged_kwh"] == pytest.approx(-signal_kwh.clip(upper=0).sum())
        assert row["charged_kwh"] == pytest.approx(result.summary["charged_kwh"])
        assert row["discharged_kwh"] == pytest.approx(result.summary["discharged_kwh"])
        given_kwh = row["charged_kwh"] + row["discharged_kwh"]
        assert row["delivered_share"] == pytest.approx(given_kwh / signal_kwh.abs().sum())
        assert row["owner_profit_yuan"] == pytest.approx(result.summary["owner_profit_yuan"])
        assert row["floor_share"] == (result.v2g_vehicles.soc_end <= 0.21).mean()


def test_what_a_signal_sells_is_bought_back_at_the_least_price(runs: PaperRuns) -> None:
    problem = v2g_of(paper_case(1)).problem
    row = row_of(runs.signals, tariff="guangdong", stays="daily", optimizer=EXACT, seed=1)
    missing_kwh = (row["soc_start"] - row["soc_end"]) * 300 * 35
    least = problem.up_yuan_per_kwh.min()
    assert row["soc_end"] == pytest.approx(0.2)
    assert row["buy_back_yuan"] == pytest.approx(missing_kwh / 0.9 * least)
    idle = row_of(runs.signals, tariff="guangdong", stays="daily", optimizer=NOTHING, seed=1)
    assert idle["soc_end"] == idle["soc_start"]
    assert idle["buy_back_yuan"] == 0


def test_years_are_marked_where_the_day_cannot_follow_itself(runs: PaperRuns) -> None:
    held = dataclasses.replace(runs, tactics=runs.tactics.assign(soc_end=runs.tactics.soc_start + 0.009))
    for each, repeatable in ((runs, False), (held, True)):
        assert (tables(each)["table5_tactics"].is_repeatable == repeatable).all()
        page = report.page(each, claims(each), tables(each))
        years = [claim.evidence for claim in claims(each) if "service life" in claim.text]
        assert ("(not repeatable)" in page) is not repeatable
        assert ("(not repeatable)" in years[0]) is not repeatable


def test_the_page_says_where_the_charge_ends(runs: PaperRuns) -> None:
    page = report.page(runs, claims(runs), tables(runs))
    mean = (
        where(runs.tactics, stays="daily", signal=EXACT, tactic="proposed")
        .drop(columns=["stays", "signal", "tactic"])
        .mean()
    )
    assert f"discharges {mean.signal_discharged_kwh:,.0f} kWh. EVs deliver {mean.delivered_share:.0%}" in page
    assert (
        f"from {mean.soc_start:.2f} to {mean.soc_end:.2f}, and {mean.floor_share:.0%} of them end at the floor" in page
    )


def test_agents_give_what_the_figures_show_compiled(runs: PaperRuns) -> None:
    shown = runs.shown[1, "daily", "igeo"]
    assert shown.scenario.run.engine == "agents"
    compiled = simulate(shown.scenario.update(run={"engine": "compiled"}))
    np.testing.assert_allclose(shown.v2g_slots.response_kw, compiled.v2g_slots.response_kw)
    np.testing.assert_allclose(shown.v2g_vehicles.life_loss_percent, compiled.v2g_vehicles.life_loss_percent)


def test_no_signal_is_below_the_least_rate(runs: PaperRuns) -> None:
    for stays in STAYS:
        scales = where(runs.scales, stays=stays, objective="difference").set_index("seed")
        signals = where(runs.signals, stays=stays, tariff="guangdong", is_feasible=True).set_index("seed")
        assert (signals.rate >= scales.least_rate.reindex(signals.index) - 1e-9).all()
        assert (scales.rate >= scales.least_rate - 1e-9).all()


def test_at_its_scale_a_signal_has_the_papers_rate_and_at_another_the_evs_have() -> None:
    size = Size([1], iterations=1, large=1, scale_steps=22)
    row = next(each for each in _scale_all(size, Course(lambda _: None)) if each["objective"] == "difference")
    assert row["stays"] == "daily"
    keys = {"optimizer": "exact", "weight_difference": 1.0, "weight_cost": 0.0}
    at_scale = paper_case(1, peak_kw=row["peak_kw"], **keys)
    world = v2g_of(at_scale)
    exact = solve(world.problem)
    assert exact is not None
    assert rate_of(world.load.forecast_kw + exact.signal_kw) == pytest.approx(0.4804, abs=1e-4)
    followed = paper_case(1, peak_kw=row["followed_peak_kw"], **keys)
    assert simulate(followed).summary["peak_valley_rate"] == pytest.approx(0.4804, abs=1e-3)
    assert simulate(paper_case(1, **keys)).summary["peak_valley_rate"] == pytest.approx(row["followed_rate"])


def test_a_search_has_settled_within_a_hundredth_of_its_end() -> None:
    history = np.array([[30, 5.0], [60, 1.02], [90, 1.01], [120, 1.0]])
    assert settled(history) == 90
    below = np.array([[30, 1.0], [60, -0.98], [90, -1.0]])
    assert settled(below) == 90
    assert settled(np.empty((0, 2))) == 0


def test_the_same_study_gives_the_same_numbers(runs: PaperRuns) -> None:
    row = row_of(runs.signals, tariff="guangdong", stays="daily", budget="large", optimizer="ga", seed=1)
    world = v2g_of(paper_case(1))
    optimizer = OPTIMIZERS["ga"](OPTIMIZERS["ga"].params_class(population=30))
    again = minimize(world.problem, optimizer, max_evaluations=1230, rng=np.random.default_rng(world.search_seed))
    assert row["fitness"] == again.fun
    np.testing.assert_array_equal(runs.histories["daily", "large", "ga"][0], again.history)


def test_figures_are_whole_and_explained_and_fit_their_axes(drawn: dict[str, Figure]) -> None:
    assert faulty(drawn) == {}


@pytest.mark.parametrize("name", ONE_DAY + THREE_DAYS)
def test_every_axis_is_labelled_with_its_unit(drawn: dict[str, Figure], name: str) -> None:
    assert drawn[name].legends
    for axes in drawn[name].axes:
        x = {other.get_xlabel() for other in axes.get_shared_x_axes().get_siblings(axes)} - {""}
        y = {other.get_ylabel() for other in axes.get_shared_y_axes().get_siblings(axes)} - {""}
        assert x in ({"time of day"}, {"points evaluated [1]"})
        assert len(y) == 1
        assert "[" in y.pop()


def test_what_holds_at_the_chosen_load_is_at_most_calibrated(runs: PaperRuns) -> None:
    can = runs.scales.assign(rate=0.48, is_optimal=True, followed_rate=0.48)
    cannot = runs.scales.assign(rate=0.49)
    for scales, outcome in ((can, "calibrated"), (cannot, "not found")):
        told = [claim for claim in claims(dataclasses.replace(runs, scales=scales)) if "whether 300 EVs" in claim.text]
        assert [claim.outcome for claim in told] == [outcome]


def test_the_cost_is_divided_by_one_full_charge_whatever_the_days(runs: PaperRuns) -> None:
    by_days = runs.horizons.pivot_table(index=["stays", "signal", "seed"], columns="days", values="cost_max_yuan")
    np.testing.assert_allclose(by_days[1], by_days[3])


def test_a_claim_that_no_run_can_bear_out_is_not_found(runs: PaperRuns) -> None:
    better = runs.signals.copy()
    better.loc[better.optimizer == "igeo", "fitness"] = 0.0
    told = [claim for claim in claims(dataclasses.replace(runs, signals=better)) if claim.number == "B-5"]
    assert told[0].outcome == "not found", "two seeds are too few to be significant"
    worse = runs.tactics.assign(deviation_max_kw=100.0)
    (deviation,) = [claim for claim in claims(dataclasses.replace(runs, tactics=worse)) if claim.number == "B-4"]
    assert deviation.outcome == "not found"
    within = runs.tactics.assign(deviation_max_kw=11.9)
    (deviation,) = [claim for claim in claims(dataclasses.replace(runs, tactics=within)) if claim.number == "B-4"]
    assert deviation.outcome == "found"


def test_progress_only_grows_to_the_end(runs: PaperRuns) -> None:
    assert len(TOLD) > len(runs.signals) / 2
    assert sorted(TOLD) == TOLD
    assert TOLD[-1] == pytest.approx(1.0)
