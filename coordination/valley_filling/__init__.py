"""Valley filling under a transformer (paper A). A new coordinator is one file here and one line in `COORDINATORS`."""

from typing import Final

from coordination.valley_filling import colony, free, odc, optimum, swarm
from coordination.valley_filling.problem import Coordinator, Plan, Schedule, ValleyFilling

COORDINATORS: Final[dict[str, Coordinator]] = {
    "free": free.COORDINATOR,
    "ants": colony.COORDINATOR,
    "odc": odc.COORDINATOR,
    "pso1": swarm.BY_EV,
    "pso2": swarm.BY_TYPE,
    "optimal": optimum.COORDINATOR,
}

__all__ = ["COORDINATORS", "Coordinator", "Plan", "Schedule", "ValleyFilling"]
