"""Random small grids for the laws, as lines of a table of nodes."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from environment.grid import Grid, Kind, TableGrid, TransformerSettings
from environment.grid.nodes import laid_out
from environment.grid.settings import Surroundings
from environment.horizon import Horizon
from environment.loads.profile import LoadProfile

HEADER = "node,parent,kind,limit_kw,load"


class Line(NamedTuple):
    """A line of a table of nodes."""

    node: str
    parent: str
    kind: str
    limit_kw: str = ""
    load: str = ""


@st.composite
def trees(
    draw: st.DrawFn,
    *,
    limits_kw: Sequence[str] = ("40", "90.5", "1000"),
    loads: Sequence[str] = ("",),
    max_transformers: int = 5,
) -> list[Line]:
    """Draw a grid: substations below each other or the control centre, transformers below any of them, lines in any order."""
    upper = ["centre"]
    lines = [Line("centre", "", Kind.CONTROL_CENTER, draw(st.sampled_from(["", *limits_kw])))]
    for number in range(draw(st.integers(0, 4))):
        limit = draw(st.sampled_from(["", *limits_kw]))
        lines.append(Line(f"S{number}", draw(st.sampled_from(upper)), Kind.SUBSTATION, limit, ""))
        upper.append(f"S{number}")
    for number in range(draw(st.integers(1, max_transformers))):
        limit, load = draw(st.sampled_from(limits_kw)), draw(st.sampled_from(loads))
        lines.append(Line(f"T{number}", draw(st.sampled_from(upper)), Kind.TRANSFORMER, limit, load))
    return draw(st.permutations(lines))


def written(folder: Path, lines: Sequence[Sequence[str]], header: str = HEADER) -> Path:
    """Write a table of nodes."""
    path = folder / "nodes.csv"
    path.write_text("\n".join([header, *(",".join(line) for line in lines)]) + "\n", encoding="utf-8")
    return path


def grid_of(
    path: Path, horizon: Horizon | None = None, loads: dict[str, LoadProfile] | None = None, **transformer: object
) -> Grid:
    """Read a table of nodes as a grid."""
    horizon = horizon or Horizon()
    around = Surroundings(TransformerSettings.model_validate(transformer), (), None)
    named = {"load": LoadProfile(np.zeros(horizon.n_slots), np.zeros(horizon.n_slots))} | (loads or {})
    return laid_out(TableGrid(source="table", path=path).nodes(around), horizon, named)
