"""The grid's nodes. A new source is one file here and one name in `GridSource`."""

from environment.grid.counts import CountsGrid
from environment.grid.from_feeder import FeederGrid
from environment.grid.table import TableGrid
from environment.grid.transformer import TransformerSettings
from environment.grid.tree import Grid, Kind

type GridSource = CountsGrid | TableGrid | FeederGrid

__all__ = ["CountsGrid", "FeederGrid", "Grid", "GridSource", "Kind", "TableGrid", "TransformerSettings"]
