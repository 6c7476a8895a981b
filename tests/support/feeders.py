"""Small feeders for tests."""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from environment.feeders import Feeder

ENDS = {"line_from", "line_to", "transformer_hv", "transformer_lv", "link_from", "link_to", "load_node"}


def radial(
    parents: Sequence[int], r_ohm: Sequence[float], kw: Sequence[float], *, x_ohm: Sequence[float] | None = None
) -> Feeder:
    """Return a 400 V feeder: node 0 is the source, node i + 1 hangs below ``parents[i]``; loads at a power factor of 0.95."""
    n = len(parents)
    none, no_rows = np.zeros(0), np.zeros(0, dtype=np.int64)
    load = np.asarray(kw, dtype=np.float64)
    return Feeder(
        title="feeder test",
        node=np.array([f"n{i}" for i in range(n + 1)]),
        node_v=np.full(n + 1, 400.0),
        line=np.array([f"l{i + 1}" for i in range(n)], dtype=np.str_),
        line_from=np.array(parents, dtype=np.int64),
        line_to=1 + np.arange(n),
        line_r_ohm=np.asarray(r_ohm, dtype=np.float64),
        line_x_ohm=np.asarray(r_ohm if x_ohm is None else x_ohm, dtype=np.float64),
        line_c_f=np.zeros(n),
        line_rated_a=np.full(n, 100.0),
        line_km=np.full(n, 0.1),
        transformer=np.zeros(0, dtype=np.str_),
        transformer_hv=no_rows,
        transformer_lv=no_rows,
        **{f"transformer_{name}": none for name in ("hv_v", "lv_v", "va", "uk", "pk_w", "i0", "p0_w", "tap_v")},
        link_from=no_rows,
        link_to=no_rows,
        load_node=1 + np.arange(n),
        load_kw=load,
        load_kvar=load * np.tan(np.arccos(0.95)),
        source_node=0,
        source_pu=1.0,
    )


def changed(feeder: Feeder, **rows: dict[int, Any]) -> Feeder:
    """Return a feeder with some entries of some columns replaced: ``line_r_ohm={0: 0.0}``."""
    columns = {}
    for name, entries in rows.items():
        column = getattr(feeder, name).copy()
        for row, value in entries.items():
            column[row] = value
        columns[name] = column
    return replace(feeder, **columns)


def permuted(feeder: Feeder, order: NDArray[np.int64]) -> Feeder:
    """Return the same feeder with its nodes, and its lines, in another order: row ``order[i]`` becomes row i."""
    new_row = np.argsort(order)
    columns = {}
    for field in fields(feeder):
        column = getattr(feeder, field.name)
        if field.name in {"node", "node_v"}:
            columns[field.name] = column[order]
        elif field.name in ENDS:
            columns[field.name] = new_row[column]
    turned = replace(feeder, **columns, source_node=int(new_row[feeder.source_node]))
    lines = {f.name: getattr(turned, f.name)[::-1] for f in fields(feeder) if f.name.partition("_")[0] == "line"}
    return replace(turned, **lines)


def with_transformers(parents: Sequence[int], kw: Sequence[float], units: Sequence[int]) -> Feeder:
    """Return a feeder as `radial` does, in which some branches are transformers of 400 kVA with one voltage at both windings."""
    feeder = radial(parents, [0.01] * len(parents), kw)
    lines = np.setdiff1d(np.arange(len(parents)), units)
    columns = {f.name: getattr(feeder, f.name)[lines] for f in fields(feeder) if f.name.partition("_")[0] == "line"}
    rows = np.array(sorted(units), dtype=np.int64)
    usual = {"hv_v": 400.0, "lv_v": 400.0, "va": 4e5, "uk": 0.04, "pk_w": 4e3, "i0": 0.0, "p0_w": 0.0, "tap_v": 0.0}
    return replace(
        feeder,
        **columns,
        transformer=np.array([f"t{row + 1}" for row in rows.tolist()], dtype=np.str_),
        transformer_hv=np.asarray(parents, dtype=np.int64)[rows],
        transformer_lv=1 + rows,
        **{f"transformer_{name}": np.full(rows.size, value) for name, value in usual.items()},
    )
