"""Whatever stands in an input, a run ends: with a result that adds up, or with faults that say what to mend, and nothing written."""

import json
import re
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from types import FrameType
from typing import Final, NoReturn

import pandas as pd
import pytest
from hypothesis import given, note
from hypothesis import strategies as st
from typer.testing import CliRunner

from runs.cli import app
from runs.parts import HOMES, parts_of
from runs.scenario import Scenario
from tests.support.books import BOOKS, assert_limit_is_held_or_told, assert_whole
from tests.support.laws import examples
from tests.support.mutations import NAMES, Files, bases, mutated, write

FAULT: Final = re.compile(r"fault: .+?: .+ is .*; expected .+", re.DOTALL)
MORE: Final = re.compile(r"fault: .+: [\d,]+ more lines from line \d+ on: .+ likewise; expected .+", re.DOTALL)
OURS: Final = re.compile(
    r"\b[A-Za-z]+(?:Error|Exception|Warning)\b|Traceback|<class|pydantic|Input should|valid (?:tuple|list|dict)|NoneType"
    r"|\[Errno|\bnp\.|numpy|dtype|object at 0x|\b(?:str|dict|int|float|bool)\b"
)
"""What only those who build the program may read."""
LONGEST_S: Final = 60
"""No run of so small an input takes longer, however slow the machine."""


@contextmanager
def bounded() -> Iterator[None]:
    """Fail where something goes on and on."""

    def fail(_number: int, _frame: FrameType | None) -> NoReturn:
        pytest.fail(f"went on for more than {LONGEST_S} s")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(LONGEST_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def assert_ends_well(files: Files, folder: Path) -> int:
    """Run an input on the command line, look at all that it leaves, and return the exit code."""
    scenario = write(files, folder / "in")
    before, out = sorted(folder.rglob("*")), folder / "out"
    with bounded():
        done = CliRunner().invoke(app, ["run", str(scenario), "--out", str(out), "--figures", "none"])
    if done.exit_code == 2:
        assert_tells_faults(done.stderr)
        assert sorted(folder.rglob("*")) == before, "something was written"
        return 2
    if done.exception is not None and done.exit_code != 0:
        raise done.exception
    assert done.exit_code == 0, done.output
    assert_adds_up(out)
    return 0


def assert_tells_faults(printed: str) -> None:
    """Faults say where, what and what else, and nothing of how the program is built."""
    faults = re.split(r"\n(?=fault: )", printed[: printed.rstrip().rfind("\n")])
    assert faults[0].startswith("fault: "), printed
    for text in faults:
        assert FAULT.fullmatch(text) or MORE.fullmatch(text), text
        assert not OURS.search(text), text


def assert_adds_up(folder: Path) -> None:
    """A result is strict JSON and tables that agree with each other."""

    def refused(name: str) -> NoReturn:
        pytest.fail(f"{name} in summary.json")

    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"), parse_constant=refused)
    assert all(isinstance(text, str) and text for text in summary["warnings"])
    assert not any(OURS.search(text) for text in summary["warnings"]), summary["warnings"]
    tables = {path.stem: pd.read_parquet(path) for path in folder.glob("*.parquet")}
    scenario = Scenario.read(folder / "scenario.toml")
    assert_whole(tables)
    for part in parts_of(scenario):
        BOOKS[part](scenario, tables)
    if HOMES in parts_of(scenario):
        assert_limit_is_held_or_told(summary, tables)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Files]:
    return bases(tmp_path_factory.mktemp("bases"))


@pytest.mark.parametrize("name", NAMES)
def test_the_inputs_themselves_run(inputs: dict[str, Files], name: str, tmp_path: Path) -> None:
    assert assert_ends_well(inputs[name], tmp_path) == 0


@pytest.mark.parametrize("name", NAMES)
@examples(1.27)  # some 300 in all by the quick profile
@given(rng=st.randoms(use_true_random=True))
def test_any_input_gives_a_result_that_adds_up_or_faults_and_no_files(
    inputs: dict[str, Files], name: str, rng: Random
) -> None:
    files, said = mutated(inputs[name], rng)
    note(said)
    folder = Path(tempfile.mkdtemp())
    try:
        assert_ends_well(files, folder)
    finally:
        shutil.rmtree(folder)
