"""Feeders. A new source is one file here and one name in `FeederSource`."""

from environment.feeders.builtin import BuiltinFeeder
from environment.feeders.cigre import CigreLvFeeder, CigreMvFeeder
from environment.feeders.feeder import Feeder
from environment.feeders.pgm_json import PgmJsonFeeder
from environment.feeders.simbench import SimbenchFeeder

type FeederSource = BuiltinFeeder | CigreLvFeeder | CigreMvFeeder | SimbenchFeeder | PgmJsonFeeder

__all__ = [
    "BuiltinFeeder",
    "CigreLvFeeder",
    "CigreMvFeeder",
    "Feeder",
    "FeederSource",
    "PgmJsonFeeder",
    "SimbenchFeeder",
]
