"""What a study is: runs that answer one question, written into a folder as tables and figures."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from runs.simulate import Progress


class Run(Protocol):
    """How a study is carried out."""

    def __call__(self, folder: Path, *, quick: bool, progress: Progress) -> str:
        """Write the study's files into a folder and return a short text to print.

        Parameters
        ----------
        folder
            An empty folder that exists.
        quick
            Few fleets: some seconds, to see what it does.
        progress
            Told how far the study is.
        """


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
    by_days
        The part of it that has so many days, where there is such a choice; `run` carries out all of them.
    """

    title: str
    help: str
    run: Run
    by_days: Mapping[int, Run] = field(default_factory=dict)
