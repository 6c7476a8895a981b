"""How many EVs may share one communication round: batch sizes over fleets, rounds, losses and delays."""

from typing import Final

from environment.registry import OnDemand
from runs.studies.study import Study

FLEETS: Final = 50
QUICK_FLEETS: Final = 5

STUDY = Study(
    title="How many EVs may share a round",
    help=f"ripple, peak, gap and messages against batch size, over {FLEETS} fleets ({QUICK_FLEETS} with `--quick`), with one "
    "and several rounds, losses and delays; a rule of thumb",
    run=OnDemand("runs.studies.batch.report:run"),
)
