"""Paper C: the advanced competitive swarm and the multi-stage schedule of charging stations."""

from typing import Final

from environment.registry import OnDemand
from runs.studies.study import Option, Study

SHOTS: Final = 20
"""Draws of users for which a slot is searched; the paper has 1,000."""

STUDY = Study(
    title="Paper C, charging stations and the advanced competitive swarm",
    help="paper C's figures, tables and claims, found or not found: searches of one slot, a year of sampled days, each trigger alone, and "
    "what a power flow says of schedules that were found with the paper's coefficients",
    run=OnDemand("runs.studies.paper_c.report:run"),
    options={
        "evaluator": Option(
            ("coefficients", "powerflow"),
            "what all searches go by; the coefficients, and a small part by power flow beside them, if left out; by power flow "
            "searches are short",
        ),
        "shots": Option(
            range(1, 1001),
            f"draws of users for which a slot is searched; {SHOTS} if left out, the paper has 1,000",
        ),
    },
    settings=OnDemand("runs.studies.paper_c.report:size_of"),
)
