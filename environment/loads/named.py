"""Base loads by name: each a source of its own, or a column of one table; a node of the grid has one of them, or a sum of several."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field, model_validator

from environment.horizon import Horizon
from environment.input_faults import Fault, FaultyInputError, collecting, nearest, raise_if_any
from environment.loads import LoadSource
from environment.loads.profile import LoadProfile
from environment.settings import Settings
from environment.time_series import Fill, read_all_steps

UNNAMED: Final = "load"
"""Name of the base load of the section ``[load]``, which no other one may have."""

SUM: Final = "+"
"""Stands between the names of loads that are added up."""

USUAL_SOURCE: Final = "builtin"


class LoadsSettings(Settings):
    """Base loads by name: each section `[loads.NAME]`, with the keys of `[load]`, is one, and each column of the table at `path`; a name is any text without "+", but "load" is that of `[load]`."""

    model_config = ConfigDict(extra="allow")

    __pydantic_extra__: dict[str, Annotated[LoadSource, Field(discriminator="source")]]

    path: Path | None = None
    """A table of loads [kW]: a column `hour`, `slot` or `time`, as in a load file, and further columns, each the load that its header
    names; a load below zero is fed in."""

    fluctuation: float = Field(default=0.0, ge=0, le=10)
    """Relative standard deviation of the table's actual loads around their forecasts, slot by slot (0.05 is 5 %)."""

    fill: Fill | None = None
    """What stands in for steps missing in the table: "hold": the row before them; "interpolate": a straight line to the row after
    them; none: they are a fault."""

    @model_validator(mode="before")
    @classmethod
    def _usual_sources(cls, content: Any) -> Any:
        """Name the usual source where a load names none."""
        if not isinstance(content, dict):
            return content
        return {
            name: {"source": USUAL_SOURCE, **entry}
            if name not in cls.model_fields and isinstance(entry, dict)
            else entry
            for name, entry in content.items()
        }

    @model_validator(mode="after")
    def _sound_names(self) -> Self:
        found = [f"the name {name!r}; expected {expected}" for name in self.named if (expected := _unsound(name))]
        if found:
            raise ValueError("\n".join(found))
        return self

    @property
    def named(self) -> dict[str, LoadSource]:
        """The loads with a section of their own, by name."""
        return dict(self.__pydantic_extra__ or {})

    def profiles(self, horizon: Horizon) -> dict[str, LoadProfile]:
        """Return forecast and actual of every load before any fluctuation, by name.

        Raises
        ------
        FaultyInputError
            With every fault of every file read, and every name that is given twice.
        """
        faults = list[Fault]()
        found = {name: _profile(name, source, horizon, faults) for name, source in self.named.items()}
        table = None if self.path is None else collecting(faults, lambda: self._table(horizon))
        raise_if_any(faults)
        return {name: profile for name, profile in found.items() if profile is not None} | (table or {})

    def _table(self, horizon: Horizon) -> dict[str, LoadProfile]:
        """Return the loads of the table's columns."""
        assert self.path is not None
        told = list[str]()
        loads = read_all_steps(self.path, horizon, fill=self.fill, told=told)
        faults = [
            Fault(self.path.name, 1, f"column {name}", "no name of a load", expected)
            for name in loads
            if (expected := _unsound(name))
        ]
        faults += [
            Fault(self.path.name, 1, f"column {name}", f"there beside a section [loads.{name}]", "each name once")
            for name in loads
            if name in self.named
        ]
        raise_if_any(faults)
        return {name: LoadProfile(load, load, tuple(told), self.fluctuation) for name, load in loads.items()}


def names_of(text: str) -> list[str]:
    """Return the names that a text joins by "+", such as ``homes+roofs``."""
    return [name.strip() for name in text.split(SUM)]


def load_of(
    text: str,
    loads: Mapping[str, LoadProfile],
    *,
    file: str = "scenario",
    row: int | None = None,
    field: str = "load",
) -> LoadProfile:
    """Return the load that a text names, or the sum of those that it joins by "+".

    Parameters
    ----------
    text
        One or more names.
    loads
        All loads by name, that of the section ``[load]`` as `UNNAMED`.
    file, row, field
        Where the text stands, for the faults.

    Raises
    ------
    FaultyInputError
        With each name that no load has.
    """
    names = names_of(text)
    raise_if_any([
        Fault(file, row, field, repr(name or text), nearest(name, loads))
        for name in dict.fromkeys(names)
        if name not in loads
    ])  # fmt: skip
    return LoadProfile.sum([loads[name] for name in names])


def limit_of(
    name: str,
    loads: Mapping[str, LoadProfile],
    horizon: Horizon,
    *,
    file: str = "scenario",
    row: int | None = None,
    field: str = "limit_kw",
) -> NDArray[np.float64]:
    """Return a load's forecast as the limit of each slot [kW], shape ``(n_slots,)``.

    Parameters
    ----------
    name
        Of the load, or of several joined by "+".
    loads
        All loads by name.
    horizon
        The slots.
    file, row, field
        Where the name stands, for the faults.

    Raises
    ------
    FaultyInputError
        If no load has the name, or a limit is below zero: with the first slot of which it is.
    """
    limit_kw = load_of(name, loads, file=file, row=row, field=field).forecast_kw
    below = np.flatnonzero(limit_kw < 0)
    if below.size:
        at = int(below[0])
        when = horizon.span_text(at * horizon.slot_h, (at + 1) * horizon.slot_h)
        found = f"{name!r}, which is {limit_kw[at]:g} kW in slot {at} ({when})"
        raise FaultyInputError([Fault(file, row, field, found, "a series of at least 0 kW")])
    return limit_kw


def _profile(name: str, source: LoadSource, horizon: Horizon, faults: list[Fault]) -> LoadProfile | None:
    """Return the profile of a named source; its faults go to `faults`, their keys as its section's."""
    begun = len(faults)
    profile = collecting(faults, lambda: source.profile(horizon))
    faults[begun:] = _relabelled(name, faults[begun:])
    return profile


def _relabelled(name: str, faults: list[Fault]) -> Iterator[Fault]:
    """Give faults with the keys of the section ``[load]`` as those of ``[loads.NAME]``."""
    for fault in faults:
        of_key = fault.file == "scenario" and fault.field.startswith(f"{UNNAMED}.")
        yield replace(fault, field=f"loads.{name}.{fault.field.partition('.')[2]}") if of_key else fault


def _unsound(name: str) -> str:
    """Return what a load's name should be; empty where it is that."""
    if name == UNNAMED:
        return f"another name: {UNNAMED!r} is the load of the section [{UNNAMED}]"
    if not name.strip() or name != name.strip() or SUM in name:
        return f"a text without {SUM!r}, and without blanks at its ends"
    return ""
