"""The section of paper A's page on ants that come back: how near to the optimum, at what cost in messages, over three kinds of fleets."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from runs.metrics import gap_of
from runs.result import Result
from runs.scenario import Scenario
from runs.scenario_files import SCENARIOS
from runs.simulate import simulate
from runs.studies.templates import filled

WEEK = SCENARIOS / "data" / "acn_caltech_week.csv"
MIXED = [
    {"name": "small", "share": 2, "capacity_kwh": 24.0, "power_kw": 3.7},
    {"name": "middle", "share": 5, "capacity_kwh": 52.0, "power_kw": 7.4},
    {"name": "large", "share": 3, "capacity_kwh": 77.0, "power_kw": 11.0},
]
GOALS = {(1, 3): 1e-4, (50, 6): 1e-3, (500, 10): 1e-2}
"""Gap to be reached at a batch size in so many rounds, the first included."""


@dataclass(frozen=True)
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


def trace(result: Result, rounds: int) -> tuple[list[float], list[float]]:
    """Return the gap and the messages so far after each round; after the last on record both stay."""
    summary = result.summary
    best, free = summary["optimum_bound_kw2"], summary["free_cost_kw2"]
    gaps = [_known(gap_of(cost, best, free)) for cost in result.rounds.cost_kw2]
    sent = result.rounds.messages.cumsum().tolist()
    stay = rounds - len(gaps)
    return gaps + gaps[-1:] * stay, sent + sent[-1:] * stay


def goals(kinds: list[Case]) -> list[dict[str, Any]]:
    """Return the gap that each goal asks for and the gap reached, for each kind of fleet."""
    rows = []
    for kind, ((batch, rounds), goal) in itertools.product(kinds, GOALS.items()):
        gaps = [_known(summary["optimality_gap"]) for summary in _summaries(kind, batch_size=batch, rounds=rounds)]
        met = sum(gap <= goal for gap in gaps)
        what = {"fleets": kind.title, "number": len(gaps), "batch": batch, "rounds": rounds, "goal": goal, "met": met}
        rows.append({**what, "mean": np.mean(gaps), "largest": max(gaps)})
    return rows


def pareto(kind: Case) -> list[dict[str, Any]]:
    """Return mean gap and mean messages of a kind of fleet against batch size and rounds, and of ODC."""
    rows = []
    methods: list[tuple[str, dict[str, Any], int]] = [
        (f"ants, batch {batch}", {"batch_size": batch, "rounds": 20}, 20) for batch in (1, 10, 50, 500)
    ]
    for method, coordination, most in (*methods, ("ODC", {"method": "odc"}, 60)):
        results = [simulate(one.update(coordination=coordination)) for one in kind.scenarios]
        gaps, sent = np.mean([trace(result, most) for result in results], axis=0)
        shown = [count for count in (1, 2, 3, 4, 6, 10, 20, 60) if count <= most]
        rows += [{"method": method, "rounds": r, "gap": gaps[r - 1], "messages": sent[r - 1]} for r in shown]
    return rows


def online(kinds: list[Case]) -> list[dict[str, Any]]:
    """Return the gap to the offline optimum of ants that know of an EV only from its plug-in on."""
    rows = []
    for kind, batch, rounds in itertools.product(kinds, (1, 50), (1, 2, 4)):
        summaries = _summaries(kind, batch_size=batch, rounds=rounds, information="online")
        gaps, sent = zip(*((summary["optimality_gap"], summary["messages"]) for summary in summaries), strict=True)
        what = {"fleets": kind.title, "batch": batch, "rounds": rounds, "messages": np.mean(sent)}
        rows.append({**what, "mean": np.mean(gaps), "largest": max(gaps)})
    return rows


def page_section(seeds: Iterable[int]) -> str:
    """Return the section of the reproduction page."""
    kinds = cases(seeds)
    tables = {"goals": goals(kinds), "pareto": pareto(kinds[0]), "online": online([kinds[0], kinds[-1]])}
    return filled(__name__, "rounds.md", **tables)


def _summaries(kind: Case, **coordination: int | str) -> list[dict[str, Any]]:
    return [simulate(one.update(coordination=coordination)).summary for one in kind.scenarios]


def _known(gap: float | None) -> float:
    if gap is None:
        raise ValueError("free charging is optimal: there is no gap to state")
    return gap
