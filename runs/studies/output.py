"""Output of a study: its tables, figures and page as files, and what is printed of its claims."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from runs.progress import Progress
from runs.result_folder import FigureFormat
from runs.studies.claim import Claim

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write_study(
    folder: Path,
    held: Sequence[Claim],
    tables: Mapping[str, pd.DataFrame],
    figures: Mapping[str, "Figure"],
    figure_format: FigureFormat,
    pages: Mapping[str, str],
    progress: Progress,
) -> str:
    """Write all files of a study into a folder, and return a line for each claim, to be printed.

    Parameters
    ----------
    folder
        An empty folder that exists.
    held
        Outcomes of the claims; written as a table beside the others.
    tables, figures
        By the name of their file, without its ending.
    figure_format
        Ending of the figures' files.
    pages
        Pages in Markdown by the name of their file.
    progress
        Told that the study is done.
    """
    from runs.drawing import save_figures  # noqa: PLC0415  (matplotlib only where a figure is drawn)

    for name, table in {"claims": pd.DataFrame(held), **tables}.items():
        table.to_csv(folder / f"{name}.csv", index=False, float_format="%.6g")
    save_figures(figures, folder / "figures", figure_format)
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")
    progress(1.0)
    width = max(len(claim.outcome) for claim in held)
    return "\n".join(f"{claim.outcome:{width}}  {claim.number}  {claim.text}" for claim in held)
