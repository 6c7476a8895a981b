"""What the tables of every kind of run must add up to."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from runs.scenario import Scenario

type Tables = Mapping[str, pd.DataFrame]

UNKNOWN: Final = {
    "vehicles": {"capacity_kwh", "soc_plug_in", "soc_plug_out", "cost_kw", "plug_in_h", "plug_out_h"},
    "v2g_vehicles": {"soc_plug_in", "soc_plug_out", "plug_in_h", "plug_out_h", "years"},
    "v2g_groups": {"soc_mean", "soc_std_before", "soc_std_after"},
    "network_branches": {"rated_kva", "worst_slot", "loading_max", "free_loading_max", "no_evs_loading_max"},
    "log": {"arrives_h"},
    "upper_slots": {"limit_kw"},
    "nodes": {
        "limit_kw",
        "feed_in_limit_kw",
        "loading_max",
        "free_loading_max",
        "jain",
        "gap",
        "hot_spot_max_c",
        "free_hot_spot_max_c",
        "loss_of_life_h",
        "free_loss_of_life_h",
    },
}
"""Columns, by table, that may lack a value: what no file tells, nobody used, or never came."""
TOLERANCE_KW: Final = 1e-6


def assert_whole(tables: Tables) -> None:
    """Nothing is missing or infinite but what may be."""
    for name, table in tables.items():
        for column in table.select_dtypes("number"):
            values = table[column].astype(float).to_numpy()
            assert column in UNKNOWN.get(name, ()) or not np.isnan(values).any(), f"{name}.{column} has NaN"
            assert not np.isinf(values).any(), f"{name}.{column} is infinite"


def assert_near(one: Any, other: Any, what: str) -> None:
    """Equal but for rounding, of the largest of them."""
    one, other = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    room = 1e-9 * (1 + max(np.abs(one).max(initial=0.0), np.abs(other).max(initial=0.0)))
    assert (np.abs(one - other) <= room).all(), f"{what}: {one} against {other}"


def assert_books_close(scenario: Scenario, tables: Tables) -> None:
    """Of EVs as ants: nothing is drawn outside stays or above what they may, and all that is asked for is given or unserved."""
    slot_h = scenario.horizon.slot_h
    slots, schedule = tables["slots"], tables["schedule"].set_index(["vehicle", "stay"])
    vehicles = tables["vehicles"].set_index(["vehicle", "stay"])
    assert vehicles.plug_in_h.notna().all(), "every stay has its hours"
    assert vehicles.plug_out_h.notna().all(), "every stay has its hours"
    drawn = (schedule.groupby(level=[0, 1]).power_kw.sum() * slot_h).reindex(vehicles.index, fill_value=0.0)
    assert_near(drawn, vehicles.booked_kwh, "schedule and EVs")
    lacking_kwh = np.maximum(
        vehicles.energy_kwh - vehicles.delivered_kwh, 0.0
    )  # whole slots may fill a battery beyond its need
    assert_near(vehicles.unserved_kwh, lacking_kwh, "given or unserved")
    assert (vehicles.delivered_kwh <= vehicles.booked_kwh * vehicles.efficiency + 1e-9).all(), "given and drawn"
    assert (vehicles.fallback_kwh <= vehicles.booked_kwh + 1e-9).all(), "drawn on one's own"
    charging = vehicles.loc[schedule.index]
    table = schedule.assign(transformer=charging.transformer).groupby(["transformer", "slot"]).power_kw.sum()
    by_slot = slots.set_index(["transformer", "slot"])
    assert_near(table.reindex(by_slot.index, fill_value=0.0), by_slot.ev_kw, "schedule and slots")
    assert_near(slots.actual_kw + slots.ev_kw, slots.total_kw, "load and EVs")
    begin = schedule.slot.to_numpy() * slot_h
    covered_h = np.minimum(charging.plug_out_h, begin + slot_h) - np.maximum(charging.plug_in_h, begin)
    most_kw = charging.power_kw * np.clip(covered_h / slot_h, 0, 1)
    assert (schedule.power_kw.to_numpy() <= most_kw.to_numpy() * (1 + 1e-9) + 1e-6).all(), (
        "no more than the stay allows"
    )
    if scenario.coordination.energy == "exact":
        most_kwh = vehicles.energy_kwh / vehicles.efficiency
        assert (vehicles.booked_kwh <= most_kwh * (1 + 1e-9) + 1e-6).all(), "no more than asked for"


def assert_limit_is_held_or_told(summary: Mapping[str, Any], tables: Tables) -> None:
    """Of EVs as ants: where EVs charge, the load stays below the limit, or a warning says that it does not."""
    slots = tables["slots"]
    over = (slots.total_kw > slots.limit_kw + TOLERANCE_KW) & (slots.ev_kw > TOLERANCE_KW)
    assert not over.any() or any("pass the limit" in text for text in summary["warnings"]), slots[over]


def assert_store_adds_up(scenario: Scenario, tables: Tables) -> None:
    """Of a fleet that gives back: groups are the fleet, and batteries hold what went in and did not come out."""
    slots, evs, slot_h = tables["v2g_slots"], tables["v2g_vehicles"], scenario.horizon.slot_h
    settings = scenario.peak_shaving
    assert settings is not None
    assert_near(slots.actual_kw + slots.response_kw, slots.total_kw, "load and EVs")
    assert_near(tables["v2g_groups"].groupby("slot").response_kw.sum(), slots.response_kw, "groups and fleet")
    assert_near(slots.response_kw.sum() * slot_h, (evs.charged_kwh - evs.discharged_kwh).sum(), "slots and EVs")
    held_kwh = (evs.soc_end - evs.soc_start) * evs.capacity_kwh
    stored = evs.charged_kwh * evs.efficiency - evs.discharged_kwh / evs.efficiency
    used = scenario.participation.stays != "daily" or scenario.participation.end != "need"
    if used and len(slots) * slot_h <= 24:  # nobody drives between two stays
        assert_near(held_kwh, stored, "batteries and grid")
    low, high = np.minimum(evs.soc_start, settings.soc_min), np.maximum(evs.soc_start, settings.soc_max)
    assert evs.soc_end.between(low - 1e-9, high + 1e-9).all(), "beyond floor or ceiling"


def assert_visits_add_up(_: Scenario, tables: Tables) -> None:
    """Of stations: all that users ask for is served or short, and slots are the sums of their stations."""
    visits, slots = tables["visits"], tables["station_slots"]
    assert (visits.served_kwh + visits.short_kwh >= visits.energy_kwh * (1 - 1e-9) - 1e-6).all(), "served or short"
    plain = visits[visits.lent_kwh == 0]
    assert_near(plain.served_kwh + plain.short_kwh, plain.energy_kwh, "served or short")
    by_slot = tables["stations"].groupby("slot")
    for column in ("plugged", "queued", "ev_kw", "storage_kw", "lent_kw"):
        assert_near(by_slot[column].sum(), slots[column], column)


BOOKS: Final[dict[str, Callable[[Scenario, Tables], None]]] = {
    "homes": assert_books_close,
    "v2g": assert_store_adds_up,
    "stations": assert_visits_add_up,
}
"""By part of a run."""
