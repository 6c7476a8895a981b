"""A small grid from files: transformers that differ, one with a limit by slot, one that feeds in, limits above them."""

from pathlib import Path

import numpy as np

from runs.scenario import Scenario

SLOTS = 24


def small_grid(folder: Path, transformers: int = 4, limit_share: float = 1.0) -> Scenario:
    """Write a grid's files into a folder, and return the scenario that reads them.

    Parameters
    ----------
    folder
        Takes the files.
    transformers
        How many; the second feeds in, the third has the limit that varies.
    limit_share
        What the limits above the transformers are, per those that just hold.
    """
    clock = (12 + np.arange(SLOTS)) % 24
    home = 30 + 25 * np.exp(-((clock - 19.0) ** 2) / 8)
    sun = np.where((clock >= 9) & (clock < 16), -70.0, 0.0)
    cap = np.where((clock >= 17) & (clock < 21), 60.0, 100.0)
    lines = ["hour,home,sun,cap"]
    lines += [f"{h},{home[h]:.3f},{sun[h]:.3f},{cap[h]:.1f}" for h in range(SLOTS)]
    (folder / "loads.csv").write_text("\n".join(lines) + "\n")
    nodes = ["node,parent,kind,limit_kw,load", f"centre,,control_center,{100 * transformers * limit_share:g},"]
    nodes += [f"S1,centre,substation,{70 * transformers * limit_share:g},", "S2,centre,substation,,"]
    for k in range(1, transformers + 1):
        limit = "cap" if k == 3 else f"{60 + 7 * (k % 9)}"
        nodes.append(f"T{k},S{1 + k % 2},transformer,{limit},home{'+sun' if k == 2 else ''}")
    (folder / "nodes.csv").write_text("\n".join(nodes) + "\n")
    rng = np.random.default_rng(7)
    fleet = ["vehicle,node,plug_in_h,plug_out_h,energy_kwh,power_kw"]
    for k in range(6 * transformers):
        begin = rng.uniform(0, 9)
        fleet.append(f"v{k},T{k % transformers + 1},{begin:.2f},{begin + 12:.2f},{rng.uniform(5, 25):.2f},7.4")
    (folder / "fleet.csv").write_text("\n".join(fleet) + "\n")
    return Scenario().update(
        horizon={"start": "2026-01-14T12:00:00", "slots": SLOTS, "slot_min": 60},
        grid={"source": "table", "path": str(folder / "nodes.csv")},
        loads={"path": str(folder / "loads.csv")},
        fleet={"source": "csv", "path": str(folder / "fleet.csv")},
        run={"engine": "compiled"},
    )
