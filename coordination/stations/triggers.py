"""The triggers of the multi-stage schedule: rules on arrays that change what is wanted, granted or stored.

Source: paper C, section 3.2, in words only [reconstructed]. Time level: predict the next slots and adjust the supply. Region level:
power goes from slack to crowded stations. User level: participants' charging is shifted, and their energy lent. Emergency: storage
is switched on when voltage or balance is struck; a voltage that is too high is not answered. Each can be switched off; with all off,
schedules stand as they were found. What is not supplied is cut from EVs, whichever are on. The paper gives no numbers: all are ours
[default].
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from environment.battery import Limits
from environment.compiled import compiled
from environment.settings import Settings
from environment.sums import sum_of

DUST_KW = 1e-9


class TriggersSettings(Settings):
    """Which triggers are on, and what they may do."""

    time: bool = True
    """Time level: storage charges before a forecast peak and gives in it."""

    region: bool = True
    """Region level: stations of a region that are granted more than they need pass it on."""

    user: bool = True
    """User level: willing users of a crowded station come back later, and lend energy meanwhile."""

    emergency: bool = True
    """Emergency: storage is switched on when a voltage is too low or supply short."""

    horizon_slots: int = Field(default=8, ge=1, le=1000)
    """Slots of the forecast, the present one among them."""

    shift_slots: int = Field(default=3, ge=0, le=1000)
    """By how many slots a willing user's charging is shifted at most."""

    crowded_kw: float = Field(default=1200.0, ge=0, le=1e6)
    """Above this power at rated time a station counts as crowded; paper C's least load of a station."""

    lend_kwh: float = Field(default=5.0, ge=0, le=1000)
    """What a shifted EV lends at most in a slot; it gets back as much, and what the two ways lose."""

    lend_soc_min: float = Field(default=0.2, ge=0, le=1)
    """State of charge below which no EV lends."""


def smoothing_kw(forecast_kw: NDArray[np.float64], limits: Limits) -> NDArray[np.float64]:
    """Return what storage is to draw in the present slot [kW], shape ``(m,)``; negative gives (time level).

    It brings each station's demand towards its mean over the forecast.

    Parameters
    ----------
    forecast_kw
        Demand of the present slot and of the next ones, shape ``(k, m)``.
    limits
        What storage could take and give in the slot.
    """
    asked = forecast_kw.mean(axis=0) - forecast_kw[0]
    wanted: NDArray[np.float64] = np.clip(asked, -limits.discharge_kw, limits.charge_kw)
    return wanted


class Passed(NamedTuple):
    """Power passed on within a region.

    Parameters
    ----------
    capacity_kw
        Power granted to each station afterwards, shape ``(k,)``.
    storage_kw
        What storage of slack stations gives for it, as a change of what it draws (at most 0), shape ``(k,)``.
    """

    capacity_kw: NDArray[np.float64]
    storage_kw: NDArray[np.float64]


def passed_on(
    capacity_kw: NDArray[np.float64],
    asked_kw: NDArray[np.float64],
    spare_storage_kw: NDArray[np.float64],
    *,
    least_kw: float,
    most_kw: float,
    room_kw: NDArray[np.float64],
    above: NDArray[np.bool_],
) -> Passed:
    """Pass power from slack to crowded stations of a region (region level).

    What is granted and not needed goes first, then what storage of stations that need no more can give. The most crowded station is
    served first. No line and no transformer carries more than it has room for, and no station gets more than the most or keeps less than the least.

    Parameters
    ----------
    capacity_kw, asked_kw
        Power granted, and power that EVs would draw, shape ``(k,)``.
    spare_storage_kw
        What each station's storage could give beyond what it does, shape ``(k,)``.
    least_kw, most_kw
        Of the power granted.
    room_kw
        What each branch, a line or a transformer, could carry beyond what is drawn, shape ``(n_branches,)``; infinite where nothing is
        known.
    above
        Whether a branch carries what a station draws, shape ``(n_branches, k)``.
    """
    granted, given = capacity_kw.copy(), np.zeros_like(capacity_kw)
    slack = asked_kw <= capacity_kw
    spare = np.where(slack, np.maximum(capacity_kw - np.maximum(asked_kw, least_kw), 0.0), 0.0)
    stored = np.where(slack, spare_storage_kw, 0.0)
    room = room_kw.copy()
    for j in np.argsort(-(asked_kw - capacity_kw), kind="stable").tolist():
        branches = above[:, j]
        most = room[branches].min() if branches.any() else np.inf
        want = min(asked_kw[j] - granted[j], most_kw - granted[j], max(float(most), 0.0))
        if want <= DUST_KW:
            continue
        for source, change in ((spare, granted), (stored, given)):
            there = float(source.sum())
            part = min(want, there)
            if part <= DUST_KW:
                continue
            taken = source * (part / there)
            source[:] -= taken
            change[:] -= taken
            granted[j] += part
            want -= part
            room[branches] -= part
            if source is stored:
                room += above @ taken  # what is stored there need not come from above
    return Passed(granted, given)


@compiled
def shifted(
    need_kwh: NDArray[np.float64], may: NDArray[np.bool_], places: int, crowded_kw: float, time_rated_h: float
) -> NDArray[np.bool_]:
    """Return whose charging is shifted to a later slot, shape ``(q,)`` (user level).

    Those who came last go first, until the rest have places and draw no more than a station that is not crowded.

    Parameters
    ----------
    need_kwh
        What each waiting EV wants, in the order in which they came, shape ``(q,)``.
    may
        Who takes part and can still be shifted, shape ``(q,)``.
    places
        EVs that the station serves at once.
    crowded_kw
        Power at rated time above which it is crowded.
    time_rated_h
        Charging time at rated power.
    """
    out = np.zeros(need_kwh.size, dtype=np.bool_)
    left, staying = need_kwh.size, need_kwh.copy()
    power_kw = sum_of(staying[: min(left, places)]) / time_rated_h
    for i in range(need_kwh.size - 1, -1, -1):
        if left <= places and power_kw <= crowded_kw:
            break
        if may[i]:
            out[i] = True
            left -= 1
            for k in range(i, left):  # all who came before are there: it stands at its own place
                staying[k] = staying[k + 1]
            power_kw = sum_of(staying[: min(left, places)]) / time_rated_h
    return out


def emergency_kw(short_kw: float, spare_kw: NDArray[np.float64], under_v: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return what each station's storage gives in an emergency [kW], shape ``(m,)``, at least 0.

    Storage at nodes below the voltage limit gives all that it can; a shortage is shared in proportion to what is left.

    Parameters
    ----------
    short_kw
        What the supply lacks.
    spare_kw
        What each storage could give beyond what it does, shape ``(m,)``.
    under_v
        Whether a station's node is below its voltage limit, shape ``(m,)``.
    """
    given = np.where(under_v, spare_kw, 0.0)
    left = spare_kw - given
    rest = short_kw - float(given.sum())
    if rest > DUST_KW and left.sum() > DUST_KW:
        given = given + left * min(rest / float(left.sum()), 1.0)
    return given
