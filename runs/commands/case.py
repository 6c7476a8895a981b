"""A scenario as a command is given it, read with every fault, and its result written."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from environment.input_faults import Fault, FaultyInputError, collecting, raise_if_any
from runs.commands.options import FigureFormat, TableFormat
from runs.engine import Engine, Scheduler
from runs.parts import parts_of
from runs.scenario import Scenario
from runs.size import faults_of_size
from runs.startup import starting
from runs.world import World

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from runs.result import Result


class Room(NamedTuple):
    """What a command takes of this machine, beside one run of its scenario.

    Parameters
    ----------
    tables
        Whether tables are made.
    times
        How often the run is in memory at a time.
    workers
        Processes that are started.
    free
        Memory that can be taken [bytes]; none: what the system says.
    """

    tables: bool = False
    times: int = 1
    workers: int = 0
    free: int | None = None

    def faults(self, case: Scenario) -> list[Fault]:
        """Return what of a scenario is larger than there is memory for."""
        tables, times, workers, free = self
        sizes = [part.size(case, tables=tables) for part in parts_of(case).values()]
        return faults_of_size(case, sizes, times=times, workers=workers, free=free)


def read(scenario: Path | None, overrides: list[str] | None, seed: int | None, room: Room | None) -> Scenario:
    """Read a scenario.

    Raises
    ------
    FaultyInputError
        With every fault of the scenario and of the files that it names; if its run is too large for this machine.
    """
    case, faults = read_leniently(scenario, overrides, seed, room)
    raise_if_any(faults)
    return case


def read_leniently(
    scenario: Path | None, overrides: list[str] | None, seed: int | None, room: Room | None
) -> tuple[Scenario, list[Fault]]:
    """Read a scenario, and return all faults with it; a default stands in place of each faulty section."""
    texts = list(overrides or ())
    if seed is not None:
        texts.append(f"run.seed={seed}")
    case, faults = Scenario.read_leniently(scenario, texts)
    faulty = {fault.field.partition(".")[0] for fault in faults}
    unread = {"horizon"} if case.stations is None else {"horizon", "feeder"}  # what other files are read against
    too_large = [] if room is None else room.faults(case)
    if too_large:
        return case, [*faults, *too_large]
    if case.horizon.start == "fleet":
        unread.add("fleet")  # nor is there a horizon without it
    if faults and not faulty & unread:
        try:
            built(case)
        except FaultyInputError as error:
            faults += error.faults
    return case, faults


def built(case: Scenario) -> World:
    """Return what a scenario describes.

    Raises
    ------
    FaultyInputError
        With every fault of the files that it names.
    """
    return World.build(case, np.random.default_rng(case.run.seed))


def load(case: Scenario, *, tables: bool = False, draw: bool = False) -> None:
    """Import what a run needs, what makes its tables and what draws it if asked to.

    Later, when there is something to tidy up, a Ctrl-C must not meet an import.
    """
    with starting():
        if case.run.engine == "agents":
            import mesa  # noqa: F401  (imported now, used later)
        import runs.printed.run

        for part in parts_of(case).values():
            part.load(tables=tables)
        if draw:
            import runs.drawing  # noqa: F401


def find_scheduler(
    engine: Engine, workers: int | None, address: str | None, tls: Sequence[Path | None]
) -> tuple[Scheduler | None, list[Fault]]:
    """Return the scheduler that a command's options name, and what is wrong with them.

    Parameters
    ----------
    engine, workers, address
        The options of these names.
    tls
        Files of the certificates that are trusted, of the own certificate, and of its key.
    """
    faults: list[Fault] = []
    if engine is Engine.DASK:
        from runs.workers import require_dask

        with starting():
            collecting(faults, require_dask)
    if engine is Engine.SERIAL and workers not in (None, 1):
        faults.append(Fault("--workers", None, "workers", str(workers), "1 with --engine serial"))
    if address is None:
        if any(tls):
            faults.append(
                Fault("--scheduler", None, "address", "missing", "HOST:PORT of the scheduler that speaks TLS")
            )
        return None, faults
    if engine is not Engine.DASK:
        faults.append(Fault("--scheduler", None, "engine", engine.value, "dask, which has schedulers"))
    scheduler = Scheduler(address, *tls)
    return scheduler, faults + scheduler.faults()


def figure_format(asked: FigureFormat | None, out_folder: Path | None) -> FigureFormat:
    """Return the format of a command's figures: none without a folder.

    Raises
    ------
    FaultyInputError
        If figures are asked for and no folder to write them to.
    """
    if out_folder is None and asked not in (None, FigureFormat.NONE):
        raise FaultyInputError([Fault("--figures", None, "figures", asked.value, "--out, a folder to write them to")])
    return FigureFormat.NONE if out_folder is None else asked or FigureFormat.PNG


def save(result: "Result", folder: Path, tables: TableFormat, figures: FigureFormat) -> None:
    """Write a result and its figures into a folder that exists."""
    result.save(folder, table_format=tables.value)
    if figures != FigureFormat.NONE:
        write_figures({name: result.plot(name) for name in result.plot()}, folder, figures)


def write_figures(drawn: "Mapping[str, Figure]", folder: Path, figures: FigureFormat) -> None:
    """Write figures by name into the folder of that name in a command's folder."""
    from runs.drawing import save_figures

    save_figures(drawn, folder / "figures", figures.value)
