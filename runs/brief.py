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
        Makes the table of nodes.
    """

    scenario: Scenario
    summary: dict[str, Any]
    make_nodes: "Callable[[], pd.DataFrame]"

    @cached_property
    def nodes(self) -> "pd.DataFrame":
        """The table of nodes."""
        return self.make_nodes()
