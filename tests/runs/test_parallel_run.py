"""A grid over many workers gives what one process gives: tables, messages, and the summary to the last bit."""

from typing import Any

import pytest

from environment.channel import BELOW
from runs.engine import Engine
from runs.parallel_run import run_in_parts
from runs.scenario import Scenario
from runs.simulate import result_from, simulate, summarize, summary_of

FIGURES_OF_TIME = ("wall_s", "free")


def grid(vehicles: int, transformers: int, **sections: dict[str, Any]) -> Scenario:
    base = {"fleet": {"vehicles": vehicles}, "transformer": {"count": transformers, "substations": 3, "lines": 2}}
    return Scenario().update(**{name: {**base.get(name, {}), **sections.get(name, {})} for name in {*base, *sections}})


def assert_same_summary(left: dict[str, Any], right: dict[str, Any]) -> None:
    for name, value in left.items():
        if name not in FIGURES_OF_TIME:
            assert right[name] == value, name


@pytest.mark.parametrize(
    ("engine", "workers"), [(Engine.SERIAL, None), pytest.param(Engine.PROCESS, 2, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize(
    "sections",
    [
        {"run": {"engine": "compiled"}, "coordination": {"rounds": 3, "information": "day_ahead"}},
        {"load": {"fluctuation": 0.1}, "channel": {"loss": 0.1, "delay_s": 2.0, "log": True}},
    ],
)
def test_parts_together_are_the_whole(engine: Engine, workers: int | None, sections: dict[str, Any]) -> None:
    scenario = grid(120, 7, **sections)
    whole, parts = simulate(scenario), result_from(*run_in_parts(scenario, engine=engine, workers=workers))
    assert whole.tables.keys() == parts.tables.keys()
    for name in whole.tables:
        left, right = (result.tables[name] for result in (whole, parts))
        if name == "log":
            left, right = (
                table[table.hop.isin(BELOW)].sort_values(list(table.columns)).reset_index(drop=True)
                for table in (left, right)
            )
        assert left.equals(right), name
    assert_same_summary(whole.summary, parts.summary)


@pytest.mark.slow
def test_a_thousand_transformers_of_a_thousand_evs() -> None:
    scenario = grid(1_000_000, 1000, run={"engine": "compiled", "optimum": False})
    told: list[float] = []
    parts = summary_of(*run_in_parts(scenario, workers=2, progress=told.append))
    whole = summarize(scenario)
    assert told == [k / 8 for k in range(1, 9)]
    assert_same_summary(whole, parts)
