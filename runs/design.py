"""Designs of a sweep: which keys of the scenario vary together, and over which points."""

import itertools
import math
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self, get_args

import numpy as np

from environment.csv_table import CsvTable
from environment.files import extent_of
from environment.input_faults import Fault, FaultyInputError, raise_if_any
from runs.scenario import Scenario, sections, toml_text, value_of
from runs.size import files_too_large

SEED_KEY = "run.seed"
VARY = "--vary"
MOST_POINTS = 100_000
"""Points of a design: each is validated before the first run."""

MOST_RUNS = 10_000_000
"""Runs of a sweep: the places of their records are in memory."""


@dataclass(frozen=True)
class Range:
    """Where a key lies between two ends, both included.

    Parameters
    ----------
    low, high
        In the key's unit.
    """

    low: float
    high: float


type Levels = Sequence[Any]
"""The values that a key takes."""


@dataclass(frozen=True)
class Design:
    """Points to be run.

    Parameters
    ----------
    keys
        Dotted names of the keys that vary.
    points
        A value for each key, point by point.
    file
        Where the points stand, for the faults.
    lines
        Line of each point in that file; empty where there are none.
    """

    keys: tuple[str, ...]
    points: tuple[tuple[Any, ...], ...]
    file: str = VARY
    lines: tuple[int, ...] = ()

    @classmethod
    def full(cls, levels: Mapping[str, Levels]) -> Self:
        """Return every combination of the levels; the last key varies fastest.

        Parameters
        ----------
        levels
            By dotted name.
        """
        return cls(tuple(levels), tuple(itertools.product(*levels.values())))

    @classmethod
    def latin_hypercube(cls, axes: Mapping[str, Range | Levels], samples: int, scenario: Scenario) -> Self:
        """Return points that spread evenly over each key's range or levels; the scenario's seed draws them.

        Parameters
        ----------
        axes
            A range or levels for each dotted name; integer keys take integers.
        samples
            Number of points.
        scenario
            What is varied.
        """
        from scipy.stats import qmc  # noqa: PLC0415  (slow to import, seldom needed)

        sampler = qmc.LatinHypercube(len(axes), rng=np.random.default_rng(scenario.run.seed))
        shares = sampler.random(samples)
        columns = [
            _spread(axis, shares[:, k], _is_integer(scenario, key)) for k, (key, axis) in enumerate(axes.items())
        ]
        return cls(tuple(axes), tuple(zip(*columns, strict=True)))

    @classmethod
    def read_csv(cls, path: Path) -> Self:
        """Read a design whose columns are dotted names and whose rows are points.

        Parameters
        ----------
        path
            CSV file; its cells are read like the values of ``--set``, paths in them are relative to the file.

        Raises
        ------
        FaultyInputError
            With every fault of the file; whether the values suit the scenario is for `faults` to say.
        """
        raise_if_any(_too_many(path.name, extent_of(path).marks - 1) or files_too_large([path]))
        table = _DesignTable(path, [], ignore_others=True)
        for name in table.names:
            table.require(name, np.array([not text for text in table.texts(name)]), "a value")
        raise_if_any(table.faults)
        columns = [[value_of(name, text, path.parent) for text in table.texts(name)] for name in table.names]
        return cls(table.names, tuple(zip(*columns, strict=True)), table.file, tuple(table.lines))

    def as_own(self, fault: Fault) -> Fault:
        """Return a fault of a scenario that has the first point's values: if it is one of the design's keys, as the design's."""
        if not any(fault.field == key or fault.field.startswith(f"{key}.") for key in self.keys):
            return fault
        return replace(fault, file=self.file, row=self.lines[0] if self.lines else None)

    def values(self, point: int) -> dict[str, Any]:
        """Return a point's values by dotted name."""
        return dict(zip(self.keys, self.points[point], strict=True))

    def cells(self, point: int) -> dict[str, Any]:
        """Return a point's values as they stand in tables: numbers and texts, the rest as TOML."""
        return {key: _cell(value) for key, value in self.values(point).items()}

    def content(self) -> dict[str, Any]:
        """Return keys and points as JSON takes them."""
        return {"keys": self.keys, "points": [list(self.cells(k).values()) for k in range(len(self.points))]}

    def faults(self, scenario: Scenario) -> list[Fault]:
        """Return what is wrong with any point, each fault once.

        Parameters
        ----------
        scenario
            What is varied.
        """
        if SEED_KEY in self.keys:
            return [Fault(self.file, None, SEED_KEY, "varied", "no seeds: replications have their own, from --seed")]
        found: dict[Fault, None] = {}
        for k in range(len(self.points)):
            try:
                scenario.varied(self.values(k), self.file)
            except FaultyInputError as error:
                line = self.lines[k] if self.lines else None
                found |= dict.fromkeys(replace(fault, row=line) for fault in error.faults)
        return list(found)


def read_design(kind: str, vary: Iterable[str], samples: int | None, scenario: Scenario) -> tuple[Design, list[Fault]]:
    """Read a design from the words of the command line; with faults, the design is not to be used.

    Parameters
    ----------
    kind
        "full", "lhs" or a CSV file.
    vary
        ``key=level,level`` texts; for "lhs" also ``key=low:high``.
    samples
        Points of "lhs".
    scenario
        What is varied.
    """
    if kind not in ("full", "lhs"):
        return _read_file(kind, vary, samples, scenario)
    axes, faults = _read_axes(vary, ranges=kind == "lhs")
    if kind == "full":
        if samples is not None:
            faults.append(Fault("--samples", None, "samples", str(samples), "none with this design, or --design lhs"))
        levels = {key: axis for key, axis in axes.items() if not isinstance(axis, Range)}
        too_many = _too_many(VARY, math.prod(map(len, levels.values())))
        if too_many:
            return Design((), ()), faults + too_many
        design = Design.full(levels)
        return design, faults + design.faults(scenario)
    if samples is None:
        faults.append(Fault("--samples", None, "samples", "missing", "the number of points of --design lhs"))
    if not axes and not faults:
        faults.append(Fault(VARY, None, "key", "missing", "key=low:high or key=level,level"))
    faults += [
        Fault(VARY, None, key, f"{axis.low}:{axis.high}", "whole numbers")
        for key, axis in axes.items()
        if isinstance(axis, Range) and _is_integer(scenario, key) and not (_whole(axis.low) and _whole(axis.high))
    ]
    ends = [(axis.low, axis.high) if isinstance(axis, Range) else (axis[0], axis[-1]) for axis in axes.values()]
    # The ends first: a range that goes too far is one fault there, and one a sample among the points.
    faults += Design(tuple(axes), tuple(zip(*ends, strict=True))).faults(scenario)
    faults += _too_many("--samples", samples or 0)
    if faults or samples is None:
        return Design((), ()), faults
    design = Design.latin_hypercube(axes, samples, scenario)
    return design, design.faults(scenario)


def first_point(kind: str, vary: Iterable[str], among: Collection[str]) -> Design:
    """Return a design's first point, unchecked; what of it cannot be read is left out, for `read_design` to tell.

    Parameters
    ----------
    kind, vary
        As `read_design` takes them.
    among
        Sections whose keys are taken.
    """
    if not among:
        return Design((), ((),))
    file, values = VARY, dict[str, Any]()
    lines: tuple[int, ...] = ()
    if kind in ("full", "lhs"):
        axes, _ = _read_axes(vary, ranges=kind == "lhs")
        values = {key: axis.low if isinstance(axis, Range) else axis[0] for key, axis in axes.items()}
    elif Path(kind).suffix.lower() == ".csv":
        with suppress(FaultyInputError):
            design = Design.read_csv(Path(kind))
            file, lines, values = design.file, design.lines[:1], design.values(0)
    known = {key: value for key, value in values.items() if key.partition(".")[0] in among and key != SEED_KEY}
    return Design(tuple(known), (tuple(known.values()),), file, lines)


def _too_many(where: str, points: int) -> list[Fault]:
    return [Fault(where, None, "points", f"{points:,}", f"at most {MOST_POINTS:,}")] if points > MOST_POINTS else []


def _read_file(name: str, vary: Iterable[str], samples: int | None, scenario: Scenario) -> tuple[Design, list[Fault]]:
    faults = [Fault(VARY, None, "override", repr(text), "none beside a design file") for text in vary]
    if samples is not None:
        faults.append(Fault("--samples", None, "samples", str(samples), "none with a design file"))
    if Path(name).suffix.lower() != ".csv":
        return Design((), ()), [*faults, Fault("--design", None, "design", repr(name), "full, lhs or a CSV file")]
    try:
        design = Design.read_csv(Path(name))
    except FaultyInputError as error:
        return Design((), ()), [*faults, *error.faults]
    return design, faults + design.faults(scenario)


def _read_axes(vary: Iterable[str], *, ranges: bool) -> tuple[dict[str, Range | Levels], list[Fault]]:
    axes: dict[str, Range | Levels] = {}
    faults = []
    for text in vary:
        name, equals, rest = text.partition("=")
        key = name.strip()
        section, _, inner = key.partition(".")
        if not (equals and section and inner):
            expected = "section.key=level,level, such as coordination.batch_size=1,10"
            faults.append(Fault(VARY, None, "text", repr(text), expected))
            continue
        if key in axes:
            faults.append(Fault(VARY, None, key, "there twice", "each key once"))
        axis = (_range_of(rest) if ranges else None) or _levels_of(key, rest)
        if isinstance(axis, Range):
            if not axis.low < axis.high:
                faults.append(Fault(VARY, None, key, repr(rest), "low:high, low below high"))
        elif "" in axis:
            faults.append(Fault(VARY, None, key, repr(rest), "a value between commas, brackets and quotes closed"))
            axis = [level for level in axis if level != ""]
        else:
            texts = [toml_text(level) for level in axis]
            faults += [
                Fault(VARY, None, key, f"{level} more than once", "each level once")
                for level in dict.fromkeys(texts)
                if texts.count(level) > 1
            ]
        if axis:
            axes[key] = axis
    return axes, faults


def _range_of(text: str) -> Range | None:
    try:
        low, high = (_number(end) for end in text.split(":"))
    except ValueError:
        return None
    return Range(low, high)


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return int(text) if text.strip().lstrip("+-").isdecimal() else value


def _levels_of(name: str, text: str) -> list[Any]:
    """Split at commas, but not inside an array, a table or a quoted text; "" stands for what is no level."""
    levels: list[Any] = []
    open_part = ""
    for part in text.split(","):
        piece = f"{open_part},{part}" if open_part else part
        open_part = piece if piece.lstrip()[:1] in ("[", "{", '"', "'") and not _is_toml(piece) else ""
        if not open_part:
            levels.append(value_of(name, piece) if piece.strip() else "")
    return [*levels, ""] if open_part else levels


def _is_toml(text: str) -> bool:
    try:
        tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return False
    return True


def _spread(axis: Range | Levels, shares: np.ndarray[tuple[int], np.dtype[np.float64]], integer: bool) -> list[Any]:
    if not isinstance(axis, Range):
        return [axis[int(share * len(axis))] for share in shares.tolist()]
    if integer:
        return [int(axis.low) + math.floor(share * (axis.high - axis.low + 1)) for share in shares.tolist()]
    return [axis.low + share * (axis.high - axis.low) for share in shares.tolist()]


def _is_integer(scenario: Scenario, key: str) -> bool:
    section, _, name = key.partition(".")
    settings = getattr(scenario, section) if section in Scenario.model_fields else scenario
    kind = sections()[section][0] if settings is None else type(settings)  # a section that only the design brings in
    field = kind.model_fields.get(name)
    kinds = (field.annotation, *get_args(field.annotation)) if field else ()
    return int in kinds and float not in kinds


def _whole(value: float) -> bool:
    return float(value).is_integer()


def _cell(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Path):
        value = str(value)
    return value if isinstance(value, (bool, int, float, str)) else toml_text(value)


class _DesignTable(CsvTable):
    """A table whose columns are whatever the header says."""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._columns)
