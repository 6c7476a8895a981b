"""Engines of a sweep, by name."""

from enum import StrEnum


class Engine(StrEnum):
    """An engine carries out many runs: in this process, in processes, or on Dask (`runs.workers`)."""

    SERIAL = "serial"
    PROCESS = "process"
    DASK = "dask"
