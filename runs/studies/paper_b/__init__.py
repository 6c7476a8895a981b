"""Paper B, a fleet that charges and gives back, grouped by k-means: its runs, claims, figures and tables."""

from typing import Final

from environment.registry import OnDemand
from runs.studies.study import Option, Study

BOTH_DAYS: Final = (1, 3)
"""Lengths of the study's two parts [days]."""

STUDY = Study(
    title="Paper B, a fleet that gives back",
    help="paper B's figures, Tables 3 and 5 and claims, found or not found, over 20 seeds (3 with `--quick`), with every optimiser's "
    "gap to the exact optimum",
    run=OnDemand("runs.studies.paper_b.report:run"),
    options={"days": Option(BOTH_DAYS, "only the part with so many days, all if left out")},
)
