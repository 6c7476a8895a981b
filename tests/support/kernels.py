"""Which kernels a run compiles or loads after it was made ready: ``python -m tests.support.kernels SECTION.KEY=VALUE ...``."""

import sys

import numpy as np
from numba.core.registry import CPUDispatcher

from runs.kinds import kind_of
from runs.scenario import Scenario


def signatures() -> set[str]:
    """Return every signature of every kernel that this process has compiled or loaded."""
    return {
        f"{kernel.py_func.__module__}.{kernel.py_func.__qualname__} {signature}"
        for name, module in list(sys.modules.items())
        if name.startswith(("environment", "coordination"))
        for kernel in vars(module).values()
        if isinstance(kernel, CPUDispatcher)
        for signature in kernel.signatures
    }


def late(case: Scenario) -> list[str]:
    """Make a scenario ready, run it without its tables, and return what was compiled or loaded in the run."""
    kind = kind_of(case)
    kind.build(case, np.random.default_rng(1))  # what is built has kernels of its own, outside the clock
    kind.ready(case)
    before = signatures()
    if case.stations is not None:
        from runs.stations.engine import carry_out  # noqa: PLC0415  (each kind of run has kernels of its own)
        from runs.stations.part import StationPark  # noqa: PLC0415  (each kind of run has kernels of its own)

        carry_out(StationPark.build(case, np.random.default_rng(1)))
    elif case.peak_shaving is not None:
        from runs.v2g.engine import run_shaving  # noqa: PLC0415  (each kind of run has kernels of its own)

        run_shaving(case)
    else:
        from runs.homes.part import Homes  # noqa: PLC0415  (each kind of run has kernels of its own)
        from runs.simulate import run_world  # noqa: PLC0415  (each kind of run has kernels of its own)

        run_world(Homes.build(case, np.random.default_rng(1)), lambda _: None)
    return sorted(signatures() - before)


if __name__ == "__main__":
    texts = sys.argv[1:]
    case, faults = Scenario.read_leniently(None, texts)
    print(*faults, *late(case), sep="\n")  # noqa: T201  (what the command is for)
