"""A run without its tables: what is printed of it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from runs.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Brief:
    """A finished run of which no table is made unless it is asked for.

    Parameters
    ----------
    scenario
        What was run.
    summary
        Key figures by name.
    make_nodes
        Makes the table of nodes (`runs.homes.nodes`); None where a run has no nodes.
    """

    scenario: Scenario
    summary: dict[str, Any]
    make_nodes: "Callable[[], pd.DataFrame] | None" = None

    @cached_property
    def nodes(self) -> "pd.DataFrame":
        """The table of nodes."""
        assert self.make_nodes is not None, "only valley filling has nodes"
        return self.make_nodes()
