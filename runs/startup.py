"""The start of the program, while it is imported: a Ctrl-C ends it at once, and nobody looks for garbage.

It imports as little as can be: until it is imported itself, a Ctrl-C ends in a traceback.
"""

import gc
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130
"""Exit code after a Ctrl-C."""

NOTHING_WRITTEN = "Stopped; nothing was written."


def start() -> None:
    """Begin to import; `started` ends it.

    An exception that comes up within an import is no way out: whoever imports may swallow or wrap it, and Python takes it for
    unhandled even where it is handled. A Ctrl-C that is ignored, as in a background job, stays so. What is imported stays, so
    that looking for garbage in it takes time and finds none.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)
        gc.disable()


def started() -> None:
    """Let a Ctrl-C raise `KeyboardInterrupt` from now on, as it does by default, and garbage be collected."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)
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


def _end(_signal: int, _frame: FrameType | None) -> None:
    os.write(2, f"{NOTHING_WRITTEN}\n".encode())
    os._exit(INTERRUPTED)
