"""A run node by node of the grid: the most loaded ones, or every one."""

from collections.abc import Sequence
from datetime import datetime
from math import isnan
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from rich.markup import escape

from runs.plural import counted
from runs.printed.fitted import Column, print_table
from runs.printed.rows import cell
from runs.scenario import Scenario
from runs.terminal import out

if TYPE_CHECKING:
    import pandas as pd

WORST: Final = 10
"""So many nodes are printed unless every one is asked for."""
KINDS: Final = {"control_center": "centre"}
"""Kinds of nodes that are printed by a shorter name."""


class Shown(NamedTuple):
    """A column of the table of nodes as it is printed.

    Parameters
    ----------
    head
        What stands above it.
    form
        Form of its cells.
    only_with
        Column that must read as something else than zero at some node for this one to be printed; "" for always.
    """

    head: str
    form: str
    only_with: str = ""


COLUMNS: Final = {
    "vehicles": Shown("EVs", "{:,d}"),
    "limit_kw": Shown("limit [kW]", "{:,.1f}"),
    "peak_kw": Shown("peak [kW]", "{:,.1f}"),
    "peak_time": Shown("when", "{}"),
    "free_peak_kw": Shown("free peak [kW]", "{:,.1f}"),
    "loading_max": Shown("most loading", "{:.1%}"),
    "overload_slots": Shown("slots above limit", "{:,d}", "overload_slots"),
    "overload_kwh": Shown("kWh above limit", "{:,.1f}", "overload_slots"),
    "feed_in_kw": Shown("feeds in [kW]", "{:,.1f}", "feed_in_kw"),
    "unserved_kwh": Shown("unserved [kWh]", "{:,.1f}", "unserved_kwh"),
    "jain": Shown("Jain's index", "{:.4f}", "unserved_kwh"),
    "gap": Shown("gap to optimum", "{:.2%}", "gap"),
    "hot_spot_max_c": Shown("hottest [C]", "{:,.1f}", "hot_spot_max_c"),
    "loss_of_life_h": Shown("loss of life [h]", "{:,.2f}", "hot_spot_max_c"),
}
"""What is printed of nodes, by column of the table `nodes`."""


class NodeRun(Protocol):
    """A run whose grid has nodes; see `runs.brief.Brief` and `runs.result.Result`."""

    @property
    def scenario(self) -> Scenario:
        """What was run."""

    @property
    def summary(self) -> dict[str, Any]:
        """Key figures by name."""

    @property
    def nodes(self) -> "pd.DataFrame":
        """A row a node (`runs.homes.nodes`)."""


def print_nodes(run: NodeRun, *, every: bool = False) -> None:
    """Print nodes of the grid: of several transformers the worst ten nodes, or every node in the grid's order.

    Parameters
    ----------
    run
        The run.
    every
        Whether every node is asked for; else nothing is printed of one transformer alone, of which the summary says it all.
    """
    if not every and run.summary.get("transformers", 1) == 1:
        return
    nodes = run.nodes
    shown = nodes if every else most_loaded(nodes).head(WORST)
    lead = [Column("node", [escape(name) for name in shown.node], is_text=True)]
    columns = [Column("kind", [KINDS.get(kind, kind) for kind in shown.kind], is_text=True)]
    columns += [
        Column(escape(each.head), _cells(run, shown, name))
        for name, each in COLUMNS.items()
        if not (run.summary["method"] == "free" and name == "free_peak_kw")
        and shown[name].notna().any()
        and (not each.only_with or _says(shown, each.only_with))
    ]
    print_table(_title(nodes, shown, every=every), lead, columns, tight=True)
    if not every and len(shown) < len(nodes):
        out.print("--by node prints every node.", highlight=False)


def most_loaded(nodes: "pd.DataFrame") -> "pd.DataFrame":
    """Return the nodes that have a limit, the one that comes closest to it, or is furthest above it, first."""
    return nodes[nodes.loading_max.notna()].sort_values("loading_max", ascending=False, kind="stable")


def _title(nodes: "pd.DataFrame", shown: "pd.DataFrame", *, every: bool) -> str:
    title = (
        counted(len(nodes), "node") if every else f"{len(shown):,} of {counted(len(nodes), 'node')}, most loaded first"
    )
    if not every and len(shown) < min(WORST, len(nodes)):
        title += "; the others have no limit"
    if (shown.loading_max * shown.limit_kw > shown.peak_kw * (1 + 1e-9)).any():  # so the limit was lower in that slot
        title += "; of limits that vary the highest is shown"
    return title


def _says(shown: "pd.DataFrame", column: str) -> bool:
    """Whether a column reads as something else than zero at some node."""
    form = COLUMNS[column].form
    return any(not isnan(value) and form.format(value) != form.format(0 * value) for value in shown[column].tolist())


def _cells(run: NodeRun, shown: "pd.DataFrame", column: str) -> Sequence[str]:
    values = shown[column].tolist()
    if column == "peak_time":
        form = "%H:%M" if run.scenario.horizon.hours <= 24 else "%Y-%m-%d %H:%M"
        return [datetime.fromisoformat(text).strftime(form) for text in values]
    return [cell(value, COLUMNS[column].form) for value in values]
