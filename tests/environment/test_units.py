"""A quantity in another unit than its column's is told, whatever its source; in the right one nothing is said."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from environment.horizon import Horizon
from environment.loads import LoadProfile
from environment.tariffs import Tariff
from environment.units import odd_fleet, odd_load, odd_prices
from runs.scenario import Scenario
from runs.world import World
from tests.support.worlds import make_fleet

STAYS = st.lists(
    st.tuples(st.floats(0, 20), st.floats(1, 30), st.floats(1, 100), st.floats(1, 150)), min_size=1, max_size=5
).map(lambda rows: [(start, start + length, need, power) for start, length, need, power in rows])


@given(stays=STAYS, limit_kw=st.floats(150, 5000))
def test_powers_and_needs_in_watts_are_told_and_those_in_kilowatts_are_not(
    stays: list[tuple[float, float, float, float]], limit_kw: float
) -> None:
    assert odd_fleet(make_fleet(stays), Horizon(), limit_kw) == []
    watts = make_fleet([(start, stop, 1000 * need, 1000 * power) for start, stop, need, power in stays])
    power, need = odd_fleet(watts, Horizon(), limit_kw)
    assert f"power_kw of {len(stays)} of {len(stays)} EVs (v0" in power
    assert "are watts meant?" in power
    assert "are watt-hours meant?" in need


@given(stays=STAYS, unit_h=st.sampled_from([24.0, 3600.0]))
def test_stays_in_days_or_read_as_hours_of_seconds_are_told(
    stays: list[tuple[float, float, float, float]], unit_h: float
) -> None:
    short = make_fleet(
        [(start, start + (stop - start) / 31 / unit_h, need, power) for start, stop, need, power in stays]
    )
    assert any("shorter than one slot" in text for text in odd_fleet(short, Horizon(), 1000.0))


@given(peak_kw=st.floats(50, 5000), limit_kw=st.floats(50, 4000), infeed=st.booleans())
def test_loads_in_watts_or_megawatts_are_told(peak_kw: float, limit_kw: float, infeed: bool) -> None:
    shape = np.linspace(0.3, 1, 24) * (-1 if infeed else 1)

    def said(forecast_kw: float, actual_kw: float) -> list[str]:
        return odd_load(LoadProfile(forecast_kw * shape, actual_kw * shape), limit_kw, "the limit")

    if peak_kw < 100 * limit_kw and limit_kw < 100 * peak_kw:
        assert said(peak_kw, 1.1 * peak_kw) == []
    if peak_kw > limit_kw / 9:
        assert any("are watts meant?" in text for text in said(1e3 * peak_kw, 1e3 * peak_kw))
    if peak_kw < 9 * limit_kw:
        assert any("are megawatts meant?" in text for text in said(peak_kw / 1e3, peak_kw / 1e3))
    assert any("forecast" in text for text in said(peak_kw, peak_kw * 1e3))


@given(mean=st.floats(0.15, 5))
def test_prices_in_hundredths_are_told(mean: float) -> None:
    price = np.full(24, mean)
    assert odd_prices(Tariff(price, price)) == []
    assert len(odd_prices(Tariff(100 * price, price))) == 1


def test_percent_of_a_fluctuation_is_told() -> None:
    small, large = (LoadProfile(np.ones(24), np.ones(24), fluctuation=part) for part in (0.05, 5.0))
    assert odd_load(small, 1.0, "") == []
    assert odd_load(large, 1.0, "") == ["a load's fluctuation = 5 is 500%; are 5 %, 0.05, meant?"]


def warnings(*keys: str) -> str:
    case = Scenario.read(None, keys)
    return "\n".join(World.build(case, np.random.default_rng(1)).warnings())


def test_every_source_of_a_fleet_tells_odd_units(tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text(
        "vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw\nv1,6,18,10500,7400\nv2,7,19,8000,7400\n"
    )
    text = warnings("fleet.source=csv", f"fleet.path={tmp_path / 'fleet.csv'}")
    assert "power_kw of 2 of 2 EVs (v1, v2) is up to 7,400 kW, 4.6 times the transformer's limit; are watts" in text
    assert "energy_kwh of 2 of 2 EVs (v1, v2) is up to 10,500 kWh; are watt-hours meant?" in text
    (tmp_path / "fleet.csv").write_text(
        "vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw\nv1,6,18,10,7\nv1,30,40,210,7\nv1,54,60,210,7\nv2,7,19,8,7\n"
    )
    again = warnings("fleet.source=csv", f"fleet.path={tmp_path / 'fleet.csv'}", "horizon.slots=72")
    assert "energy_kwh of 1 of 2 EVs (v1) is up to 210 kWh" in again, "an EV counts once, however often it comes"
    assert "are watts meant?" in warnings("fleet.types=[{power_kw=7400}]", "fleet.vehicles=5")


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (["load.peak_kw=1.4e6"], "watts"),
        (["load.peak_kw=1.4", "load.fluctuation=5"], "megawatts"),
        (["load.peak_kw=1.4e6", "peak_shaving.optimizer=exact"], "watts"),
        (["load.peak_kw=1.4", "peak_shaving.optimizer=exact", "transformer.count=3"], "megawatts"),
        (["load.peak_kw=15.2", "stations.piles=18"], "megawatts"),
        (["load.fluctuation=5"], "5 %, 0.05,"),
        (["load.fluctuation=5", "peak_shaving.optimizer=exact"], "5 %, 0.05,"),
        (["tariff.flat_yuan_per_kwh=65", "peak_shaving.optimizer=exact"], "hundredths"),
        (["tariff.flat_yuan_per_kwh=65", "stations.piles=18"], "hundredths"),
    ],
)
def test_every_kind_of_run_tells_odd_units(keys: list[str], said: str) -> None:
    assert f"are {said}" in warnings(*keys)


@pytest.mark.parametrize("keys", [[], ["peak_shaving.optimizer=exact"], ["stations.piles=18"]])
def test_the_default_scenarios_are_in_their_units(keys: list[str]) -> None:
    assert "meant?" not in warnings(*keys)
