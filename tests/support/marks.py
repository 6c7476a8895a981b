"""Marks of tests: what takes long is slow, and `make test` leaves it to `make test-all`."""

import pytest

SLOW = [pytest.param(None, marks=pytest.mark.slow, id="slow")]
"""Parameters of a fixture that takes long: every test that needs it is slow."""
