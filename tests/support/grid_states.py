"""Small feeders with base load and sites, for the laws of their state; the parents of a feeder's nodes stand beside it."""

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from environment.events import Events
from environment.feeders.feeder import Feeder
from environment.grid.state import GridState, Sites
from environment.horizon import Horizon
from tests.support.feeders import radial

SLOTS = 4


def state_of(feeder: Feeder, *, base_kw: NDArray[np.float64], sites: Sites, events: Events | None = None) -> GridState:
    """Return a state of hours, with a power factor of 0.95 of the base load, ``(n_slots, n_nodes)``."""
    base = base_kw, base_kw * np.tan(np.arccos(0.95))
    return GridState(feeder, Horizon(slot_min=60, slots=len(base_kw)), base, sites, events)


@st.composite
def states(draw: st.DrawFn, *, struck: bool = True) -> GridState:
    """Return a state of a random tree of lines, light enough for a power flow; sites may share a node."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n, m = draw(st.integers(2, 8)), draw(st.integers(1, 6))
    parents = [int(rng.integers(0, i + 1)) for i in range(n)]
    feeder = radial(parents, rng.uniform(0.001, 0.02, n).tolist(), rng.uniform(1.0, 5.0, n).tolist())
    feeder = replace(feeder, line_rated_a=np.where(rng.random(n) < 0.2, np.nan, rng.uniform(20.0, 200.0, n)))
    base_kw = rng.uniform(0.0, 4.0, (SLOTS, n + 1))
    sags, parts = np.array([0.0, 0.05, 0.1]), np.array([1.0, 0.8, 0.0])
    events = Events(sags[rng.integers(0, 3, SLOTS)], parts[rng.integers(0, 3, SLOTS)])
    sites = Sites(rng.integers(0, n + 1, m), float(rng.choice([0.0, 0.3])))
    return state_of(feeder, base_kw=base_kw, sites=sites, events=events if struck else None)


def drawn_by(state: GridState, seed: int, cases: int = 1) -> NDArray[np.float64]:
    """Return what sites draw in some cases, some of them giving, ``(cases, n_sites)``."""
    return np.random.default_rng(seed).uniform(-2.0, 5.0, (cases, state.sites.node.size))
