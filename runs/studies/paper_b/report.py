"""The study of paper B: its runs once, then claims, tables, figures and a page from them."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from coordination.peak_shaving.power_sharing import TACTICS
from environment.ageing import DAYS_PER_YEAR, END_OF_LIFE_PERCENT, EXPONENT, stress
from runs.progress import Progress
from runs.studies.claim import Claim
from runs.studies.markdown import claims_table, markdown
from runs.studies.output import outcomes, write_figures, write_tables
from runs.studies.paper_b import BOTH_DAYS
from runs.studies.paper_b.cases import (
    EXACT,
    FOLLOWED,
    FULL,
    NOTHING,
    QUICK,
    SEARCHERS,
    SOC_SAME,
    STAYS,
    PaperRuns,
    paper_runs,
)
from runs.studies.paper_b.claims import NAMES, ONCE, PAPER_YEARS, SAYS, claims
from runs.studies.paper_b.tables import LOSSES, NOTICEABLE, number, row_of, tables, where
from runs.studies.parts import Parts
from runs.studies.study import Asked
from runs.v2g.paper_b import CAPACITY_KWH, PEAK_KW, POWER_KW

PAGE = "paper_b.md"
TITLES = {"iterations": "{} iterations", "evaluations": "{:,} evaluations", "large": "{:,} evaluations"}


def run(folder: Path, asked: Asked, progress: Progress, _parts: Parts) -> str:
    """Write everything; see `runs.studies.study.Run`."""
    from runs.studies.paper_b.figures import figures  # noqa: PLC0415  (matplotlib only where a figure is drawn)

    days = BOTH_DAYS if asked.days is None else (asked.days,)
    runs = paper_runs(QUICK if asked.quick else FULL, days, lambda part: progress(0.95 * part))
    held = claims(runs)
    written = tables(runs)
    write_tables(folder, held, written)
    write_figures(folder, figures(runs), asked.figures)
    (folder / PAGE).write_text(page(runs, held, written), encoding="utf-8")
    progress(1.0)
    return outcomes(held)


def page(runs: PaperRuns, held: Iterable[Claim], written: dict[str, pd.DataFrame]) -> str:
    """Return the reproduction page as Markdown.

    Parameters
    ----------
    runs
        All runs.
    held
        What became of the claims.
    written
        The tables, as `tables` gives them.
    """
    seeds = runs.size.seeds
    parts = [
        f"""<!-- Written by `make docs` from runs/studies/paper_b/; edit that instead. -->

# Paper B, reproduced

Claims of "Grouping control of electric vehicles based on improved golden eagle optimization for peaking", each held against
{len(seeds)} seeds ({seeds[0]} to {seeds[-1]}), each a fleet with its habits and states of charge, and a search. The case is the paper's where
its text gives it: 300 EVs, 7.5 kW, 35 kWh, efficiency 0.9, state of charge 0.2 to 0.8, 96 slots of 15 minutes from midnight, a load
whose peak-valley rate is 55.03 %, weights of 0.5, penalties of 10^8. Its formulas, tables and curves are lost; what stands in for
them:

- **Calibrated, once:** the load's scale. The peak is {PEAK_KW / 1000:g} MW, where a signal of 300 EVs that are always at the grid can just about do what
  the paper reports, if the difference alone counts (B-1).
- **Default:** the load's shape (ERCOT's North Central zone, stretched), Guangdong's prices with a flat price of 0.65 yuan/kWh, N(t) from the
  fleet's habits ("N(t) from habits": nearly all are away at noon) or 300 in every slot ("300 always"), states of charge drawn
  evenly from 0.2 to 0.8, a population of 30 and {runs.size.iterations} iterations (what the paper's test functions have). EVs that are away use no
  energy, as in the paper.
- **Reconstructed:** F, IGEO's schedule, the sharing functions, the ageing law (see the sources in `coordination/peak_shaving/`,
  `coordination/optimizers/` and `environment/ageing.py`).

Nothing but the load's scale, which is calibrated, was tuned until a claim came true. Where a claim can be tested on IGEO's signal alone,
which is poor here, the exact optimum's stands beside it.
{_last_charge(runs) if 1 in runs.days else ""}
## Claims

{claims_table(held)}

"Found" means true in all that is said there, "partly found" in a part of it, "calibrated" at a value that the paper does not give and that
was chosen for it. Where a claim is about a direction, more than three quarters of the seeds must have it.
"""
    ]
    if 1 in runs.days:
        parts += [_algorithms(runs, written["table3_algorithms"]), _tactics(written["table5_tactics"]), _scales(runs)]
    parts += [_horizons(runs), _inconsistent()]
    return "\n".join(parts)


def _last_charge(runs: PaperRuns) -> str:
    said = []
    for stays in STAYS:
        for signal in FOLLOWED:
            mean = (
                where(runs.tactics, stays=stays, signal=signal, tactic="proposed")
                .drop(columns=["stays", "signal", "tactic"])
                .mean()
            )
            said.append(
                f"- {NAMES[signal]}, {SAYS[stays]}: the signal charges {mean.signal_charged_kwh:,.0f} kWh and discharges "
                f"{mean.signal_discharged_kwh:,.0f} kWh. EVs deliver {mean.delivered_share:.0%} of that energy, their mean state of charge goes "
                f"from {mean.soc_start:.2f} to {mean.soc_end:.2f}, and {mean.floor_share:.0%} of them end at the floor."
            )
    profits = []
    for stays in STAYS:
        signals = where(runs.signals, tariff="guangdong", stays=stays, optimizer=EXACT)
        followed = where(runs.tactics, stays=stays, signal=EXACT, tactic="proposed")
        profit, back = signals.owner_profit_yuan.mean(), signals.buy_back_yuan.mean()
        profits.append(
            f"With {SAYS[stays]}, the exact optimum's signal earns {number(profit, 0)} yuan, the EVs that follow it "
            f"{number(followed.owner_profit_yuan.mean(), 0)}; buying the signal's energy back at the day's least price would cost "
            f"{number(back, 0)} and leave {number(profit - back, 0)}"
        )
    return f"""
## Where the state of charge ends

The paper's F has no condition on the last state of charge, so it pays to sell what EVs began with and buy nothing back. With the proposed
tactic, means over seeds:

{chr(10).join(said)}

So "owner profit" in Table 3 is the signal's, not the EVs', and holds a sale that can be made once. {". ".join(profits)}. Years of
service are those "if such days follow each other", which a day that ends elsewhere than it began cannot: they are marked as not repeatable
where the mean state of charge ends more than {SOC_SAME:g} from where it began.
"""


def _inconsistent() -> str:
    short, long = (_kwh_a_day(years) for years in PAPER_YEARS)
    return f"""## What does not fit inside the paper

- It sets the interval to 1 and has 96 a day; here it is 0.25 h.
- The penalties are printed as 108, which is 10^8 with the superscript lost.
- The test functions are called CEC2005; they are F1-F6 of the older set of 23.
- "When the state of charge is high, the charging function is low, corresponding to a high charging power" should say low.
- The golden eagle optimiser is credited once to reference 11 (a conference paper of 2023), once to 15 (a study of storage); it is that of
  Mohammadi-Balani and others, whose first author's first name is given as a surname.
- Service lives of {PAPER_YEARS[0]:g} and {PAPER_YEARS[1]:g} years cannot come from the mean energy that EVs move if all tactics follow the same signal: under the
  cumulative law they stand for {short:.1f} and {long:.1f} kWh a day and EV.
"""


def _kwh_a_day(years: float) -> float:
    """Return the energy into and out of a battery with which it lasts so long at rated power, by the cumulative law."""
    rate = np.array(POWER_KW / CAPACITY_KWH)
    total_kwh = (END_OF_LIFE_PERCENT / float(stress(rate))) ** (1 / EXPONENT)
    return float(total_kwh / (years * DAYS_PER_YEAR))


def _algorithms(runs: PaperRuns, table: pd.DataFrame) -> str:
    worse = {
        stays: [
            NAMES[name]
            for name in SEARCHERS
            if _row(table, "fitness", stays, "iterations", name)["worse_than_nothing_share"] > 0.5
        ]
        for stays in STAYS
    }
    said = "; ".join(f"{SAYS[stays]}: {', '.join(names) or 'none'}" for stays, names in worse.items())
    return f"""## Table 3: the algorithms

At {runs.size.iterations} iterations; mean (least to most) over seeds. **Worse than doing nothing** (a signal of zeros, F = 0.5) for most seeds:
{said}.

{_still(runs)}

Owner profit is the signal's and holds what it sells of the energy that EVs began with; "charge at the end" is the fleet's mean state of
charge if the signal is followed in full, {_start(runs)} at the start.

"Settled" is the number of evaluations after which the best F is within 1 % of its last value. Numbers are of seeds whose signal breaks
no constraint; "feasible" says how many do.

{SAYS["daily"]}:

{_table3(table, "daily")}

{SAYS["always"]}:

{_table3(table, "always")}

With Beijing's prices, {SAYS["daily"]}:

{_table3(table, "daily", "beijing")}

## Gaps to the exact optimum

F less that of the linear programme, mean (least to most) over seeds. CSO and ACSO evaluate fewer points in as many iterations; the other
budgets are equal evaluations for all.

{_gaps(runs, table)}
"""


def _still(runs: PaperRuns) -> str:
    woa = where(runs.signals, tariff="guangdong", budget="iterations", optimizer="woa")
    still = int((woa.fitness.sub(0.5).abs() < NOTICEABLE).sum())
    return (
        f"WOA ends at F = 0.5 in {still} of {len(woa)} searches: it is drawn to the origin ([shown here](optimizers.md)), and here the "
        "origin is doing nothing."
    )


def _start(runs: PaperRuns) -> str:
    return _span(where(runs.signals, tariff="guangdong", optimizer=NOTHING, stays="daily").soc_start, 2)


def _row(
    table: pd.DataFrame, figure: str, stays: str, budget: str, optimizer: str, tariff: str = "guangdong"
) -> dict[str, Any]:
    return row_of(table, figure=figure, stays=stays, budget=budget, optimizer=optimizer, tariff=tariff)


def _table3(table: pd.DataFrame, stays: str, tariff: str = "guangdong") -> str:
    columns = {
        "fitness": ("F", 1.0, 3), "rate": ("peak-valley rate [%]", 100.0, 2), "difference_kw": ("difference [kW]", 1.0, 0),
        "owner_profit_yuan": ("owner profit [yuan]", 1.0, 0), "soc_end": ("charge at the end", 1.0, 2),
        "settled_evaluations": ("settled", 1.0, 0),
        "gap": ("gap", 1.0, 3),
    }  # fmt: skip
    rows = []
    for budget, name in (("", NOTHING), *(("iterations", name) for name in SEARCHERS), ("", EXACT)):
        each = {figure: _row(table, figure, stays, budget, name, tariff) for figure in columns}
        cells = [_with(each[figure], scale, digits) for figure, (_, scale, digits) in columns.items()]
        shares = [f"{each['fitness'][share]:.0%}" for share in ("feasible_share", "worse_than_nothing_share")]
        rows.append((NAMES[name], *cells, *shares))
    names = ["", *(title for title, _, _ in columns.values()), "feasible", "worse than nothing"]
    return markdown(pd.DataFrame(rows, columns=names))


def _gaps(runs: PaperRuns, table: pd.DataFrame) -> str:
    counts = {name: next(iter(limits.values())) for name, limits in runs.size.budgets.items()}
    rows = [
        (
            SAYS[stays],
            NAMES[name],
            *(_with(_row(table, "gap", stays, "" if name == NOTHING else budget, name), 1.0, 3) for budget in counts),
        )
        for stays in STAYS
        for name in (NOTHING, *SEARCHERS)
    ]
    names = ["", "algorithm", *(TITLES[budget].format(count) for budget, count in counts.items())]
    return markdown(pd.DataFrame(rows, columns=names))


def _tactics(table: pd.DataFrame) -> str:
    rows = []
    for row in where(table, reading="cumulative").to_dict("records"):
        other = row_of(table, stays=row["stays"], signal=row["signal"], tactic=row["tactic"], reading="per_interval")
        losses = [
            " / ".join(f"{each[f'loss_{name}_percent']:.{digits}f}" for name in LOSSES)
            for each, digits in ((row, 3), (other, 2))
        ]
        years = [
            " / ".join(f"{each[f'years_{name}']:.{digits}f}" for name in LOSSES)
            + ("" if each["is_repeatable"] else ONCE)
            for each, digits in ((row, 1), (other, 2))
        ]
        rows.append((
            SAYS[row["stays"]], NAMES[row["signal"]], row["tactic"], losses[0], years[0], losses[1], years[1],
            f"{row['kwh_a_day']:.2f}", f"{row['deviation_max_kw']:,.0f}",
            f"{row['soc_std_before']:.4f} to {row['soc_std_after']:.4f}", f"{row['soc_end']:.2f}", f"{row['delivered_share']:.0%}",
        ))  # fmt: skip
    soc_start = table.soc_start.mean()
    proposed = TACTICS["proposed"].title
    drained = row_of(table, stays="daily", signal=EXACT, tactic=proposed, reading="cumulative")
    names = [
        "", "signal", "tactic", "loss a day [%]", "years", "per interval: loss [%]", "per interval: years", "kWh a day and EV",
        "deviation [kW]", "spread before and after", "charge at the end", "delivered",
    ]  # fmt: skip
    return f"""## Table 5: the tactics

All follow the same signals. Losses and years are mean / 95th percentile / maximum over EVs, then mean over seeds; years are those
at that loss. The first two columns of them are by the source's law, in which all energy that flowed has the power 0.55; "per
interval" adds that power up slot by slot, which makes tactics that use few EVs at a time look better, and its size is far off. The
deviation is the largest of the day; the spread is the mean over slots and groups, so tactics with more groups begin with less of it.
"Charge at the end" is the mean state of charge over EVs, {soc_start:.2f} at the start; "delivered" is the part of the signal's energy that EVs draw
or give. "Not repeatable": the day ends elsewhere than it began, so it cannot follow itself for years. Under the exact optimum from habits
{drained["floor_share"]:.0%} of EVs end at the floor, and {drained["delivered_share"]:.0%} of the signal is delivered: those rows compare ways to drain a fleet.

{markdown(pd.DataFrame(rows, columns=names))}
"""


def _scales(runs: PaperRuns) -> str:
    rows = []
    for (stays, objective), each in runs.scales.groupby(["stays", "objective"], sort=False):
        rows.append((
            SAYS[str(stays)], "F" if objective == "F" else "the difference alone",
            _span(100 * each.rate, 2), _span(100 * each.least_rate, 2), f"{int(each.is_optimal.sum())} of {len(each)}",
            _span(each.peak_kw / 1000, 1), f"{int(each.peak_is_reached.sum())} of {len(each)}",
            _span(100 * each.followed_rate, 2), _span(each.followed_peak_kw / 1000, 1),
        ))  # fmt: skip
    names = [
        "", "optimum of", f"rate at {PEAK_KW / 1000:g} MW [%]", "no signal below [%]", "reached", "48.04 % at a peak of [MW]",
        "reached there", f"EVs that follow it at {PEAK_KW / 1000:g} MW [%]", "EVs at 48.04 % at a peak of [MW]",
    ]  # fmt: skip
    return f"""## The load's scale

By the linear programme; mean (least to most) over seeds. "Reached": a signal that breaks nothing has the optimum's value; where not, the
programme charges and discharges in one slot to burn energy, and its rate is a bound. With F the rate jumps as the scale grows, and may pass
48.04 % without ever having it. EVs that follow the signal of least difference stray from it: it empties all batteries before the valley to have
room in it, EVs near the floor cannot, and then the fleet is full before the valley ends. The paper's problem sees the mean only.

{markdown(pd.DataFrame(rows, columns=names))}
"""


def _horizons(runs: PaperRuns) -> str:
    rows = [
        (length, SAYS[str(stays)], NAMES[str(signal)], f"{100 * each.before.mean():.2f}", _span(100 * each.after, 2),
         _span(each.after_kw, 0))
        for (length, stays, signal), each in runs.horizons.groupby(["days", "stays", "signal"], sort=False)
    ]  # fmt: skip
    names = ["days", "", "signal", "rate before [%]", "rate after [%]", "difference after [kW]"]
    return f"""## Load before and after

With EVs that follow the signal by the proposed tactic; mean (least to most) over seeds.

{markdown(pd.DataFrame(rows, columns=names))}
"""


def _with(row: Mapping[str, Any], scale: float, digits: int) -> str:
    mean, low, high = (number(scale * float(row[name]), digits) for name in ("mean", "min", "max"))
    return mean if low == high else f"{mean} ({low} to {high})"


def _span(values: "pd.Series[float]", digits: int) -> str:
    mean, low, high = (number(float(value), digits) for value in (values.mean(), values.min(), values.max()))
    return mean if low == high else f"{mean} ({low} to {high})"
