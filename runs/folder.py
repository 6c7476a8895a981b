"""Folders of results: written whole or not at all, and replaced only by what would replace them."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from environment.faults import Fault, FaultyInputError
from runs.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

SCENARIO_FILE: Final = "scenario.toml"
SUMMARY_FILE: Final = "summary.json"
TIMELINE_FILE: Final = "timeline.txt"
COMPARISON_FILE: Final = "comparison.csv"
OURS_FILE: Final = ".evswarm"
"""Lists what was written beside it, a name a line: a folder that holds nothing else may be replaced."""

type TableFormat = Literal["parquet", "csv"]


@contextmanager
def way_to(folder: Path) -> Iterator[None]:
    """Make the folders on the way to one; in the end those go again in which nothing was left."""
    made = [parent for parent in folder.resolve().parents if not parent.exists()]
    folder.resolve().parent.mkdir(parents=True, exist_ok=True)
    try:
        yield
    finally:
        for parent in made:
            if any(parent.iterdir()):
                break
            parent.rmdir()


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give a folder to write into that becomes `folder` only when all is written.

    What was written so before is replaced; anything else is left alone. Where nothing is written, no folder on the way
    to it is left behind either.

    Raises
    ------
    FaultyInputError
        If `folder` exists and holds anything else.
    """
    folder = folder.resolve()
    if folder.exists() and not (folder.is_dir() and _is_ours(folder)):
        raise FaultyInputError([
            Fault("--out", None, str(folder), "something else", "a new or empty folder, or an earlier result")
        ])  # fmt: skip
    with way_to(folder):
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        aside = draft.with_name(draft.name + "-old")
        try:
            yield draft
            (draft / OURS_FILE).write_text("".join(f"{name}\n" for name in written_in(draft)), encoding="utf-8")
            if folder.exists():  # may be somebody's working folder: change what is in it, not the folder
                aside.mkdir()
                for old in list(folder.iterdir()):
                    old.rename(aside / old.name)
                for new in list(draft.iterdir()):
                    new.rename(folder / new.name)
                shutil.rmtree(aside, ignore_errors=True)
            else:
                draft.chmod(0o777 & ~_umask())
                draft.rename(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)


def written_in(folder: Path) -> list[str]:
    """Return the names of what a folder holds, sorted, without the list itself."""
    return sorted(path.name for path in folder.iterdir() if path.name != OURS_FILE)


def _is_ours(folder: Path) -> bool:
    known = folder / OURS_FILE
    listed = known.read_text(encoding="utf-8").splitlines() if known.is_file() else []
    return set(written_in(folder)) <= set(listed)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


class Saved(Protocol):
    """What results of all kinds of run have in common; their tables are attributes by name."""

    @property
    def scenario(self) -> Scenario:
        """What was run."""

    @property
    def summary(self) -> dict[str, Any]:
        """Key figures by name."""

    @property
    def log(self) -> "pd.DataFrame":
        """Every message, with ``channel.log``."""


def write_run(result: Saved, names: Iterable[str], folder: Path, table_format: TableFormat) -> None:
    """Write what every run leaves behind into a folder that exists: scenario, summary, tables, and its messages as text if it has them.

    Parameters
    ----------
    result
        Of the run.
    names
        Names of the run's tables.
    folder
        Takes the files.
    table_format
        Format of the tables.
    """
    (folder / SCENARIO_FILE).write_text(result.scenario.to_toml(), encoding="utf-8")
    (folder / SUMMARY_FILE).write_text(json.dumps(result.summary, indent=2) + "\n", encoding="utf-8")
    if result.scenario.channel.log:
        from runs.timeline import timeline  # noqa: PLC0415  (pandas only where there are tables)

        told = timeline(result.log, result.scenario.horizon)
        (folder / TIMELINE_FILE).write_text(told, encoding="utf-8")
    for name in names:
        table = getattr(result, name)
        if table_format == "csv":
            table.to_csv(folder / f"{name}.csv", index=False)
        else:
            table.to_parquet(folder / f"{name}.parquet", index=False)


def read_run(folder: Path, names: Iterable[str], what: str) -> tuple[dict[str, Any], "dict[str, pd.DataFrame]"]:
    """Read back what `write_run` left of a run in Parquet: its summary and tables.

    Parameters
    ----------
    folder
        Holds the files.
    names
        Names of the tables.
    what
        To call the folder, for the faults.

    Raises
    ------
    FaultyInputError
        If a file is missing.
    """
    import pandas as pd  # noqa: PLC0415  (only where tables are read)

    files = {name: folder / f"{name}.parquet" for name in names}
    missing = [name for name, path in {SUMMARY_FILE: folder / SUMMARY_FILE, **files}.items() if not path.is_file()]
    if missing:
        raise FaultyInputError([Fault(str(folder), None, name, "missing", what) for name in missing])
    summary = json.loads((folder / SUMMARY_FILE).read_text(encoding="utf-8"))
    return summary, {name: pd.read_parquet(path) for name, path in files.items()}
