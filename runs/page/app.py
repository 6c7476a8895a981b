"""The page: Mesa's controls at the side, tabs in the middle; each browser tab has a player of its own."""

import os
from typing import Any, Final

import solara
import solara.lab
from mesa.visualization import SolaraViz

from environment.input_faults import FaultyInputError
from runs.page.controls import hints, widgets
from runs.page.paragraphs import said
from runs.page.player import Player
from runs.page.reach import scenario_of
from runs.page.serve import SCENARIO_VARIABLE
from runs.page.tabs import TABS, first_tab
from runs.page.window import Window, narrow
from runs.plural import counted

STYLE: Final = """
.v-slider__thumb-label-container { display: block !important; }
.v-slider__thumb-label { transform: translateX(-50%) !important; width: auto !important;
  height: auto !important; top: 12px !important; background: none !important; color: inherit !important; }
.v-slider__thumb-label > div { transform: none !important; }
.v-input__slider .v-label { min-width: 96px; }
@media (max-width: 959px) { .v-navigation-drawer { min-width: 0 !important; width: 88vw !important; } }
"""
"""Vuetify shows where a slider stands only while it is dragged; here always, below the knob. And controls that slide over a
narrow page leave a margin, to send them away by."""


opened = solara.reactive((0, os.environ.get(SCENARIO_VARIABLE, "")))
"""How many scenario files were loaded, and the one that is open; Solara keeps one for each browser tab."""


@solara.component
def Layout(children: list[Any]) -> None:
    """Put the controls beside the page, or where there is no room behind the button at the top left.

    A file that is loaded begins all anew: Mesa's controls stand in the layout, and would else keep those of the last file.
    """
    count, _ = opened.value
    solara.AppLayout(children=children, sidebar_open=not narrow.value, navigation=False).key(f"file {count}")


@solara.component
def Page() -> None:
    """Show the page of one browser tab."""
    count, file = opened.value
    Session(file).key(f"file {count}")


@solara.component
def Session(file: str) -> None:
    """Show all that belongs to one scenario file."""
    first = solara.use_memo(lambda: Player(file=file), [])
    player = solara.use_reactive(first)
    model_params = solara.use_memo(lambda: {"file": file, **_widgets(file)}, [])
    Window()
    solara.Style(STYLE)
    SolaraViz(player, components=[], model_params=model_params, name="evswarm", play_interval=100)
    with solara.Sidebar():
        FileCard(file, solara.use_memo(lambda: _hints(file), []))
    with solara.Column(style="padding:0 12px 24px 12px;max-width:1500px;margin:0 auto"):
        if player.value.day is None:
            Faults(player.value.faults)
        else:
            with solara.lab.Tabs(value=first_tab(player.value.day), lazy=True):
                for name, content in TABS.items():
                    with solara.lab.Tab(name), solara.Div(style="padding-top:12px"):
                        content(player.value.day)


@solara.component
def Faults(faults: tuple[str, ...]) -> None:
    """Say what is wrong with the scenario or the controls."""
    solara.Error(f"The day cannot begin: {counted(len(faults), 'fault')}.")
    for fault in faults:
        solara.Text(fault)
    solara.Text("Mend the file or the controls, then press Reset.")


@solara.component
def FileCard(file: str, notes: list[str]) -> None:
    """Take the name of a scenario file; say what is to be known of the controls."""
    name, set_name = solara.use_state(file)

    def load() -> None:
        opened.set((opened.value[0] + 1, name.strip()))

    with solara.Card("Scenario"):
        for text in ("Changed controls act at Reset.", *notes):
            said(text)
        solara.InputText("Scenario file; empty: the default", value=name, on_value=set_name)
        solara.Button("Load", on_click=load)


def _hints(file: str) -> list[str]:
    try:
        return hints(scenario_of(file))
    except (FaultyInputError, OSError, UnicodeDecodeError):
        return []


def _widgets(file: str) -> dict[str, dict[str, object]]:
    try:
        return widgets(scenario_of(file))
    except (FaultyInputError, OSError, UnicodeDecodeError):
        return {}
