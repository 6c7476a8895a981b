"""Messages between visitors, stations, substations and control centre: counted, lost and sent again, with limits held and books closed."""

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordination.stations.judgement import Judgement
from coordination.stations.reports import Plans, Reports
from environment.channel import BOOK_COLUMNS, Channel
from environment.input_faults import FaultyInputError
from environment.station_messages import Order, Plan, RegionAlarm, Release, StationReport
from runs.model import GridModel
from runs.scenario import Scenario
from runs.stations.engine import StationsOutcome, charging_freely
from runs.stations.part import StationPark
from runs.world import World
from tests.support.feeders import changed
from tests.support.laws import examples
from tests.support.station_cases import BUSY, CALM, OFF, SIX, STRUCK, case, columns, world_of
from tests.support.worlds import run_park

SHORT_KW = 1e-4
"""By which two power flows of one case may differ."""
ALL_DAY = {"from_h": 0.0, "to_h": 24.0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stations")


def busy(folder: Path, channel: dict[str, Any], **sections: Any) -> Scenario:
    events = {**STRUCK, "supply_part": 0.9}
    return case(folder, **{**BUSY, "events": events, "channel": channel, **sections})


def played(scenario: Scenario) -> tuple[StationPark, GridModel, StationsOutcome]:
    """Run a case, and keep its model."""
    park = world_of(scenario)
    model = GridModel(world=World.of(stations=park))
    model.run_model()
    return park, model, model.stations.outcome(0.0)


def sent(outcome: StationsOutcome) -> dict[tuple[str, str], int]:
    return {(row[0], row[1]): row[BOOK_COLUMNS.index("messages")] for row in outcome.channel.books}


def assert_laws(world: StationPark, model: GridModel, outcome: StationsOutcome) -> None:
    """No more is drawn than supplied; energy of visits and of storage closes; what is told is what was."""
    track, sessions, visits, slot_h = outcome.track, outcome.sessions, world.visits, world.horizon.slot_h
    base = world.state.base[0].sum(axis=1)
    dark = track.shed_kw >= base - 1e-6
    most = track.drawn_kw - track.short_kw
    assert (outcome.grid.drawn_kw[~dark] <= most[~dark] + SHORT_KW).all(), "supply"
    assert (track.plugged <= world.stations.places).all(), "piles"
    assert (track.power_kw <= track.capacity_kw + 1e-9).all(), "nobody draws what was not granted"
    assert (track.storage_kw[track.short_kw > 1e-9] <= 1e-9).all(), "storage charges in a shortage"
    served = sessions.served_slot >= 0
    back = sessions.lent_kwh / world.settings.storage_efficiency**2
    assert visits.energy_kwh + back == pytest.approx(sessions.served_kwh + sessions.short_kwh)
    assert not sessions.served_kwh[~served].any()
    by_slot = np.zeros_like(track.power_kw)
    np.add.at(by_slot, (sessions.served_slot[served], visits.station[served]), sessions.served_kwh[served])
    assert by_slot == pytest.approx(track.power_kw * track.time_h, abs=1e-8)
    assert sessions.lent_kwh.sum() == pytest.approx(track.lent_kw.sum() * slot_h)
    assert sessions.shifted_slots.sum() == track.shifted.sum()
    storage = outcome.storage
    moved = track.storage_kw.sum(axis=0) * slot_h
    assert moved == pytest.approx(storage.charged_kwh - storage.discharged_kwh, abs=1e-8)
    assert moved == pytest.approx(
        (storage.soc - world.settings.storage_soc_start) * storage.capacity_kwh + storage.lost_kwh, abs=1e-8
    )
    there = sum(len(station.visitors) for station in model.stations.stations)
    assert there == outcome.yard.waiting.sum(), "who a station knows of is who waits there"
    died = outcome.visitors_died
    here = (
        len(model.agents_by_type[next(kind for kind in model.agent_types if kind.__name__ == "Visitor")])
        if there
        else 0
    )
    assert here <= len(visits) - served.sum() - died
    told = model.control_center.told
    for name in ("granted_kw", "power_kw", "storage_kw", "cut_kw", "storage_soc", "wanted_kwh", "plugged"):
        said = np.array([getattr(each, name) for each in told], dtype=np.float64)
        heard = ~np.isnan([each.power_kw for each in told])
        was = getattr(track, "capacity_kw" if name == "granted_kw" else name)
        assert (said[heard] == was[heard]).all(), name


CHANNELS = st.fixed_dictionaries({
    "loss": st.sampled_from([0.0, 0.05, 0.3, 0.7]),
    "burst": st.sampled_from([1.0, 1.0, 6.0]),
    "delay_s": st.sampled_from([0.0, 3.0]),
    "delay": st.sampled_from(["constant", "exponential"]),
    "timeout_s": st.sampled_from([None, 4.0]),
    "duplication": st.sampled_from([0.0, 0.4]),
    "reordering": st.sampled_from([0.0, 0.4]),
    "death": st.sampled_from([0.0, 0.0, 0.1]),
    "resends": st.sampled_from([0, 1, 3]),
    "partitions": st.lists(
        st.sampled_from([None, "A", "B", "A1", "B3"]).map(lambda name: {"node": name, "from_h": 2.0, "to_h": 6.0}), max_size=2
    ),
}).filter(lambda given: given["loss"] < 0.7 or given["burst"] == 1.0)  # fmt: skip


@given(
    channel=CHANNELS,
    supply_part=st.sampled_from([0.0, 0.9, 0.97]),
    capacity_max_kw=st.sampled_from([200.0, 500.0]),
    triggers=st.tuples(*[st.booleans()] * 4),
    search=st.sampled_from([{"optimizer": "none"}, {"iterations": 1, "population": 6}]),
    seed=st.integers(0, 1000),
)
@examples(0.5)
def test_whatever_gets_lost_the_supply_is_held_and_books_close(
    folder: Path, channel: dict[str, Any], supply_part: float, capacity_max_kw: float, triggers: tuple[bool, ...],
    search: dict[str, Any], seed: int,
) -> None:  # fmt: skip
    scenario = busy(
        folder, channel, horizon={"slots": 16}, events={**STRUCK, "supply_part": supply_part}, run={"seed": seed},
        stations={**BUSY["stations"], "capacity_max_kw": capacity_max_kw, "piles": 2},
        triggers={**dict(zip(OFF, triggers, strict=True)), "crowded_kw": 100.0}, scheduling=search,
    )  # fmt: skip
    world, model, outcome = played(scenario)
    assert_laws(world, model, outcome)
    again = run_park(world)
    assert columns(outcome) == columns(again)
    assert outcome.channel.books == again.channel.books


def test_a_busy_day_with_losses_is_still_a_day(folder: Path) -> None:
    world, model, outcome = played(busy(folder, {"loss": 0.2, "duplication": 0.1, "death": 0.02}))
    assert_laws(world, model, outcome)
    plain = run_park(world_of(busy(folder, {})))
    served = (outcome.sessions.served_slot >= 0).sum()
    assert 0.8 * (plain.sessions.served_slot >= 0).sum() < served < len(world.visits)
    assert outcome.channel.lost > 0
    assert outcome.visitors_died > 0
    assert outcome.visitors_cut_off > 0
    assert outcome.track.cut_kw.any()
    assert outcome.track.lent_kw.any()


def test_taps_that_may_not_have_heard_their_order_count_at_their_worse_end(folder: Path) -> None:
    """In every second slot no order is heard: taps stand as before, mostly higher or lower than ordered."""

    class Forgetful(Channel):
        def ask(self, faults: Any, message: Any, sender: Any, receiver: Any, answer: Any, **given: Any) -> Any:
            assert self.clock is not None
            is_lost = isinstance(message, Order) and round(self.clock.now_h() / 0.6) % 2 == 1
            return None if is_lost else super().ask(faults, message, sender, receiver, answer, **given)

    park = world_of(case(folder, horizon={"slots": 12}))
    model = GridModel(world=World.of(stations=park), channel=Forgetful)
    model.run_model()
    track = model.stations.track
    drawn_kw = Judgement.of(park.state, track).grid.drawn_kw
    ordered_v = np.array([found.decision.voltage_v[0] for found in track.found])
    assert (track.voltage_v[::2] == ordered_v[::2]).all()
    assert (track.voltage_v[1::2] == ordered_v[::2]).all()
    assert not track.power_kw[1::2].any()
    assert (drawn_kw <= track.drawn_kw + SHORT_KW).all()
    assert drawn_kw[::2] == pytest.approx(track.drawn_kw[::2])


def test_taps_that_may_all_stand_elsewhere_count_together(folder: Path) -> None:
    park = world_of(case(folder, horizon={"slots": 1}))
    control, idle_v = park.new_control(), park.state.idle_v
    control.low_v[:], control.high_v[:] = 0.9 * idle_v, 1.05 * idle_v
    nobody = [None] * len(park.stations)
    drawn_kw = control.answer(0, 0.0, Reports.of(nobody), Plans.of(nobody)).drawn_kw
    for part in itertools.product([0.9, 1.05], repeat=len(park.stations)):
        assert park.state.measure(0, part * idle_v, np.zeros(len(park.stations)))[1] <= drawn_kw + 1e-6


def test_a_perfect_channel_is_none(folder: Path) -> None:
    with_section = busy(folder, {"loss": 0.0, "duplication": 0.0, "delay_s": 0.0, "resends": 0})
    one, other = run_park(world_of(with_section)), run_park(world_of(busy(folder, {})))
    assert columns(one) == columns(other)
    assert one.channel.books == other.channel.books


@pytest.mark.parametrize("channel", [{"delay_s": 2.0}, {"duplication": 1.0}, {"loss": 0.3, "resends": 100}])
def test_what_arrives_in_the_end_changes_nothing(folder: Path, channel: dict[str, Any]) -> None:
    """Messages that are late by less than the time-out, come twice, or come after being lost are as good as perfect ones."""
    faulty, plain = run_park(world_of(busy(folder, channel))), run_park(world_of(busy(folder, {})))
    assert columns(faulty) == columns(plain)
    if "loss" in channel:
        return
    copies = 2 if "duplication" in channel else 1
    asked, answers = ("need", "shift", "charged", "alarm", "release", "served"), ("station_report", "plan")
    one, other = sent(plain), sent(faulty)
    for (kind, hop), count in one.items():
        assert other[kind, hop] == count * (copies if kind.removeprefix("region_") in (*answers, "report") else 1), kind
    told = sum(one[key] for key in one if key[0] in asked)
    receipts = {hop: count for (kind, hop), count in other.items() if kind == "receipt"}
    assert receipts["station-ev"] + receipts["substation-station"] == copies * told
    told = sum(one[key] for key in one if key[0] in ("region_alarm", "region_release", "region_served"))
    upward = one["region_served", "control_center-substation"]
    assert receipts["control_center-substation"] == copies * upward
    assert other["region_receipt", "control_center-substation"] == copies * (told - upward)


def test_messages_counted_by_hand(folder: Path) -> None:
    """One message a station and slot for each step of the protocol, one a region; alarms where storage is to give; a word for each visit."""
    outcome = run_park(world_of(busy(folder, {})))
    slots, stations, regions = 40, 6, 2
    steps = ("outlook", "order", "plan", "release", "served")
    expected = {
        **{(step, "substation-station"): slots * stations for step in (*steps, "station_report")},
        **{(f"region_{step}", "control_center-substation"): slots * regions for step in (*steps, "report")},
        ("need", "station-ev"): len(outcome.yard.visits),
        ("shift", "station-ev"): int(outcome.track.shifted.sum()),
        ("charged", "station-ev"): int((outcome.sessions.served_slot >= 0).sum()),
    }
    alarms = {key: count for key, count in sent(outcome).items() if "alarm" in key[0]}
    assert {key: count for key, count in sent(outcome).items() if key not in alarms} == expected
    warned = int((outcome.track.given_kw > 0).sum())
    assert warned > 0
    assert warned <= alarms["region_alarm", "control_center-substation"] <= warned * regions
    assert warned <= alarms["alarm", "substation-station"] <= warned * stations


def test_sizes_on_the_wire() -> None:
    assert StationReport.bytes_each() == 16 + 8 * 8
    assert Plan.bytes_each() == 32
    assert Release.bytes_each() == 24
    assert RegionAlarm.bytes_of(2, 5) == 2 * 16 + 5 * 8
    assert RegionAlarm([None, None]).wire_bytes == 16


def test_who_is_cut_off_waits_and_is_served_when_the_line_is_back(folder: Path) -> None:
    who = [("one", "A1", 0.0, 30.0), ("two", "B2", 0.0, 20.0)]
    channel = {"partitions": [{"node": "A1", "from_h": 0.0, "to_h": 1.0}]}
    outcome = run_park(world_of(case(folder, None, who, horizon={"slots": 4}, channel=channel)))
    assert outcome.sessions.served_slot.tolist() == [2, 0]
    assert outcome.visitors_cut_off == 1
    assert outcome.sessions.served_kwh == pytest.approx([30.0, 20.0])


def test_a_region_that_is_cut_off_serves_nobody_and_its_visitors_wait(folder: Path) -> None:
    who = [("one", "A1", 0.0, 30.0), ("two", "B2", 0.0, 20.0)]
    outcome = run_park(
        world_of(case(folder, None, who, horizon={"slots": 4}, channel={"partitions": [{"node": "A", **ALL_DAY}]}))
    )
    assert outcome.sessions.served_slot.tolist() == [-1, 0]
    assert outcome.track.queued[:, 0].tolist() == [1, 1, 1, 1]
    assert outcome.visitors_cut_off == 0, "its station heard it"


def test_the_dead_leave_unserved(folder: Path) -> None:
    world, model, outcome = played(busy(folder, {"death": 1.0}))
    assert outcome.visitors_died == len(world.visits)
    assert not outcome.sessions.served_kwh.any()
    assert outcome.yard.waiting.sum() == 0
    assert_laws(world, model, outcome)


def test_partitions_name_substations_or_stations(folder: Path) -> None:
    with pytest.raises(FaultyInputError, match=r"channel\.partitions\.node is 'A9'; expected 'A', the nearest"):
        world_of(busy(folder, {"partitions": [{"node": "A9", **ALL_DAY}]}))


def test_charging_without_a_schedule_needs_no_channel(folder: Path) -> None:
    lost, plain = (run_park(charging_freely(world_of(busy(folder, channel)))) for channel in ({"loss": 0.5}, {}))
    assert columns(lost) == columns(plain)
    assert lost.channel.lost == 0


def test_a_line_is_not_overloaded_because_storage_did_not_hear(folder: Path) -> None:
    """Storage of a slack station is to give for crowded ones on the same cable: without its give, the cable is too small for all."""
    cable = [("A1", "S1-01", "A", 1, 4), *((f"A{i}", f"S1-0{i}", "A", 9, 0) for i in (2, 3, 4))]
    users = [(f"{i}{k}{slot}", f"A{i}", 0.6 * slot, 70.0) for i in (2, 3, 4) for k in range(18) for slot in range(6)]
    scenario = case(
        folder, cable, users, stations={"capacity_min_kw": 1000.0, "capacity_max_kw": 1150.0, "region_weights": (1.3,)},
        scheduling={"iterations": 0}, horizon={"slots": 6}, load={"peak_kw": 1000.0}, triggers={"region": True}, events=CALM,
    )  # fmt: skip
    plain = world_of(scenario)
    above, base = plain.stations.above, plain.state.base_carried[0][0]
    line = plain.feeder.line.tolist().index("L1-01")
    alone = run_park(world_of(scenario.update(triggers={"region": False}))).track
    limit = (base + above @ alone.power_kw[0])[line] + 120.0
    feeder = changed(plain.feeder, line_rated_a={line: limit / (np.sqrt(3) * 10)})
    narrow = world_of(scenario.update(triggers={"region": True}))
    narrow = replace(narrow, placement=replace(narrow.placement, feeder=feeder))

    class Deaf(Channel):
        """A channel in which A1 never hears an order."""

        def ask(self, faults: Any, message: Any, sender: Any, receiver: Any, answer: Any, **given: Any) -> Any:
            is_lost = isinstance(message, Order) and receiver.name == "station:A1"
            return None if is_lost else super().ask(faults, message, sender, receiver, answer, **given)

    tracks = []
    for kind in (Channel, Deaf):
        model = GridModel(world=World.of(stations=narrow), channel=kind)
        model.run_until(narrow.horizon.hours)
        tracks.append(model.stations.track)
    hearing, deaf = tracks
    for slot in range(6):
        scheduled = np.minimum(deaf.found[slot].decision.capacity_kw[0], deaf.power_kw[slot])
        carried, before = (
            (plain.state.base_carried[0][slot] + above @ power)[line] for power in (deaf.power_kw[slot], scheduled)
        )
        assert carried <= max(limit, before) + 1e-6
    gave = np.flatnonzero(hearing.storage_kw[:, 0] < -1.0)
    assert gave.size > 0
    assert not deaf.storage_kw.any()
    assert (deaf.power_kw[gave[0]] < hearing.power_kw[gave[0]] - 1.0).any()


def test_progress_is_told_to_whom_it_concerns(folder: Path) -> None:
    model = GridModel(world=World.of(stations=world_of(case(folder, horizon={"slots": 3}))))
    parts, slots = list[float](), list[int]()
    model.on_search(parts.append)
    model.on_slot(slots.append)
    model.run_until(model.world.horizon.hours)
    assert slots == [0, 1, 2]
    assert parts == sorted(parts)
    assert parts[-1] == pytest.approx(1.0)


def test_the_log_has_every_message(folder: Path) -> None:
    world = world_of(case(folder, SIX, [("u", "A1", 0.0, 30.0)], horizon={"slots": 1}, channel={"log": True}))
    channel = run_park(world).channel
    assert isinstance(channel, Channel)
    assert channel.log is not None
    assert len(channel.log) == channel.messages
    heard = [f"{row[5]} -> {row[6]}: {row[2]}" for row in channel.log if "A1" in row[5] + row[6]]
    assert heard == [
        "ev:u -> station:A1: need", "substation:A -> station:A1: outlook", "station:A1 -> substation:A: station_report",
        "substation:A -> station:A1: order", "station:A1 -> substation:A: plan", "substation:A -> station:A1: release",
        "station:A1 -> ev:u: charged", "station:A1 -> substation:A: served",
    ]  # fmt: skip
