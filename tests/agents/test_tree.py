"""One tree: transformers and stations below the same substation, substations below substations; agents see only what they are sent."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from agents.control_center import ControlCenter
from agents.station import Station
from agents.substation import Substation
from agents.visitor import Visitor
from environment.station_messages import Need
from runs.model import GridModel
from runs.scenario import Scenario
from runs.simulate import result_of
from runs.world import World
from tests.support.station_cases import BUSY, STRUCK, case, world_of

OF_STATION = {"name", "row", "HOP", "SERVES", "faults", "open", "follow", "hear_alarm", "hear_release", "serve"}
OF_REGION = {"name", "rows", "HOP", "SERVES", "ways", "faults", "may_lose", "reports", "open", "follow", "warn", "release", "serve", "transformers"}  # fmt: skip
OF_HOST = {"name", "visitor_faults", "hear_need", "lose"}
OF_VISITOR = {"name", "row", "hear_shift", "hear_charged", "leave"}


class Only:
    """All of an agent that another one may see: what its protocol has, to be called with messages or read as where it stands."""

    def __init__(self, agent: Any, names: Collection[str]) -> None:
        self._agent, self._names = agent, names

    def __getattr__(self, name: str) -> Any:
        assert name in self._names, f"{name} of {type(self._agent).__name__} is read, and no message has told it"
        return getattr(self._agent, name)


class StrictVisitor(Visitor):
    def __init__(self, model: Any, user: str, row: int, need: Need, station: Any, channel: Any) -> None:
        super().__init__(model, user, row, need, Only(station, OF_HOST), channel)


class StrictStation(Station):
    def hear_need(self, visitor: Any, need: Need) -> None:
        super().hear_need(Only(visitor, OF_VISITOR), need)  # type: ignore[arg-type]


class StrictSubstation(Substation):
    def __init__(self, model: Any, name: str, channel: Any, children: Any, **given: Any) -> None:
        super().__init__(model, name, channel, [Only(child, OF_STATION) for child in children], **given)  # type: ignore[misc]

    @property
    def ways(self) -> Any:
        return [[Only(self, OF_REGION)]]


class StrictControlCenter(ControlCenter):
    def __init__(self, model: Any, channel: Any, children: Any, **given: Any) -> None:
        super().__init__(model, channel, [Only(child, OF_REGION) for child in children], **given)  # type: ignore[misc]


STRICT: dict[str, Any] = {
    "visitor": StrictVisitor, "station": StrictStation, "substation": StrictSubstation, "control_center": StrictControlCenter,
}  # fmt: skip


def busy(folder: Path, **channel: Any) -> Scenario:
    return case(
        folder, **{**BUSY, "events": {**STRUCK, "supply_part": 0.9}, "channel": channel, "horizon": {"slots": 32}}
    )


def run(model: GridModel) -> GridModel:
    model.run_until(model.world.horizon.hours)
    return model


def books(model: GridModel) -> tuple[bytes, ...]:
    track, sessions = model.stations.track, model.stations.yard.sessions
    columns = (track.power_kw, track.storage_kw, track.voltage_v, track.lent_kw, sessions.served_kwh, sessions.lent_kwh)
    return tuple(column.tobytes() for column in columns)


@pytest.mark.parametrize("channel", [{}, {"loss": 0.2}])
def test_agents_see_of_each_other_only_what_they_are_sent(tmp_path: Path, channel: dict[str, Any]) -> None:
    """Classes of one's own stand in for all agents; with protocols alone to go by, the day is the same."""
    scenario = busy(tmp_path, **channel)
    strict, plain = (run(GridModel(world=World.of(stations=world_of(scenario)), **given)) for given in (STRICT, {}))
    assert isinstance(strict.control_center, StrictControlCenter)
    assert books(strict) == books(plain)
    assert strict.channel.books == plain.channel.books
    assert strict.stations.track.given_kw.any()
    assert strict.stations.track.lent_kw.any()


def test_visitors_are_agents_while_they_are_there(tmp_path: Path) -> None:
    model = GridModel(
        world=World.of(stations=world_of(case(tmp_path, None, [("u", "A1", 0.0, 30.0), ("v", "A1", 0.7, 30.0)])))
    )
    visitors = []
    model.on_slot(lambda _: visitors.append(len(model.agents_by_type.get(Visitor, ()))))
    run(model)
    assert visitors == [0] * 40, "served in their slot, and gone"
    full = GridModel(world=World.of(stations=world_of(case(tmp_path, [("A1", "S1-01", "A", 1, 0)], [(f"u{k}", "A1", 0.0, 30.0) for k in range(5)], horizon={"slots": 3}))))  # fmt: skip
    waiting = []
    full.on_slot(lambda _: waiting.append(sorted(each.name for each in full.agents_by_type.get(Visitor, ()))))
    run(full)
    assert waiting == [["ev:u2", "ev:u3", "ev:u4"], ["ev:u4"], []]


class Modest(Visitor):
    """Asks for 12 kWh with a battery of 20 kWh, whatever its row has, and for no shift."""

    def __init__(self, model: Any, user: str, row: int, need: Need, station: Any, channel: Any) -> None:
        super().__init__(
            model, user, row, replace(need, energy_kwh=12.0, capacity_kwh=20.0, willing=False), station, channel
        )


@pytest.mark.parametrize("channel", [{}, {"loss": 0.2}])
def test_a_station_goes_by_what_a_visitor_says(tmp_path: Path, channel: dict[str, Any]) -> None:
    """As if what it says had been in the file."""
    at, (kwh, modest_kwh) = [("A1", "S1-01", "A", 2, 0)], ((30.0, 60.0, 1), (12.0, 20.0, 0))
    sections = {"channel": channel, "triggers": {"user": True, "crowded_kw": 30.0}}
    models = []
    for name, what, visitor in (("said", kwh, Modest), ("file", modest_kwh, Visitor), ("usual", kwh, Visitor)):
        folder = tmp_path / name
        folder.mkdir()
        who = [(f"u{k}", "A1", 20.4 + 0.6 * (k // 12), *what) for k in range(16)]
        models.append(run(GridModel(case(folder, at, who, **sections), visitor=visitor)))
    said, file, usual = models
    assert said.stations.yard.sessions.served_kwh.tolist() == file.stations.yard.sessions.served_kwh.tolist()
    assert not said.stations.yard.sessions.shifted_slots.any()
    assert usual.stations.yard.sessions.shifted_slots.any()
    assert said.world.stations.visits.energy_kwh.tolist() == [30.0] * 16
    tables = [result_of(model) for model in (said, file)]
    pd.testing.assert_frame_equal(*(table.visits for table in tables))
    assert [table.summary["wanted_kwh"] for table in tables] == [12.0 * 16] * 2


def test_stations_and_transformers_below_one_substation(tmp_path: Path) -> None:
    """Each kind is led as if the other were not there."""
    scenario = Scenario().update(fleet={"vehicles": 20}, transformer={"count": 2})
    apart, ants, stations = (
        GridModel(scenario),
        GridModel(scenario),
        GridModel(world=World.of(stations=world_of(busy(tmp_path)))),
    )
    own, world = run(GridModel(world=World.of(stations=world_of(busy(tmp_path))))), stations.world.stations
    substations = [
        Substation(
            stations, name, stations.channel,
            [*(stations.stations.stations[row] for row in world.stations.rows_of(number).tolist()), ants.transformers[number]],
            passing=world.passing(number),
        )
        for number, name in enumerate(world.stations.region_names)
    ]  # fmt: skip
    stations.control_center = ControlCenter(
        stations, stations.channel, substations, control=stations.control_center.control
    )
    for model in (ants, apart):
        model.run_until(scenario.horizon.hours)
    run(stations)
    assert books(stations) == books(own)
    counts = {(row[0], row[1]): row[3] for row in stations.channel.books}
    assert counts["forecast", "substation-transformer"] == counts["report", "substation-transformer"] == 2
    told, alone = stations.control_center.summary, apart.control_center.summary
    assert told is not None
    assert alone is not None
    assert told.load_kw.tolist() == alone.load_kw.tolist()
    assert set(own.channel.books) <= set(stations.channel.books)


def test_regions_below_another_substation(tmp_path: Path) -> None:
    """What goes to a region passes all substations on the way; the day is the same."""
    world = world_of(busy(tmp_path))
    plain, nested = run(GridModel(world=World.of(stations=world))), GridModel(world=World.of(stations=world))
    regions = [
        Substation(
            nested, name, nested.channel, [nested.stations.stations[row] for row in world.stations.rows_of(number).tolist()],
            passing=world.passing(number),
        )
        for number, name in enumerate(world.stations.region_names)
    ]  # fmt: skip
    above = Substation(nested, "substation:above", nested.channel, regions)
    nested.control_center = ControlCenter(nested, nested.channel, [above], control=nested.control_center.control)
    run(nested)
    assert books(nested) == books(plain)
    one, two = ({(row[0], row[1]): row[3] for row in model.channel.books} for model in (plain, nested))
    upper = {key for key in one if key[1] == "control_center-substation"}
    assert upper
    assert all(two[key] == (2 if key in upper else 1) * one[key] for key in one)
