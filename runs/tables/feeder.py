"""Tables of what the EVs of a run do to the feeder; column `transformer` has the node of the grid below which it lies."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from environment.feeders.feeder import UNKNOWN
from runs.feeder_flows import NetworkRun
from runs.tables.clock import slot_starts
from runs.tables.schema import table_of

if TYPE_CHECKING:
    from environment.feeders.power_flow import Flow


def feeder_tables(network: NetworkRun | None, held: frozenset[str]) -> dict[str, pd.DataFrame]:
    """Return the tables ``network``, ``network_slots`` and ``network_branches`` of a run that holds `held`; none without a feeder."""
    if network is None:
        return {}
    content = {
        "network": _voltages(network),
        "network_slots": _losses(network),
        "network_branches": _branches(network),
    }
    return {name: table_of(name, columns, held) for name, columns in content.items()}


def _voltages(network: NetworkRun) -> dict[str, Any]:
    feeder, names, n_slots = network.loads.placement.feeder, network.loads.names, network.loads.horizon.n_slots
    km, upstream = feeder.ways
    cases = names.size * n_slots
    above = np.where(upstream == UNKNOWN, "", feeder.node[upstream])
    return {
        "transformer": np.repeat(names, n_slots * len(feeder)),
        "slot": np.tile(np.repeat(np.arange(n_slots), len(feeder)), names.size),
        "node": np.tile(feeder.node, cases),
        "upstream": np.tile(above, cases),
        "distance_km": np.tile(km, cases),
        "voltage_pu": network.run.voltage_pu.ravel(),
        "free_voltage_pu": network.free.voltage_pu.ravel(),
        "no_evs_voltage_pu": network.no_evs.voltage_pu.ravel(),
    }


def _losses(network: NetworkRun) -> dict[str, Any]:
    names, horizon = network.loads.names, network.loads.horizon
    slot = np.tile(np.arange(horizon.n_slots), names.size)
    return {
        "transformer": np.repeat(names, horizon.n_slots),
        "slot": slot,
        "start": slot_starts(horizon, slot),
        "loss_kw": network.run.loss_kw,
        "free_loss_kw": network.free.loss_kw,
        "no_evs_loss_kw": network.no_evs.loss_kw,
    }


def _branches(network: NetworkRun) -> dict[str, Any]:
    feeder, names, horizon = network.loads.placement.feeder, network.loads.names, network.loads.horizon
    kinds = {"line": feeder.line, "transformer": feeder.transformer}
    branches = np.concatenate(list(kinds.values()))

    def by_copy(flow: "Flow", what: str) -> NDArray[np.float64]:
        both = np.concatenate([getattr(flow, f"{kind}_{what}") for kind in kinds], axis=1)
        return both.reshape(names.size, horizon.n_slots, branches.size)

    loading = by_copy(network.run, "loading")
    rated = ~np.isnan(loading).any(axis=1).ravel()
    worst = np.nan_to_num(loading).argmax(axis=1).ravel()
    return {
        "transformer": np.repeat(names, branches.size),
        "branch": np.tile(branches, names.size),
        "kind": np.tile(np.repeat(list(kinds), [each.size for each in kinds.values()]), names.size),
        "rated_kva": np.tile(feeder.branch_rated_kva, names.size),
        "worst_slot": pd.arrays.IntegerArray(worst, ~rated),
        "loading_max": loading.max(axis=1).ravel(),
        "free_loading_max": by_copy(network.free, "loading").max(axis=1).ravel(),
        "no_evs_loading_max": by_copy(network.no_evs, "loading").max(axis=1).ravel(),
        "losses_kwh": by_copy(network.run, "loss_kw").sum(axis=1).ravel() * horizon.slot_h,
    }
