"""Tables of nodes of a run's grid that every part makes in the same way: a row a node, and the load of a node slot by slot."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from environment.horizon import Horizon
from runs.metrics import loading, overload_kw
from runs.tables.clock import slot_starts


class NodeLoads(NamedTuple):
    """Loads and limits of some nodes, arrays of shape ``(n_nodes, n_slots)``.

    Parameters
    ----------
    node
        Names of the nodes.
    actual_kw
        Base load below each node as it came.
    ev_kw, free_kw
        Load of the EVs below each node, and with free charging.
    limit_kw
        Limit of each node; infinite for none.
    """

    node: Sequence[str]
    actual_kw: NDArray[np.float64]
    ev_kw: NDArray[np.float64]
    free_kw: NDArray[np.float64]
    limit_kw: NDArray[np.float64]

    def upper_slots(self, horizon: Horizon) -> dict[str, object]:
        """Return the columns of the table ``upper_slots`` for these nodes."""
        slot = np.tile(np.arange(horizon.n_slots), len(self.node))
        return {
            "node": np.repeat([*self.node], horizon.n_slots),
            "slot": slot,
            "start": slot_starts(horizon, slot),
            "actual_kw": self.actual_kw.ravel(),
            "ev_kw": self.ev_kw.ravel(),
            "total_kw": (self.actual_kw + self.ev_kw).ravel(),
            "free_kw": self.free_kw.ravel(),
            "limit_kw": finite(self.limit_kw).ravel(),
        }


def load_columns(
    load_kw: NDArray[np.float64], free_load_kw: NDArray[np.float64], limit_kw: NDArray[np.float64], horizon: Horizon
) -> dict[str, object]:
    """Return the columns of the table ``nodes`` that hold a node's load against its limit.

    Parameters
    ----------
    load_kw, free_load_kw
        Load of each node [kW], and with free charging, shape ``(n_nodes, n_slots)``.
    limit_kw
        Limit of each node in each slot [kW], infinite for none, of the same shape.
    horizon
        Slots of the run.
    """
    starts = [start.isoformat() for start in horizon.slot_starts]
    over_kw = overload_kw(load_kw, limit_kw)
    return {
        "limit_kw": finite(limit_kw.max(axis=1)),
        "peak_kw": load_kw.max(axis=1),
        "peak_time": [starts[slot] for slot in load_kw.argmax(axis=1).tolist()],
        "feed_in_kw": np.maximum(-load_kw.min(axis=1), 0.0),
        "free_peak_kw": free_load_kw.max(axis=1),
        "loading_max": _loading_max(load_kw, limit_kw),
        "free_loading_max": _loading_max(free_load_kw, limit_kw),
        "overload_slots": (over_kw > 0).sum(axis=1),
        "overload_kwh": over_kw.sum(axis=1) * horizon.slot_h,
        "free_overload_slots": (overload_kw(free_load_kw, limit_kw) > 0).sum(axis=1),
    }


def finite(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values, missing where they stand for none."""
    return np.where(np.isfinite(values), values, np.nan)


def jain(shares: NDArray[np.float64], of: NDArray[np.integer], n: int) -> NDArray[np.float64]:
    """Return Jain's index of the shares of each of `n` groups, missing where nobody got anything.

    Parameters
    ----------
    shares
        Part of its need that each got, missing without a need, shape ``(n_shares,)``.
    of
        Group of each, of the same shape.
    n
        Number of groups.
    """
    needy = ~np.isnan(shares)
    total, squares, number = (
        np.bincount(of[needy], weights, minlength=n) for weights in (shares[needy], shares[needy] ** 2, None)
    )
    index: NDArray[np.float64] = np.divide(total**2, number * squares, out=np.full(n, np.nan), where=squares > 0)
    return index


def _loading_max(load_kw: NDArray[np.float64], limit_kw: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the largest load per limit of each node, missing without a limit, infinite for a load where nothing may be."""
    return np.where(np.isinf(limit_kw).all(axis=1), np.nan, loading(load_kw, limit_kw).max(axis=1))


def without_ageing(columns: dict[str, object], n: int) -> dict[str, object]:
    """Return the columns of a table ``nodes`` of `n` nodes, none of which ages or has an optimum."""
    none = ("gap", "hot_spot_max_c", "free_hot_spot_max_c", "loss_of_life_h", "free_loss_of_life_h")
    return {**columns, **dict.fromkeys(none, np.full(n, np.nan))}
