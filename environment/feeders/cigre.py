"""The European distribution benchmarks of CIGRE Task Force C6.04.02; `data/README.md` has the citation and what was done."""

from functools import lru_cache
from pathlib import Path
from typing import Literal

from environment.feeders.feeder import Feeder
from environment.feeders.settings import FeederSettings
from environment.feeders.tables import read_folder

DATA = Path(__file__).parent / "data"


class CigreLvFeeder(FeederSettings):
    """The CIGRE low-voltage benchmark: 44 nodes at 20 and 0.4 kV, residential, industrial and commercial, 746 kVA of load."""

    source: Literal["cigre_lv"]
    """The CIGRE low-voltage benchmark."""

    def read(self) -> Feeder:
        """Return the benchmark; see `FeederSettings.read`."""
        return _benchmark(self.source)


class CigreMvFeeder(FeederSettings):
    """The CIGRE medium-voltage benchmark: 15 nodes at 110 and 20 kV, two feeders, radial, 45 MW of load."""

    source: Literal["cigre_mv"]
    """The CIGRE medium-voltage benchmark."""

    def read(self) -> Feeder:
        """Return the benchmark; see `FeederSettings.read`."""
        return _benchmark(self.source)


@lru_cache(maxsize=4)  # a sweep asks for it thousands of times
def _benchmark(name: str) -> Feeder:
    return read_folder(DATA / name, f"feeder {name}")
