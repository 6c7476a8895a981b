"""What is set and does not count: for each key that only some runs read, in which. A key without a rule counts in every run.

A key counts as set where its value is not the default. Rules look at the scenario alone; what only its files tell is said by the
worlds that read them.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple, Protocol

from coordination.peak_shaving.problem import EXACT, PeakShavingSettings
from coordination.stations.settings import NONE, SchedulingSettings
from coordination.stations.triggers import TriggersSettings
from coordination.valley_filling import COORDINATORS
from coordination.valley_filling.coordinator import CoordinationSettings
from environment.channel_faults import ChannelSettings
from environment.events import EventsSettings
from environment.fleets import FleetSource
from environment.grid import GridSource, TransformerSettings
from environment.horizon import HOURS_PER_DAY, Horizon
from environment.loads import LoadSource
from environment.loads.named import UNNAMED, LoadsSettings
from environment.presence import ParticipationSettings
from environment.station_sites import StationsSettings
from environment.users import UsersSettings


class Case(Protocol):
    """A scenario, by the sections that rules look at: importing it would put one more floor under all worlds."""

    @property
    def horizon(self) -> Horizon:
        """Section ``[horizon]``."""

    @property
    def load(self) -> LoadSource:
        """Section ``[load]``."""

    @property
    def loads(self) -> LoadsSettings:
        """Section ``[loads]``."""

    @property
    def fleet(self) -> FleetSource:
        """Section ``[fleet]``."""

    @property
    def transformer(self) -> TransformerSettings:
        """Section ``[transformer]``."""

    @property
    def grid(self) -> GridSource:
        """Section ``[grid]``."""

    @property
    def coordination(self) -> CoordinationSettings:
        """Section ``[coordination]``."""

    @property
    def channel(self) -> ChannelSettings:
        """Section ``[channel]``."""

    @property
    def peak_shaving(self) -> PeakShavingSettings | None:
        """Section ``[peak_shaving]``."""

    @property
    def participation(self) -> ParticipationSettings:
        """Section ``[participation]``."""

    @property
    def stations(self) -> StationsSettings | None:
        """Section ``[stations]``."""

    @property
    def users(self) -> UsersSettings:
        """Section ``[users]``."""

    @property
    def scheduling(self) -> SchedulingSettings:
        """Section ``[scheduling]``."""

    @property
    def triggers(self) -> TriggersSettings:
        """Section ``[triggers]``."""

    @property
    def events(self) -> EventsSettings:
        """Section ``[events]``."""

    @property
    def run(self) -> Any:
        """Section ``[run]``."""

    def changed_keys(self) -> list[tuple[str, str]]:
        """Return section and key of each value that is not the default."""

    def waits_for(self, section: str) -> tuple[str, ...]:
        """Return the sections beside one of which a section would count; none if it counts as it is."""


class Rule(NamedTuple):
    """When some keys count.

    Parameters
    ----------
    keys
        Dotted names such as ``run.optimum``, or names of whole sections, apart by blanks; or a tuple of them.
    counts
        Whether a scenario's run reads them.
    where
        The same in words, after "count only".
    """

    keys: str | tuple[str, ...]
    counts: Callable[[Case], bool]
    where: str

    @property
    def names(self) -> Sequence[str]:
        """The keys, one by one."""
        return self.keys.split() if isinstance(self.keys, str) else self.keys


def _is_ants(case: Case) -> bool:
    """Whether the run fills valleys, by ants or another method."""
    return case.peak_shaving is None and case.stations is None


def _strays(case: Case) -> bool:
    """Whether some load may turn out to be another than was forecast."""
    if case.loads.path is not None and case.loads.fluctuation > 0:
        return True
    return any(load.fluctuation > 0 or load.actual_path is not None for load in (case.load, *case.loads.named.values()))


def _evs_decide(case: Case) -> bool:
    return _is_ants(case) and COORDINATORS[case.coordination.method].decides == "vehicle"


def _scaled(case: Case) -> str:
    """Return the name of the load of which a grid from the feeder takes nothing but the shape, its peak left out; "" for none."""
    name = case.grid.shape_of if _is_ants(case) else ""
    load = case.load if name == UNNAMED else case.loads.named.get(name)
    return "" if load is None or getattr(load, "valley_kw", None) is not None else name


def _of_methods(case: Case, key: str) -> Rule:
    """Return the rule of a key of ``[coordination]``, which only some methods read."""
    if COORDINATORS[case.coordination.method].reads(key):
        return Rule(f"coordination.{key}", lambda _: True, "")
    names = [repr(name) for name, entry in COORDINATORS.items() if entry.reads(key)]
    return Rule(f"coordination.{key}", lambda _: False, f"with coordination.method = {' or '.join(names)}")


def _of_sections(case: Case, section: str) -> Rule:
    """Return the rule of a section that may wait for another one."""
    others = case.waits_for(section)
    return Rule(section, lambda _: not others, f"beside a section {' or '.join(f'[{other}]' for other in others)}")


def _of_loads(case: Case) -> Iterator[Rule]:
    """Give the rules of keys that some sources of load read, and only beside others."""
    for section, load in {
        "load": case.load,
        **{f"loads.{name}": load for name, load in case.loads.named.items()},
    }.items():
        for key, where in load.idle_keys().items():
            yield Rule((f"{section}.{key}",), lambda _: False, where)
    if (name := _scaled(case)) in case.loads.named:
        yield Rule((f"loads.{name}.peak_kw",), lambda _: False, OF_THE_FEEDER)


OF_THE_FEEDER: Final = "without grid.source = 'feeder', where the feeder's own loads say how large they are"

ON_BOARDS: Final = ("restarts", "fallback", "spare_below")
"""Keys of ``[channel]`` that only boards and their ants read."""

FAULTY: Final = " ".join(f"channel.{key}" for key in ChannelSettings.model_fields if key not in ("log", *ON_BOARDS))

RULES: Final = (
    Rule("fleet transformer", lambda case: case.stations is None, "without a section [stations]"),
    Rule("coordination loads run.optimum", _is_ants, "without a section [peak_shaving] or [stations]"),
    Rule(
        "run.optimum_within",
        lambda case: _is_ants(case) and bool(case.run.optimum),
        "with run.optimum, which valley filling has",
    ),
    Rule(
        FAULTY,
        lambda case: _evs_decide(case) or case.peak_shaving is not None or case.stations is not None,
        "with ants, or beside a section [peak_shaving] or [stations]: on their messages the channel's faults act",
    ),
    Rule(" ".join(f"channel.{key}" for key in ON_BOARDS), _evs_decide, "with ants, who go by boards"),
    Rule("channel.burst", lambda case: case.channel.loss > 0, "with channel.loss above 0"),
    Rule(
        "channel.loss_in_burst",
        lambda case: case.channel.loss > 0 and case.channel.burst > 1,
        "with channel.loss above 0 and channel.burst above 1",
    ),
    Rule("channel.delay", lambda case: case.channel.delay_s > 0, "with channel.delay_s above 0"),
    Rule(
        "channel.delay_spread",
        lambda case: case.channel.delay_s > 0 and case.channel.delay == "lognormal",
        "with channel.delay_s above 0 and channel.delay = 'lognormal'",
    ),
    Rule(
        "channel.timeout_s channel.resends channel.fallback",
        lambda case: case.channel.has_faults,
        "where the channel has faults or delays",
    ),
    Rule(
        "channel.spare_below",
        lambda case: case.channel.has_faults and case.channel.fallback == "spare_capacity",
        "where the channel has faults or delays, and with channel.fallback = 'spare_capacity'",
    ),
    Rule("grid", _is_ants, "without a section [peak_shaving] or [stations]"),
    Rule(
        "transformer.count transformer.substations transformer.limit_kw transformer.rated_kva transformer.power_factor "
        "transformer.loading transformer.load",
        lambda case: not _is_ants(case) or not case.grid.names_nodes,
        "with grid.source = 'counts'",
    ),
    Rule("transformer.load", _is_ants, "without a section [peak_shaving] or [stations]"),
    Rule("transformer.ambient_c", _is_ants, "without a section [peak_shaving] or [stations]"),
    Rule("transformer.lines", _evs_decide, "with ants, who share a copy of the board on each"),
    Rule(
        "transformer.substations",
        lambda case: _is_ants(case) and (case.transformer.count > 1 or case.fleet.source == "csv"),
        "in valley filling with several transformers",
    ),
    Rule("feeder.at", _is_ants, "without a section [peak_shaving] or [stations]"),
    Rule(
        "load.peak_kw",
        lambda case: _scaled(case) != UNNAMED,
        OF_THE_FEEDER,
    ),
    Rule("loads.fill loads.fluctuation", lambda case: case.loads.path is not None, "with loads.path"),
    Rule(
        "coordination.adjust",
        _strays,
        "where the load strays from its forecast (load.fluctuation, load.actual_path, or those of [loads])",
    ),
    Rule(
        "fleet.days",
        lambda case: case.peak_shaving is None and case.horizon.hours > HOURS_PER_DAY,
        "in valley filling over more than a day",
    ),
    Rule(
        "transformer.feed_in_limit_kw",
        lambda case: not _is_ants(case) or not case.grid.names_nodes,
        "with grid.source = 'counts'",
    ),
    Rule(
        "participation.soc_need",
        lambda case: case.participation.end == "need",
        "with participation.end = 'need'",
    ),
    Rule("participation.stays", lambda case: case.participation.available_path is None, "without available_path"),
    Rule(
        "peak_shaving.population peak_shaving.iterations peak_shaving.penalty",
        lambda case: case.peak_shaving is not None and case.peak_shaving.optimizer != EXACT,
        f"without peak_shaving.optimizer = {EXACT!r}",
    ),
    Rule(
        "users.users users.charging_a_day users.soc_mean users.soc_std users.station_spread users.willing",
        lambda case: case.users.path is None,
        "without users.path",
    ),
    Rule(
        "scheduling.population scheduling.iterations scheduling.penalty scheduling.weight_loss scheduling.weight_cost "
        "scheduling.weight_spread scheduling.weight_satisfaction scheduling.weight_voltage",
        lambda case: case.scheduling.optimizer != NONE,
        f"without scheduling.optimizer = {NONE!r}",
    ),
    Rule("tariff.discharge_ratio", lambda case: case.stations is None, "beside a section [peak_shaving]"),
    Rule("triggers.horizon_slots", lambda case: case.triggers.time, "with triggers.time"),
    Rule(
        "triggers.shift_slots triggers.crowded_kw triggers.lend_kwh triggers.lend_soc_min",
        lambda case: case.triggers.user,
        "with triggers.user",
    ),
    Rule("events.voltage_sag_pu", lambda case: case.events.voltage_a_day > 0, "with events.voltage_a_day above 0"),
    Rule("events.supply_part", lambda case: case.events.supply_a_day > 0, "with events.supply_a_day above 0"),
)
"""Of a key with several rules, or a section with one, the first that does not hold is told."""


def counts(case: Case, section: str) -> bool:
    """Whether a scenario's run reads a section, or some keys of it."""
    return not case.waits_for(section) and all(rule.counts(case) for rule in RULES if section in rule.names)


def idle(*cases: Case) -> list[str]:
    """Say which keys are set and count in no run of a scenario, or of several side by side, and where they would count."""
    unread = [_unread(case) for case in cases]
    read = {key for case, keys in zip(cases, unread, strict=True) for key in case.changed_keys() if key not in keys}
    told: dict[str, list[str]] = {}
    for keys in unread:
        for key, (name, where) in keys.items():
            if key not in read and name not in told.setdefault(where, []):
                told[where].append(name)
    return [
        f"{', '.join(names)} {'count' if len(names) > 1 else 'counts'} only {where}"
        for where, names in told.items()
        if names
    ]


def _unread(case: Case) -> dict[tuple[str, str], tuple[str, str]]:
    """Return the keys that are set and do not count in a scenario's run, each with what to call it and where it would count."""
    keys = case.changed_keys()
    left = dict.fromkeys(keys)
    sections = (_of_sections(case, section) for section in dict.fromkeys(section for section, _ in keys))
    methods = (_of_methods(case, key) for section, key in keys if section == "coordination")
    found = {}
    for rule in (*sections, *RULES, *methods, *_of_loads(case)):
        if rule.counts(case):
            continue
        for name in rule.names:
            section, _, key = name.partition(".")
            for entry in [entry for entry in left if entry[0] == section and key in ("", entry[1])]:
                found[entry] = (name if key else f"[{section}]", rule.where)
                del left[entry]
    return found
