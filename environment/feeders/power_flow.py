"""Power flow of a feeder by power-grid-model: built once, solved for a batch of loads in one call.

Balanced three-phase AC, every load of constant power, solved to 1e-8 per unit by Newton-Raphson, or by iterated currents
where the caller asks for it [standard]. Phase shifts of transformers are left out: they turn all angles below them by the
same amount and change no magnitude. Beside its loads, a case of a batch can have on-load taps and a source voltage of its own.
"""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from power_grid_model import (
    BranchSide,
    CalculationMethod,
    ComponentType,
    DatasetType,
    LoadGenType,
    PowerGridModel,
    WindingType,
    initialize_array,
)

from environment.feeders.feeder import Feeder

MOST_TAPS: Final = 127
"""On-load steps up or down that power-grid-model can count."""

METHODS: Final = {
    "newton_raphson": (CalculationMethod.newton_raphson, 30, 1e-8),
    "iterative_current": (CalculationMethod.iterative_current, 1000, 1e-10),
}
"""How power-grid-model solves it, with the most iterations and the last change of a voltage [1].

Iterated currents close in on the solution by a factor a step: to be as near they have to stop at a smaller change, and
shortly before a collapse of the voltage they take hundreds of steps. On 5,400 cases of the built-in feeder, an eighth of
them without a solution, both solved the same ones, with voltages within 5e-9 pu. 300 cases that all have one take about 0.6 of
the time of Newton-Raphson; 300 with many that have none take about three times as long.
"""

UNRATED_A: Final = 1e9
"""Stands for a rated current that is unknown; its loading is told as NaN."""

IN_ONE_THREAD: Final = -1
"""power-grid-model's word for it; runs of a sweep share the cores already."""

PARTS: Final = 100
"""Parts of a load that are tried, to find where it is too much."""

BRANCH_COLUMNS: Final = ("loading", "p_from", "p_to")
BRANCHES: Final = (ComponentType.line, ComponentType.transformer)


@dataclass(frozen=True, eq=False)
class Flow:
    """What a feeder does under each of some cases of load; NaN where a case has no solution, or a load that is no number.

    Parameters
    ----------
    solved
        Whether the power flow of each case converged, shape ``(n_cases,)``; False where a load is NaN or infinite.
    voltage_pu
        Voltage of each node [1], shape ``(n_cases, n_nodes)``.
    line_loading, transformer_loading
        Per rated current or power [1], ``(n_cases, n_lines)`` and ``(n_cases, n_transformers)``; NaN where that is unknown.
    line_loss_kw, transformer_loss_kw
        Losses [kW], of the same shapes.
    source_kw, source_kvar
        Drawn from the grid above, shape ``(n_cases,)``.
    """

    solved: NDArray[np.bool_]
    voltage_pu: NDArray[np.float64]
    line_loading: NDArray[np.float64]
    transformer_loading: NDArray[np.float64]
    line_loss_kw: NDArray[np.float64]
    transformer_loss_kw: NDArray[np.float64]
    source_kw: NDArray[np.float64]
    source_kvar: NDArray[np.float64]

    @property
    def loss_kw(self) -> NDArray[np.float64]:
        """Losses of lines and transformers together [kW], shape ``(n_cases,)``."""
        return self.line_loss_kw.sum(axis=1) + self.transformer_loss_kw.sum(axis=1)

    @property
    def branch_loss_kw(self) -> NDArray[np.float64]:
        """Losses of lines, then of transformers [kW], shape ``(n_cases, n_branches)``."""
        return np.concatenate([self.line_loss_kw, self.transformer_loss_kw], axis=1)

    @property
    def loading(self) -> NDArray[np.float64]:
        """Loading of lines, then of transformers [1], shape ``(n_cases, n_branches)``; NaN where no rating is known."""
        return np.concatenate([self.line_loading, self.transformer_loading], axis=1)


class Weakest(NamedTuple):
    """Where a load that has no power flow is too much for a feeder.

    Parameters
    ----------
    part
        The largest part of the load that has one [1].
    node
        Row of the node with the lowest voltage under that part; with none at all, of the node with the most load.
    voltage_pu
        That voltage [1].
    """

    part: float
    node: int
    voltage_pu: float

    def told(self, feeder: Feeder) -> str:
        """Say it in words."""
        return f"of that it carries {self.part:.0%} at most, with {self.voltage_pu:.2f} pu at node {feeder.node[self.node]}"


class PowerFlow:
    """The power flow of one feeder.

    Parameters
    ----------
    feeder
        Without faults.
    threads
        For a batch; `IN_ONE_THREAD`, a number, or 0 for as many as there are cores.
    tap_step_v
        What one step of an on-load tap changer adds to the upper winding's rated voltage [V], one for all transformers or of
        shape ``(n_transformers,)``; None: there are no on-load tap changers.
    method
        A name of `METHODS`.
    """

    def __init__(
        self,
        feeder: Feeder,
        threads: int = IN_ONE_THREAD,
        tap_step_v: float | NDArray[np.float64] | None = None,
        method: str = "newton_raphson",
    ) -> None:
        self.feeder = feeder
        self.threads = threads
        self.tap_step_v = None if tap_step_v is None else np.broadcast_to(tap_step_v, feeder.transformer.shape)
        self._method, self._most_iterations, self._error_pu = METHODS[method]
        self._first_load = len(feeder) + feeder.line.size + feeder.transformer.size + feeder.link_from.size + 1
        self._model = self._new_model()

    def __getstate__(self) -> dict[str, Any]:
        """Return what is copied and pickled: not power-grid-model's own memory, which no other may free or read."""
        return {name: value for name, value in vars(self).items() if name != "_model"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take up what was pickled, with a model of its own."""
        vars(self).update(state)
        self._model = self._new_model()

    def _new_model(self) -> PowerGridModel:
        return PowerGridModel(_components(self.feeder, self._first_load, self.tap_step_v))

    def solve(
        self,
        load_kw: NDArray[np.float64],
        load_kvar: NDArray[np.float64],
        tap: NDArray[np.integer] | None = None,
        source_pu: NDArray[np.float64] | None = None,
    ) -> Flow:
        """Solve a batch in one call.

        Parameters
        ----------
        load_kw, load_kvar
            Active [kW] and reactive [kvar] load of each node, shape ``(n_cases, n_nodes)``. A case with NaN or an infinite
            load, such as an optimiser's infeasible candidate, counts as not solved.
        tap
            Steps of each on-load tap changer, -127 to 127 beside the feeder's own fixed tap, shape
            ``(n_cases, n_transformers)``; None: 0. A step up adds to the upper winding's rated voltage and so lowers the
            voltage below. A case with a winding at 0 V or less counts as not solved.
        source_pu
            Voltage of the source in each case [1], shape ``(n_cases,)``; None: the feeder's own. A case where it is no
            number above 0 counts as not solved.

        Raises
        ------
        ValueError
            If there are steps of more than 127, or any without a ``tap_step_v``.
        """
        n_cases, n_nodes = load_kw.shape
        update = initialize_array(DatasetType.update, ComponentType.sym_load, (n_cases, n_nodes))
        update["id"] = self._first_load + np.arange(n_nodes)
        # NaN means "as before" to power-grid-model, which is no load: such a case is marked, and solved without any.
        known = (np.isfinite(load_kw) & np.isfinite(load_kvar)).all(axis=1)
        updates = {ComponentType.sym_load: update}
        if tap is not None:
            known &= self._windings_above_0(tap)
            updates[ComponentType.transformer] = self._tap_update(np.where(known[:, None], tap, 0))
        if source_pu is not None:
            known &= np.isfinite(source_pu) & (source_pu > 0)
            updates[ComponentType.source] = self._source_update(np.where(known, source_pu, self.feeder.source_pu))
        update["p_specified"] = np.where(known[:, None], 1e3 * load_kw, 0.0)
        update["q_specified"] = np.where(known[:, None], 1e3 * load_kvar, 0.0)
        output: Any = self._model.calculate_power_flow(
            update_data=updates,
            calculation_method=self._method,
            error_tolerance=self._error_pu,
            max_iterations=self._most_iterations,
            threading=self.threads,
            output_component_types={
                ComponentType.node: ["u_pu"],
                **{kind: list(BRANCH_COLUMNS) for kind in BRANCHES},
                ComponentType.source: ["p", "q"],
            },
            continue_on_batch_error=True,
        )
        solved = known.copy()
        if self._model.batch_error is not None:
            solved[self._model.batch_error.failed_scenarios] = False
        rated = ~np.isnan(self.feeder.line_rated_a)
        lines, transformers = (_branches(output.get(kind, {}), n_cases) for kind in BRANCHES)
        source = output[ComponentType.source]
        return Flow(
            solved=solved,
            voltage_pu=_known(output[ComponentType.node]["u_pu"], solved),
            line_loading=np.where(rated, _known(lines["loading"], solved), np.nan),
            transformer_loading=_known(transformers["loading"], solved),
            line_loss_kw=_loss_kw(lines, solved),
            transformer_loss_kw=_loss_kw(transformers, solved),
            source_kw=_known(source["p"][:, 0], solved) / 1e3,
            source_kvar=_known(source["q"][:, 0], solved) / 1e3,
        )

    def weakest(
        self,
        load_kw: NDArray[np.float64],
        load_kvar: NDArray[np.float64],
        tap: NDArray[np.integer] | None = None,
        source_pu: float | None = None,
    ) -> Weakest:
        """Return where a load that has no power flow is too much; the parameters are those of `solve`, of one case.

        It is found by drawing less of it everywhere, in hundredths.
        """
        parts = np.arange(PARTS) / PARTS
        taps = None if tap is None else np.tile(tap, (PARTS, 1))
        source = None if source_pu is None else np.full(PARTS, source_pu)
        flow = self.solve(np.outer(parts, load_kw), np.outer(parts, load_kvar), taps, source)
        if not flow.solved.any():
            return Weakest(0.0, int(load_kw.argmax()), np.nan)
        last = int(np.flatnonzero(flow.solved)[-1])
        node = int(flow.voltage_pu[last].argmin())
        return Weakest(float(parts[last]), node, float(flow.voltage_pu[last, node]))

    def _windings_above_0(self, tap: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Return whether the upper windings of each case have a voltage, shape ``(n_cases,)``."""
        if self.tap_step_v is None:
            raise ValueError("taps of a feeder without on-load tap changers; expected a tap_step_v")
        if tap.size and max(-int(tap.min()), int(tap.max())) > MOST_TAPS:
            raise ValueError(f"taps of {tap.min()} to {tap.max()} steps; expected -{MOST_TAPS} to {MOST_TAPS}")
        own_v = self.feeder.transformer_hv_v + self.feeder.transformer_tap_v
        return np.asarray((own_v + tap * self.tap_step_v > 0).all(axis=1))

    def _tap_update(self, tap: NDArray[np.integer]) -> NDArray[Any]:
        update = initialize_array(DatasetType.update, ComponentType.transformer, tap.shape)
        update["id"] = len(self.feeder) + self.feeder.line.size + np.arange(self.feeder.transformer.size)
        update["tap_pos"] = tap
        return update

    def _source_update(self, source_pu: NDArray[np.float64]) -> NDArray[Any]:
        update = initialize_array(DatasetType.update, ComponentType.source, (source_pu.size, 1))
        update["id"] = self._first_load - 1
        update["u_ref"] = source_pu[:, None]
        return update


def _branches(columns: dict[str, NDArray[np.float64]], n_cases: int) -> dict[str, NDArray[np.float64]]:
    """Return the output of a kind of branch; power-grid-model leaves it out where a feeder has none."""
    return columns or dict.fromkeys(BRANCH_COLUMNS, np.zeros((n_cases, 0)))


def _loss_kw(branches: dict[str, NDArray[np.float64]], solved: NDArray[np.bool_]) -> NDArray[np.float64]:
    return (_known(branches["p_from"], solved) + _known(branches["p_to"], solved)) / 1e3


def _known(values: NDArray[np.float64], solved: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return a copy with NaN where a case has no solution: what power-grid-model leaves there may be anything."""
    known = np.array(values, dtype=np.float64)
    known[~solved] = np.nan
    return known


def _components(
    feeder: Feeder, first_load: int, tap_step_v: NDArray[np.float64] | None = None
) -> dict[ComponentType, NDArray[Any]]:
    """Return the feeder as power-grid-model takes it: nodes, lines, transformers, links, source, loads numbered on."""
    n = len(feeder)
    node = initialize_array(DatasetType.input, ComponentType.node, n)
    node["id"], node["u_rated"] = np.arange(n), feeder.node_v
    line = initialize_array(DatasetType.input, ComponentType.line, feeder.line.size)
    line["id"] = n + np.arange(feeder.line.size)
    line["from_node"], line["to_node"] = feeder.line_from, feeder.line_to
    line["from_status"] = line["to_status"] = 1
    line["r1"], line["x1"], line["c1"], line["tan1"] = feeder.line_r_ohm, feeder.line_x_ohm, feeder.line_c_f, 0.0
    line["i_n"] = np.where(np.isnan(feeder.line_rated_a), UNRATED_A, feeder.line_rated_a)
    link = initialize_array(DatasetType.input, ComponentType.link, feeder.link_from.size)
    link["id"] = n + line.size + feeder.transformer.size + np.arange(link.size)
    link["from_node"], link["to_node"] = feeder.link_from, feeder.link_to
    link["from_status"] = link["to_status"] = 1
    source = initialize_array(DatasetType.input, ComponentType.source, 1)
    source["id"], source["node"], source["status"] = first_load - 1, feeder.source_node, 1
    source["u_ref"], source["sk"], source["rx_ratio"] = feeder.source_pu, feeder.source_va, feeder.source_rx
    load = initialize_array(DatasetType.input, ComponentType.sym_load, n)
    load["id"], load["node"], load["status"] = first_load + np.arange(n), np.arange(n), 1
    load["type"], load["p_specified"], load["q_specified"] = LoadGenType.const_power, 0.0, 0.0
    return {
        ComponentType.node: node,
        ComponentType.line: line,
        ComponentType.transformer: _transformers(feeder, tap_step_v),
        ComponentType.link: link,
        ComponentType.source: source,
        ComponentType.sym_load: load,
    }


def _transformers(feeder: Feeder, tap_step_v: NDArray[np.float64] | None) -> NDArray[Any]:
    unit = initialize_array(DatasetType.input, ComponentType.transformer, feeder.transformer.size)
    unit["id"] = len(feeder) + feeder.line.size + np.arange(unit.size)
    unit["from_node"], unit["to_node"] = feeder.transformer_hv, feeder.transformer_lv
    unit["from_status"] = unit["to_status"] = 1
    # The fixed tap is part of the winding: power-grid-model takes impedances and ratings at the lower winding, so that it
    # is the same to it, and the on-load steps start from there.
    unit["u1"] = feeder.transformer_hv_v + feeder.transformer_tap_v
    unit["u2"], unit["sn"] = feeder.transformer_lv_v, feeder.transformer_va
    unit["uk"], unit["pk"] = feeder.transformer_uk, feeder.transformer_pk_w
    unit["i0"], unit["p0"] = feeder.transformer_i0, feeder.transformer_p0_w
    unit["winding_from"] = unit["winding_to"] = WindingType.wye_n
    unit["clock"] = 0
    unit["tap_side"] = BranchSide.from_side
    unit["tap_min"], unit["tap_nom"], unit["tap_max"] = -MOST_TAPS, 0, MOST_TAPS
    unit["tap_pos"] = 0
    unit["tap_size"] = 0.0 if tap_step_v is None else tap_step_v
    return unit
