"""Tables of what EVs do to a feeder, whoever leads them; column `transformer` has the node of the grid below which it lies."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from environment.feeders.feeder import UNKNOWN, Feeder
from environment.horizon import Horizon
from runs.feeder_flows import NetworkRun
from runs.tables.clock import slot_starts
from runs.tables.schema import table_of

if TYPE_CHECKING:
    from environment.feeders.power_flow import Flow


class FeederCase(NamedTuple):
    """What a feeder, or each copy of it, did in every slot; rows are slots, those of a copy next to each other.

    Parameters
    ----------
    voltage_pu
        Voltage of each node, shape ``(n_rows, n_nodes)``.
    loss_kw
        Losses, shape ``(n_rows,)``.
    loading
        Loading of lines, then transformers, shape ``(n_rows, n_branches)``.
    """

    voltage_pu: NDArray[np.float64]
    loss_kw: NDArray[np.float64]
    loading: NDArray[np.float64]

    @classmethod
    def of(cls, flow: "Flow") -> Self:
        """Return what a power flow a slot says."""
        return cls(flow.voltage_pu, flow.loss_kw, flow.loading)


def tables_of_network(network: NetworkRun | None, held: frozenset[str]) -> dict[str, pd.DataFrame]:
    """Return the tables of a run's power flows, see `feeder_tables`; none without a feeder."""
    if network is None:
        return {}
    loads = network.loads
    feeder, horizon = loads.placement.feeder, loads.horizon
    cases = [FeederCase.of(flow) for flow in (network.run, network.free, network.no_evs)]
    by_copy_kw = network.run.branch_loss_kw.reshape(loads.names.size, horizon.n_slots, -1)
    more = {"network_branches": {"losses_kwh": by_copy_kw.sum(axis=1).ravel() * horizon.slot_h}}
    return feeder_tables(feeder, loads.names, horizon, cases, held, more)


def feeder_tables(
    feeder: Feeder,
    names: NDArray[np.str_],
    horizon: Horizon,
    cases: list[FeederCase],
    held: frozenset[str],
    more: Mapping[str, Mapping[str, Any]],
) -> dict[str, pd.DataFrame]:
    """Return the tables ``network``, ``network_slots`` and ``network_branches``.

    Parameters
    ----------
    feeder
        The feeder.
    names
        Node of the grid below which each of its copies lies, shape ``(n_copies,)``.
    horizon
        The slots.
    cases
        What it did in the run, with free charging, and without EVs.
    held
        What the run holds; see `runs.tables.schema.held_by`.
    more
        Columns by table that only such a run has.
    """
    content = {
        "network": _voltages(feeder, names, horizon, cases),
        "network_slots": _losses(names, horizon, cases),
        "network_branches": _branches(feeder, names, horizon, cases),
    }
    return {name: table_of(name, {**columns, **more.get(name, {})}, held) for name, columns in content.items()}


def _voltages(feeder: Feeder, names: NDArray[np.str_], horizon: Horizon, cases: list[FeederCase]) -> dict[str, Any]:
    n_rows = names.size * horizon.n_slots
    km, upstream = feeder.ways
    run, free, no_evs = (case.voltage_pu.ravel() for case in cases)
    return {
        "transformer": np.repeat(names, horizon.n_slots * len(feeder)),
        "slot": np.tile(np.repeat(np.arange(horizon.n_slots), len(feeder)), names.size),
        "node": np.tile(feeder.node, n_rows),
        "upstream": np.tile(np.where(upstream == UNKNOWN, "", feeder.node[upstream]), n_rows),
        "distance_km": np.tile(km, n_rows),
        "voltage_pu": run,
        "free_voltage_pu": free,
        "no_evs_voltage_pu": no_evs,
    }


def _losses(names: NDArray[np.str_], horizon: Horizon, cases: list[FeederCase]) -> dict[str, Any]:
    slot = np.tile(np.arange(horizon.n_slots), names.size)
    run, free, no_evs = (case.loss_kw for case in cases)
    return {
        "transformer": np.repeat(names, horizon.n_slots),
        "slot": slot,
        "start": slot_starts(horizon, slot),
        "loss_kw": run,
        "free_loss_kw": free,
        "no_evs_loss_kw": no_evs,
    }


def _branches(feeder: Feeder, names: NDArray[np.str_], horizon: Horizon, cases: list[FeederCase]) -> dict[str, Any]:
    kinds = {"line": feeder.line, "transformer": feeder.transformer}
    branches = np.concatenate(list(kinds.values()))
    run, free, no_evs = (case.loading.reshape(names.size, horizon.n_slots, branches.size) for case in cases)
    rated = ~np.isnan(run).any(axis=1).ravel()
    worst = np.nan_to_num(run).argmax(axis=1).ravel()
    return {
        "transformer": np.repeat(names, branches.size),
        "branch": np.tile(branches, names.size),
        "kind": np.tile(np.repeat(list(kinds), [each.size for each in kinds.values()]), names.size),
        "rated_kva": np.tile(feeder.branch_rated_kva, names.size),
        "worst_slot": pd.arrays.IntegerArray(worst, ~rated),
        "loading_max": run.max(axis=1).ravel(),
        "free_loading_max": free.max(axis=1).ravel(),
        "no_evs_loading_max": no_evs.max(axis=1).ravel(),
    }
