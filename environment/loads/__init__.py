"""Base loads. A new source is one file here and one name in `LoadSource`."""

from environment.loads.bdew import BdewLoad
from environment.loads.builtin import BuiltinLoad
from environment.loads.csv_file import CsvLoad
from environment.loads.profile import LoadProfile
from environment.loads.pv import PvLoad

type LoadSource = BuiltinLoad | CsvLoad | BdewLoad | PvLoad

__all__ = ["BdewLoad", "BuiltinLoad", "CsvLoad", "LoadProfile", "LoadSource", "PvLoad"]
