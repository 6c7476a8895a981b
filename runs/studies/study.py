"""What a study is: runs that answer one question, written into a folder as tables and figures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from environment.registry import OnDemand
from runs.progress import Progress

if TYPE_CHECKING:
    from runs.result_folder import FigureFormat
    from runs.studies.parts import Parts


@dataclass(frozen=True)
class StudyOptions:
    """Options that a study is run with; None where one was left out. Each field is an option of ``evswarm study``.

    Parameters
    ----------
    quick
        Little of everything: some seconds, to see what the study does.
    days, evaluator, shots
        As the study's `Option` of that name says.
    figures
        Format of the figures; no number depends on it.
    """

    quick: bool = False
    days: int | None = None
    evaluator: str | None = None
    shots: int | None = None
    figures: "FigureFormat" = "png"


OPTIONS: Final = tuple(each.name for each in fields(StudyOptions) if each.name not in ("quick", "figures"))
"""Options that some studies take."""


@dataclass(frozen=True)
class Option:
    """An option that a study takes.

    Parameters
    ----------
    allowed
        The allowed values: some, or a range of whole numbers.
    help
        What it does in this study, in a few words.
    """

    allowed: tuple[int, ...] | tuple[str, ...] | range
    help: str

    @property
    def values(self) -> str:
        """The allowed values in words."""
        if isinstance(self.allowed, range):
            return f"{self.allowed[0]} to {self.allowed[-1]}"
        return " or ".join(map(str, self.allowed))


class Run(Protocol):
    """How a study is carried out."""

    def __call__(self, folder: Path, options: StudyOptions, progress: Progress, parts: "Parts", /) -> str:
        """Write the study's files into a folder and return a short text to print.

        Parameters
        ----------
        folder
            An empty folder that exists.
        options
            Options of the study.
        progress
            Told how far the study is, 0..1.
        parts
            Carries out work so that what is finished outlives a kill; a study of minutes need not use it.
        """


def _none(_options: StudyOptions) -> None:
    """Declare no settings."""


@dataclass(frozen=True)
class Study:
    """A study that ``evswarm study`` runs by name.

    Parameters
    ----------
    title
        What to call it.
    help
        One line: what it answers.
    run
        Carries it out.
    options
        What it takes beside ``--quick``: by field of `StudyOptions`.
    settings
        What its parts depend on, sizes and seeds above all: JSON, or frozen dataclasses of it. Parts that were finished under
        other settings are not used.
    """

    title: str
    help: str
    run: Run
    options: Mapping[str, Option] = field(default_factory=dict)
    settings: Callable[[StudyOptions], Any] = _none

    def load(self) -> None:
        """Import what the study needs."""
        if isinstance(self.run, OnDemand):
            self.run.load()
