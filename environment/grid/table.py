"""A grid from the user's own file."""

import re
from pathlib import Path
from typing import Final, Literal

import numpy as np

from environment.csv_table import CsvTable, distinct_texts
from environment.grid.nodes import Nodes
from environment.grid.settings import GridSettings, Surroundings
from environment.grid.transformer import MOST_LINES, TransformerSettings
from environment.grid.tree import Kind

COLUMNS: Final = ("node", "parent", "kind", "limit_kw", "load")
OPTIONAL: Final = ("lines", "feeder_node", "feed_in_limit_kw")

NUMBER: Final = re.compile(r"([+-]?[\d.,]+(e[+-]?\d+)?)?|[+-]?(inf|infinity|nan)", re.IGNORECASE)
"""What stands for a number, right or not, in a column that may also name a series."""


class TableGrid(GridSettings):
    """A grid from a CSV file, a line a node: `node,parent,kind,limit_kw,load[,lines,feeder_node,feed_in_limit_kw]`."""

    source: Literal["table"]
    """A CSV file."""

    path: Path
    """The file; relative to the scenario that names it. `kind` is control_center, substation or transformer; the control centre
    has no `parent`. `limit_kw` is a number or the name of a load, whose kW are then the limit slot by slot; above the
    transformers it may be empty, and is measured, not held. `load` names base loads as `transformer.load` does; empty: the
    section [load] at a transformer, none above. `lines` as `transformer.lines`."""

    def stands_on_one_feeder(self) -> bool:
        """Whether some node says where on the feeder it stands; see `GridSettings.stands_on_one_feeder`."""
        return distinct_texts(self.path, "feeder_node") > 0

    def count(self, transformer: TransformerSettings, named: int) -> int:  # noqa: ARG002
        """Return how many nodes the file has; see `GridSettings.count`."""
        return max(distinct_texts(self.path, "node"), 1)

    def nodes(self, around: Surroundings) -> Nodes:
        """Read the file; see `GridSettings.nodes`."""
        table = CsvTable(self.path, COLUMNS, OPTIONAL)
        n = len(table)
        kinds = table.texts("kind")
        is_transformer = np.array([kind == Kind.TRANSFORMER for kind in kinds])
        names = tuple("" if NUMBER.fullmatch(text) else text for text in table.texts("limit_kw"))
        limit_kw = table.numbers("limit_kw", np.inf, but=np.array([bool(name) for name in names]))
        lines = table.numbers("lines", np.nan)
        odd = (lines < 0) | (lines > MOST_LINES) | (lines % 1 > 0)
        table.require("lines", odd, f"a whole number from 0 to {MOST_LINES:,}")
        feed_in_limit_kw = table.numbers("feed_in_limit_kw", np.inf)
        usual = np.where(is_transformer, around.transformer.lines, 0)
        return Nodes(
            file=table.file,
            line=tuple(table.lines),
            node=tuple(table.texts("node")),
            kind=tuple(kinds),
            parent=tuple(table.texts("parent")),
            limit_kw=limit_kw,
            limit_series=names,
            feed_in_limit_kw=feed_in_limit_kw,
            load=tuple(
                text or ("load" if of_evs else "")
                for text, of_evs in zip(table.texts("load"), is_transformer, strict=True)
            ),
            lines=np.where(odd | np.isnan(lines), usual, lines).astype(np.int64),
            feeder_node=tuple(table.texts("feeder_node")) if "feeder_node" in table else ("",) * n,
            rated_kw=np.full(n, np.nan),
            faults=tuple(table.faults),
        )
