"""The tab of a fleet that gives back (paper B): groups and their states of charge, signal against response, load before and after."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import solara

from coordination.peak_shaving.power_sharing import TACTICS
from coordination.peak_shaving.problem import SEARCHERS
from environment.horizon import HOURS_PER_DAY, MINUTES_PER_DAY
from runs.page.day import Day
from runs.page.download_tab import packed
from runs.page.figure import figure
from runs.page.palette import Palette, use_palette
from runs.page.paragraphs import COLUMNS, PANEL, said, table
from runs.page.run_controls import kept_of, run_bar, slot_bar, use_run
from runs.page.v2g_charts import figures, groups_option, histogram_option, load_option, signal_option
from runs.page.v2g_run import PlayedV2G, play
from runs.page.view import clock, slot_names
from runs.result import Result
from runs.scenario import Scenario
from runs.v2g.paper_b import paper_b

DAYS: Final = (1, 3)
"""Lengths of a run to choose from; paper B's figures have them."""

OWN: Final = (
    "The scenario's [peak_shaving].",
    "The controls at the side act on it at Reset; Play and Step move the ants of Watch.",
)
PAPER: Final = (
    "Paper B's case, as the scenario has no [peak_shaving].",
    "Each EV has 7.5 kW and 35 kWh. A scenario file with that section takes its place; the controls at the side are the ants'.",
)

HOW: Final = (
    "An optimiser finds a signal for the whole fleet, and in each slot the EVs at the grid share it: the emptiest charge first "
    "(PCG), the fullest give back first (PDG), the others are a reserve (RG)."
)
CAPTION_LOAD: Final = (
    "Grey without EVs, green with them, up to the slot that is looked at (dashed). Peak-valley rate over the whole run: {:.2%} "
    "before, {:.2%} after."
)
CAPTION_SIGNAL: Final = "What the fleet was asked for, and what its EVs did of it; red what is missing between the two."
CAPTION_SOC: Final = (
    "EVs at the beginning of the slot, in the colours of the groups that they were put into; grey those away."
)
CAPTION_GROUPS: Final = (
    "Above: EVs in each group. Below: standard deviation of the states of charge in each group, before a slot (thin) and after it "
    "(thick)."
)

SMALL: Final = "flex:1 1 110px"
WIDE: Final = "flex:2 1 290px"


@dataclass(frozen=True)
class Choice:
    """Where the tab's controls stand; `days` is the length of the run."""

    optimizer: str
    tactic: str
    iterations: int
    days: float
    seed: int

    @classmethod
    def of(cls, case: Scenario) -> "Choice":
        """Return where they start."""
        assert case.peak_shaving is not None
        days = case.horizon.hours / HOURS_PER_DAY
        return cls(case.peak_shaving.optimizer, case.grouping.tactic, case.peak_shaving.iterations, days, case.run.seed)

    def case(self, start: Scenario) -> Scenario:
        """Return a scenario with the keys replaced whose controls do not stand where it started.

        Raises
        ------
        FaultyInputError
            With every fault.
        """
        values: dict[str, Any] = {
            "peak_shaving.optimizer": self.optimizer,
            "grouping.tactic": self.tactic,
            "peak_shaving.iterations": self.iterations,
            "horizon.slots": round(self.days * MINUTES_PER_DAY / start.horizon.slot_min),
            "run.seed": self.seed,
        }
        stood = dataclasses.astuple(Choice.of(start))
        moved = [now != then for now, then in zip(dataclasses.astuple(self), stood, strict=True)]
        return start.varied({key: value for (key, value), has in zip(values.items(), moved, strict=True) if has})


@dataclass(frozen=True, eq=False)
class Kept:
    """What the tab keeps while another one is looked at: the day it belongs to, controls, the run, the slot looked at."""

    day: Day
    choice: Choice
    run: tuple[PlayedV2G, Result] | None = None
    slot: int = 0


kept = solara.reactive(None)
"""A `Kept`; Solara keeps one for each browser tab."""


def start_case(day: Day) -> Scenario:
    """Return what the tab runs if none of its controls is moved: the page's scenario, or paper B's case."""
    return day.case if day.case.peak_shaving is not None else paper_b()


@solara.component
def PeakShaving(day: Day) -> None:
    """Show peak shaving on a day's scenario; another day begins anew, so that no result of the last one is left standing."""
    Runs(day).key(f"day {id(day)}")


@solara.component
def Runs(day: Day) -> None:
    """Choose how to shave, run it, and look at it slot by slot."""
    palette = use_palette()
    start = solara.use_memo(lambda: start_case(day), [day])
    fresh = solara.use_memo(lambda: Kept(day, Choice.of(start)), [day])
    current, change = kept_of(kept, day, fresh)
    state: Kept = current()

    def work(tell: Callable[[float], None]) -> None:
        played, result = play(state.choice.case(start), tell)
        change(run=(played, result), slot=played.n_slots - 1)

    task = use_run(work)
    lead, sides = PAPER if day.case.peak_shaving is None else OWN
    said(f"{described(start)} {HOW} {sides}", lead)
    Controls(start, state.choice, lambda choice: change(choice=choice))
    if run_bar(task) and state.run is not None:
        Shown(*state.run, state.slot, lambda slot: change(slot=slot), palette)


@solara.component
def Controls(start: Scenario, choice: Choice, on_choice: Any) -> None:
    """Choose optimiser, tactic, iterations, days and seed."""
    titles = {name: tactic.title for name, tactic in TACTICS.items()}
    own = Choice.of(start).days
    whole = MINUTES_PER_DAY % start.horizon.slot_min == 0

    def moved(**values: Any) -> None:
        on_choice(dataclasses.replace(choice, **values))

    with solara.Div(style="display:flex;flex-wrap:wrap;gap:12px 16px"):
        with solara.Div(style=SMALL):
            solara.Select("Optimiser", list(SEARCHERS), choice.optimizer, on_value=lambda name: moved(optimizer=name))
        with solara.Div(style=WIDE):
            solara.Select(
                "Tactic", list(titles.values()), titles[choice.tactic],
                on_value=lambda title: moved(tactic=next(name for name in titles if titles[name] == title)),
            )  # fmt: skip
        with solara.Div(style=SMALL):
            solara.InputInt("Iterations", choice.iterations, on_value=lambda number: moved(iterations=number or 0))
        with solara.Div(style=SMALL):
            lengths = {f"{days:g}": days for days in sorted({own, *(DAYS if whole else ())})}
            solara.Select("Days", list(lengths), f"{choice.days:g}", on_value=lambda text: moved(days=lengths[text]))
        with solara.Div(style=SMALL):
            solara.InputInt("Seed of the run", choice.seed, on_value=lambda number: moved(seed=number or 0))


@solara.component
def Shown(played: PlayedV2G, result: Result, slot: int, on_slot: Any, palette: Palette) -> None:
    """Show a finished run as it was in a slot."""
    names = solara.use_memo(lambda: slot_names(played.v2g.horizon), [played])
    data = solara.use_memo(lambda: lambda: packed(result), [result])
    last = played.n_slots - 1
    for text in result.summary["warnings"]:
        solara.Warning(f"{text[0].upper()}{text[1:]}.")
    now = result.v2g_slots.iloc[slot]
    said(
        f"{clock(played.v2g.horizon, float(played.v2g.horizon.edges_h[slot]))}: {now.present:,} of "
        f"{result.summary['vehicles']:,} EVs at the grid, signal {now.signal_kw:,.0f} kW, response {now.response_kw:,.0f} kW",
        tag="h3",
    )
    slot_bar(slot, last, on_slot)
    rates = result.summary["no_evs"]["peak_valley_rate"], result.summary["peak_valley_rate"]
    with solara.Div(style=COLUMNS):
        for lead, caption, option, height in (
            ("Load before and after.", CAPTION_LOAD.format(*rates), load_option(result, names, slot, palette), 340),
            ("Signal against response.", CAPTION_SIGNAL, signal_option(result, names, slot, palette), 340),
            ("States of charge.", CAPTION_SOC, histogram_option(played, result, slot, palette), 400),
            ("Groups.", CAPTION_GROUPS, groups_option(played, result, names, slot, palette), 400),
        ):
            with solara.Div(style=PANEL):
                said(caption, lead)
                figure(option, height)
    by = f"by {result.summary['optimizer']}, tactic {TACTICS[result.summary['tactic']].title}"
    said(f"The whole run {by}, beside the load without EVs.", "Key figures.")
    table(["", "no EVs", "with EVs"], figures(result))
    solara.FileDownload(data, filename="evswarm.zip", label="Download tables and figures (evswarm.zip)")


def described(case: Scenario) -> str:
    """Return what a scenario is about in a sentence."""
    fleet = getattr(case.fleet, "vehicles", None)
    evs = "EVs from a file" if fleet is None else f"{fleet:,} EVs"
    return f"{evs}, slots of {case.horizon.slot_min} min from {case.horizon.begin:%Y-%m-%d %H:%M} on."
