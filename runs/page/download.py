"""The tab that hands the result folder and the figures over, as `evswarm run --out` writes them."""

import io
import tempfile
import zipfile
from pathlib import Path
from typing import Final

import solara

from runs.page.day import Day
from runs.page.said import said
from runs.result import Result
from runs.shaving.result import ShavingResult
from runs.simulate import simulate
from runs.stations.result import StationsResult

CAPTION: Final = (
    "The whole day as this page's controls have it, also where it is not played to its end: tables, summary, "
    "scenario and figures, the same files as evswarm run --out writes. It takes a few seconds to write."
)


def packed(result: Result | ShavingResult | StationsResult) -> bytes:
    """Return a result's folder, figures included, as a ZIP archive."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        result.save(folder)
        if isinstance(result, ShavingResult):
            from runs.shaving.plots import save_shaving  # noqa: PLC0415  (matplotlib only where a figure is drawn)

            save_shaving(result, folder / "figures")
        elif isinstance(result, StationsResult):
            from runs.stations.plots import save_stations  # noqa: PLC0415

            save_stations(result, folder / "figures")
        else:
            from runs import plots  # noqa: PLC0415

            plots.save_all(result, folder / "figures")
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
