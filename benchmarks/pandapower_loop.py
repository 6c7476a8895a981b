"""A day of power flows in pandapower, run by the Python of an environment of its own: feeder in, times and voltages out.

.venv-pandapower/bin/python benchmarks/pandapower_loop.py feeder.npz out.npz
"""

import sys
import time

import numpy as np
import pandapower as pp


def main(source: str, target: str) -> None:
    """Read a radial feeder and its loads, run every slot with `runpp`, and write seconds and voltages."""
    data = np.load(source)
    net = pp.create_empty_network()
    buses = pp.create_buses(net, data["node_v"].size, vn_kv=data["node_v"] / 1e3)
    pp.create_ext_grid(net, buses[0])
    n_lines = data["line_from"].size
    pp.create_lines_from_parameters(
        net, data["line_from"], data["line_to"], length_km=np.ones(n_lines), r_ohm_per_km=data["line_r_ohm"],
        x_ohm_per_km=data["line_x_ohm"], c_nf_per_km=np.zeros(n_lines), max_i_ka=data["line_rated_a"] / 1e3,
    )  # fmt: skip
    loads = pp.create_loads(net, buses, p_mw=np.zeros(buses.size), q_mvar=np.zeros(buses.size))
    voltage_pu = np.empty_like(data["load_kw"])

    def day() -> None:
        for slot, (active_kw, reactive_kvar) in enumerate(zip(data["load_kw"], data["load_kvar"], strict=True)):
            net.load.loc[loads, "p_mw"] = active_kw / 1e3
            net.load.loc[loads, "q_mvar"] = reactive_kvar / 1e3
            pp.runpp(net)
            voltage_pu[slot] = net.res_bus.vm_pu

    day()  # numba compiles
    begun = time.perf_counter()
    day()
    np.savez(target, seconds=time.perf_counter() - begun, voltage_pu=voltage_pu)


if __name__ == "__main__":
    main(*sys.argv[1:])
