"""Charging stations: where they stand, what they hold, and faults of their file."""

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from environment.feeders import BuiltinFeeder
from environment.input_faults import FaultyInputError
from environment.station_sites import Stations, StationsSettings
from tests.support.station_cases import written

FEEDER = BuiltinFeeder().feeder()
HEADER = ("station", "node", "region", "piles", "storage_devices")


def test_the_paper_has_76_stations_in_four_regions() -> None:
    stations = Stations.build(StationsSettings(), FEEDER)
    assert len(stations) == 76
    assert np.bincount(stations.region).tolist() == [19] * 4
    assert set(stations.places.tolist()) == {36}
    assert len(set(stations.transformer.tolist())) == 76
    assert np.flatnonzero(stations.above[:, 0]).tolist() == [0, 76], "one cable from the busbar, and its transformer"
    assert stations.above[:, 4].sum() == 6


def test_a_file_says_where_they_stand(tmp_path: Path) -> None:
    rows = [("one", "S1-01", "west", 1, 0), ("two", "S3-07", "east", "", "")]
    settings = StationsSettings(path=written(tmp_path / "s.csv", HEADER, rows), region_weights=(1.0, 2.0))
    stations = Stations.build(settings, FEEDER)
    assert stations.places.tolist() == [2, 36]
    assert stations.storage_devices.tolist() == [0, 2]
    assert stations.regions == ("west", "east")
    assert FEEDER.node[stations.node].tolist() == ["S1-01", "S3-07"]
    storage = stations.new_storage(settings)
    both = storage.limits(np.arange(2), 0.6)
    assert both.charge_kw.tolist() == [0.0, 100.0]
    assert both.discharge_kw.tolist() == [0.0, 100.0]


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([("a", "S1-99", "r", 1, 0)], "node of station a"),
        ([("a", "", "r", 1, 0)], "is empty"),
        ([("a", "busbar", "r", 1, 0)], "behind no transformer"),
        ([("a", "S1-01", "r", 1, 0), ("a", "S1-02", "r", 1, 0)], "a name that no other line has"),
        ([("a", "S1-01", "r", 1, 0), ("b", "S1-01", "r", 1, 0)], "with another station"),
        ([("a", "S1-01", "", 1, 0)], "a name"),
        ([("a", "S1-01", "r", 0, 0)], "a whole number of at least 1"),
        ([("a", "S1-01", "r", 1.5, 0)], "a whole number of at least 1"),
        ([("a", "S1-01", "r", 1, -1)], "a whole number of at least 0"),
        ([("a", "S1-01", "r", 1, 0), ("b", "S1-02", "q", 1, 0)], "one for each region"),
    ],
)
def test_faults_of_the_file_are_told(tmp_path: Path, rows: list[tuple[object, ...]], fault: str) -> None:
    settings = StationsSettings(path=written(tmp_path / "s.csv", HEADER, rows), region_weights=(1.0,))
    with pytest.raises(FaultyInputError) as told:
        Stations.build(settings, FEEDER)
    assert fault in str(told.value)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"time_rated_h": 0.7}, "time_rated_h = 0.7"),
        ({"capacity_min_kw": 4000.0}, "capacity_min_kw = 4000"),
        ({"battery_min_kwh": 80.0}, "battery_min_kwh = 80"),
        ({"storage_soc_start": 0.05}, "storage_soc_start = 0.05"),
        ({"time_weights": (1.0,) * 23}, r"time_weights = \(1.0"),
        ({"time_weights": (0.0,) * 24}, "not all 0"),
        ({"region_weights": ()}, "region_weights"),
        ({"region_weights": (1.0, 0.0)}, "region_weights"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(given: dict[str, object], found: str) -> None:
    with pytest.raises(ValidationError, match=found):
        StationsSettings.model_validate(given)
