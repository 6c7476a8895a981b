"""What every source of a grid has in common."""

from abc import abstractmethod
from typing import ClassVar, NamedTuple

from environment.feeders.feeder import Feeder
from environment.grid.nodes import Nodes
from environment.grid.transformer import TransformerSettings
from environment.settings import Settings


class Surroundings(NamedTuple):
    """What a grid may be made from, beside its own section.

    Parameters
    ----------
    transformer
        Section ``[transformer]``.
    named
        Nodes that the fleet names, sorted; empty where it names none.
    feeder
        The feeder, where there is one.
    """

    transformer: TransformerSettings
    named: tuple[str, ...]
    feeder: Feeder | None


class GridSettings(Settings):
    """The grid: which transformers there are, below which substations, and what each may carry."""

    names_nodes: ClassVar[bool] = True
    """Whether the source names the nodes; else the fleet's column `node` may."""

    is_the_feeders: ClassVar[bool] = False
    """Whether the nodes are the feeder's own."""

    @property
    def shape_of(self) -> str:
        """Name of the one load that gives all base loads their shape and not their size; "" where there is none."""
        return ""

    def stands_on_one_feeder(self) -> bool:
        """Whether all transformers share one copy of a feeder, where nothing else says below which node it lies."""
        return self.is_the_feeders

    @abstractmethod
    def count(self, transformer: TransformerSettings, named: int) -> int:
        """Return about how many transformers there are, without laying the grid out.

        Parameters
        ----------
        transformer
            Section ``[transformer]``.
        named
            Nodes that the fleet names.
        """

    @abstractmethod
    def nodes(self, around: Surroundings) -> Nodes:
        """Return the nodes as the source has them; what makes no grid may be in them.

        Raises
        ------
        FaultyInputError
            With every fault of a file read.
        """
