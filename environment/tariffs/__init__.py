"""Tariffs. A new source is one file here and one name in `TariffSource`."""

from environment.tariffs.beijing import BeijingTariff
from environment.tariffs.csv_file import CsvTariff
from environment.tariffs.guangdong import GuangdongTariff
from environment.tariffs.tariff import Tariff

type TariffSource = GuangdongTariff | BeijingTariff | CsvTariff

__all__ = ["BeijingTariff", "CsvTariff", "GuangdongTariff", "Tariff", "TariffSource"]
