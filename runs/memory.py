"""How much memory there is for a run: what the system can give away, and no more than its control groups allow."""

import os
from pathlib import Path

MEMINFO = Path("/proc/meminfo")
OWN_GROUPS = Path("/proc/self/cgroup")
GROUPS = Path("/sys/fs/cgroup")

LIMIT_FILES = (("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes"))
"""Of a control group, version 2 and version 1: its limit, and what is used of it."""


def free_bytes() -> int | None:
    """Return the memory that can still be taken [bytes]; None where the system does not say."""
    known = [each for each in (_available(), _left_to_group()) if each is not None]
    return min(known, default=None)


def _available() -> int | None:
    try:
        words = {line.split(":")[0]: line.split()[1] for line in MEMINFO.read_text(encoding="ascii").splitlines()}
        return 1024 * int(words["MemAvailable"])
    except (OSError, ValueError, LookupError):
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # not on every system
        return None


def _left_to_group() -> int | None:
    """Return what is left to this process's control group and to those above it; None where none has a limit."""
    try:
        lines = OWN_GROUPS.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    left = []
    for line in lines:
        _, controllers, place = line.split(":", 2)
        if controllers not in ("", "memory"):
            continue
        group = GROUPS / controllers / place.lstrip("/")
        for folder in (group, *group.parents):
            left += [found for files in LIMIT_FILES if (found := _left(folder, *files)) is not None]
            if folder == GROUPS:
                break
    return min(left, default=None)


def _left(folder: Path, limit: str, usage: str) -> int | None:
    """Return what is left below a group's limit, files that are only kept ready counted as free; None without a limit."""
    try:
        most, used = (int((folder / name).read_text(encoding="ascii")) for name in (limit, usage))
        stat = dict(line.split() for line in (folder / "memory.stat").read_text(encoding="ascii").splitlines())
        return max(most - used + int(stat["inactive_file"]), 0)
    except (OSError, ValueError, LookupError):
        return None
