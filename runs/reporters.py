"""Reporters: what Mesa's `DataCollector` collects of a `GridModel` at the end of every slot, unless it is given another."""

from collections.abc import Mapping
from operator import attrgetter
from typing import Any, Final

import mesa

from agents.ev import EV
from agents.station import Station
from agents.transformer import Transformer
from agents.v2g_ev import V2GEV

MODEL_REPORTERS: Final[Mapping[str, str]] = {
    "time_h": "time",
    "base_kw": "base_kw",
    "ev_kw": "ev_kw",
    "peak_kw": "peak_kw",
    "unserved_kwh": "unserved_kwh",
    "messages": "messages",
}
"""Attributes of a `GridModel`, by the column's name."""

AGENT_REPORTERS: Final[Mapping[type, Mapping[str, Any]]] = {
    EV: {"drawn_kwh": attrgetter("drawn_kwh"), "state": attrgetter("state")},
    Transformer: {"load_kw": attrgetter("load_kw"), "headroom_kw": attrgetter("headroom_kw")},
    V2GEV: {"power_kw": attrgetter("power_kw"), "soc": attrgetter("soc")},
    Station: {"power_kw": attrgetter("power_kw"), "visitors": attrgetter("n_visitors")},
}
"""What agents of a type, and of those made from it, report. Not by the names of attributes: a model that collects those does
not pickle."""


def of_model() -> mesa.DataCollector:
    """Return a collector of the model's reporters."""
    return mesa.DataCollector(model_reporters=dict(MODEL_REPORTERS))


def of_model_and_agents() -> mesa.DataCollector:
    """Return a collector of the model's and its agents' reporters: a row for every EV, transformer and station at every slot."""
    return mesa.DataCollector(model_reporters=dict(MODEL_REPORTERS), agenttype_reporters=dict(AGENT_REPORTERS))
