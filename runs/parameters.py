"""Parameters of a model: keys of a scenario by names that are words of Python, as Mesa's `batch_run` and `SolaraViz` hand them over."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from environment.input_faults import Fault, FaultyInputError, nearest, raise_if_any
from runs.idle import counts
from runs.scenario import Scenario, sections

FILE: Final = "GridModel"
"""Where parameters stand, for the faults."""

SEED: Final = "run.seed"


def with_parameters(scenario: Scenario, values: Mapping[str, Any]) -> Scenario:
    """Return a scenario with some keys replaced.

    Parameters
    ----------
    scenario
        Where all other keys stand.
    values
        New values by name: a key alone where only one section that counts has it (``batch_size``), or behind its section, with two
        underscores or a dot between them (``coordination__batch_size``, ``coordination.batch_size``).

    Raises
    ------
    FaultyInputError
        With every fault: names that no key or several keys have, values out of range.
    """
    faults: list[Fault] = []
    by_key: dict[str, Any] = {}
    for name, value in values.items():
        key, fault = _key(scenario, name)
        if fault is None and key in by_key:
            fault = Fault(FILE, None, name, f"{key} again", "one value a key")
        if fault is not None:
            faults.append(fault)
        else:
            by_key[key] = value.item() if isinstance(value, np.generic) else value
    try:
        varied = scenario.varied(by_key, FILE)
    except FaultyInputError as error:
        raise FaultyInputError([*faults, *error.faults]) from None
    raise_if_any(faults)
    return varied


def _key(scenario: Scenario, name: str) -> tuple[str, Fault | None]:
    """Return the dotted name of the key that a name means, and what is wrong with it."""
    dotted = name.replace("__", ".")
    if dotted in {SEED, "seed"}:
        return dotted, Fault(FILE, None, name, "a key of the scenario", "rng=, the seed of Mesa's models")
    if "." in dotted:
        return dotted, None
    known = sections()
    counting = [section for section in known if _counts(scenario, section)]
    having = [section for section, classes in known.items() if any(name in cls.model_fields for cls in classes)]
    places = [section for section in having if section in counting] or having
    if len(places) == 1 and places[0] in counting:
        return f"{places[0]}.{name}", None
    if places:
        found = "a key of several sections" if len(places) > 1 else "a key of a section that does not count here"
        expected = " or ".join(f"{section}__{name}" for section in places)
        return name, Fault(FILE, None, name, found, expected)
    if name in known:
        key = next(iter(known[name][0].model_fields), "key")
        return name, Fault(FILE, None, name, "a section", f"a key of it, such as {name}__{key}")
    keys = dict.fromkeys(key for classes in known.values() for cls in classes for key in cls.model_fields)
    return name, Fault(FILE, None, name, "unknown", nearest(name, keys))


def _counts(scenario: Scenario, section: str) -> bool:
    """Whether a scenario has a section, and it counts there."""
    return getattr(scenario, section) is not None and counts(scenario, section)
