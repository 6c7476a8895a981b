"""Limits by slot for worlds whose scenario gives one number."""

import dataclasses

import numpy as np

from runs.homes.part import Homes


def with_limits(world: Homes, seed: int) -> Homes:
    """Return the world with limits of its transformers that vary by slot, from next to nothing up to the one there is."""
    rng = np.random.default_rng(seed)
    shape = (len(world.problems), world.horizon.n_slots)
    part = rng.choice([0.05, 0.6, 0.8, 1.0], shape, p=[0.1, 0.2, 0.3, 0.4])
    limit_kw = world.grid.limit_kw.copy()
    limit_kw[world.grid.transformer_rows] *= part
    return dataclasses.replace(world, grid=dataclasses.replace(world.grid, limit_kw=limit_kw))
