"""The tab that hands the result folder and the figures over, as `evswarm run --out` writes them."""

import io
import tempfile
import zipfile
from pathlib import Path
from typing import Final

import solara

from runs.figures import figures
from runs.page.day import Day
from runs.page.paragraphs import said
from runs.result import Result
from runs.simulate import simulate

CAPTION: Final = (
    "The whole day as this page's controls have it, also where it is not played to its end: tables, summary, "
    "scenario and figures, the same files as evswarm run --out writes. It takes a few seconds to write."
)


def packed(result: Result) -> bytes:
    """Return a result's folder, figures included, as a ZIP archive."""
    with tempfile.TemporaryDirectory() as place:
        from runs.drawing import save_figures  # noqa: PLC0415  (matplotlib only where a figure is drawn)

        folder = Path(place)
        result.save(folder)
        save_figures(figures(result), folder / "figures")
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packing:
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    packing.write(path, Path("evswarm") / path.relative_to(folder))
        return archive.getvalue()


@solara.component
def Download(day: Day) -> None:
    """Offer the archive; it is written when it is asked for."""
    ants = day.case.model_copy(
        update={"peak_shaving": None, "stations": None}
    )  # what is packed is a run of ants, and says so
    data = solara.use_memo(lambda: lambda: packed(simulate(ants)), [day])
    said(CAPTION, "Download.")
    solara.FileDownload(data, filename="evswarm.zip", label="Download tables and figures (evswarm.zip)")
