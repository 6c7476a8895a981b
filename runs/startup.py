"""The start of the program, while it is imported: whoever stops it ends it at once, and nobody looks for garbage.

It imports as little as can be: until it is imported itself, a Ctrl-C ends in a traceback.
"""

import gc
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

STOPPING: Final = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Signals that stop the program alike: Ctrl-C, what schedulers and `kill` send, and a terminal that is closed."""

NOTHING_WRITTEN = "Stopped; nothing was written."

_stopped_by = signal.SIGINT


def start() -> None:
    """Begin to import; `started` ends it.

    An exception that comes up within an import is no way out: whoever imports may swallow or wrap it, and Python takes it for
    unhandled even where it is handled. A signal that is ignored, as in a background job, stays so. What is imported stays, so
    that looking for garbage in it takes time and finds none.
    """
    for number in STOPPING:
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler, _stop):
            signal.signal(number, _end)
            gc.disable()


def started() -> None:
    """Let every signal that stops raise `KeyboardInterrupt` from now on, as a Ctrl-C does by default, and garbage be collected."""
    for number in STOPPING:
        if signal.getsignal(number) is _end:
            signal.signal(number, _stop)
            gc.freeze()
            gc.enable()


@contextmanager
def starting() -> Iterator[None]:
    """Import meanwhile, in the midst of a command that has written nothing yet."""
    start()
    try:
        yield
    finally:
        started()


def exit_code() -> int:
    """Return the exit code after the signal that stopped the program, 130 after a Ctrl-C."""
    return _code(_stopped_by)


def _code(number: int) -> int:
    return 128 + number


def _stop(number: int, _frame: FrameType | None) -> None:
    global _stopped_by  # noqa: PLW0603  (a process is stopped once)
    _stopped_by = signal.Signals(number)
    raise KeyboardInterrupt


def _end(number: int, _frame: FrameType | None) -> None:
    os.write(2, f"{NOTHING_WRITTEN}\n".encode())
    os._exit(_code(number))
