"""What numbers say of their units: watts for kilowatts, percent for parts and cents for whole money are told, not believed."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from environment.fleets.fleet import Fleet
from environment.horizon import Horizon
from environment.loads.profile import LoadProfile
from environment.tariffs.tariff import Tariff

MOST_POWER_KW: Final = 400.0
"""No charging point for cars gives more."""

MOST_NEED_KWH: Final = 200.0
"""No car asks for more."""

MOST_BATTERY_KWH: Final = 1000.0
"""No lorry's battery is larger."""

FAR: Final = 100.0
"""A load and a limit, or two loads, that differ by this factor are not in one unit."""

MOST_YUAN_PER_KWH: Final = 10.0
"""No tariff is dearer on average."""


def odd_fleet(fleet: Fleet, horizon: Horizon, limit_kw: float | NDArray[np.float64]) -> list[str]:
    """Say which EVs' powers, needs, batteries and stays are out of all proportion, and which unit was likely meant.

    Parameters
    ----------
    fleet
        The EVs.
    horizon
        The slots.
    limit_kw
        Limit of a transformer, or of the one of each stay, shape ``(n_stays,)``.
    """
    power, need, battery = fleet.power_kw, fleet.energy_kwh, fleet.capacity_kwh
    strong = power > np.minimum(MOST_POWER_KW, limit_kw)
    found = []
    if strong.any():
        who, strongest = fleet.named(strong), float(power.max())
        over = float(np.divide(power, limit_kw, out=np.zeros(len(fleet)), where=np.greater(limit_kw, 0)).max())
        times = f", {over:,.1f} times the transformer's limit" if over > 1 else ""
        meant = "are watts" if strongest > MOST_POWER_KW else "is a larger transformer.limit_kw"
        found.append(f"power_kw of {who} is up to {strongest:,.6g} kW{times}; {meant} meant?")
    hungry = (need > MOST_NEED_KWH) & ~(battery >= need)
    for name, values, odd in (("energy_kwh", need, hungry), ("capacity_kwh", battery, battery > MOST_BATTERY_KWH)):
        if odd.any():
            found.append(f"{name} of {fleet.named(odd)} is up to {values[odd].max():,.6g} kWh; are watt-hours meant?")
    if len(fleet) and (fleet.plug_out_h - fleet.plug_in_h < horizon.slot_h).all():
        found.append(
            f"all stays are shorter than one slot of {horizon.slot_min} min; are plug-in and plug-out in hours?"
        )
    return found


def odd_load(load: LoadProfile, beside_kw: float, beside: str) -> list[str]:
    """Say whether a base load, and what it turns out to be, is out of all proportion.

    Parameters
    ----------
    load
        The base load.
    beside_kw, beside
        What the load should be of the size of [kW], and what that is called.
    """
    forecast, actual = (float(np.abs(each).max()) for each in (load.forecast_kw, load.actual_kw))
    found = _far("the base load's largest slot", forecast, beside_kw, beside)
    fluctuation = max([load.fluctuation, *(part.fluctuation for part in load.parts)])
    if fluctuation == 0:
        found += _far("the actual load's largest slot", actual, forecast, "its forecast's")
    if fluctuation > 1:
        found.append(
            f"a load's fluctuation = {fluctuation:g} is {fluctuation:.0%}; are {fluctuation:g} %, {fluctuation / 100:g}, meant?"
        )
    return found


def odd_prices(tariff: Tariff) -> list[str]:
    """Say whether prices are out of all proportion."""
    mean = float(np.abs(tariff.charge_yuan_per_kwh).mean())
    if mean <= MOST_YUAN_PER_KWH:
        return []
    return [f"prices are {mean:,.6g} yuan/kWh on average; are hundredths, or prices of a MWh, meant?"]


def _far(what: str, value_kw: float, beside_kw: float, beside: str) -> list[str]:
    if min(value_kw, beside_kw) <= 0 or 1 / FAR < value_kw / beside_kw < FAR:
        return []
    large = value_kw > beside_kw
    times = value_kw / beside_kw if large else beside_kw / value_kw
    unit, part = ("watts", "times") if large else ("megawatts", "times less than")
    return [f"{what}, {value_kw:,.6g} kW, is {times:,.0f} {part} {beside}, {beside_kw:,.6g} kW; are {unit} meant?"]
