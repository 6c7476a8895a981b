"""Valley filling under a transformer (paper A). A new coordinator is one file here and one line in `COORDINATORS`."""

from typing import Final

from coordination.valley_filling import ants, free
from coordination.valley_filling.problem import Coordinator, Schedule, ValleyFilling

COORDINATORS: Final[dict[str, Coordinator]] = {"free": free.COORDINATOR, "ants": ants.COORDINATOR}

__all__ = ["COORDINATORS", "Coordinator", "Schedule", "ValleyFilling"]
