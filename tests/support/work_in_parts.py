"""The work of the study in parts: each call leaves a line in a file. Worker processes import this and little else."""

import os
import time
from pathlib import Path
from typing import Any

import numpy as np

CALLS = "EVSWARM_TEST_CALLS"
"""Names the file."""
PAUSE = "EVSWARM_TEST_PAUSE"
"""Seconds that a piece of work takes."""


def draw(seed: int) -> dict[str, Any]:
    with Path(os.environ[CALLS]).open("a") as calls:
        calls.write(f"draw {seed}\n")
    time.sleep(float(os.environ.get(PAUSE, "0")))
    values = np.random.default_rng(seed).normal(size=3)
    return {"mean": values.mean(), "values": values, "seed": np.int64(seed), "none": np.nan, "pair": (1, "two")}


def add(draws: list[dict[str, Any]]) -> float:
    with Path(os.environ[CALLS]).open("a") as calls:
        calls.write(f"add {len(draws)}\n")
    return sum(each["mean"] for each in draws)
