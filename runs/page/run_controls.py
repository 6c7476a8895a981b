"""What tabs with a run of their own have in common: the run in a thread, what is kept of it, and the choice of a slot.

A run has a button, its progress and its faults; it ends when it is stopped or the tab is left.
"""

import dataclasses
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import solara
import solara.lab
from solara.server.kernel_context import has_current_context

from environment.input_faults import FaultyInputError

_turns: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


@contextmanager
def turn(task: Any) -> Iterator[None]:
    """Wait until no other run of this browser tab is under way: each visitor has one run at a time.

    Raises
    ------
    solara.util.CancelledError
        If the task was stopped meanwhile.
    """
    lock = _turns[solara.get_kernel_id() if has_current_context() else ""]
    while not lock.acquire(timeout=0.1):
        if not task.is_current():
            raise solara.util.CancelledError
    try:
        yield
    finally:
        lock.release()


def use_run(work: Callable[[Callable[[float], None]], None]) -> Any:
    """Return a task that works in a thread; its value is what was wrong, empty where nothing was.

    Parameters
    ----------
    work
        Is given what to tell of the part that is done; telling raises once the run is stopped.
    """

    def run() -> str:
        def tell(part: float) -> None:
            if not task.is_current():  # stopped, or the tab was left
                raise solara.util.CancelledError
            if round(100 * part) != task.progress:
                task.progress = round(100 * part)

        try:
            with turn(task):
                work(tell)
        except FaultyInputError as error:
            return "; ".join(str(fault) for fault in error.faults)
        except ValueError as error:  # the linear programme is asked for and has no answer
            return str(error)
        return ""

    task = solara.lab.use_task(run, dependencies=None, raise_error=False)
    solara.use_effect(lambda: lambda: task.cancel() if task.pending else None, [])
    return task


def run_bar(task: Any, before: Callable[[], None] = lambda: None) -> bool:
    """Show Run, Stop, the progress and what was wrong; return whether a result may be shown below.

    Parameters
    ----------
    task
        Of `use_run`.
    before
        Called at each click on Run, before the run begins.
    """

    def run() -> None:
        before()
        task()

    with solara.Row(gap="12px"):
        solara.Button("Run", color="primary", on_click=run, disabled=task.pending)
        solara.Button("Stop", on_click=task.cancel, disabled=not task.pending)
    solara.ProgressLinear(task.progress or True if task.pending else False)
    if task.error:
        solara.Error(str(task.exception))
    elif task.finished and task.value:
        solara.Error(task.value)
    return not (task.error or task.pending or (task.finished and task.value))


def kept_of(kept: Any, day: Any, fresh: Any) -> tuple[Callable[[], Any], Callable[..., None]]:
    """Return what gives the state that a tab keeps, and what replaces some of its fields.

    Parameters
    ----------
    kept
        Reactive; holds the last state, a dataclass with a ``day``, or None.
    day
        Of the page: a state of another one does not count.
    fresh
        The state where nothing is kept of this day.
    """

    def current() -> Any:
        last = kept.value
        return last if last is not None and last.day is day else fresh

    def change(**values: Any) -> None:
        kept.set(dataclasses.replace(current(), **values))  # controls may have moved during a run

    return current, change


def slot_bar(slot: int, last: int, on_slot: Callable[[int], None], before: Callable[[], Any] = lambda: None) -> None:
    """Show a slider and buttons to choose a slot; `before` shows what stands in front of the buttons."""
    solara.SliderInt("Slot", slot + 1, min=1, max=last + 1, on_value=lambda number: on_slot(number - 1))
    with solara.Row(gap="12px", style="flex-wrap:wrap"):
        before()
        solara.Button("First slot", on_click=lambda: on_slot(0), disabled=slot == 0)
        solara.Button("Back", on_click=lambda: on_slot(slot - 1), disabled=slot == 0)
        solara.Button("Next slot", on_click=lambda: on_slot(slot + 1), disabled=slot == last)
