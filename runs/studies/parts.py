"""Parts of a study that outlive a kill: each is on disk as soon as it is finished, and is not run again."""

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from environment.input_faults import Fault
from runs.json_lines import JsonLines
from runs.progress import Progress
from runs.workers import Crew, as_they_end

DIGITS = 16
"""Digits of an identity's fingerprint, in the name of the file of parts."""


class Parts:
    """Finished parts of a study, in a file beside the folder that the study writes.

    The file's name holds a fingerprint of the identity, so that another study, or the same with other options, has another
    file. It is made when the first work is to be done, is this process's alone until the end, and goes away when the study is
    through. A study that is stopped leaves it, if any part is finished. Lines that a kill left torn are passed over.

    Parameters
    ----------
    target
        The folder that the study writes in the end.
    identity
        Whatever the parts depend on, as text.
    """

    def __init__(self, target: Path, identity: str) -> None:
        self._target = target
        resolved = target.resolve()
        fingerprint = hashlib.sha256(identity.encode()).hexdigest()[:DIGITS]
        self.path = resolved.parent / f".{resolved.name}-{fingerprint}.parts"
        self._lines: JsonLines | None = None
        self._found: dict[tuple[str, str], Any] = {}
        self._folder: Path | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lines is not None:
            if kind is None or not self._found:
                self.path.unlink()
            self._lines.close()
        if kind is None and self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def __len__(self) -> int:
        """Return the number of finished parts."""
        return len(self._found)

    def __bool__(self) -> bool:
        """Return whether anything is kept of a study that is stopped now."""
        return bool(self._found) or (self._folder is not None and self._folder.exists())

    def folder(self, name: str) -> Path:
        """Return a folder for what keeps a journal of its own, as a sweep does.

        It is beside the folder that the study writes, outlives a stop, and goes away when the study is through.
        """
        self._folder = self.path.with_suffix(f".{name}")
        return self._folder

    @property
    def kept(self) -> str:
        """Says what is kept of a study that is stopped now, and how to go on."""
        if not self._found:
            return f"what is finished is kept in {self._folder}. The same command goes on from there."
        parts = "1 finished part is" if len(self) == 1 else f"{len(self):,} finished parts are"
        return f"{parts} kept in {self.path}. The same command goes on from there."

    def carry_out[T](
        self,
        stage: str,
        work: Callable[[T], Any],
        pieces: Mapping[str, T],
        crew: Crew,
        progress: Progress = lambda _: None,
    ) -> dict[str, Any]:
        """Do what is not done yet of some pieces of work, and return what became of all.

        Parameters
        ----------
        stage
            What to call these pieces together; a study may have several stages, the later made of the earlier's figures.
        work
            Gives a piece's figures: numbers, texts, lists, and dicts by text, of Python or NumPy. It draws from generators
            that depend on the piece alone. For worker processes it has to be a function of a module, or a `partial` of one.
            What it raises ends the study; the parts that are finished are kept.
        pieces
            By key, begun in this order. What a key stands for may depend only on the identity.
        crew
            Workers that do it.
        progress
            Told how far this stage is, 0..1.

        Returns
        -------
        dict
            Figures by key, in the order of the pieces, as JSON gives them back: the same for any crew, and whether they
            were there already or not.

        Raises
        ------
        FaultyInputError
            If another process carries out the same study there.
        """
        lines = self._opened()
        missing = {key: piece for key, piece in pieces.items() if (stage, key) not in self._found}
        before = len(pieces) - len(missing)
        progress(before / len(pieces) if pieces else 1.0)
        finished = as_they_end(crew, partial(_keyed, work), missing.items())
        for done, (key, figures) in enumerate(finished, before + 1):
            plain = json.loads(json.dumps(figures, default=_plain))
            lines.append({"stage": stage, "key": key, "figures": plain})
            self._found[stage, key] = plain
            progress(done / len(pieces))
        return {key: self._found[stage, key] for key in pieces}

    def _opened(self) -> JsonLines:
        if self._lines is None:
            expected = "no other process that carries out the same study there"
            lines = JsonLines(self.path, Fault("--out", None, str(self._target), "in use", expected))
            try:
                read = [found for _, found in lines.scan() if found.keys() == {"stage", "key", "figures"}]
            except BaseException:  # a Ctrl-C too: a file that is not read to the end is not known to be empty
                lines.close()
                raise
            self._found = {(found["stage"], found["key"]): found["figures"] for found in read}
            self._lines = lines
        return self._lines


def _keyed[T](work: Callable[[T], Any], piece: tuple[str, T]) -> tuple[str, Any]:
    key, given = piece
    return key, work(given)


def _plain(value: Any) -> Any:
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(f"figures of a part are numbers, texts, lists and dicts, not {type(value).__name__}")
