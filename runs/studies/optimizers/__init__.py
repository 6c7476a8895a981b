"""Swarm optimisers on test functions: what papers B and C claim of them, and what we find."""

from environment.registry import OnDemand
from runs.studies.study import Study

STUDY = Study(
    title="Swarm optimisers on test functions",
    help="papers B's and C's claims of their optimisers, in 30, 228 and 2280 dimensions, at equal iterations and at equal "
    "evaluations, with optima at the origin and shifted (short runs with `--quick`)",
    run=OnDemand("runs.studies.optimizers.report:run"),
)
