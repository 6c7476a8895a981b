"""What a model of agents and the crews of its parts know of each other."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypedDict

import numpy as np
from numpy.typing import NDArray

from agents.aggregator import Aggregator
from agents.control_center import ControlCenter
from agents.ev import EV
from agents.site import Fed
from agents.station import Station
from agents.substation import Substation
from agents.transformer import Transformer
from agents.v2g_ev import V2GEV
from agents.visitor import Visitor
from environment.channel import Channel

if TYPE_CHECKING:
    from coordination.stations.control import Control


class AgentClasses(NamedTuple):
    """Classes of the agents; one's own are made from these."""

    ev: type[EV] = EV
    transformer: type[Transformer] = Transformer
    substation: type[Substation] = Substation
    control_center: type[ControlCenter] = ControlCenter
    aggregator: type[Aggregator] = Aggregator
    v2g_ev: type[V2GEV] = V2GEV
    station: type[Station] = Station
    visitor: type[Visitor] = Visitor


class Above(TypedDict, total=False):
    """What the control centre has for a part, by the names of its parameters."""

    name: str
    own_kw: NDArray[np.float64]
    aggregators: list[Aggregator]
    control: "Control"


class Crew(Protocol):
    """The agents of one part of the world, and who leads them."""

    @property
    def children(self) -> Sequence[Fed]:
        """Nodes that the control centre has right below it."""

    @property
    def above(self) -> Above:
        """What the control centre has for the part."""

    def schedule_events(self) -> None:
        """Enter events of the part's own."""

    def begin_day(self) -> None:
        """Do what is done before the first slot, once the day ahead is announced."""

    def begin_slot(self, slot: int) -> None:
        """Let a slot begin."""

    def end_day(self) -> None:
        """Do what is done at the horizon's end."""

    def base_kw(self, slot: int) -> float:
        """Return the load without EVs in a slot that is over [kW]."""

    def ev_kw(self, slot: int) -> float:
        """Return the load of EVs in a slot that is over [kW]."""

    def unserved_kwh(self, now_h: float) -> float:
        """Return what EVs that have left until now lack [kWh]; infinite: what all lack at the end."""

    def outcome(self, wall_s: float) -> Any:
        """Return what the part's run came to; `wall_s` is the time that it took."""


class Stage(Protocol):
    """What a crew needs of its model, a model of Mesa."""

    channel: Channel
    classes: AgentClasses
    control_center: ControlCenter

    def schedule_event(self, call: Callable[[], None], *, at: float) -> Any:
        """Enter an event at a moment [h]."""

    def tell_search(self, part: float) -> None:
        """Tell who watches how far the searches are, 0..1."""
