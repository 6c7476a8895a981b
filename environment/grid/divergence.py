"""Slots in which a feeder has no power flow: which, what is drawn in the worst, and where the feeder is weakest."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from environment.feeders.feeder import Feeder
from environment.feeders.power_flow import Weakest
from environment.input_faults import Fault


@dataclass(frozen=True, eq=False)
class Divergence:
    """Slots without a power flow, and the one of them in which most is drawn.

    Parameters
    ----------
    feeder
        The feeder that cannot carry it.
    slots
        Numbers of the slots that have none, in order.
    tried
        How many slots were tried.
    worst
        The slot of these in which most is drawn.
    start
        When it begins.
    site_kw, base_kw
        What sites and base load draw in it.
    source_pu
        Voltage at the feeder's source in it.
    weakest
        Where that is too much.
    sites
        What the sites are called.
    """

    feeder: Feeder
    slots: NDArray[np.int64]
    tried: int
    worst: int
    start: datetime
    site_kw: float
    base_kw: float
    source_pu: float
    weakest: Weakest
    sites: str

    @property
    def node(self) -> str:
        """Name of the weakest node."""
        return str(self.feeder.node[self.weakest.node])

    def fault(self, field: str = "power flow") -> Fault:
        """Return what a user is told of it; `field` says which power flow, where there are several."""
        slot = f"slot {self.worst} at {self.start:%H:%M}"
        where = slot if self.tried == 1 else f"{self.slots.size} of {self.tried} slots, such as {slot}"
        found = (
            f"diverging in {where}: {self.sites} draw {self.site_kw:,.0f} kW beside {self.base_kw:,.0f} kW of base load, the source "
            f"at {self.source_pu:.3g} pu; {self.weakest.told(self.feeder)}"
        )
        own_kw = self.feeder.own_kw.sum()
        expected = f"less load (load.peak_kw, {self.sites}): the feeder's own loads are {own_kw:,.0f} kW"
        return Fault(self.feeder.title, None, field, found, expected)
