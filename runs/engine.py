"""Names of those who can carry out many runs."""

from enum import StrEnum


class Engine(StrEnum):
    """Who carries out the runs."""

    SERIAL = "serial"
    PROCESS = "process"
    DASK = "dask"
