"""Arguments and options that several commands take."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from runs.engine import Engine


class TableFormat(StrEnum):
    """How tables are written."""

    PARQUET = "parquet"
    CSV = "csv"


class FigureFormat(StrEnum):
    """How figures are written."""

    PNG = "png"
    SVG = "svg"
    PDF = "pdf"
    NONE = "none"


class By(StrEnum):
    """What a run is printed by, beside the whole."""

    NODE = "node"


ScenarioArgument = Annotated[
    Path | None, typer.Argument(help="Scenario (TOML); without one, paper A's default: 500 EVs under 1615 kW.")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Replace a key, e.g. `--set coordination.batch_size=50`."),
]
SeedOption = Annotated[int | None, typer.Option("--seed", min=0, help="Seed of all draws; the scenario's if left out.")]
OutOption = Annotated[Path | None, typer.Option("--out", help="Folder for tables, summary and figures.")]
FiguresOption = Annotated[
    FigureFormat | None,
    typer.Option("--figures", help="Format of the figures, none for no figures; png if left out.", show_default=False),
]
FormatOption = Annotated[TableFormat, typer.Option("--format", help="Format of the tables.")]
ForceOption = Annotated[
    bool,
    typer.Option("--force", help="Go on where a run, by estimate, needs more memory than is free, or a file is huge."),
]
OverwriteOption = Annotated[
    bool,
    typer.Option(
        "--overwrite", help="Replace files of the same name in that folder whoever wrote them; others stay there."
    ),
]
EngineOption = Annotated[
    Engine | None,
    typer.Option(
        "--engine", help="In this process, in processes, or on Dask; if left out, run in one, sweep in processes."
    ),
]
WorkersOption = Annotated[
    int | None,
    typer.Option("--workers", min=1, help="Workers; one a core if left out, and of a run without --engine one in all."),
]
SchedulerOption = Annotated[
    str | None, typer.Option("--scheduler", metavar="HOST:PORT", help="A running Dask scheduler; with --engine dask.")
]
TlsCaOption = Annotated[
    Path | None, typer.Option("--tls-ca", metavar="FILE", help="Certificates (PEM) by which the scheduler is known.")
]
TlsCertOption = Annotated[
    Path | None, typer.Option("--tls-cert", metavar="FILE", help="Certificate (PEM) to show to the scheduler.")
]
TlsKeyOption = Annotated[Path | None, typer.Option("--tls-key", metavar="FILE", help="Key (PEM) of that certificate.")]
ByOption = Annotated[
    By | None,
    typer.Option(
        "--by",
        help="`--by node` prints every node of the grid below the whole, in the grid's order: its load against its limit, by how "
        "much and when it passes it, what its EVs did not get. Without it, of several transformers the ten most loaded nodes.",
    ),
]
