"""A run that a tab starts in a thread: its button, its progress, its faults; it ends when it is stopped or the tab is left."""

from collections.abc import Callable
from typing import Any

import solara
import solara.lab

from environment.faults import FaultyInputError


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
