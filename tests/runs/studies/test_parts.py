"""Options of studies, and studies that go on where they were stopped."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from environment.input_faults import FaultyInputError
from runs.cli import app
from runs.json_lines import JsonLines
from runs.optimizing.comparison import crew_of
from runs.studies import command
from runs.studies.command import identity, program
from runs.studies.parts import Parts
from runs.studies.registry import OLD_NAMES, STUDIES, help_text, metavar, option_help
from runs.studies.study import StudyOptions
from tests.support.study_in_parts import LAST, STUDY
from tests.support.work_in_parts import CALLS, PAUSE, draw

MARK = "EVSWARM_TEST_PARTS"
COMMAND = [sys.executable, "-c", "from tests.support.study_in_parts import main; main()", "study", "parted", "--out"]


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put the study in parts among the others; return the file that counts its calls."""
    monkeypatch.setitem(STUDIES, "parted", STUDY)
    monkeypatch.setenv(CALLS, str(tmp_path / "calls.txt"))
    return tmp_path / "calls.txt"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a study that was not stopped."""
    folder = tmp_path_factory.mktemp("whole")
    env = {**os.environ, CALLS: str(folder / "calls.txt")}
    subprocess.run([*COMMAND, str(folder / "out")], check=True, capture_output=True, env=env)
    assert {path.name for path in (folder / "out").iterdir()} == {"parted.txt", ".evswarm"}
    assert parts_files(folder) == []
    return folder / "out"


def evswarm(*words: object) -> Result:
    return CliRunner().invoke(app, ["study", *map(str, words)])


def counted(calls: Path) -> Counter[str]:
    return Counter(calls.read_text().splitlines()) if calls.exists() else Counter()


def parts_files(folder: Path) -> list[Path]:
    return sorted(folder.glob(".*.parts"))


def drawn(folder: Path, *, upto: int, workers: int = 1, identity: str = "why") -> dict[str, Any]:
    """Carry out draws and stop without success."""
    with (
        pytest.raises(RuntimeError, match="stopped"),
        Parts(folder / "out", identity) as parts,
        crew_of(workers) as crew,
    ):
        found = parts.carry_out("draws", draw, {f"seed {n}": n for n in range(upto)}, crew)
        raise RuntimeError("stopped")
    return found


def test_a_study_refuses_what_it_does_not_take(calls: Path, tmp_path: Path) -> None:
    done = evswarm("paper_a", "--shots", "5", "--days", "1", "--out", tmp_path / "deep" / "out")
    assert done.exit_code == 2
    for text in (
        "--shots is 5; expected no such option with the study 'paper_a', which takes --quick; studies that take --shots: 'paper_c', 'parted'",
        "--days is 1; expected no such option with the study 'paper_a', which takes --quick; studies that take --days: 'paper_b'",
        "2 faults; nothing was written",
    ):
        assert text in done.stderr
    done = evswarm("parted", "--days", "1", "--out", tmp_path / "deep" / "out")
    assert done.exit_code == 2
    assert "which takes --quick, --evaluator, --shots; studies that take --days: 'paper_b'" in done.stderr
    assert list(tmp_path.iterdir()) == []
    assert not calls.exists()


@pytest.mark.usefixtures("calls")
def test_an_old_name_is_taken_and_the_new_one_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(OLD_NAMES, "cut", "parted")
    done = evswarm("cut", "--quick", "--shots", "2")
    assert done.exit_code == 0, done.output
    assert "The study cut is called parted now.\n" in done.stderr
    assert [path.name for path in (tmp_path / "results").iterdir()] == ["study-parted"]
    assert "called" not in evswarm("parted", "--quick", "--shots", "2").stderr


@pytest.mark.parametrize("old", OLD_NAMES)
def test_what_is_said_of_a_study_has_its_new_name(old: str, tmp_path: Path) -> None:
    new = OLD_NAMES[old]
    assert old not in STUDIES
    told = CliRunner().invoke(app, ["study", old, "--help"], env={"COLUMNS": "200"}).stdout
    assert f"evswarm study {new} --quick" in told
    assert f"study {old}" not in told
    done = evswarm(old, "--days", "2", "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert f"The study {old} is called {new} now.\n" in done.stderr
    assert f"{old!r}" not in done.stderr


@pytest.mark.usefixtures("calls")
@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("shots", "0", "--shots is 0; expected 1 to 100"),
        ("shots", "101", "--shots is 101; expected 1 to 100"),
        ("evaluator", "guess", "--evaluator is guess; expected coefficients or powerflow"),
    ],
)
def test_a_value_out_of_range_is_a_fault(tmp_path: Path, option: str, value: str, expected: str) -> None:
    done = evswarm("parted", f"--{option}", value, "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert expected in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("calls")
def test_options_reach_the_study(tmp_path: Path) -> None:
    done = evswarm("parted", "--quick", "--evaluator", "powerflow", "--shots", "4", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "4 draws by powerflow" in done.stdout


@pytest.mark.usefixtures("calls")
def test_help_teaches_which_study_takes_what() -> None:
    assert "`parted`: what the tests ask; `--evaluator`, coefficients or powerflow; `--shots`, 1 to 100" in help_text()
    assert option_help("shots").endswith("In `parted`: how many draws (1 to 100).")
    assert option_help("days").startswith("In `paper_b`: ")
    assert (metavar("evaluator"), metavar("shots"), metavar("days")) == ("coefficients|powerflow", "N", "1|3")
    told = CliRunner().invoke(app, ["study", "--help"], env={"COLUMNS": "200"}).stdout
    for text in (
        "--days",
        "1|3",
        "In paper_b: only the part",
        "--evaluator",
        "--shots",
        "goes on with the same command",
    ):
        assert text in told


def test_finished_parts_are_not_run_again(calls: Path, tmp_path: Path) -> None:
    few = drawn(tmp_path, upto=3)
    more = drawn(tmp_path, upto=5, workers=2)
    assert counted(calls) == {f"draw {n}": 1 for n in range(5)}
    assert repr({key: more[key] for key in few}) == repr(few)
    assert list(more) == [f"seed {n}" for n in range(5)]


@pytest.mark.slow
def test_figures_are_the_same_for_any_crew_and_there_or_not(calls: Path, tmp_path: Path) -> None:
    def once(folder: Path, workers: int) -> str:
        return repr(drawn(folder, upto=6, workers=workers))

    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    fresh = [once(folder, workers) for workers, folder in enumerate(folders, 1)]
    again = [once(folder, workers) for workers, folder in enumerate(folders, 1)]
    assert len({*fresh, *again}) == 1
    assert set(counted(calls).values()) == {2}
    found = drawn(folders[0], upto=1)["seed 0"]
    values = np.random.default_rng(0).normal(size=3)
    assert found["values"] == values.tolist()
    assert found["mean"] == values.mean()
    assert np.isnan(found["none"])
    assert found["pair"] == [1, "two"]


def test_progress_counts_what_is_there_already(calls: Path, tmp_path: Path) -> None:
    drawn(tmp_path, upto=2)
    told: list[float] = []
    with Parts(tmp_path / "out", "why") as parts, crew_of(1) as crew:
        parts.carry_out("draws", draw, {f"seed {n}": n for n in range(4)}, crew, told.append)
        assert told == [0.5, 0.75, 1.0]
        assert parts.carry_out("nothing", draw, {}, crew, told.append) == {}
        assert parts.carry_out("other", draw, {"seed 0": 9}, crew)["seed 0"]["seed"] == 9, "another stage"
    assert told[-1] == 1.0
    assert parts_files(tmp_path) == []
    assert counted(calls)["draw 9"] == 1


def test_torn_lines_are_passed_over(calls: Path, tmp_path: Path) -> None:
    whole = drawn(tmp_path, upto=4)
    (file,) = parts_files(tmp_path)
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([lines[0], b"\0\0\n", b"[1]\n", lines[2], lines[3][:30]]))
    assert repr(drawn(tmp_path, upto=4)) == repr(whole)
    assert counted(calls) == {"draw 0": 1, "draw 1": 2, "draw 2": 1, "draw 3": 2}
    assert repr(drawn(tmp_path, upto=4)) == repr(whole)
    assert sum(counted(calls).values()) == 6, "the torn end was cut off"


def test_another_identity_has_its_own_parts(calls: Path, tmp_path: Path) -> None:
    drawn(tmp_path, upto=2)
    drawn(tmp_path, upto=2, identity="how")
    assert set(counted(calls).values()) == {2}
    assert len(parts_files(tmp_path)) == 2


def test_an_identity_is_name_options_settings_and_program(monkeypatch: pytest.MonkeyPatch) -> None:
    base = identity("parted", StudyOptions(), {"last": 3})
    assert base == identity("parted", StudyOptions(), {"last": 3})
    others = {
        identity("other", StudyOptions(), {"last": 3}),
        identity("parted", StudyOptions(quick=True), {"last": 3}),
        identity("parted", StudyOptions(shots=3), {"last": 3}),
        identity("parted", StudyOptions(), {"last": 4}),
        identity("parted", StudyOptions(), replace(StudyOptions(), shots=1)),
    }
    monkeypatch.setattr(command, "program", lambda: "of tomorrow")
    assert len({base, *others, identity("parted", StudyOptions(), {"last": 3})}) == 7
    with pytest.raises(TypeError):
        identity("parted", StudyOptions(), {"last": object()})


def test_a_program_is_what_computes_and_not_what_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def changed(name: str) -> bool:
        before = program.__wrapped__()
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("changed")
        return bool(program.__wrapped__() != before)

    monkeypatch.setattr(command, "__file__", str(tmp_path / "runs" / "studies" / "command.py"))
    for name in (
        "environment/battery.py",
        "environment/feeders/data/lines.csv",
        "runs/studies/paper_b/cases.py",
        "scenarios/paper_b.toml",
    ):
        assert changed(name), name
    for name in (
        "runs/studies/paper_b/report.py",
        "runs/studies/paper_b/claims.toml",
        "runs/studies/paper_b/page.md",
        "runs/page/view.py",
        "runs/__pycache__/x.pyc",
        "docs/guide.md",
    ):
        assert not changed(name), name


def test_two_processes_do_not_mix(calls: Path, tmp_path: Path) -> None:
    asked = StudyOptions(quick=True, shots=4)
    mine = Parts(tmp_path / "out", identity("parted", asked, STUDY.settings(asked)))
    with mine, crew_of(1) as crew:
        mine.carry_out("draws", draw, {"seed 0": 0}, crew)
        done = evswarm("parted", "--quick", "--shots", "4", "--out", tmp_path / "out")
        assert done.exit_code == 2
        assert "in use; expected no other process that carries out the same study" in done.stderr.replace("\n", " ")
        assert counted(calls) == {"draw 0": 1}
        assert evswarm("parted", "--quick", "--shots", "5", "--out", tmp_path / "out").exit_code == 0, (
            "another identity"
        )
        assert mine.path.exists()
    with pytest.raises(FaultyInputError, match="in use"), Parts(tmp_path / "out", "") as one, crew_of(1) as crew:
        one.carry_out("draws", draw, {}, crew)
        with Parts(tmp_path / "out", "") as other:
            other.carry_out("draws", draw, {}, crew)


def fail_at_2(seed: int) -> int:
    if seed == 2:
        raise ValueError("two")
    return seed


def test_a_part_that_fails_ends_the_study_and_leaves_the_rest(
    calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(_folder: Path, _asked: StudyOptions, _progress: Any, parts: Parts) -> str:
        with crew_of(1) as crew:
            parts.carry_out("numbers", fail_at_2, {str(n): n for n in range(4)}, crew)
        return ""

    monkeypatch.setitem(STUDIES, "parted", replace(STUDY, run=run))
    done = evswarm("parted", "--out", tmp_path / "deep" / "out")
    assert isinstance(done.exception, ValueError)
    assert "2 finished parts are kept" in done.exception.__notes__[0]
    assert [path.suffix for path in (tmp_path / "deep").iterdir()] == [".parts"]
    assert not calls.exists()


def test_stopped_before_any_part_is_finished_nothing_is_left(
    calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(_folder: Path, _asked: StudyOptions, _progress: Any, parts: Parts) -> str:
        with crew_of(1) as crew:
            parts.carry_out("nothing", draw, {}, crew)
            assert parts.path.exists()
        raise KeyboardInterrupt

    monkeypatch.setitem(STUDIES, "parted", replace(STUDY, run=run))
    done = evswarm("parted", "--out", tmp_path / "deep" / "out")
    assert done.exit_code == 130
    assert "Stopped; nothing was written." in done.stderr
    assert list(tmp_path.iterdir()) == []
    assert not calls.exists()


def test_ctrl_c_while_parts_are_read_loses_none(calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn(tmp_path, upto=2)

    def interrupted(_lines: JsonLines) -> Iterator[Any]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(JsonLines, "scan", interrupted)
        drawn(tmp_path, upto=2)
    drawn(tmp_path, upto=2)
    assert set(counted(calls).values()) == {1}


def processes_marked(folder: Path) -> Iterator[Path]:
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"{MARK}={folder}".encode() in environ.read_bytes():
                yield environ.parent
        except OSError:
            continue


def stopped_half_way(folder: Path, how: signal.Signals) -> tuple[int, str]:
    """Stop the study when some of its parts are finished; return its exit code and what it said."""
    env = {**os.environ, PAUSE: "0.1", MARK: str(folder)}
    pipe = subprocess.PIPE
    with subprocess.Popen([*COMMAND, str(folder / "out")], stdout=pipe, stderr=pipe, text=True, env=env) as process:
        while process.poll() is None and not any(file.read_bytes().count(b"\n") > 3 for file in parts_files(folder)):
            time.sleep(0.01)
        process.send_signal(how)
        _, said = process.communicate(timeout=60)
    for _ in range(200):
        if not list(processes_marked(folder)):
            break
        time.sleep(0.05)
    assert list(processes_marked(folder)) == [], "no worker outlives the study"
    return process.returncode, said


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.slow
def test_a_stopped_study_goes_on_and_its_folder_is_that_of_one_that_was_not(
    calls: Path, whole: Path, tmp_path: Path, how: signal.Signals
) -> None:
    stopped = tmp_path / "stopped"
    code, said = stopped_half_way(stopped, how)
    (file,) = parts_files(stopped)
    kept = [json.loads(line)["key"] for line in file.read_bytes().splitlines()]
    assert 3 < len(kept) < LAST
    assert not (stopped / "out").exists()
    if how != signal.SIGKILL:
        assert code == 128 + how
        assert f"Stopped; {len(kept)} finished parts are kept in {file}. The same command goes on" in said
        assert "Traceback" not in said
    else:
        assert code == -how
    with file.open("ab") as stream:
        stream.write(b'{"stage": "draws", "key": "seed 19", "fig')  # as a power cut leaves it
    before = counted(calls)
    subprocess.run([*COMMAND, str(stopped / "out")], check=True, capture_output=True)
    again = counted(calls) - before
    assert {key.replace("seed", "draw") for key in kept}.isdisjoint(again)
    assert set(again) >= {"add 2", "add 4", f"draw {LAST - 1}"}
    assert parts_files(stopped) == []
    for path in whole.iterdir():
        assert path.read_bytes() == (stopped / "out" / path.name).read_bytes()
