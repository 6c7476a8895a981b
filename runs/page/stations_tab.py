"""The tab of charging stations (paper C): the feeder slot by slot, its voltages and losses, and the triggers as they fire."""

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import solara
import solara.lab

from coordination.stations.settings import SCHEDULERS, SchedulingSettings
from runs.page.day import Day
from runs.page.download_tab import packed
from runs.page.figure import figure
from runs.page.palette import Palette, use_palette
from runs.page.paragraphs import COLUMNS, PANEL, said, table
from runs.page.run_controls import kept_of, run_bar, slot_bar, use_run
from runs.page.station_charts import (
    LEVELS,
    figures,
    load_option,
    losses_option,
    profile_option,
    told,
    triggers_option,
)
from runs.page.station_map import COLOURS, map_option, places
from runs.page.stations_run import Scheduled, play
from runs.page.view import clock, slot_names
from runs.scenario import Scenario
from runs.stations.paper_c import paper_c

ITERATIONS: Final = 100
"""Of the optimiser in paper C's case: half of a scenario's default, a few seconds instead of ten."""

BEAT_S: Final = 0.7
"""Play shows a slot for so long."""

EVALUATORS: Final = {"coefficients": "the paper's coefficients", "powerflow": "an AC power flow (slow)"}

OWN: Final = (
    "The scenario's [stations].",
    "The controls at the side act on it at Reset; Play and Step there move the ants of Watch.",
)
PAPER: Final = (
    "Paper C's case, as the scenario has no [stations].",
    (
        f"The search has {ITERATIONS} iterations, where a scenario's default is {SchedulingSettings().iterations} and the paper has "
        "5,000, so that a run takes a few seconds. A scenario file with that section takes its place; the controls at the side "
        "are the ants'."
    ),
)
HOW: Final = (
    "In each slot an optimiser finds every station's voltage, charging time and power, and four triggers act around it: storage "
    "follows a forecast (time), stations of a region pass power on (region), willing users come back later and lend (user), and "
    "storage answers a struck voltage or supply (emergency)."
)
CAPTION_MAP: Final = (
    "A line is a cable, a dot a station, as far to the right as it is from the source (diamond); point at one to read its numbers. "
    "A click on a mark above hides it. A region whose stations pass power on in the slot is tinted."
)
CAPTION_PROFILE: Final = (
    "Voltage of every node while all EVs charge; a bar is what a station's node goes through as EVs finish. Each station's taps are "
    "set on their own, so that neighbours differ. Red: limits of the band, and stations outside."
)
CAPTION_LOSSES: Final = "Lost in cables and transformers in each slot, by power flow. The whole run: {:,.0f} kWh without a schedule, {:,.0f} with."
CAPTION_LOAD: Final = "Drawn from the grid above while all EVs charge, up to the slot that is looked at (dashed)."
CAPTION_TRIGGERS: Final = "At how many stations (region level: in how many regions) each trigger fired in each slot."

SMALL: Final = "flex:1 1 110px"
WIDE: Final = "flex:2 1 220px"
LIST: Final = "height:200px;overflow-y:auto"
ROW: Final = "display:flex;flex-wrap:wrap;gap:12px 16px"


@dataclass(frozen=True)
class Choice:
    """Where the tab's controls stand."""

    optimizer: str
    evaluator: str
    iterations: int
    population: int
    time: bool
    region: bool
    user: bool
    emergency: bool
    seed: int

    @classmethod
    def of(cls, case: Scenario) -> "Choice":
        """Return where they start."""
        search, on = case.scheduling, case.triggers
        return cls(
            search.optimizer, search.evaluator, search.iterations, search.population,
            on.time, on.region, on.user, on.emergency, case.run.seed,
        )  # fmt: skip

    def case(self, start: Scenario) -> Scenario:
        """Return a scenario with the keys replaced whose controls do not stand where it started.

        Raises
        ------
        FaultyInputError
            With every fault.
        """
        stood = dataclasses.asdict(Choice.of(start))
        moved = {name: value for name, value in dataclasses.asdict(self).items() if value != stood[name]}
        return start.varied({f"{_section(name)}.{name}": value for name, value in moved.items()})


def _section(name: str) -> str:
    return "run" if name == "seed" else "triggers" if name in LEVELS else "scheduling"


@dataclass(frozen=True, eq=False)
class Kept:
    """What the tab keeps while another one is looked at: the day it belongs to, controls, the run, the slot, what colour tells."""

    day: Day
    choice: Choice
    run: Scheduled | None = None
    slot: int = 0
    colour: str = next(iter(COLOURS))


kept = solara.reactive(None)
"""A `Kept`; Solara keeps one for each browser tab."""


def start_case(day: Day) -> Scenario:
    """Return what the tab runs if none of its controls is moved: the page's scenario, or paper C's case."""
    return day.case if day.case.stations is not None else paper_c(scheduling={"iterations": ITERATIONS})


@solara.component
def ChargingStations(day: Day) -> None:
    """Show stations on a day's scenario; another day begins anew, so that no result of the last one is left standing."""
    Runs(day).key(f"day {id(day)}")


@solara.component
def Runs(day: Day) -> None:
    """Choose how stations are scheduled, run it, and look at it slot by slot or let it play."""
    palette = use_palette()
    start = solara.use_memo(lambda: start_case(day), [day])
    fresh = solara.use_memo(lambda: Kept(day, Choice.of(start)), [day])
    current, change = kept_of(kept, day, fresh)
    state: Kept = current()

    def work(tell: Callable[[float], None]) -> None:
        run = play(state.choice.case(start), tell)
        change(run=run, slot=run.n_slots - 1)

    def beat() -> None:
        """Show one slot after the other, from the first where the last one was looked at."""
        run = current().run
        if run is not None and current().slot == run.n_slots - 1:
            change(slot=0)
        while run is not None and current().slot < run.n_slots - 1:
            time.sleep(BEAT_S)
            if not player.is_current():  # paused, or the tab was left
                raise solara.util.CancelledError
            change(slot=min(current().slot + 1, run.n_slots - 1))

    task = use_run(work)
    player = solara.lab.use_task(beat, dependencies=None, raise_error=False)

    def pause() -> None:
        if player.pending:
            player.cancel()

    solara.use_effect(lambda: pause, [])
    lead, sides = PAPER if day.case.stations is None else OWN
    said(f"{described(start)} {HOW} {sides}", lead)
    Controls(state.choice, lambda choice: change(choice=choice))
    if run_bar(task, before=pause) and state.run is not None:
        Player(
            state.run, state.slot, lambda slot: change(slot=slot), player.pending, pause if player.pending else player
        )
        Shown(state.run, state.slot, state.colour, lambda colour: change(colour=colour), palette)


@solara.component
def Controls(choice: Choice, on_choice: Any) -> None:
    """Choose optimiser, evaluator, iterations, population, triggers and seed."""
    others = {title: name for name, title in EVALUATORS.items()}

    def moved(**values: Any) -> None:
        on_choice(dataclasses.replace(choice, **values))

    with solara.Div(style=ROW):
        with solara.Div(style=SMALL):
            solara.Select("Optimiser", list(SCHEDULERS), choice.optimizer, on_value=lambda name: moved(optimizer=name))
        with solara.Div(style=WIDE):
            solara.Select(
                "Schedules are judged by", list(others), EVALUATORS[choice.evaluator],
                on_value=lambda title: moved(evaluator=others[title]),
            )  # fmt: skip
        for label, name in (("Iterations", "iterations"), ("Population", "population"), ("Seed of the run", "seed")):
            with solara.Div(style=SMALL):
                solara.InputInt(
                    label, getattr(choice, name), on_value=lambda number, name=name: moved(**{name: number or 0})
                )
    with solara.Div(style=ROW):
        for name, title in LEVELS.items():
            solara.Switch(
                label=title.capitalize(),
                value=getattr(choice, name),
                on_value=lambda on, name=name: moved(**{name: on}),
            )


@solara.component
def Player(run: Scheduled, slot: int, on_slot: Any, playing: bool, on_play: Any) -> None:
    """Say what the slot is like; choose another one, or let them play."""
    last, horizon, now = run.n_slots - 1, run.park.horizon, run.result.station_slots.iloc[slot]
    said(
        f"{clock(horizon, float(horizon.edges_h[slot]))}: {now.plugged:,} EVs charge at {len(run.park.stations)} stations with "
        f"{now.ev_kw:,.0f} kW, {now.queued:,} users wait, {now.shifted:,} are shifted, {now.drawn_kw:,.0f} kW are drawn from above",
        tag="h3",
    )
    slot_bar(
        slot, last, on_slot,
        lambda: solara.Button("Pause" if playing else "Play", color="primary", on_click=on_play, disabled=last == 0),
    )  # fmt: skip


@solara.component
def Shown(run: Scheduled, slot: int, colour: str, on_colour: Any, palette: Palette) -> None:
    """Show a finished run as it was in a slot."""
    park, summary = run.park, run.result.summary
    names = solara.use_memo(lambda: slot_names(park.horizon), [run])
    where = solara.use_memo(lambda: places(park.feeder, park.stations), [run])
    data = solara.use_memo(lambda: lambda: packed(run.result), [run])
    for text in summary["warnings"]:
        solara.Warning(f"{text[0].upper()}{text[1:]}.")
    said(CAPTION_MAP, "The feeder.")
    with solara.Div(style="max-width:220px"):
        solara.Select("Colour tells", list(COLOURS), colour, on_value=on_colour)
    figure(map_option(run, where, slot, colour, palette), where.height_px)
    losses = CAPTION_LOSSES.format(summary["free"]["losses_kwh"], summary["losses_kwh"])
    with solara.Div(style=COLUMNS):
        with solara.Div(style=PANEL):
            said(CAPTION_TRIGGERS, "Triggers.")
            figure(triggers_option(run, names, slot, palette), 340)
            with solara.Div(style=LIST):
                for title, text in told(run, slot) or [("No trigger", "fires in the slot")]:
                    said(f"{text}.", f"{title[0].upper()}{title[1:]}:")
        for lead, caption, option in (
            ("Voltage along the feeder.", CAPTION_PROFILE, profile_option(run, where, slot, palette)),
            ("Losses.", losses, losses_option(run, names, slot, palette)),
            ("Load.", CAPTION_LOAD, load_option(run, names, slot, palette)),
        ):
            with solara.Div(style=PANEL):
                said(caption, lead)
                figure(option, 340)
    said(f"The whole run by {summary['optimizer']}, triggers: {summary['triggers']}.", "Key figures.")
    table(["", "no schedule", "scheduled"], figures(run))
    solara.FileDownload(data, filename="evswarm.zip", label="Download tables and figures (evswarm.zip)")


def described(case: Scenario) -> str:
    """Return what a scenario is about in a sentence."""
    assert case.stations is not None
    where = "Stations of a file" if case.stations.path else "76 stations in four regions"
    users = (
        "users of a file"
        if case.users.path
        else f"{case.users.users:,} users, {case.users.charging_a_day:,} charges a day"
    )
    return f"{where}, {users}, slots of {case.horizon.slot_min} min from {case.horizon.begin:%Y-%m-%d %H:%M} on."
