"""Tables of nodes as users write them: what is read, and what is wrong with them, all at once, each with its line."""

from pathlib import Path

import numpy as np
import pytest

from environment.grid import Kind
from environment.grid.nodes import UNUSED
from environment.horizon import Horizon
from environment.input_faults import FaultyInputError
from environment.loads.profile import LoadProfile
from tests.support.grids import HEADER, grid_of

SOUND = "centre,,control_center,,\nS1,centre,substation,900,\nT1,S1,transformer,400,homes\n"
DAY = Horizon(start="2026-01-01T00:00")


def load(*hours_kw: float) -> LoadProfile:
    values = np.resize(np.array(hours_kw), 24)
    return LoadProfile(values, values)


LOADS = {"homes": load(50), "roofs": load(0, -30), "signal": load(300, 200), "broken": load(5, 5, -1)}


def faults(folder: Path, body: str, header: str = HEADER, **transformer: object) -> list[str]:
    path = folder / "nodes.csv"
    path.write_text(f"{header}\n{body}", encoding="utf-8")
    with pytest.raises(FaultyInputError) as caught:
        grid_of(path, DAY, LOADS, **transformer)
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (SOUND + "T2,S9,transformer,400,", ["5: parent of T2 is 'S9'; expected one of centre, S1"]),
        (SOUND + "T2,T1,transformer,400,", ["5: parent of T2 is transformer 'T1'; expected a substation or the control centre"]),
        (SOUND + "S2,T1,substation,400,", ["5: parent of S2 is transformer 'T1'"]),
        (SOUND + "hut,,control_center,,", ["5: parent of hut is empty; expected the node above; centre has none, and one node is"]),
        (SOUND + "T2,,transformer,9,", ["5: parent of T2 is empty; expected the node above; centre has none"]),
        ("T2,,transformer,9,\n" + SOUND, ["2: parent of T2 is empty; expected the node above; centre has none"]),
        (SOUND.replace("centre,,", "centre,S1,"),
         ["parent is there for every node; expected one node without", "2: parent of centre is 'S1'; expected none: the control"]),
        (SOUND.replace("S1,centre", "S1,S1"), ["3: parent of S1 is below itself (S1 -> S1); expected a way up"]),
        (SOUND + "a,b,substation,,\nb,c,substation,,\nc,b,substation,,\nT3,a,transformer,4,\nd,e,substation,,\ne,d,substation,,",
         ["6: parent of b is below itself (b -> c -> b)", "9: parent of d is below itself (d -> e -> d)"]),
        (SOUND + "T1,S1,transformer,8,", ["5: node is 'T1'; expected a name that no other node has"]),
        (SOUND + ",S1,transformer,8,", ["5: node is empty; expected a name"]),
        (SOUND + "line:T1/1,S1,substation,8,", ["5: node is 'line:T1/1'; expected no beginning 'transformer:' or 'line:' or 'ev:'"]),
        (SOUND + "T2,S1,trafo,8,", ["5: kind of T2 is 'trafo'; expected"]),
        (SOUND + "T2,S1,Transformer,8,", ["5: kind of T2 is 'Transformer'; expected 'transformer', the nearest"]),
        (SOUND + "T2,S1,,8,", ["5: kind of T2 is empty; expected"]),
        ("centre,,control_center,,\nS1,centre,substation,,", ["kind is of no node 'transformer'; expected at least one"]),
        ("T1,,transformer,40,", ["2: kind of T1 is 'transformer'; expected 'control_center': it has no parent"]),
        (SOUND + "T2,S1,transformer,,", ["5: limit_kw of T2 is empty; expected a limit: EVs hang below it"]),
        (SOUND + "T2,S1,transformer,-1,", ["5: limit_kw of T2 is -1; expected at least 0 kW"]),
        (SOUND.replace("900", "-900"), ["3: limit_kw of S1 is -900; expected at least 0 kW"]),
        (SOUND + "T2,S1,transformer,1e12,", ["5: limit_kw is '1e12'; expected between -1e+09 and 1e+09"]),
        (SOUND + "T2,S1,transformer,inf,", ["5: limit_kw is 'inf'; expected a number such as 7.4"]),
        (SOUND + "T2,S1,transformer,nan,", ["5: limit_kw is 'nan'; expected a number such as 7.4"]),
        (SOUND + "T2,S1,transformer,40 kW,", ["5: limit_kw of T2 is '40 kW'; expected a number of kW, or the name of a load"]),
        (SOUND + "T2,S1,transformer,signl,", ["5: limit_kw of T2 is 'signl'; expected a number of kW, or the name of a load: 'signal'"]),
        (SOUND + "T2,S1,transformer,broken,", ["5: limit_kw of T2 is 'broken', which is -1 kW in slot 2 (2026-01-01 02:00"]),
        (SOUND + "T2,S1,transformer,4,home", ["5: load of T2 is 'home'; expected 'homes', the nearest"]),
        (SOUND + "T2,S1,transformer,4,homes+rofs+", ["5: load of T2 is 'rofs'; expected 'roofs'", "5: load of T2 is 'homes+rofs+'"]),
        (SOUND + "T2,S1,transformer,4", ["5: row is 4 cells; expected 5 cells"]),
        ("", ["nodes.csv: file is empty"]),
    ],
)  # fmt: skip
def test_each_fault_is_told_with_its_line_and_alone(tmp_path: Path, body: str, told: list[str]) -> None:
    found = faults(tmp_path, body)
    assert len(found) == len(told), found
    for text, part in zip(found, told, strict=True):
        assert part in text


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    body = SOUND + "T2,S9,transformer,-4,home\nT1,a,trafo,x,\na,b,substation,y y,\nb,a,substation,-1,rofs\n"
    found = faults(tmp_path, body)
    fields = [text.split(" is ")[0] for text in found]
    assert sorted(fields) == sorted([
        "nodes.csv, line 5: parent of T2", "nodes.csv, line 5: limit_kw of T2", "nodes.csv, line 5: load of T2", "nodes.csv, line 6: node",
        "nodes.csv, line 6: kind of T1", "nodes.csv, line 6: limit_kw of T1", "nodes.csv, line 7: limit_kw of a", "nodes.csv, line 8: limit_kw of b",
        "nodes.csv, line 8: load of b", "nodes.csv, line 7: parent of a",
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("-1", ["lines is '-1'; expected a whole number from 0"]),
        ("1.5", ["lines is '1.5'; expected a whole number from 0"]),
        ("600000", ["lines is 1,200,000 in all; expected at most 1,000,000"]),
        ("2000000", ["lines is '2000000'; expected a whole number from 0 to 1,000,000"]),
    ],
)
def test_lines_are_few_enough_and_whole(tmp_path: Path, cell: str, told: list[str]) -> None:
    body = f"centre,,control_center,,,,\nT1,centre,transformer,4,,{cell},\nT2,centre,transformer,4,,600000,7"
    found = faults(tmp_path, body, HEADER + ",lines,feed_in_limit_kw")
    assert len(found) == len(told), found
    assert all(part in text for part, text in zip(told, found, strict=True))


def test_what_stands_where_it_does_not_count_is_a_fault(tmp_path: Path) -> None:
    body = "centre,,control_center,,,2,-1\nT1,centre,transformer,4,,,-0.5"
    found = faults(tmp_path, body, HEADER + ",lines,feed_in_limit_kw")
    assert [text.split("; ")[0] for text in found] == [
        "nodes.csv, line 2: feed_in_limit_kw of centre is -1",
        "nodes.csv, line 2: lines of centre is 2",
        "nodes.csv, line 3: feed_in_limit_kw of T1 is -0.5",
    ]
    missing, unknown = faults(tmp_path, SOUND, HEADER.replace("limit_kw", "limit"))
    assert "column limit_kw is missing" in missing
    assert "column limit is unknown; expected 'limit_kw'" in unknown


def test_a_spreadsheets_file_is_read_as_it_comes(tmp_path: Path) -> None:
    path = tmp_path / "nodes.csv"
    path.write_bytes(
        (
            "kind;node;load;parent;limit_kw;lines\r\n"
            "transformer;Nord-Süd;homes+roofs;S 1;400,5;3\r\n"
            "transformer;T2;;S 1;signal;\r\n"
            "substation;S 1;;centre;;\r\n"
            "control_center;centre;roofs;;9e3;\r\n"
        ).encode("utf-16")
    )
    grid = grid_of(path, DAY, LOADS, lines=1)
    assert grid.node == ("centre", "S 1", "Nord-Süd", "T2")
    assert grid.kind == (Kind.CONTROL_CENTER, Kind.SUBSTATION, Kind.TRANSFORMER, Kind.TRANSFORMER)
    assert grid.limit_kw[:3, 7].tolist() == [9000.0, np.inf, 400.5]
    np.testing.assert_array_equal(grid.limit_kw[3], LOADS["signal"].forecast_kw)
    assert grid.load == ("roofs", "", "homes+roofs", "load")
    assert grid.lines.tolist() == [0, 0, 3, 1]
    assert grid.rated_kw.tolist()[2:] == [400.5, 300.0], "a series' largest limit"
    assert np.isinf(grid.feed_in_limit_kw).all()


def test_loads_that_stand_nowhere_are_told(tmp_path: Path) -> None:
    path = tmp_path / "nodes.csv"
    path.write_text(f"{HEADER}\n{SOUND}", encoding="utf-8")
    told, unused = grid_of(path, DAY, LOADS).told
    assert unused == UNUSED
    assert told == "3 of [loads] (roofs, signal, broken) do not count: no node's load or limit names them"
    path.write_text(f"{HEADER}\n{SOUND}T2,S1,transformer,signal,roofs + homes\n", encoding="utf-8")
    told = grid_of(path, DAY, LOADS).told[0]
    assert "1 of [loads] (broken)" in told
    assert grid_of(path, DAY, {name: LOADS[name] for name in ("homes", "roofs", "signal")}).told == (UNUSED,)


def test_a_transformer_that_may_carry_nothing_has_no_rating(tmp_path: Path) -> None:
    path = tmp_path / "nodes.csv"
    path.write_text(f"{HEADER}\n{SOUND}T2,S1,transformer,0,\n", encoding="utf-8")
    grid = grid_of(path, DAY, LOADS)
    assert grid.transformer_limit_kw[1].max() == 0.0
    assert np.isnan(grid.rated_kw[-1])
