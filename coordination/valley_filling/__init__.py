"""Valley filling under a transformer (paper A). A new coordinator is one file here and one line in `COORDINATORS`."""

from typing import TYPE_CHECKING, Final

from environment.registry import Registry

if TYPE_CHECKING:
    from coordination.valley_filling.coordinator import Coordinator

COORDINATORS: "Final[Registry[Coordinator]]" = Registry(
    {
        "free": "coordination.valley_filling.free_charging:COORDINATOR",
        "ants": "coordination.valley_filling.colony:COORDINATOR",
        "odc": "coordination.valley_filling.odc:COORDINATOR",
        "pso1": "coordination.valley_filling.particle_swarm:BY_EV",
        "pso2": "coordination.valley_filling.particle_swarm:BY_TYPE",
        "optimal": "coordination.valley_filling.optimum:COORDINATOR",
    }
)

__all__ = ["COORDINATORS"]
