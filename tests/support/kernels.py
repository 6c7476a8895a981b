"""Which kernels a run compiles or loads after it was made ready: ``python -m tests.support.kernels SECTION.KEY=VALUE ...``."""

import sys

import numpy as np
from numba.core.registry import CPUDispatcher

from runs.scenario import Scenario
from runs.simulate import carry_out, ready
from runs.world import World


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
    world = World.build(case, np.random.default_rng(1))  # what is built has kernels of its own, outside the clock
    ready(case)
    before = signatures()
    carry_out(world, lambda _: None)
    return sorted(signatures() - before)


if __name__ == "__main__":
    texts = sys.argv[1:]
    case, faults = Scenario.read_leniently(None, texts)
    print(*faults, *late(case), sep="\n")  # noqa: T201  (what the command is for)
