"""Times and memory of a call, the way every benchmark here takes them."""

import time
from collections.abc import Callable
from pathlib import Path


def best_s(call: Callable[[], object], repeats: int = 5) -> float:
    """Return the shortest of some wall times of a call [s]."""
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    return min(times)


def memory_mb(field: str = "VmRSS") -> float:
    """Return the process's memory now, or at its peak with "VmHWM" [MB]."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(field + ":"):
            return float(line.split()[1]) / 1024
    raise LookupError(field)
