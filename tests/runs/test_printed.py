"""What the terminal shows: every number whole at every width, paths that differ, and nothing that only looks like a number."""

import re
from pathlib import Path
from typing import Any, Final

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from runs import terminal
from runs.design import Design
from runs.printed.comparison import print_comparison
from runs.printed.fitted import Column, print_table
from runs.printed.rows import LOAD_ROWS, ONLY_WITH, ROWS, cell, shows
from runs.printed.run import print_run
from runs.printed.stations import STATION_ROWS
from runs.printed.sweep import SWEPT, print_sweep, shortest_paths
from runs.printed.v2g import V2G_ROWS
from runs.scenario import Scenario
from runs.simulate import summarize
from runs.stations.paper_c import paper_c
from runs.sweep import Sweep, sweep
from tests.support.laws import examples

WIDTHS: Final = (40, 60, 80, 120, terminal.UNLIMITED)
CASES: Final = {
    "ants": Scenario().update(fleet={"vehicles": 5}),
    "peak_shaving": Scenario().update(fleet={"vehicles": 5}, peak_shaving={"iterations": 1}, channel={"loss": 0.5}),
    "stations": paper_c(horizon={"slots": 1}, scheduling={"iterations": 1, "population": 5}, channel={"loss": 0.5}),
}
FACTORS: Final = st.sampled_from([1, 7, -123, 1_234_567, 98_765_432_101])


@pytest.fixture(scope="module")
def summaries() -> dict[str, dict[str, Any]]:
    return {name: summarize(case) for name, case in CASES.items()}


def printed(width: int, show: Any, *words: Any) -> str:
    with pytest.MonkeyPatch.context() as patch, terminal.out.capture() as shown:
        patch.setattr(terminal.out, "_width", width)
        show(*words)
    return shown.get()


def scaled(figures: Any, factor: int) -> Any:
    """Return a summary with longer numbers."""
    if isinstance(figures, dict):
        return {key: scaled(each, factor) for key, each in figures.items()}
    plain = isinstance(figures, (bool, str, list)) or figures is None
    return figures if plain else factor * figures


def tokens(text: str) -> list[str]:
    return re.split(r"[\s│]+", text)


def assert_whole(text: str, width: int, wanted: list[str]) -> None:
    found = tokens(text)
    assert set(wanted) - {""} <= set(found), "each number stands there whole"
    assert "…" not in text
    longest = max(map(len, found))
    assert all(len(line) <= max(width, 25 + longest) for line in text.splitlines() if line[:1] in "┏┃│└")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("kind", CASES)
@examples(0.3)
@given(factor=FACTORS)
def test_every_number_of_a_run_is_whole_at_every_width(
    kind: str, width: int, summaries: dict[str, dict[str, Any]], factor: int
) -> None:
    summary = scaled(summaries[kind], factor)
    rows = {
        "ants": {
            key: row
            for key, row in ROWS.items()
            if key in summary and (key not in ONLY_WITH or shows(ONLY_WITH[key], summary))
        },
        "peak_shaving": {key: ROWS[key] for key in (*LOAD_ROWS, "messages", "messages_lost", "wall_s")} | V2G_ROWS,
        "stations": STATION_ROWS | {"messages_lost": ROWS["messages_lost"]},
    }[kind]
    text = printed(width, print_run, CASES[kind], summary)
    assert_whole(text, width, [cell(summary[key], form) for key, (_, form) in rows.items()])


@pytest.mark.parametrize("width", WIDTHS)
@examples(0.3)
@given(factor=FACTORS)
def test_every_number_of_a_comparison_is_whole_at_every_width(
    width: int, summaries: dict[str, dict[str, Any]], factor: int
) -> None:
    every = [
        scaled(summaries["ants"] | {"method": name}, k * factor)
        for k, name in enumerate(("free", "ants", "odc", "pso1", "pso2", "optimal"), 1)
    ]
    text = printed(width, print_comparison, CASES["ants"], every)
    wanted = [cell(each[key], ROWS[key][1]) for each in every for key in ("peak_kw", "messages", "optimality_gap")]
    assert_whole(text, width, wanted)
    assert width < terminal.UNLIMITED or text.count("┏") == 1, "where nobody looks at a terminal, one table"


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    folder = tmp_path_factory.mktemp("swept")
    files = [folder / name / "fleet.csv" for name in ("monday", "sunday")]
    for file in files:
        file.parent.mkdir()
        file.write_text("vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw\na,1,9,5,4\nb,2,9,5,4\n")
    case = Scenario().update(fleet={"source": "csv", "path": str(files[0])}, run={"optimum": False})
    levels = {
        "fleet.path": [str(file) for file in files],
        "coordination.batch_size": [1, 10],
        "load.fluctuation": [0.1],
    }
    return sweep(case, Design.full(levels), replications=2, folder=folder / "out", engine="serial")


@pytest.mark.parametrize("width", WIDTHS)
def test_every_number_and_file_of_a_sweep_is_whole_at_every_width(swept: Sweep, width: int) -> None:
    text = printed(width, print_sweep, swept)
    names = ["peak_kw", "peak_valley_difference_kw", "unserved_kwh", "messages"]
    means = swept.means(names, 30)
    numbers = [cell(mean, SWEPT[name]) for name in names for mean in means[name, "mean"]]
    assert_whole(text, width, [*numbers, "0.1", "10", "monday/fleet.csv", "sunday/fleet.csv"])
    assert ("point" in tokens(text)) == (width < 80), "where keys leave no room, points have numbers"


@pytest.mark.parametrize("tight", [False, True])
@given(
    lead=st.lists(st.text("ab cd", max_size=30), min_size=1, max_size=3),
    columns=st.lists(st.tuples(st.text("xy z", max_size=20), st.integers(0, 10**14)), min_size=1, max_size=9),
    width=st.integers(20, 150),
)
def test_a_table_of_any_columns_fits_and_names_its_rows_in_every_part(
    lead: list[str], columns: list[tuple[str, int]], width: int, *, tight: bool
) -> None:
    numbers = [Column(head, [f"{n + row:,}" for row in range(len(lead))]) for head, n in columns]
    text = printed(width, lambda: print_table("", [Column("", lead, is_text=True)], numbers, tight=tight))
    found = tokens(text)
    for column in numbers:
        assert set(column.cells) <= set(found)
    least = 18 + max(map(len, found)) + 7
    assert all(len(line) <= max(width, least) for line in text.splitlines())


def test_a_table_without_room_goes_on_below_with_its_labels() -> None:
    columns = [Column(name, ["1,234.5", "6,789.0"]) for name in ("one", "two", "three")]
    text = printed(30, lambda: print_table("three", [Column("", ["peak", "valley"], is_text=True)], columns))
    assert text.count("peak") == 2
    assert text.count("1,234.5") == 3
    assert (
        printed(80, lambda: print_table("three", [Column("", ["peak", "valley"], is_text=True)], columns)).count("peak")
        == 1
    )


@pytest.mark.parametrize(
    ("value", "form", "shown"),
    [
        (None, "{:.1f}", ""), (float("nan"), "{:.1f}", ""), ("bound", "{}", "bound"), (0, "{:,d}", "0"), (0.0, "{:,.1f}", "0"),
        (-0.0, "{:,.1f}", "0"), (1.4e-11, "{:,.1f}", "0"), (-1.4e-11, "{:,.1f}", "0"), (0.04, "{:,.1f}", "<0.1"),
        (-0.04, "{:,.1f}", ">-0.1"), (0.05001, "{:,.1f}", "0.1"), (0.0, "{:.4%}", "0%"), (2.1e-13, "{:.4%}", "0%"),
        (2.1e-11, "{:.4%}", "<0.0001%"), (1.0, "{:.4%}", "100.0000%"), (1234567.0, "{:,.0f}", "1,234,567"), (0.4, "{:,.0f}", "<1"),
    ],
)  # fmt: skip
def test_a_figure_is_written_for_people(value: Any, form: str, shown: str) -> None:
    assert cell(value, form) == shown


PARTS: Final = st.lists(st.sampled_from("abc"), min_size=1, max_size=4)


@given(paths=st.lists(PARTS.map(lambda parts: "/" + "/".join(parts)), max_size=6))
def test_shortened_paths_are_ends_of_their_own_and_differ_where_they_did(paths: list[str]) -> None:
    short = shortest_paths(paths)
    assert [path.endswith(text) for path, text in zip(paths, short, strict=True)] == [True] * len(paths)
    assert len(set(short)) == len(set(paths))


def test_a_lone_path_is_its_name() -> None:
    assert shortest_paths(["/home/me/data/fleet.csv"] * 2) == ["fleet.csv"] * 2
    assert shortest_paths([str(Path("/a/x/fleet.csv")), "/a/y/fleet.csv"]) == ["x/fleet.csv", "y/fleet.csv"]


def test_what_is_no_terminal_has_lines_of_any_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    line = "word " * 1000
    assert printed_as_it_is(line).strip() == line.strip()
    monkeypatch.setenv("COLUMNS", "40")
    assert max(map(len, printed_as_it_is(line).splitlines())) <= 40


def printed_as_it_is(line: str) -> str:
    with terminal.out.capture() as shown:
        terminal.out.print(Text(line))
    return shown.get()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk without room")
def test_what_is_kept_is_told_with_the_fault_that_ends_a_command() -> None:
    with terminal.err.capture() as told, pytest.raises(typer.Exit) as ended, terminal.explained():
        try:
            Path("/dev/full").write_text("no room")
        except OSError as error:
            error.add_note("3 of 9 runs are kept.")
            raise
    assert ended.value.exit_code == terminal.BAD_INPUT
    assert told.get() == "fault: the disk is full\n3 of 9 runs are kept.\n"
