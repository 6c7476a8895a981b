"""Registries know names without importing what stands behind them."""

import subprocess
import sys
from typing import Any

import pytest

from coordination.optimizers import FUNCTIONS, OPTIMIZERS
from coordination.valley_filling import COORDINATORS
from environment.registry import OnDemand, Registry, UnknownNameError
from runs.studies.registry import STUDIES

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
    with pytest.raises(KeyError):
        del known["three"]
    assert known.pop("three", None) is None
    assert list(known) == ["half", "two"]


@pytest.mark.parametrize(
    ("registry", "name", "meant"),
    [(COORDINATORS, "anst", "'ants'"), (OPTIMIZERS, "ige", "'igeo'"), (FUNCTIONS, "f5", "'F5'"), (STUDIES, "bach", "'batch'")],
)  # fmt: skip
def test_an_unknown_name_is_told_with_the_one_that_was_meant(registry: Registry[Any], name: str, meant: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        registry[name]
    assert str(caught.value) == f"{name!r}; expected {meant}, the nearest known name"


def test_where_no_name_is_near_all_are_told() -> None:
    with pytest.raises(UnknownNameError, match=r"^'zzz'; expected one of half, two$"):
        Registry(PLACES)["zzz"]


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
