"""Prices of each slot: the two rules, hour by hour, and files."""

from pathlib import Path

import numpy as np
import pytest

from environment.horizon import Horizon
from environment.input_faults import FaultyInputError
from environment.tariffs import BeijingTariff, CsvTariff, GuangdongTariff

MIDNIGHT = Horizon(start="2010-07-12T00:00", slot_min=15)
NOON = Horizon(start="2010-07-12T12:00", slot_min=15)

GUANGDONG = {
    0: 0.247,
    7: 0.247,
    8: 0.65,
    9: 0.65,
    10: 1.105,
    11: 1.105,
    12: 0.65,
    13: 0.65,
    14: 1.105,
    18: 1.105,
    19: 0.65,
}
BEIJING = {0: 0.2833, 6: 0.2833, 7: 0.6725, 9: 0.6725, 10: 1.0853, 14: 1.0853, 15: 0.6725, 18: 1.0853, 20: 1.0853,
           21: 0.6725, 22: 0.6725, 23: 0.2833}  # fmt: skip


HALF_AN_HOUR = Horizon(start="2019-10-05T00:00", slot_min=15, slots=192, timezone="Australia/Lord_Howe")
"""2 h is skipped to 2.30 h in its second night."""


@pytest.mark.parametrize(
    "horizon", [MIDNIGHT, NOON, Horizon(start="2010-07-12T05:00", slot_min=15, slots=288), HALF_AN_HOUR]
)
@pytest.mark.parametrize(
    ("tariff", "prices"), [(GuangdongTariff(), GUANGDONG), (BeijingTariff(source="beijing"), BEIJING)]
)
def test_prices_follow_the_clock(
    horizon: Horizon, tariff: GuangdongTariff | BeijingTariff, prices: dict[int, float]
) -> None:
    found = tariff.prices(horizon)
    assert found.shape == (horizon.n_slots,)
    hour = horizon.slot_starts.hour.to_numpy()
    for clock, price in prices.items():
        np.testing.assert_allclose(found[hour == clock], price)


def test_guangdongs_hours_are_counted() -> None:
    price = GuangdongTariff(flat_yuan_per_kwh=1.0).prices(MIDNIGHT)
    counts = {value: int(np.isclose(price, value).sum()) for value in (1.7, 1.0, 0.38)}
    assert counts == {1.7: 4 * 7, 1.0: 4 * 9, 0.38: 4 * 8}


def test_the_critical_peak_is_a_quarter_dearer() -> None:
    usual, summer = (GuangdongTariff(critical_peak=on).prices(MIDNIGHT) for on in (False, True))
    hours = MIDNIGHT.slot_starts.hour[summer > usual + 1e-9].unique()
    assert hours.tolist() == [11, 15, 16]
    np.testing.assert_allclose(summer[4 * 11], 1.25 * usual[4 * 11])


def test_coarse_slots_have_the_mean_price() -> None:
    two = GuangdongTariff().prices(Horizon(start="2010-07-12T00:00", slot_min=240))
    fine = GuangdongTariff().prices(MIDNIGHT)
    np.testing.assert_allclose(two, fine.reshape(6, 16).mean(axis=1))


def test_compensation_is_a_part_of_the_price() -> None:
    tariff = GuangdongTariff(discharge_ratio=0.8).tariff(MIDNIGHT)
    np.testing.assert_allclose(tariff.discharge_yuan_per_kwh, 0.8 * tariff.charge_yuan_per_kwh)
    equal = GuangdongTariff().tariff(MIDNIGHT)
    assert equal.charge_yuan_per_kwh.tolist() == equal.discharge_yuan_per_kwh.tolist()


def test_prices_from_a_file_also_below_zero(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("hour,yuan_per_kwh\n0,0.5\n6,-0.2\n12,1.5\n18,0.5\n")
    prices = CsvTariff(source="csv", path=path).prices(Horizon(start="2010-07-12T00:00", slot_min=180))
    assert prices.tolist() == pytest.approx([0.5, 0.5, -0.2, -0.2, 1.5, 1.5, 0.5, 0.5])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hour,price\n0,1\n12,1\n", "column yuan_per_kwh is missing"),
        ("hour,yuan_per_kwh\n0,dear\n12,1\n", "line 2: yuan_per_kwh is 'dear'"),
        ("hour,yuan_per_kwh\n0,1\n6,1\n", "0 h to 24 h or more"),
        ("hour,yuan_per_kwh\n0,nan\n12,1\n", "line 2: yuan_per_kwh is 'nan'"),
    ],
)
def test_faults_of_a_price_file(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(text)
    with pytest.raises(FaultyInputError, match=message):
        CsvTariff(source="csv", path=path).prices(MIDNIGHT)


def test_missing_prices_are_a_fault_or_filled_and_told(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("hour,yuan_per_kwh\n" + "".join(f"{hour},{hour}\n" for hour in range(24) if hour != 7))
    with pytest.raises(FaultyInputError, match="1 step missing after 6"):
        CsvTariff(source="csv", path=path).tariff(MIDNIGHT)
    tariff = CsvTariff(source="csv", path=path, fill="interpolate").tariff(MIDNIGHT)
    np.testing.assert_allclose(tariff.charge_yuan_per_kwh, np.arange(24).repeat(4))
    assert len(tariff.told) == 1
