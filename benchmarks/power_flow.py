"""A day of 96 power flows of a feeder in one call, beside pandapower in an environment of its own (`make bench-feeder`)."""

import subprocess
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import best_s
from environment.feeders import Feeder
from environment.feeders.power_flow import PowerFlow

SLOTS = 96
PANDAPOWER = Path(__file__).parent.parent / ".venv-pandapower" / "bin" / "python"
SIZES = {129: 400.0, 1_000: 12_470.0}
"""Nodes, and rated voltage [V]."""


def radial_feeder(nodes: int, rated_v: float) -> Feeder:
    """Return a radial feeder with random branches that carries its loads with about 5 % of voltage drop."""
    rng = np.random.default_rng(1)
    lines, rows = nodes - 1, np.arange(1, nodes)
    parents = np.array([rng.integers(max(0, row - 8), row) for row in rows])
    kw = rng.uniform(0.5, 1.5, lines)
    ohm = rng.uniform(0.5, 1.5, lines)
    drop = np.zeros(nodes)
    carried = np.append(0.0, kw)
    for row in rows[::-1]:
        carried[parents[row - 1]] += carried[row]
    for row in rows:
        drop[row] = drop[parents[row - 1]] + 1e3 * carried[row] * ohm[row - 1] / rated_v**2
    ohm *= 0.05 / drop.max()
    none, no_rows = np.zeros(0), np.zeros(0, dtype=np.int64)
    return Feeder(
        title=f"feeder of {nodes} nodes", node=np.arange(nodes).astype(str), node_v=np.full(nodes, rated_v),
        line=rows.astype(str), line_from=parents, line_to=rows, line_r_ohm=ohm, line_x_ohm=ohm / 2,
        line_c_f=np.zeros(lines), line_rated_a=np.full(lines, 300.0), line_km=np.full(lines, 0.05),
        transformer=np.zeros(0, dtype=np.str_), transformer_hv=no_rows, transformer_lv=no_rows,
        transformer_hv_v=none, transformer_lv_v=none, transformer_va=none, transformer_uk=none, transformer_pk_w=none,
        transformer_i0=none, transformer_p0_w=none, transformer_tap_v=none, link_from=no_rows, link_to=no_rows,
        load_node=rows, load_kw=kw, load_kvar=0.3 * kw, source_node=0, source_pu=1.0,
    )  # fmt: skip


def pandapower_day(
    feeder: Feeder, load_kw: NDArray[np.float64], load_kvar: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """Return seconds and voltages of the same day in pandapower."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "feeder.npz", Path(folder) / "out.npz"
        names = ("node_v", "line_from", "line_to", "line_r_ohm", "line_x_ohm", "line_rated_a")
        columns = {name: getattr(feeder, name) for name in names}
        np.savez(source, load_kw=load_kw, load_kvar=load_kvar, **columns)
        loop = Path(__file__).with_name("pandapower_loop.py")
        subprocess.run([PANDAPOWER, loop, source, target], check=True)  # noqa: S603  (our own script)
        out = np.load(target)
        return float(out["seconds"]), out["voltage_pu"]


def main() -> None:
    """Print the table."""
    print(f"\nA day of {SLOTS} power flows in one call (Newton-Raphson), best of 5")
    print(
        f"{'nodes':>6} {'make s':>8} {'1 thread s':>11} {'2 threads s':>12} {'pandapower s':>13} {'ratio':>6} {'apart pu':>9}"
    )
    for nodes, rated_v in SIZES.items():
        feeder = radial_feeder(nodes, rated_v)
        scale = 0.6 + 0.4 * np.sin(np.linspace(0, 2 * np.pi, SLOTS))[:, None]
        load_kw, load_kvar = scale * feeder.own_kw, scale * feeder.own_kvar
        solver, pair = PowerFlow(feeder), PowerFlow(feeder, threads=2)
        make_s = best_s(lambda: PowerFlow(feeder))
        one_s = best_s(lambda: solver.solve(load_kw, load_kvar))
        two_s = best_s(lambda: pair.solve(load_kw, load_kvar))
        row = f"{nodes:>6,} {make_s:>8.4f} {one_s:>11.4f} {two_s:>12.4f}"
        if PANDAPOWER.exists():
            theirs_s, voltage_pu = pandapower_day(feeder, load_kw, load_kvar)
            apart = np.abs(solver.solve(load_kw, load_kvar).voltage_pu - voltage_pu).max()
            print(f"{row} {theirs_s:>13.3f} {theirs_s / one_s:>6.0f} {apart:>9.1e}")
        else:
            print(f"{row} {'no environment for it: make bench-feeder':>40}")


if __name__ == "__main__":
    main()
