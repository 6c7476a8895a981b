"""How much memory a run needs, told before any of it is taken.

Peaks of resident memory were measured (Linux, Python 3.12, July-like loads): runs of 300 to 300,000 EVs, 24 to 10,000 slots, 1 to
5,000 transformers, less what a process without a run holds. They are for those who ask ten times as much as there is, not exact.
"""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from coordination.valley_filling import COORDINATORS
from environment.files import MOST_BYTES, bytes_in_words, extent_of
from environment.horizon import MINUTES_PER_DAY, Horizon
from environment.input_faults import Fault
from runs.memory import free_bytes
from runs.plural import counted
from runs.scenario import Scenario

PROCESS_BYTES: Final = 170_000_000
"""A worker process without a run: 172 MB."""

STAY_BYTES: Final = 450
STAY_SLOT_BYTES: Final = 13.3
"""A stay, and each slot of a day for it: 763 B at 24 slots, 1,730 B at 96, 4,280 B at 288; seven days are seven stays."""

AGENT_BYTES: Final = 1300
"""A Mesa agent: 30,000 EVs take 62 MB at 24 slots and 91 MB at 96."""

STAY_TABLE_BYTES: Final = 700
"""Rows of tables for a stay: 1,420 B in place of 763 B at 24 slots, 2,010 B in place of 1,730 B at 96."""

STAY_LOG_BYTES: Final = 10_000
"""Messages of a stay in a log: 48 MB for 5,000 EVs."""

BOARD_BYTES: Final = 8
BOARD_TABLE_BYTES: Final = 46
"""An entry of the boards' record, and of its table: 5,000 transformers of 97 x 96 entries take 412 MB, 2.5 GB with tables."""

TRANSFORMER_BYTES: Final = 10_000
TRANSFORMER_SLOT_BYTES: Final = 80
"""A transformer beside its board: 15 kB by agents, 8 kB compiled, at 24 and 96 slots."""

NODE_SLOT_BYTES: Final = 660
"""A node of a feeder in a slot: 20 feeders of 44 nodes take 56 MB at 96 slots."""

V2G_SLOT_BYTES: Final = 46
"""An EV that gives back, in a slot, summary included: 4.2 kB at 96 slots, 29 kB at 672, a sixth more where some leave early."""

DRAWN_STAY_BYTES: Final = 220
"""A stay that is drawn and dropped: 50,000 EVs of 30 days take 334 MB."""

MEMBER_BYTES: Final = 50
"""A coordinate of a member of a population: 4 or 5 numbers of 8 B by optimiser, 9 by SciPy's differential evolution."""

FLOW_MEMBER_BYTES: Final = 25_000
"""A schedule that a power flow works out: 2,000 of them take 44 MB on the built-in feeder."""

USER_BYTES: Final = 45
VISIT_BYTES: Final = 250
STATION_NODE_SLOT_BYTES: Final = 300
"""2,000,000 users of whom a million come take 210 MB before they are scheduled, 2,000 slots with 916,000 visits 161 MB."""

HOUR_BYTES: Final = 100
"""An hour of the horizon, for what is read against its clock."""

TEXT_BYTES: Final = 20
JSON_BYTES: Final = 7
"""What a byte of a file takes while it is read: 168 MB for 9 MB of CSV, 245 MB for 43 MB of ACN-Data's JSON."""


class Size(NamedTuple):
    """How large a run is.

    Parameters
    ----------
    holds
        What it is of, in words.
    n_bytes
        Memory that it needs beyond what a process holds anyway.
    """

    holds: str
    n_bytes: int


def size_of_homes(case: Scenario, *, tables: bool) -> Size:
    """Return the size of a run of EVs that fill a valley.

    Parameters
    ----------
    case
        The run.
    tables
        Whether its tables are made.
    """
    horizon, grid = case.horizon, case.transformer
    named = case.fleet.transformers_named(beside_feeder=case.feeder is not None)
    count = case.grid.count(grid, named)
    n, stays, a_day = horizon.n_slots, case.fleet.stays_at_most(horizon), _slots_a_day(horizon)
    stay = STAY_BYTES + STAY_SLOT_BYTES * a_day + STAY_TABLE_BYTES * tables + STAY_LOG_BYTES * case.channel.log
    if case.run.engine == "agents":
        stay += AGENT_BYTES
    transformer = TRANSFORMER_BYTES + TRANSFORMER_SLOT_BYTES * n + grid.lines * (1000 + 8 * n)
    transformer += (n + 1) * a_day * (BOARD_BYTES + BOARD_TABLE_BYTES * tables)
    if case.feeder is not None:
        copies = 1 if case.feeder.at is not None or case.grid.stands_on_one_feeder() else count
        transformer += NODE_SLOT_BYTES * n * _nodes(case) * copies // count
    if "population" in COORDINATORS[case.coordination.method].plan_reads:
        transformer += MEMBER_BYTES * case.coordination.population * (n + stays // count)
    holds = f"{counted(stays, 'stay')} of EVs in {counted(n, 'slot')} below {counted(count, 'transformer')}"
    return _with_what_is_read(case, holds, stay * stays + transformer * count)


def size_of_v2g(case: Scenario, *, tables: bool) -> Size:
    """Return the size of a run of a fleet that gives back; see `size_of_homes`."""
    assert case.peak_shaving is not None
    horizon = case.horizon
    n, stays = horizon.n_slots, case.fleet.stays_at_most(horizon)
    vehicles = getattr(case.fleet, "vehicles", stays)
    vehicle = STAY_BYTES + V2G_SLOT_BYTES * n + STAY_TABLE_BYTES * tables + STAY_LOG_BYTES * case.channel.log
    if case.run.engine == "agents":
        vehicle += AGENT_BYTES
    search = MEMBER_BYTES * case.peak_shaving.population * n + TRANSFORMER_SLOT_BYTES * n * case.transformer.count
    if case.feeder is not None:
        search += NODE_SLOT_BYTES * n * _nodes(case)
    holds = f"{counted(vehicles, 'EV')} giving back in {counted(n, 'slot')}"
    return _with_what_is_read(case, holds, DRAWN_STAY_BYTES * stays + vehicle * vehicles + search)


def size_of_stations(case: Scenario, *, tables: bool) -> Size:
    """Return the size of a run of charging stations; see `size_of_homes`."""
    users, n, search = case.users, case.horizon.n_slots, case.scheduling
    drawn, visits = users.users, users.charging_a_day * math.ceil(case.horizon.hours / 24)
    if users.path is not None:
        drawn, visits = 0, extent_of(users.path).marks
    member = 3 * MEMBER_BYTES * _nodes(case)
    if search.evaluator == "powerflow":
        member += FLOW_MEMBER_BYTES
    needed = USER_BYTES * drawn + (VISIT_BYTES + STAY_TABLE_BYTES * tables) * visits
    needed += STATION_NODE_SLOT_BYTES * n * _nodes(case) + member * search.population
    return _with_what_is_read(case, f"{counted(visits, 'visit')} to stations in {counted(n, 'slot')}", needed)


def faults_of_size(
    case: Scenario,
    sizes: Sequence[Size],
    *,
    times: int = 1,
    workers: int = 0,
    free: int | None = None,
) -> list[Fault]:
    """Return what is larger than this machine can bear.

    Parameters
    ----------
    case
        The run.
    sizes
        Sizes of its parts.
    times
        How often it is in memory at a time.
    workers
        Processes that are started beside this one.
    free
        Memory that can be taken [bytes]; none: what the system says, and no fault where it does not.
    """
    faults = files_too_large(case.files())
    holds, n_bytes = "; ".join(size.holds for size in sizes), sum(size.n_bytes for size in sizes)
    wanted = ["fewer EVs, transformers or slots"]
    if case.run.engine == "agents":
        wanted.append("run.engine = 'compiled'")
    if workers:
        wanted.append("fewer --workers")
        holds += f", {counted(workers, 'worker')}"
    return [
        *faults,
        *faults_of_memory("scenario", "size", holds, n_bytes * times + PROCESS_BYTES * workers, wanted, free),
    ]


def files_too_large(paths: Iterable[Path]) -> list[Fault]:
    """Return a fault for each file, or folder of files, that is too large to be read unless that is asked for."""
    expected = f"at most {bytes_in_words(MOST_BYTES)}, unpacked, or --force"
    return [
        Fault(str(path), None, "size", bytes_in_words(n_bytes), expected)
        for path in paths
        if (n_bytes := _bytes_of(path)) > MOST_BYTES
    ]


def faults_of_memory(
    where: str, field: str, holds: str, n_bytes: float, wanted: list[str], free: int | None = None
) -> list[Fault]:
    """Return the fault of what needs more memory than there is.

    Parameters
    ----------
    where, field
        As of a `Fault`.
    holds, n_bytes
        What needs how much.
    wanted
        What would need less, in words.
    free
        See `faults_of_size`.
    """
    free = free_bytes() if free is None else free
    if free is None or n_bytes <= free:
        return []
    expected = f"at most the {bytes_in_words(free)} that are free: {', '.join(wanted)}, or --force"
    return [Fault(where, None, field, f"{holds}, about {bytes_in_words(n_bytes)}", expected)]


def _with_what_is_read(case: Scenario, holds: str, n_bytes: float) -> Size:
    """Return a size, its files and its clock counted."""
    for path in case.files():
        n_bytes += _bytes_of(path) * (JSON_BYTES if ".json" in path.suffixes else TEXT_BYTES)
    return Size(holds, int(n_bytes + HOUR_BYTES * case.horizon.hours))


def _slots_a_day(horizon: Horizon) -> int:
    return min(horizon.n_slots, -(-MINUTES_PER_DAY // horizon.slot_min))


def _nodes(case: Scenario) -> int:
    """Return about how many nodes a feeder has: a node and its line take some 100 B of a file, those that come along have 80."""
    path = getattr(case.feeder, "path", None)
    return 80 if path is None else max(80, _bytes_of(path) // 100)


def _bytes_of(path: Path) -> int:
    """Return the bytes of a file, unpacked, or of all in a folder."""
    try:
        if path.is_dir():
            return sum(each.stat().st_size for each in path.iterdir() if each.is_file())
    except OSError:  # its reader tells what is wrong
        return 0
    return extent_of(path).n_bytes
