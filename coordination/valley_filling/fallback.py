"""What an EV does that cannot reach its board: safe rules that need nothing but the load at the plug.

Ours, beyond paper A. The load of the transformer can be told at the plug without any message (the voltage falls with it);
EVs that go by it start one after the other, so each sees those before it, and none passes the limit.
"""

from collections.abc import Callable
from typing import Final

from environment.channel_faults import ChannelSettings

type Rule = Callable[[float, float, float, float, float, ChannelSettings], float]
"""Returns the power to draw in the present slot [kW], given what is lacking, what later slots of the stay can still take
(both as the power that they would be in one slot), what the stay allows in this slot, the room under its limit, the limit
[all kW], and the settings."""


def latest_start(
    lacking_kw: float, later_kw: float, usable_kw: float, room_kw: float, limit_kw: float, settings: ChannelSettings
) -> float:
    """Draw only what later slots cannot take any more: the latest start that still meets the need."""
    del limit_kw, settings
    return max(0.0, min(lacking_kw - later_kw, usable_kw, room_kw))


def spare_capacity(
    lacking_kw: float, later_kw: float, usable_kw: float, room_kw: float, limit_kw: float, settings: ChannelSettings
) -> float:
    """Draw at once, but nothing that would bring the transformer near its limit."""
    del later_kw
    return max(0.0, min(lacking_kw, usable_kw, room_kw - (1 - settings.spare_below) * limit_kw))


FALLBACKS: Final[dict[str, Rule]] = {"latest_start": latest_start, "spare_capacity": spare_capacity}
