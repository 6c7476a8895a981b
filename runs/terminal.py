"""The terminal: what is printed to, progress bars, and how faults and a Ctrl-C end a command."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import typer
from rich.console import Console, ConsoleDimensions, RenderableType
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.spinner import Spinner
from rich.text import Text

from environment.input_faults import Fault, FaultyInputError
from runs.disk import in_words
from runs.plural import counted
from runs.progress import Progress as Tell
from runs.startup import NOTHING_WRITTEN, exit_code, started
from runs.warm_up import under_way_s

BAD_INPUT: Final = 2
"""Exit code after faults."""

MOST_ALIKE: Final = 4
"""Faults of one kind in one file that are told line by line; of more the last of these stands for the rest."""

UNLIMITED: Final = 100_000
"""Width of what is no terminal, such as a file or a pipe [characters]."""

GONE: Final = 141
"""Exit code where nobody reads on, as of programs that a broken pipe ends."""


class _Screen(Console):
    """A terminal with its width, or else lines of any length; a command whose reader has gone away ends in silence."""

    @property  # type: ignore[misc]  # nobody sets it
    def size(self) -> ConsoleDimensions:
        """Width and height [characters]; ``COLUMNS`` counts wherever it is set."""
        found = super().size
        known = self._width is not None or "COLUMNS" in self._environ or self.is_terminal
        return found if known else ConsoleDimensions(UNLIMITED, found.height)

    def on_broken_pipe(self) -> None:
        """End the command; what is left to be written goes nowhere."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())
        raise SystemExit(GONE)


out = _Screen()
err = _Screen(stderr=True)


class _Title(ProgressColumn):
    """What goes on: the task, or a spinner while kernels are compiled for more than a second."""

    def __init__(self) -> None:
        super().__init__()
        self._compiling = Spinner("dots", "compiling, once")

    def render(self, task: Task) -> RenderableType:
        return self._compiling if under_way_s() > 1.0 else Text(task.description, no_wrap=True, overflow="ellipsis")


@contextmanager
def progress_bar(title: str) -> Iterator[Tell]:
    """Show a bar while something goes on, and give what to tell of the part that is done."""
    columns = (
        _Title(),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(title, total=1.0)
        yield lambda part: bar.update(task, completed=part)


@contextmanager
def explained() -> Iterator[None]:
    """Print faults and end with exit code 2; a Ctrl-C, or another signal that stops, with 128 and its number."""
    started()
    try:
        yield
    except FaultyInputError as error:
        for text in told(error.faults):
            err.print(f"[red]fault:[/] {escape(text)}", highlight=False)
        kept = _notes(error) or f"{error.outcome}."
        err.print(f"{counted(len(error.faults), 'fault')}; {escape(kept)}", highlight=False)
        raise typer.Exit(BAD_INPUT) from None
    except OSError as error:
        err.print(f"[red]fault:[/] {escape(in_words(error))}", highlight=False)
        if _notes(error):
            err.print(escape(_notes(error)), highlight=False)
        raise typer.Exit(BAD_INPUT) from None
    except MemoryError:
        err.print("[red]fault:[/] this needs more memory than there is: fewer EVs, transformers or slots need less")
        raise typer.Exit(BAD_INPUT) from None
    except BrokenExecutor:
        text = (
            "a worker process was ended from outside, as a system does that is out of memory: fewer --workers need less"
        )
        err.print(f"[red]fault:[/] {text}", highlight=False)
        raise typer.Exit(BAD_INPUT) from None
    except KeyboardInterrupt as error:
        err.print(escape(str(error)) or NOTHING_WRITTEN, highlight=False)
        raise typer.Exit(exit_code()) from None


def _notes(error: Exception) -> str:
    """Return what else is to be said of an error, such as what is kept."""
    return " ".join(getattr(error, "__notes__", ()))


def print_not_saved() -> None:
    """Say that a command has written nothing, and how it would."""
    out.print("Nothing was saved; [bold]--out DIR[/] writes tables and figures into a folder.", highlight=False)


def print_written(folder: Path, what: str) -> None:
    """Print where a command has written what."""
    out.print(f"Written to [bold]{escape(str(folder))}[/]: {what}", soft_wrap=True)


def told(faults: Sequence[Fault]) -> Iterator[str]:
    """Give faults in words; of many lines of a file with one kind of fault the first few, and how many more there are."""
    kinds = Counter((fault.file, fault.field, fault.expected) for fault in faults if fault.row is not None)
    seen = Counter[tuple[str, str, str]]()
    for fault in faults:
        kind = (fault.file, fault.field, fault.expected)
        seen[kind] += 1
        if kinds[kind] <= MOST_ALIKE or seen[kind] < MOST_ALIKE:
            yield str(fault)
        elif seen[kind] == MOST_ALIKE:
            more = kinds[kind] - seen[kind] + 1
            yield f"{fault.file}: {more:,} more lines from line {fault.row} on: {fault.field} likewise; expected {fault.expected}"
