"""Every limit of a scenario, in every kind of run: it is held in the tables, or a warning names it."""

import re
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from coordination.valley_filling import COORDINATORS
from runs.scenario import Scenario, sections
from runs.simulate import simulate
from tests.support.station_cases import CALM, OFF, case, written

TOLERANCE: Final = 1e-6
FEEDER: Final = Path(__file__).parent.parent / "reference" / "feeders" / "simbench_small"
FLEET: Final = ("vehicle", "plug_in_h", "plug_out_h", "energy_kwh", "power_kw")
EVS: Final = 24
CAPACITY_KWH: Final = 70.0
LINE_A: Final = 60
"""What every cable of the feeder is rated for: less than the EVs draw, whoever coordinates them."""


def ants(folder: Path, **coordination: Any) -> Scenario:
    """EVs below a transformer, who want more than it has room for, on a feeder of thin cables."""
    rows = [(f"ev{i}", 2, 18, 60, 5) for i in range(EVS)]
    grid = Path(shutil.copytree(FEEDER, folder / "grid", dirs_exist_ok=True))
    types = grid / "LineType.csv"
    types.write_text(re.sub(r";\d+;cable", f";{LINE_A};cable", types.read_text()))
    return Scenario().update(
        fleet={"source": "csv", "path": written(folder / "fleet.csv", FLEET, rows)},
        load={"peak_kw": 20.0},
        coordination={"iterations": 2, "population": 5, **coordination},
        feeder={"source": "simbench", "path": grid},
        run={"optimum": False},
    )


def compiled(folder: Path) -> Scenario:
    return ants(folder).update(run={"engine": "compiled"})


def shaving(folder: Path, **peak_shaving: Any) -> Scenario:
    """A fleet that gives back, for its owners' profit alone."""
    rows = [(f"ev{i}", 0, 24, 5, 5, 40, 0.5) for i in range(EVS)]
    path = written(folder / "store.csv", (*FLEET, "capacity_kwh", "soc_plug_in"), rows)
    goal = {"iterations": 5, "population": 8, "weight_difference": 0.0, "weight_cost": 1.0}
    return Scenario().update(
        peak_shaving={**goal, **peak_shaving},
        fleet={"source": "csv", "path": path},
        load={"peak_kw": 60.0},
        participation={"soc_start": "fleet"},
    )


def stations(folder: Path) -> Scenario:
    """Two stations, one to whom more users come than it has places."""
    at = [("A", "S1-01", "A"), ("B", "S1-05", "A")]
    who = [(f"u{i}", "A" if i % 4 else "B", 0.0, 50.0, CAPACITY_KWH, 1) for i in range(40)]
    evening = {"start": datetime(2023, 7, 12, 20), "slot_min": 36, "slots": 4}  # noqa: DTZ001  (a wall clock)
    some = {"weight_voltage": 0.4, "iterations": 2, "population": 8}
    given = {"piles": 4, "capacity_min_kw": 0.0}
    return case(
        folder, at, who, horizon=evening, scheduling=some, stations=given, triggers={**OFF, "time": True}, events=CALM
    )


KINDS: Final[dict[str, Callable[[Path], Scenario]]] = {
    "ants": ants,
    "compiled ants": compiled,
    **{
        method: lambda folder, method=method: ants(folder, method=method)  # type: ignore[misc]
        for method in COORDINATORS
        if method != "ants"
    },
    "peak shaving": shaving,
    "exact peak shaving": lambda folder: shaving(folder, optimizer="exact"),
    "stations": stations,
    "stations that nobody schedules": lambda folder: stations(folder).update(scheduling={"optimizer": "none"}),
}
"""The kinds of run; of ants, all methods and both engines."""


class Limit(NamedTuple):
    """A limit and how a run is held to it.

    Parameters
    ----------
    key
        Dotted name of the key; empty for what the feeder's files say.
    loose, tight
        Values that are out of the way, and in the way of some run.
    reached
        What a result's tables say was reached; None where the key does not count and has to be told.
    told
        What a warning says that names it; empty where the limit is always held.
    sign
        1 for a limit from above, -1 for one from below.
    beside
        Values of other keys, section by section.
    """

    key: str
    loose: float | None
    tight: float
    reached: Callable[[Any], float] | None
    told: str = ""
    sign: int = 1
    beside: tuple[tuple[str, Any], ...] = ()

    def is_passed(self, result: Any) -> bool:
        """Whether the tables show more, or less, than the tight value."""
        return self.reached is None or self.sign * (self.reached(result) - self.tight) > TOLERANCE


def _missed_kwh(result: Any) -> float:
    """What EVs missed when they left, on the average of a station and slot where it is most."""
    served = result.visits[result.visits.served_slot >= 0]
    return float(served.groupby(["station", "served_slot"]).short_kwh.mean().max())


def _lenders_soc(result: Any) -> float:
    """How empty who lends most has made its battery."""
    lent_kwh = result.visits.lent_kwh / result.scenario.stations.storage_efficiency
    return float(((CAPACITY_KWH - result.visits.energy_kwh - lent_kwh) / CAPACITY_KWH).min())


TRANSFORMER: Final = Limit("transformer.limit_kw", 1e5, 65.0, lambda result: result.slots.total_kw.max(), "limit")
BACK: Final = Limit("transformer.feed_in_limit_kw", 1e5, 1.0, lambda result: -result.slots.total_kw.min(), "feed")
OF_ANTS: Final = [
    TRANSFORMER._replace(told="pass the limit"),
    BACK._replace(reached=None, told="feed-in limits are measured, not held"),
    Limit("feeder.voltage_min_pu", 0.5, 1.02, lambda result: result.network.voltage_pu.min(), "leave the voltage band", -1),
    Limit("feeder.voltage_max_pu", 1.5, 1.01, lambda result: result.network.voltage_pu.max(), "leave the voltage band"),
    Limit("", None, 1.0, lambda result: result.network_branches.loading_max.max(), "pass their rating"),
]  # fmt: skip
FLAT: Final = (("peak_shaving.weight_difference", 1.0), ("peak_shaving.weight_cost", 0.0))
OF_FLEETS: Final = [
    TRANSFORMER._replace(reached=lambda result: result.v2g_slots.total_kw.max(), told="constraints"),
    BACK._replace(reached=lambda result: -result.v2g_slots.total_kw.min(), told="constraints"),
    Limit("peak_shaving.soc_min", 0.05, 0.45, lambda result: result.v2g_vehicles.soc_end.min(), "constraints", -1),
    Limit(
        "peak_shaving.soc_max", 0.95, 0.52, lambda result: result.v2g_groups.soc_mean.max(), "constraints", beside=FLAT
    ),
]
CUT: Final = (("stations.capacity_max_kw", 260.0),)
LENDING: Final = (("triggers.user", True), ("triggers.crowded_kw", 100.0))
MANY: Final = (("stations.piles", 40), ("stations.capacity_max_kw", 6000.0))
OF_STATIONS: Final = [
    TRANSFORMER._replace(reached=None, told="[transformer] counts only without"),
    BACK._replace(reached=None, told="[transformer] counts only without"),
    Limit("feeder.voltage_min_pu", 0.5, 1.02, lambda result: result.stations.voltage_min_pu.min(), "(voltage ", -1),
    Limit("feeder.voltage_min_pu", 0.5, 1.02, lambda result: result.network.voltage_min_pu.min(), "leave the voltage", -1),
    Limit("feeder.voltage_max_pu", 1.5, 0.99, lambda result: result.stations.voltage_max_pu.max(), "(voltage "),
    Limit("stations.capacity_max_kw", 3000.0, 260.0, lambda result: result.stations.ev_kw.max()),
    Limit("stations.capacity_min_kw", 0.0, 2000.0, lambda result: result.stations.capacity_kw.min(), sign=-1),
    Limit("stations.supply_kw", 1e6, 8_500.0, lambda result: result.station_slots.drawn_kw.max() - 1e-3),
    Limit("stations.pile_kw", 900.0, 60.0, lambda result: (result.visits.served_kwh / result.visits.time_h).max()),
    Limit("stations.piles", 40, 4, lambda result: result.stations.plugged.max() / 2),
    Limit("stations.time_max_h", 0.6, 0.43, lambda result: result.stations.time_h.max()),
    Limit("stations.storage_kw", 50.0, 5.0, lambda result: result.stations.storage_kw.abs().max() / 2),
    Limit("stations.storage_soc_min", 0.0, 0.45, lambda result: result.stations.storage_soc.min(), sign=-1),
    Limit("triggers.lend_soc_min", 0.0, 0.25, _lenders_soc, "", -1, LENDING),
    Limit("stations.battery_min_kwh", 10.0, 69.0, lambda result: 72 - _missed_kwh(result), "(battery ", -1, CUT),
    Limit("", None, 1.0, lambda result: result.network_branches.loading_max.max(), "passes its rating", beside=MANY),
]  # fmt: skip
LIMITS: Final = {
    name: OF_STATIONS if "stations" in name else OF_FLEETS if "shaving" in name else OF_ANTS for name in KINDS
}
NO_LIMITS: Final = {"horizon.slot_min", "scheduling.pile_coefficient", "stations.battery_max_kwh"}
"""Keys that are called as limits are: minutes, a loss, and a size."""

PAIRS: Final = [
    pytest.param(kind, limit, id=f"{kind}, {limit.key or 'ratings'}")
    for kind, limits in LIMITS.items()
    for limit in limits
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Limit, float | None], Any]:
    """Run a kind with a value of a limit; the same once only."""
    folder, results = tmp_path_factory.mktemp("limits"), dict[Any, Any]()

    def run(kind: str, limit: Limit, value: float | None) -> Any:
        asked = (kind, limit.key, value, limit.beside)
        if asked not in results:
            scenario = KINDS[kind](folder).varied({**dict(limit.beside), **({limit.key: value} if limit.key else {})})
            results[asked] = simulate(scenario)
        return results[asked]

    return run


@pytest.mark.parametrize(("kind", "limit"), PAIRS)
def test_a_limit_is_held_or_a_warning_names_it(
    kind: str, limit: Limit, run: Callable[[str, Limit, float | None], Any]
) -> None:
    result = run(kind, limit, limit.tight)
    if limit.is_passed(result):
        warnings = result.summary["warnings"]
        assert limit.told, "this limit is always held"
        assert any(limit.told in text for text in warnings), warnings


@pytest.mark.parametrize("of", ["ants", "fleets", "stations"])
def test_each_limit_is_one_that_some_run_passes_where_it_is_out_of_the_way(
    of: str, run: Callable[[str, Limit, float | None], Any]
) -> None:
    named = {"ants": "free", "fleets": "peak shaving", "stations": "stations"}[of]
    for limit in LIMITS[named]:
        if limit.reached is not None:
            kinds = (kind for kind, limits in LIMITS.items() if limits is LIMITS[named])
            assert any(limit.is_passed(run(kind, limit, limit.loose)) for kind in kinds), limit.key


def test_no_limit_of_a_scenario_is_forgotten() -> None:
    """A new key with a limit's name stands above, or among those that are none."""
    like = re.compile(r"limit|supply_kw|pile|_min\b|_max\b|_(min|max)_")
    keys = {
        f"{section}.{key}"
        for section, classes in sections().items()
        for cls in classes
        for key in cls.model_fields
        if like.search(key)
    }
    assert keys - NO_LIMITS <= {limit.key for limits in LIMITS.values() for limit in limits}
