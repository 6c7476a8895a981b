"""Hypothesis: no deadlines (the first example compiles), HYPOTHESIS_PROFILE names the profile. Ctrl-C: as in a terminal."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

import tests.support.laws  # noqa: F401  (registers the profiles)

settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

# Nobody looks at what commands print here: no width of a terminal cuts it, whatever the one is like that the tests are started in.
os.environ.pop("COLUMNS", None)

# Started in the background of a script, tests would ignore Ctrl-C, and so would the programs that they send it to.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def tree() -> Path:
    return Path(__file__).resolve().parent.parent
