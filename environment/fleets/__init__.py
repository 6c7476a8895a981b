"""Fleets. A new source is one file here and one name in `FleetSource`."""

from environment.fleets.acn import AcnFleet
from environment.fleets.csv_file import CsvFleet
from environment.fleets.dated import DatedFleet
from environment.fleets.fleet import Fleet
from environment.fleets.nhts import NhtsFleet

type FleetSource = NhtsFleet | CsvFleet | AcnFleet

__all__ = ["AcnFleet", "CsvFleet", "DatedFleet", "Fleet", "FleetSource", "NhtsFleet"]
