"""Files of numbers as spreadsheets write them: whatever a file's shape, it reads as the same numbers or is a fault."""

import csv
import gzip
import io
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from environment.csv_table import CsvTable
from environment.input_faults import FaultyInputError
from tests.support.laws import examples

NUMBERS = st.lists(st.floats(-1e6, 1e6).map(lambda value: round(value, 4)), min_size=1, max_size=5)


def table_of(folder: Path, text: str, *, encoding: str = "utf-8", packed: bool = False) -> CsvTable:
    path = folder / ("t.csv.gz" if packed else "t.csv")
    path.write_bytes(gzip.compress(text.encode(encoding)) if packed else text.encode(encoding))
    return CsvTable(path, ["name", "load_kw"])


@given(
    values=NUMBERS,
    shape=st.sampled_from([(",", "."), (";", "."), (";", ","), ("\t", "."), ("\t", ",")]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    packed=st.booleans(),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    blank=st.sampled_from(["", " "]),
)
def test_a_table_reads_as_the_same_numbers_in_every_shape(
    values: list[float], shape: tuple[str, str], encoding: str, packed: bool, quoting: Literal[0, 1], blank: str
) -> None:
    mark, decimal = shape
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=mark, quoting=quoting)
    writer.writerow(["name", f"{blank}load_kw{blank}"])
    # A value with two decimals tells the decimal mark.
    writer.writerows([f"é{i}", f"{value}".replace(".", decimal)] for i, value in enumerate([0.25, *values]))
    with TemporaryDirectory() as folder:
        table = table_of(Path(folder), stream.getvalue(), encoding=encoding, packed=packed)
    assert table.numbers("load_kw").tolist() == [0.25, *values]
    assert table.faults == []
    assert table.texts("name")[0] == "é0"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ('name,load_kw\na,"1,5"\nb,1.5\n', [2]),  # a decimal comma needs other marks between cells
        ('name,load_kw\na,"1.234,5"\n', [2]),
        ('name,load_kw\na,"1,234.5"\n', [2]),
        ("name;load_kw\na;1.234,5\nb;1,5\n", [2]),
        ("name;load_kw\na;1.5\nb;1,5\n", [2]),  # two decimal marks in one file
        ("name;load_kw\na;1.234\nb;1,5\n", [2]),  # a thousand and more, as 1,5 says
        ("name;load_kw\na;1.234\nb;5\n", [2]),  # a thousand, or one and a bit
        ("name\tload_kw\na\t1,234,567\nb\t1,5\n", [2]),
    ],
)
def test_a_number_that_can_be_read_in_two_ways_is_a_fault(tmp_path: Path, text: str, lines: list[int]) -> None:
    table = table_of(tmp_path, text)
    table.numbers("load_kw")
    assert [fault.row for fault in table.faults] == lines


def test_decimal_points_beside_semicolons_are_told_by_one_number(tmp_path: Path) -> None:
    assert table_of(tmp_path, "name;load_kw\na;1.234\nb;0.5\n").numbers("load_kw").tolist() == [1.234, 0.5]


def test_a_header_that_lacks_columns_is_told_all_that_there_may_be(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("name\na\n")
    with pytest.raises(FaultyInputError) as caught:
        CsvTable(path, ["name", "kw"], ["kwh"], either=[("from", "to"), ("slot",)])
    text = str(caught.value)
    assert (
        "column kw is missing; expected header name,kw, with from,to or slot; kwh may be left out; found name" in text
    )
    assert "header is name; expected one of from,to or slot" in text


def test_long_cells_are_shortened_in_faults(tmp_path: Path) -> None:
    table = table_of(tmp_path, f"name,load_kw\na,{'x' * 5000}\n")
    table.numbers("load_kw")
    assert len(str(table.faults[0])) < 300
    with pytest.raises(FaultyInputError) as caught:
        table_of(tmp_path, f"{'x' * 5000}\n1\n")
    assert all(len(str(fault)) < 700 for fault in caught.value.faults)


@pytest.mark.parametrize("value", ["1e308", "-1e308", "1.1e9"])
def test_no_quantity_is_absurdly_large(tmp_path: Path, value: str) -> None:
    table = table_of(tmp_path, f"name,load_kw\na,{value}\nb,1e9\n")
    table.numbers("load_kw")
    assert [fault.expected for fault in table.faults] == ["between -1e+09 and 1e+09"]


def test_a_name_that_no_disk_takes_is_a_fault_in_short(tmp_path: Path) -> None:
    with pytest.raises(
        FaultyInputError, match=r"file is unreadable \(File name too long\); expected a CSV file"
    ) as caught:
        CsvTable(tmp_path / ("x" * 5000), ["name"])
    assert len(str(caught.value)) < 500


CELLS = st.one_of(
    st.floats(-1e9, 1e9).map(repr),
    st.decimals(-1000, 1000, places=3).map(str),
    st.integers(-(10**9), 10**9).map(str),
    st.sampled_from(
        ["1_000", "\u0661", "+3", ".5", "5.", "1e5", "1e-400", "nan", "inf", "1e12", "0x10", "True", "x", "-0"]
    ),
)


@given(cells=st.lists(CELLS, min_size=1, max_size=5), comma=st.booleans())
@examples(3)
def test_a_number_is_the_same_beside_cells_that_are_none(cells: list[str], comma: bool) -> None:
    """What reads columns of plain numbers fast gives the bits, and the faults, of what reads the others."""
    cells = [cell.replace(".", ",") for cell in cells] if comma else cells
    mark = ";" if comma else ","

    def read(*more: str) -> tuple[list[float], list[str]]:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "t.csv"
            rows = [f"a{mark}b", f"0{mark}{'0,5' if comma else '0.5'}", *(f"{cell}{mark}1" for cell in (*cells, *more))]
            path.write_text("\n".join(rows), encoding="utf-8")
            table = CsvTable(path, ["a", "b"])
            return table.numbers("a")[: len(cells) + 1].tolist(), [str(fault) for fault in table.faults]

    alone, beside = read(), read("?")
    np.testing.assert_array_equal(alone[0], beside[0])
    assert alone[1] == [text for text in beside[1] if "'?'" not in text]
