"""The tab on which ants are watched: board, grid, running numbers, one EV."""

from collections.abc import Callable
from typing import Final

import numpy as np
import solara
from mesa.visualization.utils import update_counter

from runs.page.board import Board
from runs.page.day import Day
from runs.page.grid import Grid
from runs.page.nodes import home
from runs.page.numbers import Activity, Numbers
from runs.page.palette import use_palette
from runs.page.paragraphs import COLUMNS, PANEL, said
from runs.page.vehicle import Vehicle
from runs.page.view import clock
from runs.plural import counted

HOW: Final = {
    "vehicle": "Each EV that plugs in reads the board of its transformer, picks the slots with the most room, and deposits its "
    "choice; the next one reads what is left.",
    "planner": "A planner that knows every stay and need has chosen for all; each EV is given its schedule when it plugs in.",
    "iteration": "EVs have settled their schedules before the day, iteration by iteration, against a signal common to all.",
    "nobody": "Each EV charges at full power from its plug-in on; nobody looks at the limit.",
}
"""What to look for, by who decides (`Coordinator.decides`)."""

ANTS_HERE: Final = (
    "Peak shaving has its own tab. Here, under Compare and under Download ants charge the same fleet on the same load, up to the "
    "transformer's limit, and give nothing back."
)
NO_STATIONS_HERE: Final = (
    "Charging stations have their own tab. Here, under Compare and under Download ants charge the fleet of [fleet] on the same load, "
    "up to the limit of [transformer]; they are none of the stations' users."
)


@solara.component
def Watch(day: Day) -> None:
    """Show a day as it is played."""
    palette = use_palette()
    shown, set_shown = solara.use_state(None)
    picked, set_picked = solara.use_state((0, 0))
    row = (
        home(day.homes.grid) if shown is None or shown >= len(day.homes.grid) else shown
    )  # Reset may make a smaller grid
    looked_at = existing(day, picked)
    Headline(day)
    Numbers(day)
    with solara.Div(style=COLUMNS):
        with solara.Div(style=PANEL):
            if len(day.transformers) > 1:
                Chooser(day, row, set_shown)
            Board(day, row, palette)
        with solara.Div(style=PANEL):
            Grid(day, row, palette, set_shown, set_picked)
        with solara.Div(style=PANEL):
            Picker(day, *looked_at, set_picked)
            Vehicle(day, *looked_at, palette)
        with solara.Div(style=PANEL):
            Activity(day, palette)


@solara.component
def Headline(day: Day) -> None:
    """Say what the time is, and what to do."""
    update_counter.get()
    horizon, coordinator = day.homes.horizon, day.homes.coordinator
    then = "Reset begins another day." if day.over else "Step plays one frame, ▶ the rest of the day."
    settings, seed = day.case.coordination, day.case.run.seed
    if day.case.peak_shaving is not None:
        said(ANTS_HERE)
    if day.case.stations is not None:
        said(NO_STATIONS_HERE)
    said(
        f"{clock(horizon, day.now_h)}{', the day is over' if day.over else ''}: {counted(day.homes.fleet.n_vehicles, 'EV')} under "
        f"{counted(len(day.transformers), 'transformer')}, {coordinator.title}"
        + (f" in batches of {settings.batch_size}" if coordinator.decides == "vehicle" else "")
        + f", seed {seed}, from {horizon.begin:%Y-%m-%d %H:%M} on",
        tag="h3",
    )
    said(f"Frame {day.frame} of {day.frames_h.size}. {then} {HOW[coordinator.decides]}")


def existing(day: Day, picked: tuple[int, int]) -> tuple[int, int]:
    """Return the EV that was picked (transformer, row), or the first one there is if that one is none of this day's."""
    sizes = [each.problem.n_vehicles for each in day.transformers]
    k, row = picked
    return picked if k < len(sizes) and row < sizes[k] else (int(np.flatnonzero(sizes)[0]), 0)


@solara.component
def Chooser(day: Day, row: int, on_node: Callable[[int], None]) -> None:
    """Choose a node of the grid, as a click in the tree does."""
    names = list(day.homes.grid.node)
    solara.Select("Node", values=names, value=names[row], on_value=lambda name: on_node(names.index(name)))


@solara.component
def Picker(day: Day, k: int, row: int, on_picked: Callable[[tuple[int, int]], None]) -> None:
    """Choose an EV, or a stay where EVs have several, by its number, as a click in the grid does."""
    sizes = [each.problem.n_vehicles for each in day.transformers]

    def picked(number: int) -> None:
        place = min(max(number, 1), sum(sizes)) - 1
        for which, size in enumerate(sizes):
            if place < size:
                on_picked((which, place))
                return
            place -= size

    what = "EV" if day.homes.fleet.stay_number is None else "stay"
    solara.InputInt(f"{what} to look at (number)", value=sum(sizes[:k]) + row + 1, on_value=picked)
