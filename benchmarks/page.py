"""Server time of one step on the browser page, beside a page of three plain Mesa plots of the same day."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import solara
from mesa.visualization import make_plot_component
from mesa.visualization.utils import force_update

from benchmarks.measure import memory_mb
from runs.page.ants_tab import Watch
from runs.page.day import Day
from runs.page.player import Player

FLEETS = [500, 5_000, 10_000]
PLOTS = ("ev_kw", "base_kw", "messages")


def begin(vehicles: int) -> Day:
    """Return a day of so many EVs, 500 under a transformer."""
    day = Player(vehicles=vehicles, transformers=max(vehicles // 500, 1)).day
    assert day is not None
    return day


def step_ms(show: Callable[[Day], Any], vehicles: int, steps: int) -> tuple[float, float]:
    """Return mean and longest time to play a frame and bring what is shown up to date [ms].

    Parameters
    ----------
    show
        Puts the widgets of a day into a component.
    vehicles, steps
        Size of the fleet, and frames to play.
    """
    day = begin(vehicles)

    @solara.component
    def Shown() -> None:  # noqa: N802  (a component)
        with solara.Column():
            show(day)

    _, context = solara.render(Shown(), handle_error=False)
    times = []
    for _ in range(steps + 1):
        begun = time.perf_counter()
        day.advance()
        force_update()
        times.append(1e3 * (time.perf_counter() - begun))
    context.close()
    return float(np.mean(times[1:])), float(np.max(times[1:]))  # the first one compiles


def plain(day: Day) -> None:
    """Put three plain Mesa plots of a day's model into a component."""
    for name in PLOTS:
        make_plot_component(name)[0](day.model)


def main(fleets: list[int] = FLEETS, steps: int = 40) -> None:
    """Print the table."""
    print(f"\nA step on the browser page: server time to play a frame and update what is shown, {steps} steps")
    print(f"{'EVs':>8} {'page ms':>8} {'longest':>8} {'3 plain plots ms':>17} {'plain/page':>11} {'MB':>6}")
    for vehicles in fleets:
        page, longest = step_ms(Watch, vehicles, steps)
        plots, _ = step_ms(plain, vehicles, steps)
        print(f"{vehicles:>8,} {page:>8.1f} {longest:>8.1f} {plots:>17.1f} {plots / page:>11.1f} {memory_mb():>6.0f}")
