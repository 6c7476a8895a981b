"""A scenario: one frozen, validated description of a run, read from a TOML file.

Every section is a settings class that lives beside the thing it describes; its docstrings are the reference.
"""

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, TypeAliasType, get_args

import tomli_w
from pydantic import BaseModel, Field, ValidationError, ValidationInfo, field_validator

from coordination.optimizers import OPTIMIZERS
from coordination.peak_shaving.power_sharing import TACTICS, GroupingSettings
from coordination.peak_shaving.problem import SEARCHERS, PeakShavingSettings
from coordination.stations.settings import SCHEDULERS, SchedulingSettings
from coordination.stations.triggers import TriggersSettings
from coordination.valley_filling import COORDINATORS
from coordination.valley_filling.coordinator import CoordinationSettings
from environment.channel_faults import ChannelSettings
from environment.events import EventsSettings
from environment.feeders import FeederSource
from environment.files import bytes_in_words, must_be_file
from environment.fleets import DatedFleet, FleetSource, NhtsFleet
from environment.grid import CountsGrid, GridSource, TransformerSettings
from environment.horizon import Horizon
from environment.input_faults import Fault, FaultyInputError, nearest, raise_if_any, shortened
from environment.loads import BuiltinLoad, LoadSource
from environment.loads.named import LoadsSettings
from environment.presence import ParticipationSettings
from environment.settings import Settings
from environment.station_sites import StationsSettings
from environment.tariffs import GuangdongTariff, TariffSource
from environment.users import UsersSettings
from environment.zones import shared_offset

MOST_BYTES: Final = 10_000_000
"""Most bytes of a scenario's file."""

PATH_KEYS = ("path", "actual_path", "available_path")
KNOWN_NAMES: Final[dict[str, dict[str, Collection[str]]]] = {
    "coordination": {"method": COORDINATORS, "optimizer": OPTIMIZERS},
    "peak_shaving": {"optimizer": SEARCHERS},
    "grouping": {"tactic": TACTICS},
    "scheduling": {"optimizer": SCHEDULERS},
}
"""Keys, by section, whose values are names of a registry."""
SECTIONS_WITHIN: Final = {"loads": "load"}
"""Sections that hold sections of any name, such as ``[loads.homes]``, each with the keys of another section."""
USUAL_SOURCES: Final = {
    "load": "builtin",
    "grid": "counts",
    "fleet": "nhts",
    "tariff": "guangdong",
    "feeder": "builtin",
}
COUNT_BESIDE: Final = {
    "tariff": ("peak_shaving", "stations"),
    **dict.fromkeys(("participation", "grouping"), ("peak_shaving",)),
    **dict.fromkeys(("users", "scheduling", "triggers", "events"), ("stations",)),
}
"""Sections that count only beside one of some others."""
PLAIN_KINDS: Final = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "a text",
    "path": "a path, as a text",
    "tuple": "a list",
    "model": "a table of keys",
    "datetime": "a time such as 2026-01-31T12:00",
    "date": "a day such as 2026-01-31",
}
"""What a value should be, by the first word of the validation's error."""


class RunSettings(Settings):
    """How the run is carried out."""

    seed: int = Field(default=1, ge=0, lt=2**63)
    """Seed of the one random generator; the same seed gives the same tables, byte for byte."""

    optimum: bool = True
    """Whether to state the distance to the provable optimum (for ants it costs less time than the run and its tables)."""

    optimum_within: float = Field(default=1e-6, gt=0.0, lt=1.0)
    """Widest bracket of that optimum that is accepted, as a part of what it saves on free charging (`optimum_bracket` is what
    was reached). A closer one takes longer."""

    engine: Literal["agents", "compiled"] = "agents"
    """"agents": a Mesa agent per EV, event by event; "compiled": the same choices in compiled code, for very many EVs."""


class Scenario(Settings):
    """A whole run."""

    horizon: Horizon = Horizon()
    load: Annotated[LoadSource, Field(discriminator="source")] = BuiltinLoad()
    loads: LoadsSettings = LoadsSettings()
    fleet: Annotated[FleetSource, Field(discriminator="source")] = NhtsFleet()
    transformer: TransformerSettings = TransformerSettings()
    grid: Annotated[GridSource, Field(discriminator="source")] = CountsGrid()
    coordination: CoordinationSettings = CoordinationSettings()
    channel: ChannelSettings = ChannelSettings()
    peak_shaving: PeakShavingSettings | None = None
    grouping: GroupingSettings = GroupingSettings()
    participation: ParticipationSettings = ParticipationSettings()
    tariff: Annotated[TariffSource, Field(discriminator="source")] = GuangdongTariff()
    stations: StationsSettings | None = None
    users: UsersSettings = UsersSettings()
    scheduling: SchedulingSettings = SchedulingSettings()
    triggers: TriggersSettings = TriggersSettings()
    events: EventsSettings = EventsSettings()
    feeder: Annotated[FeederSource | None, Field(discriminator="source")] = None
    run: RunSettings = RunSettings()

    @field_validator(*KNOWN_NAMES)
    @classmethod
    def _known_names(cls, section: Settings | None, info: ValidationInfo) -> Settings | None:
        names = KNOWN_NAMES[str(info.field_name)]
        unknown = _unknown_names(names, {key: getattr(section, key, None) for key in names})
        if unknown:
            raise ValueError("\n".join(unknown))
        return section

    @field_validator("stations")
    @classmethod
    def _one_paper_at_a_time(cls, stations: StationsSettings | None, info: ValidationInfo) -> StationsSettings | None:
        if stations is None:
            return None
        if info.data.get("peak_shaving") is not None:
            raise ValueError("there beside [peak_shaving]; expected one of the two")
        horizon: Horizon | None = info.data.get("horizon")
        if horizon is not None and horizon.slot_h < stations.time_max_h:
            raise ValueError(
                f"time_max_h = {stations.time_max_h:g} in slots of {horizon.slot_h:g} h; expected slots at least that long "
                "(horizon.slot_min)"
            )
        return stations

    @field_validator("run")
    @classmethod
    def _agents_for_faults(cls, run: RunSettings, info: ValidationInfo) -> RunSettings:
        channel = info.data.get("channel", ChannelSettings())
        if run.engine == "compiled" and (channel.has_faults or channel.log):
            what = "faults of the channel" if channel.has_faults else "channel.log"
            raise ValueError(f"engine = 'compiled' with {what}; expected run.engine = 'agents'")
        return run

    @classmethod
    def read(cls, path: str | Path | None = None, overrides: Iterable[str] = ()) -> Self:
        """Read a scenario.

        Parameters
        ----------
        path
            A TOML file; none: the built-in default. Paths inside are relative to it.
        overrides
            ``section.key=value`` texts, the value in TOML (a bare word is a text); paths relative to the working
            folder.

        Raises
        ------
        FaultyInputError
            With every fault: unreadable TOML, unknown keys (with the nearest known one), values out of range.
        """
        scenario, faults = cls.read_leniently(path, overrides)
        raise_if_any(faults)
        return scenario

    @classmethod
    def read_leniently(cls, path: str | Path | None = None, overrides: Iterable[str] = ()) -> tuple[Self, list[Fault]]:
        """Read a scenario as `read` does, but return the faults, with a default in place of each faulty section.

        Raises
        ------
        FaultyInputError
            If the file is missing or no TOML.
        """
        path = None if path is None else Path(path)
        content = {} if path is None else _read_toml(path)
        file = path.name if path else "scenario"
        set_before: dict[str, Any] = {}
        faults = [fault for text in overrides if (fault := _apply(content, text, set_before))]
        faults += _drop_wrong_sections(content, file)
        _fill_sources(content)
        try:
            return cls.model_validate(content), faults
        except ValidationError as error:
            faults += _faults(error, content, file)
            sound = {
                name: section for name, section in content.items() if name not in {e["loc"][0] for e in error.errors()}
            }
            return cls.model_validate(sound), faults

    def update(self, **sections: Mapping[str, Any]) -> Self:
        """Return a new scenario with some keys of some sections replaced, validated anew.

        Parameters
        ----------
        **sections
            A mapping of new values for each section named; of a section within it, again a mapping.

        Raises
        ------
        FaultyInputError
            With every fault, as `varied` does.
        """
        content = self._content()
        for name, values in sections.items():
            _merge(content.setdefault(name, {}), values)
        return self._validated(content, "scenario")

    def varied(self, values: Mapping[str, Any], file: str = "scenario") -> Self:
        """Return a new scenario with some keys replaced, as `--set` would.

        Parameters
        ----------
        values
            New values by dotted name, such as ``coordination.batch_size``.
        file
            Where they stand, for the faults.

        Raises
        ------
        FaultyInputError
            With every fault: unknown keys (with the nearest known one), values out of range.
        """
        content = self._content()
        for name, value in values.items():
            _enter(content, name, value)
        return self._validated(content, file)

    @classmethod
    def _validated(cls, content: dict[str, Any], file: str) -> Self:
        """Return the scenario of a content that stands in a file, or raise all its faults."""
        faults = _drop_wrong_sections(content, file)
        _fill_sources(content)
        try:
            case = cls.model_validate(content)
        except ValidationError as error:
            raise FaultyInputError([*faults, *_faults(error, content, file)]) from None
        raise_if_any(faults)
        return case

    def settled(self) -> Self:
        """Return this scenario with a horizon that says all of itself: the zone that its files share, the start of its fleet.

        Raises
        ------
        FaultyInputError
            If two files state different zones, or the start is to be a fleet's that has no dates.
        """
        horizon = self.horizon
        if horizon.timezone is None:
            horizon = _with(horizon, timezone=shared_offset(self.files()))
        if horizon.start == "fleet":
            horizon = _with(horizon, start=self._first_noon(horizon))
        return self if horizon is self.horizon else self.model_copy(update={"horizon": horizon})

    def _first_noon(self, horizon: Horizon) -> datetime:
        """Return the last noon that is not after the fleet's first stay."""
        if self.stations is not None or not isinstance(self.fleet, DatedFleet):
            found = (
                "'fleet' beside [stations]" if self.stations else f"'fleet' with fleet.source = '{self.fleet.source}'"
            )
            expected = "a time such as 2019-05-06T12:00:00: only fleets from files have dates"
            raise FaultyInputError([Fault("scenario", None, "horizon.start", found, expected)])
        first = self.fleet.first_plug_in(horizon)
        noon = first.replace(hour=12, minute=0, second=0, microsecond=0)
        return noon if noon <= first else noon - timedelta(days=1)

    def files(self) -> Iterator[Path]:
        """Give the files, and folders of files, of the sections that count."""
        unread = (
            {"fleet", "loads", "grid"}
            if self.stations is not None
            else {"loads", "grid"}
            if self.peak_shaving is not None
            else set()
        )
        for name in type(self).model_fields:
            section: Settings | None = getattr(self, name)
            beside = COUNT_BESIDE.get(name)
            counts = beside is None or any(getattr(self, other) is not None for other in beside)
            if counts and name not in unread:
                for each in (section, *_within(section).values()):
                    yield from (path for key in PATH_KEYS if isinstance(path := getattr(each, key, None), Path))

    def _content(self) -> dict[str, dict[str, Any]]:
        """Return what was set, section by section, as validation takes it."""
        content = {}
        for name in type(self).model_fields:
            section: Settings | None = getattr(self, name)
            if section is None:
                continue
            content[name] = section.model_dump(exclude_unset=True)
            if "source" in type(section).model_fields:
                content[name]["source"] = section.source  # type: ignore[attr-defined]
        return content

    def __repr_args__(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give what differs from the defaults; evaluated, the representation is the scenario again."""
        for name, field in type(self).model_fields.items():
            section: Settings | None = getattr(self, name)
            if section == field.default or section is None:
                continue
            source = source_name(type(section))
            yield name, ({"source": source} if source else {}) | section.model_dump(mode="json", exclude_defaults=True)

    def __str__(self) -> str:
        return repr(self)

    def changed_keys(self) -> list[tuple[str, str]]:
        """Return section and key of each value that is not the default; ``source`` where it is not the usual one."""
        changed = []
        for name, field in type(self).model_fields.items():
            section: Settings | None = getattr(self, name)
            if section is None or section == field.default:
                continue
            keys = type(section).model_fields
            is_usual = field.default is None or type(section) is type(field.default)
            changed += [
                (name, key)
                for key, usual in keys.items()
                if (not is_usual if key == "source" else getattr(section, key) != usual.default)
            ]
            changed += [
                (name, f"{inner}.{key}")
                for inner, settings in _within(section).items()
                for key, usual in type(settings).model_fields.items()
                if key == "source" or getattr(settings, key) != usual.default
            ]
        return changed

    def waits_for(self, section: str) -> tuple[str, ...]:
        """Return the sections beside one of which a section would count; none if it counts as it is."""
        others = COUNT_BESIDE.get(section, ())
        return () if any(getattr(self, other) is not None for other in others) else others

    def to_toml(self) -> str:
        """Return the whole scenario, defaults included, as TOML; keys that are none are left out."""
        content = self.model_dump()
        for name in COUNT_BESIDE:
            if self.waits_for(name):
                del content[name]
        for key in ("rated_kva", "power_factor", "loading"):
            if self.transformer.limit_kw is not None:
                del content["transformer"][key]
        return tomli_w.dumps(_plain(content))


def _with(horizon: Horizon, **values: Any) -> Horizon:
    """Return a horizon with some keys replaced, validated anew; the same where nothing changes."""
    content = {"horizon": {**horizon.model_dump(exclude_unset=True), **values}}
    try:
        changed = Scenario.model_validate(content).horizon
    except ValidationError as error:
        raise FaultyInputError(_faults(error, content, "scenario")) from None
    return horizon if changed == horizon else changed


def _within(section: Settings | None) -> dict[str, Settings]:
    """Return the sections that a section holds, by name."""
    return dict(section.model_extra or {}) if section is not None else {}


def sections() -> dict[str, list[type[Settings]]]:
    """Return every section's name and its classes (one a source where there are several)."""
    by_name: dict[str, list[type[Settings]]] = {}
    for name, field in Scenario.model_fields.items():
        by_name[name] = [cls for cls in _members(field.annotation) if cls is not type(None)]
    return by_name


def _members(kind: Any) -> Iterator[Any]:
    """Give the classes of a union, also where a name stands for it."""
    if isinstance(kind, TypeAliasType):
        kind = kind.__value__
    for member in get_args(kind) or (kind,):
        if isinstance(member, TypeAliasType):
            yield from _members(member)
        else:
            yield member


def source_name(cls: type[Settings]) -> str:
    """Return the value of ``source`` that stands for a class of settings; empty where there is only one."""
    field = cls.model_fields.get("source")
    kind: Any = field.annotation if field else None
    return str(get_args(kind)[0]) if kind else ""


def value_of(name: str, text: str, folder: Path | None = None) -> Any:
    """Return what a text stands for as the value of a key.

    Parameters
    ----------
    name
        The key's dotted name.
    text
        TOML; anything else is a bare word, a text.
    folder
        Paths are relative to it; none: to the working folder.
    """
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        value = text.strip()
    key = name.rpartition(".")[2]
    return _with_full_paths({key: value}, folder or Path())[key]


def toml_text(value: Any) -> str:
    """Return a value as TOML on one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml_text(entry)}" for key, entry in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(toml_text(entry) for entry in value) + "]"
    return tomli_w.dumps({"v": value}).removeprefix("v = ").strip()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items() if entry is not None}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    return str(value) if isinstance(value, Path) else value


def _read_toml(path: Path) -> dict[str, Any]:
    must_be_file(path, "a scenario (TOML)")
    if path.stat().st_size > MOST_BYTES:
        expected = f"a scenario of at most {bytes_in_words(MOST_BYTES)}"
        raise FaultyInputError([Fault(str(path), None, "size", bytes_in_words(path.stat().st_size), expected)])
    try:
        text = path.read_text(encoding="utf-8-sig")
        content = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise FaultyInputError([Fault(str(path), None, "file", f"unreadable ({error})", "a scenario (TOML)")]) from None
    except RecursionError:
        raise FaultyInputError([Fault(path.name, None, "file", "nested too deep", "a scenario (TOML)")]) from None
    except ValueError as error:
        raise FaultyInputError([_broken(path.name, text, str(error))]) from None
    return {
        name: _with_full_paths(section, path.parent) if isinstance(section, dict) else section
        for name, section in content.items()
    }


def _broken(file: str, text: str, error: str) -> Fault:
    """Return the fault of a text that is no TOML; where the error names a line, that line is quoted."""
    lines, place = text.splitlines(), re.search(r"\(at (?:line (\d+)|end of document)", error)
    row = (int(place[1]) if place[1] else len(lines)) if place else None
    return Fault(file, row, "text", "unreadable" if row is None else repr(lines[row - 1].strip()), f"TOML ({error})")


def _with_full_paths(section: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return a section, and those within it, with its paths from a folder on."""
    full: dict[str, Any] = {}
    for key, value in section.items():
        if isinstance(value, dict):
            full[key] = _with_full_paths(value, folder)
        else:
            full[key] = _full_path(folder, value) if key in PATH_KEYS and isinstance(value, str) else value
    return full


def _full_path(folder: Path, text: str) -> str:
    try:
        return str((folder / text).resolve())
    except (OSError, ValueError, RuntimeError):  # no path at all, or a loop of links: a fault where it is read
        return text


def _apply(content: dict[str, Any], text: str, set_before: dict[str, Any]) -> Fault | None:
    """Enter an override, and note it in those of before; return what is wrong with it."""
    name, equals, value = text.partition("=")
    name = name.strip()
    _, dot, key = name.partition(".")
    if not equals or not dot or not key:
        return Fault("--set", None, "override", repr(text), "section.key=value, such as coordination.batch_size=10")
    new = value_of(key, value)
    before = set_before.setdefault(name, new)
    if repr(before) != repr(new):
        return Fault("--set", None, name, f"{_short(before)} and {_short(new)}", "one value")
    _enter(content, name, new)
    return None


def _enter(content: dict[str, Any], name: str, value: Any) -> None:
    """Enter a value by its dotted name; where a section should be and is none, that is for the validation to tell."""
    section, _, key = name.partition(".")
    entry = content.setdefault(section, {})
    inner, _, inner_key = key.rpartition(".")
    if section in SECTIONS_WITHIN and inner and isinstance(entry, dict):
        entry, key = entry.setdefault(inner, {}), inner_key
    if isinstance(entry, dict):
        entry[key] = value


def _merge(entry: dict[str, Any], values: Mapping[str, Any]) -> None:
    """Enter values in a section, and in those within it."""
    for key, value in values.items():
        if isinstance(value, Mapping) and isinstance(entry.get(key), dict):
            _merge(entry[key], value)
        else:
            entry[key] = value


def _fill_sources(content: dict[str, Any]) -> None:
    """Name the usual source in every section that has several and names none."""
    for section, source in USUAL_SOURCES.items():
        if section in content:
            content[section].setdefault("source", source)


def _drop_wrong_sections(content: dict[str, Any], file: str) -> list[Fault]:
    known = sections()
    faults = []
    for name, value in list(content.items()):
        if name not in known:
            faults.append(Fault(file, None, f"section [{name}]", "unknown", nearest(name, known)))
            del content[name]
        elif not isinstance(value, dict):
            faults.append(Fault(file, None, name, repr(value), f"a section [{name}]"))
            del content[name]
    return faults


def _faults(error: ValidationError, content: dict[str, Any], file: str) -> list[Fault]:
    faults = []
    for section in dict.fromkeys(str(entry["loc"][0]) for entry in error.errors()):
        unknown = _unknown_names(KNOWN_NAMES.get(section, {}), content[section])
        faults += [_fault_of(text, section, file, sections()[section]) for text in unknown]
    for entry in error.errors():
        place = [str(part) for part in entry["loc"]]
        section, rest, given = place[0], place[1:], content[place[0]]
        classes = sections()[section]
        if section in SECTIONS_WITHIN and rest and rest[0] not in classes[0].model_fields:
            if not isinstance(given[rest[0]], dict):
                expected = f"{nearest(rest[0], classes[0].model_fields)}, or a section [{section}.{rest[0]}]"
                faults.append(Fault(file, None, f"{section}.{rest[0]}", "unknown", expected))
                continue
            classes, given = sections()[SECTIONS_WITHIN[section]], given[rest[0]]
            section, rest = f"{section}.{rest[0]}", rest[1:]
        all_classes = classes
        names = [name for cls in classes if (name := source_name(cls))]
        if rest and rest[0] in names:
            classes, rest = [classes[names.index(rest[0])]], rest[1:]
        field = ".".join([section, *rest])
        if entry["type"] == "union_tag_invalid":
            found = str(given["source"])
            faults.append(Fault(file, None, f"{section}.source", repr(found), nearest(found, names)))
        elif entry["type"] == "extra_forbidden":
            faults.append(Fault(file, None, field, "unknown", _nearest_key(rest, classes, all_classes)))
        elif entry["type"] == "missing":
            faults.append(Fault(file, None, field, "missing", "a value"))
        elif entry["type"] == "value_error":
            said = str(entry["ctx"]["error"]).split("\n")
            faults += [_fault_of(text, field, file, () if rest else classes) for text in said]
        else:
            message = entry["msg"].removeprefix("Input should be ")
            expected = PLAIN_KINDS.get(entry["type"].partition("_")[0], message)
            faults.append(Fault(file, None, field, _short(entry["input"]), expected))
    return list(dict.fromkeys(faults))


def _fault_of(text: str, field: str, file: str, classes: Iterable[type[Settings]]) -> Fault:
    """Return the fault that a validator's text tells; what contradicts itself within a section is the key's that it names first."""
    found, _, expected = text.partition("; expected ")
    key, equals, value = found.partition(" = ")
    if equals and any(key in cls.model_fields for cls in classes):
        field, found = f"{field}.{key}", value
    return Fault(file, None, field, found, expected)


def _unknown_names(names: Mapping[str, Collection[str]], values: Mapping[str, Any]) -> list[str]:
    """Return what to say of each key's value that is no name of its registry."""
    return [
        f"{key} = {name!r}; expected {nearest(name, known)}"
        for key, known in names.items()
        if isinstance(name := values.get(key), str) and name not in known
    ]


def _nearest_key(place: list[str], classes: list[type[Settings]], all_classes: list[type[Settings]]) -> str:
    key = place[-1]
    known = [cls for cls in all_classes if key in cls.model_fields]
    if known and len(place) == 1:
        sources = ", ".join(repr(source_name(cls)) for cls in known)
        return f"no such key with this source; it belongs to source {sources}"
    fields: type[BaseModel] = classes[0]
    if len(place) > 1:
        inner = get_args(classes[0].model_fields[place[0]].annotation)
        fields = inner[0] if inner and isinstance(inner[0], type) and issubclass(inner[0], BaseModel) else classes[0]
    return nearest(key, fields.model_fields)


def _short(value: Any) -> str:
    return shortened(repr(value), 60)
