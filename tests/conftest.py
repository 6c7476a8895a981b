"""Hypothesis: no deadlines (the first example compiles), the same examples at every run. Ctrl-C: as in a terminal."""

import signal
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("evswarm", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("evswarm")

# Started in the background of a script, tests would ignore Ctrl-C, and so would the programs that they send it to.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def tree() -> Path:
    return Path(__file__).resolve().parent.parent
