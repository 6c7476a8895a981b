"""Hypothesis: no deadlines (the first example compiles), the same examples at every run."""

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("evswarm", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("evswarm")


@pytest.fixture(scope="session")
def tree() -> Path:
    return Path(__file__).resolve().parent.parent
