"""The scenario of a district shows what a planner looks for: who passes a limit with free charging, that ants pass none, and the sun."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from environment.grid import Kind
from runs.result import Result
from runs.scenario import Scenario
from runs.simulate import simulate

FILE = Path(__file__).parent.parent.parent / "scenarios" / "district.toml"


@cache
def district() -> Result:
    return simulate(Scenario.read(FILE, ["run.engine=compiled"]))


def of(node: str) -> pd.DataFrame:
    slots = district().slots
    return slots[slots.transformer == node].reset_index(drop=True)


def test_free_charging_passes_limits_that_ants_hold() -> None:
    nodes = district().nodes
    below = nodes[nodes.kind == Kind.TRANSFORMER]
    assert len(below) == 12
    assert nodes.vehicles[0] == 1500
    assert (below.free_overload_slots > 0).sum() >= 3
    assert (below.overload_slots == 0).all()
    assert below.limit_kw.nunique() > 3


def test_a_limit_by_slot_holds_back_what_charges_below_it() -> None:
    foundry = of("Foundry")
    start = foundry.start.dt.hour
    mended = (start >= 13) & (start < 21)
    assert foundry.limit_kw.where(mended).dropna().unique().tolist() == [650.0]
    assert foundry.limit_kw.where(~mended).dropna().unique().tolist() == [950.0]
    assert (foundry.total_kw <= foundry.limit_kw + 1e-6).all()
    assert (foundry.total_kw[~mended] > 650.0).any(), "and else more is used"
    assert (of("Foundry").free_kw + foundry.actual_kw > foundry.limit_kw)[mended].any()


def test_loads_of_a_node_add_up_and_the_sun_feeds_in() -> None:
    orchard, mill = of("Orchard"), of("Mill Lane")
    roofs = orchard.base_kw - mill.base_kw  # the same homes, without roofs
    assert (roofs <= 1e-9).all()
    assert roofs.min() < -200.0
    assert orchard.base_kw.min() < 0.0
    night = (orchard.start.dt.hour >= 21) | (orchard.start.dt.hour < 6)
    np.testing.assert_allclose(roofs[night], 0.0, atol=1e-9)
    lights = district().upper_slots.pivot_table(index="slot", columns="node", values="actual_kw").east
    below = sum(
        of(name).actual_kw for name in ("Mill Lane", "Station Road", "Garden Centre", "Retail Park", "Foundry", "Depot")
    )
    np.testing.assert_allclose(np.unique((lights - below).round(6)), [0.0, 45.0])


def test_nothing_of_the_scenario_is_idle_or_doubtful() -> None:
    told = district().summary["warnings"]
    assert all("measured, not held" in text or "stay unserved" in text for text in told), told
