"""Paper C's reproduction page, in Markdown: what was run, claims, tables, and what does not fit inside the paper."""

import calendar
from collections.abc import Iterable, Mapping
from dataclasses import replace

import pandas as pd

from coordination.stations.settings import SchedulingSettings
from environment.station_sites import StationsSettings
from environment.users import UsersSettings
from runs.optimizing.tables import SIGNIFICANT
from runs.plural import counted
from runs.stations.paper_c import BASE_KW, SLOT_MIN
from runs.stations.summary import COSTS, SEARCHED_BY
from runs.studies.claim import Claim
from runs.studies.markdown import claims_table, markdown
from runs.studies.paper_c.cases import (
    BEFORE,
    EVENTS_A_DAY,
    FULL,
    FULL_BY_POWER_FLOW,
    PAPERS,
    READINGS,
    VARIANTS,
    PaperRuns,
    Size,
)
from runs.studies.paper_c.claims import NAMES, PAPER_ITERATIONS, PAPER_SHOTS
from runs.studies.paper_c.tables import HOURS_A_YEAR, KWH_A_MWH, rows_of
from runs.studies.paper_c.work import SWING


def page(runs: PaperRuns, held: Iterable[Claim], written: Mapping[str, pd.DataFrame]) -> str:
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
    return "\n".join([
        _about(runs), _claims(held), _convergence(runs, written["convergence"], written["paired"]), _losses(written["months"], written["years"]),
        _costs(runs, written["years"], written["time_cost"]), _triggers(runs, written["triggers"]),
        _voltages(runs, written["voltages"], written["taps"]), _weights(runs, written["voltage_weight"]), _inconsistent(written["years"]),
    ])  # fmt: skip


def _about(runs: PaperRuns) -> str:
    short = (
        ""
        if size_is_full(runs.size)
        else "**Little was run here, to see what the study does: its claims are no evidence.**\n\n"
    )
    size, s, u, f = runs.size, StationsSettings(), UsersSettings(), SchedulingSettings()
    by = SEARCHED_BY[runs.evaluator or "coefficients"]
    days = ", ".join(map(str, size.days))
    months = "every month" if len(size.months) == 12 else ", ".join(calendar.month_name[month] for month in size.months)
    readings = (
        f", ACSO's other readings for {min(size.reading_shots, size.shots)} of them" if size.reading_shots else ""
    )
    return f"""<!-- Written by `make docs` from runs/studies/paper_c/; edit that instead. -->

# Paper C, reproduced

{short}Claims of "A multi-stage balancing scheduling method for flexible loads of large-scale electric vehicles", which schedules 76 charging
stations with an advanced competitive swarm (ACSO) and four triggers. Its formulas, its tables but for a few numbers, and its data are lost.
What its text gives is taken: 76 stations of four regions with weights {_listed(s.region_weights)}, {u.users:,} users, {u.charging_a_day:,} of
whom charge on a day, the five limits ({s.time_rated_h:g} to {s.time_max_h:g} h, {s.capacity_min_kw:,.0f} to {s.capacity_max_kw:,.0f} kW, 7 % of 380 V,
{s.battery_min_kwh:g} to {s.battery_max_kwh:g} kWh, the balance), the weights {f.weight_loss:g}, {f.weight_cost:g}, {f.weight_spread:g} and {f.weight_satisfaction:g} of F, the penalty
of {f.penalty:g}, 3m genes, and the settings of the swarms. The rest:

- **Reading of the model:** a day has {24 * 60 // SLOT_MIN} slots of {SLOT_MIN} minutes, the longest charging time. EVs plugged in at a slot's beginning charge for
  their station's time with the energy they want over that time, at most the power granted. F divides losses, cost and spread by those
  before scheduling, which is: rated time, most power, the feeder's own taps. After each run an AC power flow of every part of every slot
  says what losses and voltages were, whatever the search went by.
- **Calibrated, once:** the lengths of the feeder's lines and how users spread over stations, so that voltages before scheduling range as in
  the paper.
- **Default:** losses' and voltages' coefficients, all prices, {s.piles} piles and {s.storage_devices} storage devices a station, the hours' weights, states of charge on
  arrival around {u.soc_mean:g}, {u.willing:.0%} of users who take part, a base load of {BASE_KW / 1000:g} MW at its peak that follows the month (1 + {SWING:g} cos(2 pi
  (month - 7) / 12)), users alike in all months, and how often something strikes.
- **Reconstructed:** f1 to f4, how F is normalised, ACSO's equation, and what triggers do (see the sources in `coordination/stations/` and
  `coordination/optimizers/acso.py`).

Run were, all by {by}:

- one slot, the busiest of a day in July: swarms of {size.population}, {size.iterations:,} iterations, {counted(size.shots, "shot")}{readings} (the paper: 300, {PAPER_ITERATIONS:,}, {PAPER_SHOTS:,});
- a year: {months}, {"days" if len(size.days) > 1 else "day"} {days} (the paper: "f5 days", read as five), each slot with a swarm of {size.day_population} and {size.day_iterations} iterations, {_twice()};
  nothing strikes on these days; each day draws its own users, the same for all ways of scheduling, and months are the mean of
  their days times their length;
- triggers: {counted(len(size.seeds), "day")} in July with {EVENTS_A_DAY:g} sags and {EVENTS_A_DAY:g} shortages on average, {size.trigger_iterations} iterations;
- weights of the voltage{"" if runs.evaluator else ", and searches by power flow"}: {_some_days(size)}.

Nothing but what is called calibrated was tuned until a claim came true, and the rules by which claims are held were written before the
first full run. "ACSO" without more is the paper's whole method, all triggers on.
"""


def _twice() -> str:
    return "CSO also with twice as many, for equal evaluations"


def _some_days(size: Size) -> str:
    days = " and ".join(f"{day} {calendar.month_name[month]}" for month, day in size.some_days)
    return f"{days}; by power flow a swarm of {size.small_population} and {size.small_iterations} iterations"


def _listed(values: Iterable[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)


def _claims(held: Iterable[Claim]) -> str:
    return f"""## Claims

{claims_table(held)}

Where the paper gives a change in numbers, "found" is a change in its direction of half to twice its size, "partly found" any other change in
its direction. "Calibrated" is true at a value that the paper does not give and that was chosen for it. For C-8 "found" is a lower end than
all four rivals', "partly found" than some, by a two-sided Mann-Whitney test with p < {SIGNIFICANT:g}.
"""


def size_is_full(size: Size) -> bool:
    """Return whether a study's size is one that the page's words are meant for."""
    return any(size == replace(full, shots=max(size.shots, full.shots)) for full in (FULL, FULL_BY_POWER_FLOW))


def _convergence(runs: PaperRuns, table: pd.DataFrame, paired: pd.DataFrame) -> str:
    rows = [
        (
            _searcher(row["optimizer"]), row["equal"], f"{row['evaluations']:,}", row["shots"],
            f"{row['median']:.4f} ({row['low']:.4f} to {row['high']:.4f})", f"{row['feasible']} of {row['shots']}",
        )
        for row in table.to_dict("records")
        if row["equal"] == "iterations" or str(row["optimizer"]).startswith("cso")
    ]  # fmt: skip
    columns = [
        "optimiser",
        "equal",
        "evaluations",
        "shots",
        "fitness at the end, median (quartiles)",
        "within all limits, says the search",
    ]
    pairs = [
        (
            row["equal"], _searcher(row["other"]), f"{row['lower']} of {row['shots']}", f"{row['median_difference']:+.4f}", f"{row['p']:.2g}",
        )
        for row in paired.to_dict("records")
    ]  # fmt: skip
    readings = ", ".join(NAMES[name] for name in READINGS)
    return f"""## Fig 3: convergence

An iteration of ACSO evaluates twice as many schedules as one of CSO, as many as one of PSO, so only CSO has another number at equal
evaluations. "CSO 0.2" has the paper's factor, "CSO" its authors', which is 0 at 3 x 76 = {3 * 76} dimensions; "A-PSO" is PSO with the paper's constants.{f" Readings of ACSO: {readings}." if runs.size.reading_shots else ""}

{markdown(pd.DataFrame(rows, columns=columns))}

The claim's test takes the shots of two optimisers for independent, as was fixed before the first run. They are not: a shot is the same slot
for all. Paired by shot, by Wilcoxon's signed-rank test:

{markdown(pd.DataFrame(pairs, columns=["equal", "ACSO against", "ACSO is lower in", "median difference", "p"]))}
"""


def _searcher(name: object) -> str:
    return "ACSO" if name == "acso" else NAMES[str(name)]


def _losses(months: pd.DataFrame, years: pd.DataFrame) -> str:
    by_month = {(row["variant"], row["month"]): row for row in months.to_dict("records")}
    shown = (BEFORE, "cso 0.2", "acso", PAPERS)
    rows = []
    for month in dict.fromkeys(months.month):
        each = {name: by_month[name, month] for name in shown}
        saved = each[BEFORE]["losses_mwh"] - each[PAPERS]["losses_mwh"]
        rows.append((
            calendar.month_name[month], *(f"{row['losses_mwh']:,.1f}" for row in each.values()), f"{saved:,.1f}",
            *(f"{each[name]['coefficient_losses_mwh']:,.1f}" for name in (BEFORE, "cso 0.2", PAPERS)),
        ))  # fmt: skip
    total = rows_of(years, "variant")
    rows.append((
        "year", *(f"{total[name]['losses_mwh']:,.1f}" for name in shown),
        f"{total[BEFORE]['losses_mwh'] - total[PAPERS]['losses_mwh']:,.1f}",
        *(f"{total[name]['coefficient_losses_mwh']:,.1f}" for name in (BEFORE, "cso 0.2", PAPERS)),
    ))  # fmt: skip
    columns = [
        "", *(NAMES[name] for name in shown), "less with ACSO", "coefficients: before", "coefficients: CSO 0.2", "coefficients: ACSO",
    ]  # fmt: skip
    unserved = {name: total[name]["unserved_kwh"] / KWH_A_MWH for name in shown}
    changes = [row["losses_kwh_change"] for name, row in total.items() if name != BEFORE]
    served = total[BEFORE]["served_kwh"] / KWH_A_MWH
    return f"""## Table 3: losses [MWh]

{markdown(pd.DataFrame(rows, columns=columns))}

Longer charging at less power saves losses, and every search finds it: {min(changes):+.1%} to {max(changes):+.1%}. A part of it is energy that EVs do not get,
for the limits let a battery miss up to {_missing():g} kWh on average: beside {served:,.0f} MWh served before scheduling, {unserved[BEFORE]:,.0f} MWh are missing before it,
{unserved["cso 0.2"]:,.0f} with CSO 0.2, {unserved["acso"]:,.0f} with ACSO without triggers and {unserved[PAPERS]:,.0f} with ACSO. The power flow's losses hold those of base load and of transformers without load, the coefficients only
those of charging: their percentages are of different sums.
"""


def _missing() -> float:
    s = StationsSettings()
    return s.battery_kwh - s.battery_min_kwh


def _costs(runs: PaperRuns, years: pd.DataFrame, priced: pd.DataFrame) -> str:
    total = rows_of(years, "variant")
    shares = markdown(
        pd.DataFrame(
            [
                (NAMES[name], *(f"{total[name][f'{cost}_cost_share']:.1%}" for cost in COSTS))
                for name in (BEFORE, "cso 0.2", "acso", PAPERS)
            ],
            columns=["", *COSTS],
        )
    )
    anew = markdown(
        pd.DataFrame(
            [
                (NAMES[row["variant"]], *(f"{row[f'{cost}_share']:.1%}" for cost in COSTS))
                for row in priced.to_dict("records")
            ],
            columns=["", *COSTS],
        )
    )
    costs = markdown(
        pd.DataFrame(
            [
                (
                    NAMES[name], f"{total[name]['cost_yuan'] / 1000:,.0f}", f"{total[name]['cost_yuan_change']:+.2%}",
                    f"{total[name]['discount_yuan'] / 1000:,.1f}", f"{total[name]['paid_yuan_change']:+.2%}",
                    f"{total[name]['losses_mwh']:,.0f}", f"{total[name]['losses_kwh_change']:+.2%}",
                )
                for name in VARIANTS
            ],
            columns=["", "cost a year [thousand yuan]", "to before", "paid back [thousand yuan]", "with that, to before",
                     "losses [MWh]", "to before"],
        )
    )  # fmt: skip
    days = len(runs.size.some_days)
    saved = {name: total[BEFORE][name] - total["acso"][name] for name in ("transformer_cost_yuan", "cost_yuan")}
    part = saved["transformer_cost_yuan"] / saved["cost_yuan"]
    return f"""## Table 4: shares of the cost

{shares}

At {runs.time_yuan_per_h:.3g} yuan an hour of charging or waiting, which makes time a tenth of the cost before scheduling, searched anew on {counted(days, "day")}:

{anew}

## Table 5: cost by algorithm

{costs}

The transformers' cost counts power granted, not power drawn: {part:.0%} of what ACSO without triggers saves is power that nobody needed and
that is no longer granted. With triggers the storage's cost comes on top.
"""


def _triggers(runs: PaperRuns, table: pd.DataFrame) -> str:
    columns = {
        "unserved_kwh": ("not served [kWh]", 0), "cut_kwh": ("cut [kWh]", 0), "shifted_visits": ("EVs shifted", 0),
        "wait_mean_min": ("mean wait [min]", 2), "wait_max_min": ("longest wait [min]", 0), "queue_max": ("longest queue", 1),
        "peak_kw": ("peak [kW]", 0), "losses_kwh": ("losses [kWh]", 0), "voltage_deviation_max_pu": ("deviation [pu]", 3),
        "cost_yuan": ("cost [yuan]", 0), "discount_yuan": ("paid back [yuan]", 0), "satisfaction_mean": ("satisfaction", 3),
        "feasible_slots": ("slots within limits, by power flow", 1), "emergency_unstruck_slots": ("slots with an emergency that nothing struck", 1), "storage_discharged_kwh": ("storage gave [kWh]", 0), "lent_kwh": ("EVs lent [kWh]", 0),
    }  # fmt: skip
    rows = [
        (row["triggers"], *(f"{row[name]:,.{digits}f}" for name, (_, digits) in columns.items()))
        for row in table.to_dict("records")
    ]
    days = runs.triggers[runs.triggers.triggers == "none"]
    return f"""## Each trigger alone

ACSO on {counted(len(runs.size.seeds), "day")}, means over days; users, base load and what strikes are the same in every row ({counted(int(days.sags.sum()), "sag")} and {counted(int(days.short_slots.sum()), "shortage")} in
all, each for a slot). Of {int(days.slots.mean())} slots a day.

{markdown(pd.DataFrame(rows, columns=["triggers on", *(title for title, _ in columns.values())]))}

What a shortage cuts is made up for where EVs that got nothing charge in a later slot: "not served" is what is missing in the end.
"""


def _voltages(runs: PaperRuns, table: pd.DataFrame, taps: pd.DataFrame) -> str:
    rows = [
        (
            NAMES[row["variant"]], f"{row['believed_slots']} of {row['slots']}", row["feasible_slots"], row["voltage_broken_slots"],
            f"{100 * row['outside_pu']:.1f}", f"{row['voltage_min_pu']:.3f}", f"{row['voltage_max_pu']:.3f}",
            f"{100 * row['voltage_deviation_max_pu']:.1f}", f"{100 * row['voltage_swing_max_pu']:.1f}", f"{row['peak_kw'] / 1000:,.1f}",
        )
        for row in table.to_dict("records")
    ]  # fmt: skip
    columns = [
        "", "slots within all limits, says the search", "says the power flow", "slots with a voltage outside", "outside by at most [points]",
        "least voltage [pu]", "most [pu]", "deviation [%]", "swing of a station [points]", "peak [MW]",
    ]  # fmt: skip
    by = SEARCHED_BY[runs.evaluator or "coefficients"]
    return f"""## What the power flow says

Schedules of the year's days, found by {by}, as a power flow of every part of every slot has them; voltages and peaks are means
over days.

{markdown(pd.DataFrame(rows, columns=columns))}
{_why(runs)}
How far a search goes matters. For the busiest slot, means over {counted(min(runs.size.tap_shots, runs.size.shots), "shot")} of Fig 3:

{_taps(taps)}

F has no voltage, but losses fall as it rises, so the longer ACSO searches the higher it sets the taps; after few iterations they stand
about where chance put them.
"""


def _why(runs: PaperRuns) -> str:
    picture = "\n![Voltages before and after](../pictures/stations_found.png)\n"
    if runs.evaluator == "powerflow":
        return picture
    return f"""
The coefficients know a station's own drop, {SchedulingSettings().drop_coefficient:.0%} of its voltage at the most power, and no line that stations share, so a search that goes
by them may set taps anywhere in the band: what it believes to be within the band a power flow puts outside.
{picture}"""


def _taps(taps: pd.DataFrame) -> str:
    rows = [
        (
            f"{row['iterations']:,}" if row["iterations"] else "before scheduling", f"{row['fitness']:.3f}",
            f"{row['set_mean_v']:.1f} +- {row['set_std_v']:.1f}", f"{100 * row['believed_pu']:.1f}", f"{row['low_pu']:.3f}",
            f"{row['high_pu']:.3f}", f"{100 * row['deviation_pu']:.1f}", f"{row['loss_kw']:,.0f}",
        )
        for row in taps.to_dict("records")
    ]  # fmt: skip
    columns = [
        "iterations", "fitness", "voltage that taps are set for, without load [V]", "deviation, says the search [%]", "least voltage [pu]",
        "most [pu]", "deviation [%]", "losses [kW]",
    ]  # fmt: skip
    return markdown(pd.DataFrame(rows, columns=columns))


def _weights(runs: PaperRuns, table: pd.DataFrame) -> str:
    rows = [
        (
            "power flow" if row["searched_by"] == "powerflow" else "coefficients", f"{row['population']} x {row['iterations']}",
            f"{row['weight']:g}", f"{row['believed_slots']:.1f}", f"{row['feasible_slots']:.1f}", f"{100 * row['outside_pu']:.1f}",
            f"{100 * row['voltage_deviation_max_pu']:.1f}", f"{100 * row['voltage_swing_max_pu']:.1f}", f"{row['losses_kwh']:,.0f}",
            f"{row['cost_yuan']:,.0f}", f"{row['satisfaction_mean']:.3f}",
        )
        for row in table.to_dict("records")
    ]  # fmt: skip
    columns = [
        "search by", "swarm x iterations", "weight", "slots within limits, says the search", "says the power flow",
        "outside by at most [points]", "deviation [%]", "swing [points]", "losses [kWh a day]", "cost [yuan a day]", "satisfaction",
    ]  # fmt: skip
    days = len(runs.size.some_days)
    note = (
        " Searches by power flow are short, for each candidate costs far more: they show a direction."
        if runs.evaluator is None
        else ""
    )
    return f"""## Beyond the paper: voltage in F, and searches by power flow

ACSO without triggers, means over {counted(days, "day")}; F plus the weight times the largest distance of a station's voltage from its rated one,
divided by that before scheduling. The paper's F is weight 0.{note}

{markdown(pd.DataFrame(rows, columns=columns))}
"""


def _inconsistent(years: pd.DataFrame) -> str:
    s = StationsSettings()
    need_mw = rows_of(years, "variant")[BEFORE]["served_kwh"] / HOURS_A_YEAR / 1000
    return f"""## What does not fit inside the paper

- The abstract has the voltage index 1.8 % below the standard CSO's; the text has it 1.8 points below that before scheduling.
- The abstract puts two baselines beside each other: 2.83 % of losses are to CSO, 5.81 % of cost to before scheduling, and that after a fee cut;
  ACSO's own cost is 7.49 % below.
- 65,400 RMB a year for 76 stations cannot hold the cost of 7,320 MWh of losses, which is millions. The scale of the cost is arbitrary.
- Of 248.88 MWh that the year's losses fall by, 106.07 are November's: all other months save 142.81 together.
- ACSO evaluates twice as many schedules an iteration as CSO; the paper compares iterations.
- Five costs have four coefficients; here the time cost has none. T is the charging time and the time weight; "f5 days" is garbled; the least
  load is in kWh. m is the number of piles of a station in section 2 and of stations in section 3.
- A least load of {s.capacity_min_kw:,.0f} kW at all 76 stations would be {76 * s.capacity_min_kw / 1000:.0f} MW at every moment, while all users together need {need_mw:.0f} MW on average. The text
  says that it is not sent at every moment; so it is read as power granted.
- Genes between 0 and 1 times 1,000 are neither 0.6 h nor 3,000 kW; here each block spans its limit.
- The four terms are said to sum to between -4 and 4; with these weights they cannot leave -2 to 2.
- F holds no voltage, and losses fall as the voltage rises: its optimum pushes taps up to what the limit allows. That voltages come nearer to
  the rated one, as Fig 4 shows, does not follow from F.
- CSO's inertia 2 - 1.8 r1 - 1.8 r2 is in no form of CSO that we found, and is not used.
- What an EV draws at rated power is not said; {s.time_rated_h:g} h for half a battery is {s.battery_kwh / 2 / s.time_rated_h:.0f} kW, two of them at a pile.
"""
