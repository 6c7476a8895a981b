"""Loads by name: columns of a table, sections, sums, and series that are limits."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from environment.horizon import Horizon
from environment.input_faults import FaultyInputError
from environment.loads import CsvLoad, LoadProfile
from environment.loads.named import LoadsSettings, limit_of, load_of, names_of

DAY = Horizon(start="2026-01-01T00:00")
HALF = Horizon(start="2026-01-01T00:00", slot_min=720)


def table(folder: Path, text: str, **keys: Any) -> LoadsSettings:
    path = folder / "loads.csv"
    path.write_text(text)
    return LoadsSettings(path=path, **keys)


def profile(*load_kw: float, sigma: float = 0.0, told: tuple[str, ...] = ()) -> LoadProfile:
    return LoadProfile(np.array(load_kw), np.array(load_kw), told, sigma)


@given(
    n=st.integers(1, 4),
    column=st.sampled_from(["hour", "slot", "time"]),
    mark=st.sampled_from([",", ";"]),
    comma=st.booleans(),
    hole=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_each_column_of_a_table_is_read_as_a_file_of_its_own(
    n: int, column: str, mark: str, comma: bool, hole: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    hours = [hour for hour in range(24) if not (hole and hour in (7, 8))]
    first = [f"2026-01-01T{hour:02d}:00" if column == "time" else str(hour) for hour in hours]
    cells = [[f"{value:.3f}" for value in rng.normal(size=n)] for _ in hours]
    if comma and mark == ";":
        cells = [[cell.replace(".", ",") for cell in row] for row in cells]
    names = [f"load {k}" for k in range(n)]
    with TemporaryDirectory() as folder:
        rows = [mark.join([start, *row]) for start, row in zip(first, cells, strict=True)]
        found = table(Path(folder), "\n".join([mark.join([column, *names]), *rows]), fill="hold").profiles(DAY)
        assert list(found) == names
        for k, name in enumerate(names):
            path = Path(folder) / "one.csv"
            path.write_text(
                "\n".join(
                    [
                        f"{column}{mark}load_kw",
                        *(f"{start}{mark}{row[k]}" for start, row in zip(first, cells, strict=True)),
                    ]
                )
            )
            alone = CsvLoad(source="csv", path=path, fill="hold").profile(DAY)
            np.testing.assert_array_equal(found[name].forecast_kw, alone.forecast_kw)
            np.testing.assert_array_equal(found[name].actual_kw, alone.actual_kw)
            assert [text.replace("loads.csv", "one.csv") for text in found[name].told] == list(alone.told)
            assert bool(alone.told) == hole


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("hour,a,b\n0,5,x\n12,y,5\n", ["line 2: b is 'x'", "line 3: a is 'y'"]),
        ("hour,a\n0,5\n6,5\n", ["loads.csv, line 3: hour is a span from 0 h to 12 h"]),
        ("hour,a\n1,5\n13,5\n", ["loads.csv, line 2: hour is a span from 1 h to 25 h"]),
        ("a,b\n0,5\n6,5\n", ["header is a,b; expected one of hour or slot or time"]),
        ("hour\n0\n12\n", ["line 1: header is hour; expected a column for each quantity beside it"]),
        ("hour,a,a\n0,5,5\n12,5,5\n", ["line 1: column a is there twice"]),
        ("hour,load,a+b,\n0,5,5,1\n12,5,5,1\n", ["column load is no name of a load", "column a+b is no name of a load", "column  is no name of a load"]),
        ("hour,homes\n0,5\n12,5\n", ["column homes is there beside a section [loads.homes]; expected each name once"]),
        ("hour,time,a\n0,2026-01-01,5\n12,2026-01-01,5\n", ["expected one of hour or slot or time"]),
        ("time,a\n2026-01-01T00:00,5\n2026-01-01T02:00,5\n2026-01-01T04:00,5\n2026-01-01T20:00,5\n2026-01-01T22:00,5\n", ["7 steps missing after"]),
    ],
)  # fmt: skip
def test_faults_of_a_table_of_loads(tmp_path: Path, text: str, messages: list[str]) -> None:
    with pytest.raises(FaultyInputError) as caught:
        table(tmp_path, text, homes={"peak_kw": 3}).profiles(DAY)
    found = [str(fault) for fault in caught.value.faults]
    assert len(found) == len(messages)
    assert all(any(message in fault for fault in found) for message in messages), found


@pytest.mark.parametrize("name", ["profiles", "named", "model_fields", "a.b", "Haus 3 ü", "1"])
def test_a_name_is_any_text(name: str) -> None:
    found = LoadsSettings.model_validate({name: {"peak_kw": 3.0}})
    assert list(found.profiles(DAY)) == [name]
    assert LoadsSettings.model_validate(found.model_dump()) == found


def test_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    bad = {"source": "csv", "path": tmp_path / "none.csv"}
    with pytest.raises(FaultyInputError) as caught:
        table(tmp_path, "hour,a\n0,x\n12,5\n", one=bad, other={**bad, "path": tmp_path / "neither.csv"}).profiles(DAY)
    assert len(caught.value.faults) == 3


def test_columns_and_sections_stand_side_by_side(tmp_path: Path) -> None:
    found = table(tmp_path, "hour,a,b\n0,5,-1\n12,7,2\n", homes={"peak_kw": 3}, fluctuation=0.1).profiles(HALF)
    assert list(found) == ["homes", "a", "b"]
    assert found["homes"].forecast_kw.max() == pytest.approx(3)
    assert found["b"].forecast_kw.tolist() == [-1, 2]
    assert [load.fluctuation for load in found.values()] == [0, 0.1, 0.1]
    assert LoadsSettings().profiles(HALF) == {}


@given(sigma=st.sampled_from([0.0, 0.05, 2.0]), seed=st.integers(0, 2**32), times=st.integers(1, 3))
def test_one_load_is_drawn_as_it_was_before_there_were_sums(sigma: float, seed: int, times: int) -> None:
    load = profile(-40.0, 0.0, 80.0, sigma=sigma)
    drawn, before = np.random.default_rng(seed), np.random.default_rng(seed)
    for _ in range(times):
        found, expected = load_of("a", {"a": load}).drawn(drawn), load.with_fluctuation(sigma, before)
        np.testing.assert_array_equal(found.actual_kw, expected.actual_kw)
        np.testing.assert_array_equal(found.forecast_kw, expected.forecast_kw)
        assert (found is load) == (sigma == 0)
    assert drawn.bit_generator.state == before.bit_generator.state


@given(sigmas=st.lists(st.sampled_from([0.0, 0.0, 0.3]), min_size=1, max_size=4), seed=st.integers(0, 2**32))
def test_a_sum_strays_by_what_its_parts_stray(sigmas: list[float], seed: int) -> None:
    loads = {f"l{k}": profile(1.0 + k, -2.0, sigma=sigma, told=("all",)) for k, sigma in enumerate(sigmas)}
    whole = load_of("+".join(loads), loads)
    np.testing.assert_array_equal(whole.forecast_kw, sum(load.forecast_kw for load in loads.values()))
    assert whole.told == ("all",)
    rng = np.random.default_rng(seed)
    found = whole.drawn(np.random.default_rng(seed))
    np.testing.assert_array_equal(found.actual_kw, sum(load.drawn(rng).actual_kw for load in loads.values()))
    np.testing.assert_array_equal(found.forecast_kw, whole.forecast_kw)
    assert found.told == ("all",)
    assert (found is whole) == (not any(sigmas))


def test_names_are_joined_by_plus() -> None:
    assert names_of("homes + roofs+load") == ["homes", "roofs", "load"]
    loads = {"homes": profile(1.0), "roofs": profile(-3.0), "load": profile(7.0)}
    assert load_of("homes + roofs+load", loads).forecast_kw.tolist() == [5.0]
    with pytest.raises(FaultyInputError) as caught:
        load_of("hoems+roofs+x+", loads, file="nodes.csv", row=4)
    assert [str(fault) for fault in caught.value.faults] == [
        "nodes.csv, line 4: load is 'hoems'; expected 'homes', the nearest known name",
        "nodes.csv, line 4: load is 'x'; expected one of homes, roofs, load",
        "nodes.csv, line 4: load is 'hoems+roofs+x+'; expected one of homes, roofs, load",
    ]


def test_a_limit_is_a_load_of_no_slot_below_zero() -> None:
    loads = {"contract": profile(5.0, 0.0), "roofs": profile(1.0, -3.0)}
    assert limit_of("contract", loads, HALF).tolist() == [5.0, 0.0]
    with pytest.raises(FaultyInputError) as caught:
        limit_of("roofs", loads, HALF, file="nodes.csv", row=3)
    assert str(caught.value) == (
        "nodes.csv, line 3: limit_kw is 'roofs', which is -3 kW in slot 1 (2026-01-01 12:00 .. 2026-01-02 00:00); "
        "expected a series of at least 0 kW"
    )
    with pytest.raises(FaultyInputError, match="'roofs', the nearest known name"):
        limit_of("roof", loads, HALF)
