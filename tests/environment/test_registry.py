"""Registries know names without importing what stands behind them."""

import subprocess
import sys

import pytest

from environment.registry import OnDemand, Registry

PLACES = {"half": "fractions:Fraction", "two": "decimal:Decimal.from_float"}


def test_names_cost_no_import_and_entries_come_from_their_places() -> None:
    look = (
        "import sys; from environment.registry import Registry\n"
        f"known = Registry({PLACES!r})\n"
        "assert list(known) == ['half', 'two'] and 'half' in known and 'fractions' not in sys.modules\n"
        "assert known['half'](1, 2) == 0.5"
    )
    subprocess.run([sys.executable, "-c", look], check=True)


def test_it_is_a_mapping() -> None:
    known: Registry[type] = Registry(PLACES)
    assert len(known) == 2
    assert "three" not in known
    assert known.get("three") is None
    with pytest.raises(KeyError):
        known["three"]


def test_a_program_enters_its_own_as_in_a_dict() -> None:
    known: Registry[type] = Registry(PLACES)
    known["mine"] = int
    assert known["mine"] is int
    assert list(known) == ["half", "two", "mine"]
    del known["mine"]
    assert dict(known).keys() == PLACES.keys()


def test_a_function_on_demand_is_called_with_what_is_given() -> None:
    assert OnDemand("fractions:Fraction")(1, 2) == 0.5
    assert OnDemand("decimal:Decimal.from_float")(0.5) == 0.5
