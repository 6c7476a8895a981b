"""Times and memory of a call, the way every benchmark here takes them."""

import time
from collections.abc import Callable
from pathlib import Path


def best_s(call: Callable[[], object], repeats: int = 5, clock: Callable[[], float] = time.perf_counter) -> float:
    """Return the shortest of some times of a call [s]: wall times, or those of another clock."""
    times = []
    for _ in range(repeats):
        begun = clock()
        call()
        times.append(clock() - begun)
    return min(times)


def memory_mb(field: str = "VmRSS") -> float:
    """Return the process's memory now, or at its peak with "VmHWM" [MB]."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(field + ":"):
            return float(line.split()[1]) / 1024
    raise LookupError(field)
