"""A net load that the sun turns negative at midday: EVs charge into the surplus, and it counts as load everywhere."""

from pathlib import Path

import numpy as np
import pytest

from environment.input_faults import FaultyInputError
from runs.homes import plots
from runs.page.board import load_axis
from runs.page.palette import LIGHT
from runs.result import Result
from runs.scenario import Scenario
from runs.simulate import simulate

SURPLUS = range(10, 15)


def run(tree: Path, *keys: str) -> Result:
    return simulate(Scenario.read(tree / "tests/reference/midday_surplus/scenario.toml", keys))


@pytest.mark.parametrize("engine", ["agents", "compiled"])
@pytest.mark.parametrize(
    ("method", "power_kw"),
    [
        ("ants", [4, 4, 2, 0, 0]),  # the emptiest slots, ties to the earlier
        ("optimal", [2, 2, 2, 2, 2]),
        ("odc", [2, 2, 2, 2, 2]),
    ],
)
def test_evs_charge_into_the_surplus(tree: Path, engine: str, method: str, power_kw: list[float]) -> None:
    result = run(tree, f"run.engine={engine}", f"coordination.method={method}")
    np.testing.assert_allclose(result.slots.ev_kw[SURPLUS], power_kw, atol=1e-6)
    assert result.summary["unserved_kwh"] == pytest.approx(0)
    assert result.summary["valley_kw"] == pytest.approx(-40 + min(power_kw))
    assert result.summary["optimum_kw2"] == pytest.approx(19 * 80**2 + 5 * 38**2)
    assert result.summary["peak_valley_rate"] == pytest.approx((120 - min(power_kw)) / 80)


def test_figures_show_what_is_fed_in(tree: Path) -> None:
    result = run(tree)
    assert plots.load_curves(result).axes[0].get_ylim()[0] < -40
    axis = load_axis(LIGHT, -40.0, 80.0)
    assert axis["min"] <= -40
    assert axis["max"] >= 80
    assert load_axis(LIGHT, 30.0, 80.0)["min"] == 0


def test_a_feeder_carries_the_surplus_back(tree: Path) -> None:
    result = run(tree, "feeder.source=cigre_lv", "feeder.load_power_factor=1.0")
    volts = result.network.groupby("slot").no_evs_voltage_pu.max()
    assert volts[12] > volts[9], "what is fed in raises the voltage"


def test_a_load_without_any_draw_cannot_be_scaled(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "load.csv").write_text("hour,load_kw\n0,-40\n12,-40\n")
    with pytest.raises(FaultyInputError, match="a load of at most -40 kW"):
        run(tree, f"load.path={tmp_path / 'load.csv'}", "load.peak_kw=5")
