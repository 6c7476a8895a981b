"""Random small worlds for the laws."""

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from coordination.valley_filling.problem import ValleyFilling
from environment.channel import Channel
from environment.fleets import Fleet
from environment.grid import Grid, TransformerSettings
from environment.grid.counts import CountsGrid
from environment.grid.nodes import laid_out
from environment.grid.places import Places
from environment.grid.settings import Surroundings
from environment.horizon import Horizon
from environment.loads import LoadProfile
from runs.homes.outcome import HomesOutcome
from runs.homes.part import Homes
from runs.model import GridModel
from runs.progress import Progress
from runs.result import Result
from runs.scenario import Scenario
from runs.simulate import carry_out, result_from, run
from runs.stations.engine import StationsOutcome
from runs.stations.engine import run as run_compiled
from runs.stations.part import StationPark
from runs.v2g.outcome import V2GOutcome
from runs.v2g.part import V2G
from runs.world import World

HORIZONS = [Horizon(), Horizon(slot_min=15), Horizon(slot_min=30, slots=16), Horizon(slot_min=90)]


def make_fleet(stays: list[tuple[float, float, float, float]], **columns: NDArray[np.float64]) -> Fleet:
    """A fleet of (plug-in h, plug-out h, energy kWh, power kW) rows; other columns by name."""
    table = np.array(stays, dtype=np.float64).reshape(-1, 4)
    n = len(table)
    given = {"capacity_kwh": np.full(n, np.nan), "soc_plug_in": np.full(n, np.nan), "efficiency": np.ones(n), **columns}
    return Fleet(
        vehicle=np.array([f"v{i}" for i in range(n)], dtype=np.str_),
        plug_in_h=table[:, 0],
        plug_out_h=table[:, 1],
        energy_kwh=table[:, 2],
        power_kw=table[:, 3],
        **given,
    )


def counted_grid(settings: TransformerSettings, fleet: Fleet, rng: np.random.Generator) -> tuple[Grid, Places]:
    """The grid that [transformer] counts, over a day's hours, and the places of a fleet in it."""
    nodes = () if fleet.node is None else tuple(fleet.node_names.tolist())
    none = LoadProfile(np.zeros(24), np.zeros(24))
    grid = laid_out(CountsGrid().nodes(Surroundings(settings, nodes, None)), Horizon(), {"load": none})
    return grid, Places.of(grid, fleet, "fleet.csv", rng)


def world_of_one(scenario: Scenario, fleet: Fleet, load: LoadProfile, rng: np.random.Generator, seed: int = 1) -> Homes:
    """A world of one transformer with a fleet and a base load below it."""
    nodes = CountsGrid().nodes(Surroundings(scenario.transformer, (), None))
    grid = laid_out(nodes, scenario.horizon, {"load": load})
    places = Places.of(grid, fleet, "fleet.csv", rng)
    return Homes(scenario, fleet, grid, places, (load,), (None, None), (1,), (seed,))


def run_homes(homes: Homes) -> HomesOutcome:
    """What EVs at home come to."""
    outcome: HomesOutcome = carry_out(World.of(homes=homes), lambda _: None)["homes"]
    return outcome


def result_of_homes(homes: Homes) -> Result:
    """The result of a run of EVs at home."""
    return result_from(World.of(homes=homes), {"homes": run_homes(homes)})


def run_park(park: StationPark) -> StationsOutcome:
    """What charging stations come to."""
    if park.scenario.run.engine == "compiled":
        return run_compiled(park, Channel(), lambda _: None)
    model = GridModel(world=World.of(stations=park))
    model.run_model()
    return model.stations.outcome(0.0)


def run_stations(scenario: Scenario) -> tuple[StationPark, StationsOutcome, StationsOutcome]:
    """The stations of a scenario, what they come to, and what free charging does."""
    park = StationPark.build(scenario, np.random.default_rng(scenario.run.seed))
    outcome = run_park(park)
    return park, outcome, outcome.free


def run_v2g(scenario: Scenario, progress: Progress | None = None) -> tuple[V2G, V2GOutcome]:
    """The fleet of a scenario that gives back, and what it comes to."""
    world, outcome = run(scenario, progress)
    assert world.v2g is not None
    return world.v2g, outcome["v2g"]


@st.composite
def fleets(draw: st.DrawFn, horizon: Horizon, max_size: int = 25) -> Fleet:
    n = draw(st.integers(1, max_size))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    start = rng.uniform(-1, horizon.hours, n)
    if draw(st.booleans()):  # on slot boundaries, with ties
        start = np.round(start / horizon.slot_h) * horizon.slot_h
    end = start + rng.uniform(0.05, horizon.hours * 0.9, n)
    stays = np.column_stack([start, end, rng.uniform(0, 30, n), rng.choice([3.7, 4.0, 7.4, 11.0], n)])
    efficiency = rng.choice([0.85, 0.9, 1.0], n) if draw(st.booleans()) else np.ones(n)
    return make_fleet(list(map(tuple, stays)), efficiency=efficiency)


@st.composite
def limits(draw: st.DrawFn, n_slots: int, top_kw: float) -> float | NDArray[np.float64]:
    """A transformer's limit: a number, or as often by slot, up to a top; here and there nothing at all, or next to it."""
    if draw(st.booleans()):
        return top_kw
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    part = rng.choice(draw(st.sampled_from([(0.5, 1.0), (0.0, 0.1, 0.4, 1.0)])), n_slots)
    if draw(st.booleans()):
        part *= rng.uniform(0.5, 1.0, n_slots)
    return top_kw * part


@st.composite
def problems(draw: st.DrawFn, *, whole: bool | None = None, by_slot: bool = True) -> ValleyFilling:
    horizon = draw(st.sampled_from(HORIZONS))
    fleet = draw(fleets(horizon))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    base = rng.uniform(draw(st.sampled_from([0, -60])), 60, horizon.n_slots)
    limit = draw(st.sampled_from([30.0, 62.0, 80.0, 500.0]))
    limit = draw(limits(horizon.n_slots, limit)) if by_slot else limit
    is_whole = draw(st.booleans()) if whole is None else whole
    return ValleyFilling.of(fleet, horizon, base, limit, whole=is_whole)
