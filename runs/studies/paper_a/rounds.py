"""The section of paper A's page on ants that come back: how near to the optimum, at what cost in messages, over three kinds of fleets."""

import dataclasses
import itertools
from collections.abc import Iterable

import numpy as np
import pandas as pd

from runs.homes.judging import gap_of
from runs.result import Result
from runs.scenario import Scenario
from runs.scenario_files import SCENARIOS
from runs.simulate import simulate
from runs.studies.markdown import markdown

WEEK = SCENARIOS / "data" / "acn_caltech_week.csv"
MIXED = [
    {"name": "small", "share": 2, "capacity_kwh": 24.0, "power_kw": 3.7},
    {"name": "middle", "share": 5, "capacity_kwh": 52.0, "power_kw": 7.4},
    {"name": "large", "share": 3, "capacity_kwh": 77.0, "power_kw": 11.0},
]
GOALS = {(1, 3): 1e-4, (50, 6): 1e-3, (500, 10): 1e-2}
"""Gap to be reached at a batch size in so many rounds, the first included."""


@dataclasses.dataclass(frozen=True)
class Case:
    """A kind of fleet and its scenarios.

    Parameters
    ----------
    title
        What to call it.
    scenarios
        One a fleet.
    """

    title: str
    scenarios: list[Scenario]


def cases(seeds: Iterable[int]) -> list[Case]:
    """Return paper A's fleets with whole slots and with exact energy, fleets of mixed powers, and an ACN week."""
    seeds = list(seeds)
    base = Scenario().update(run={"engine": "compiled"}, coordination={"information": "day_ahead"})
    paper = [base.update(run={"seed": seed}) for seed in seeds]
    week = base.update(
        horizon={"start": "2019-05-06T04:00", "slot_min": 15, "timezone": "America/Los_Angeles"},
        load={"source": "bdew", "profile_name": "G25", "peak_kw": 300.0},
        fleet={"source": "acn", "path": WEEK, "fold": "day"},
        transformer={"limit_kw": 500.0},
    )
    return [
        Case("paper A, whole slots", [one.update(coordination={"energy": "whole_slots"}) for one in paper]),
        Case("paper A, exact energy", paper),
        Case("3.7, 7.4 and 11 kW, exact energy", [one.update(fleet={"types": MIXED}) for one in paper]),
        Case("3.7, 7.4 and 11 kW, whole slots", [
            one.update(fleet={"types": MIXED}, coordination={"energy": "whole_slots"}) for one in paper
        ]),
        Case("ACN week, 96 slots, exact energy", [week]),
    ]  # fmt: skip


def trace(
    result: Result, rounds: int
) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """Return the gap and the messages so far after each round; after the last on record both stay."""
    summary = result.summary
    best, free = summary["optimum_bound_kw2"], summary["free_cost_kw2"]
    gaps = [_known(gap_of(cost, best, free)) for cost in result.rounds.cost_kw2]
    sent = result.rounds.messages.cumsum().tolist()
    stay = rounds - len(gaps)
    return np.array(gaps + gaps[-1:] * stay), np.array(sent + sent[-1:] * stay)


def goals_table(kinds: list[Case]) -> pd.DataFrame:
    """Return the gap that each goal asks for and the gap reached, for each kind of fleet."""
    rows = []
    for kind in kinds:
        for (batch, rounds), goal in GOALS.items():
            gaps = []
            for scenario in kind.scenarios:
                result = simulate(scenario.update(coordination={"batch_size": batch, "rounds": rounds}))
                gaps.append(_known(result.summary["optimality_gap"]))
            met = sum(gap <= goal for gap in gaps)
            rows.append((
                kind.title, len(gaps), batch, rounds, _percent(goal), _percent(float(np.mean(gaps))),
                _percent(max(gaps)), f"{met} of {len(gaps)}",
            ))  # fmt: skip
    names = ["fleets", "number", "batch", "rounds", "goal", "mean gap", "largest gap", "goal met"]
    return pd.DataFrame(rows, columns=names)


def pareto_table(kind: Case) -> pd.DataFrame:
    """Return mean gap and mean messages of a kind of fleet against batch size and rounds, and of ODC."""
    rows = []
    for batch in (1, 10, 50, 500):
        results = [simulate(one.update(coordination={"batch_size": batch, "rounds": 20})) for one in kind.scenarios]
        gaps, sent = np.mean([trace(result, 20) for result in results], axis=0)
        rows += [
            (f"ants, batch {batch}", r, _percent(gaps[r - 1]), round(sent[r - 1])) for r in (1, 2, 3, 4, 6, 10, 20)
        ]
    results = [simulate(one.update(coordination={"method": "odc"})) for one in kind.scenarios]
    gaps, sent = np.mean([trace(result, 60) for result in results], axis=0)
    rows += [("ODC", r, _percent(gaps[r - 1]), round(sent[r - 1])) for r in (1, 2, 3, 4, 6, 10, 20, 60)]
    return pd.DataFrame(rows, columns=["method", "rounds", "gap", "messages"])


def online_table(kinds: list[Case]) -> pd.DataFrame:
    """Return the gap to the offline optimum of ants that know of an EV only from its plug-in on."""
    rows = []
    for kind, batch, rounds in itertools.product(kinds, (1, 50), (1, 2, 4)):
        settings = {"batch_size": batch, "rounds": rounds, "information": "online"}
        summaries = [simulate(one.update(coordination=settings)).summary for one in kind.scenarios]
        gaps = [summary["optimality_gap"] for summary in summaries]
        sent = round(float(np.mean([summary["messages"] for summary in summaries])))
        rows.append((kind.title, batch, rounds, _percent(float(np.mean(gaps))), _percent(max(gaps)), sent))
    return pd.DataFrame(rows, columns=["fleets", "batch", "rounds a slot", "mean gap", "largest gap", "messages"])


def page_section(seeds: Iterable[int]) -> str:
    """Return the section of the reproduction page."""
    kinds = cases(seeds)
    return f"""
# Beyond paper A: ants that come back

The gap is the part of what the optimum would gain on free charging that is lost,
(V - V\\*) / (V_free - V\\*); V is the sum of squared loads plus the price of what stays unserved, V\\* the optimum
where slots are whole and of one rated power, else a lower bound of it (`coordination/valley_filling/optimum.py`). The paper's ants
choose once; here they come back (`coordination/valley_filling/rounds.py`), the first round included in the count. EVs know
their stays a day ahead, the load comes as forecast.

{markdown(goals_table(kinds))}

Goals that are met are met on these fleets. Other loads and fleets have other gaps: the guide has a table of some.

For whole slots of mixed powers the bound is that of continuous powers, which no schedule of whole slots reaches: part of
the gap there is the bound's.

Gap against messages, paper A's fleets with whole slots (means). ODC (Gan, Topcu and Low 2013) begins from empty profiles, has
continuous powers, and is held against their bound.

{markdown(pareto_table(kinds[0]))}

Without a day ahead (`information = "online"`) an EV exists from its plug-in on, and plugged-in EVs choose future slots again
at slot boundaries. Held against the same offline optimum:

{markdown(online_table([kinds[0], kinds[-1]]))}

More rounds a slot are no gain there: the EVs present settle among themselves, and it is the later ones that they do not
know. At home most EVs are there before the valley comes, and little is lost by not knowing the rest. At work they come while the
day's load is still rising: the first fill the afternoon that later ones will need, and what has begun cannot be taken back.
"""


def _known(gap: float | None) -> float:
    if gap is None:
        raise ValueError("free charging is optimal: there is no gap to state")
    return gap


def _percent(value: float) -> str:
    return f"{100 * value:.4f} %"
