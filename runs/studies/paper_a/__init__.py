"""Paper A, the ant-based swarm algorithm: its runs, claims, figures and tables."""

from environment.registry import OnDemand
from runs.studies.study import Study

STUDY = Study(
    title="Paper A, the ant-based swarm algorithm",
    help="paper A's figures, tables and claims, found or not found, over 20 fleets (3 with `--quick`)",
    run=OnDemand("runs.studies.paper_a.report:run"),
)
