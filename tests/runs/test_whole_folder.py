"""A folder appears whole or not at all, and nothing in it is lost that somebody else put there."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from environment.input_faults import FaultyInputError
from runs.whole_folder import MARK_FILE, whole_folder, written_in


def write(folder: Path, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def held(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != MARK_FILE)
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


def result(target: Path, files: Mapping[str, str], *, overwrite: bool = False) -> None:
    with whole_folder(target, overwrite=overwrite) as folder:
        write(folder, files)


FIRST = {"summary.json": "1", "figures/load.png": "one", "figures/old.png": "gone"}
SECOND = {"summary.json": "2", "figures/load.png": "two", "tables/new.csv": "new"}


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), whole_folder(tmp_path / "out") as folder:
        (folder / "half.txt").write_text("half")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_failed_run_leaves_no_folder_on_the_way(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no"), whole_folder(tmp_path / "deep" / "er" / "out"):
        raise ValueError("no")
    assert list(tmp_path.iterdir()) == []


def test_an_earlier_result_is_replaced_file_by_file(tmp_path: Path) -> None:
    result(tmp_path / "out", FIRST)
    result(tmp_path / "out", SECOND)
    assert held(tmp_path / "out") == SECOND
    assert written_in(tmp_path / "out") == ["figures", "summary.json", "tables"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_the_working_folder_itself_can_be_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path / "out")
    for files in (FIRST, SECOND):
        result(Path(), files)
        assert held(tmp_path / "out") == files


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("thesis.txt", "thesis.txt, which evswarm did not write"),
        ("figures/notes.txt", "figures/notes.txt, which evswarm did not write"),
        ("summary.json", "summary.json, which was changed since"),
        ("figures/load.png", "figures/load.png, which was changed since"),
    ],
)
def test_what_is_somebody_elses_is_a_fault_before_anything_is_written(tmp_path: Path, path: str, said: str) -> None:
    result(tmp_path / "out", FIRST)
    (tmp_path / "out" / path).write_text("years of work")
    with pytest.raises(FaultyInputError, match=said) as raised, whole_folder(tmp_path / "out"):
        pytest.fail("nothing may be run")
    assert raised.value.outcome == "nothing was written"
    assert held(tmp_path / "out") == {**FIRST, path: "years of work"}


def test_what_comes_while_a_run_is_under_way_stays_and_the_result_is_kept_beside(tmp_path: Path) -> None:
    for number, target in enumerate(("out", "out"), 2):
        with pytest.raises(FaultyInputError, match=r"thesis\.txt") as raised, whole_folder(tmp_path / target) as folder:
            write(folder, FIRST)
            write(tmp_path / target, {"thesis.txt": "years of work"})
        assert f"out-{number}" in raised.value.outcome
        assert held(tmp_path / f"out-{number}") == FIRST
        assert held(tmp_path / target) == {"thesis.txt": "years of work"}
        (tmp_path / target / "thesis.txt").unlink()
    result(tmp_path / "out-2", SECOND)  # what was kept is a result like any other


def test_overwrite_replaces_files_of_the_same_name_and_leaves_all_others(tmp_path: Path) -> None:
    write(tmp_path / "out", {"summary.json": "mine", "figures/notes.txt": "notes"})
    result(tmp_path / "out", FIRST, overwrite=True)
    assert held(tmp_path / "out") == {**FIRST, "figures/notes.txt": "notes"}
    write(tmp_path / "out", {"figures/old.png": "mine again"})
    result(tmp_path / "out", SECOND, overwrite=True)
    assert held(tmp_path / "out") == {**SECOND, "figures/notes.txt": "notes", "figures/old.png": "mine again"}


@pytest.mark.parametrize("taken", ["summary.json/mine.txt", "figures"])
def test_a_folder_where_a_file_should_be_stays_and_the_result_is_kept_beside(tmp_path: Path, taken: str) -> None:
    write(tmp_path / "out", {taken: "mine"})
    with pytest.raises(FaultyInputError, match="a file in one and a folder in the other") as raised:
        result(tmp_path / "out", FIRST, overwrite=True)
    assert "out-2" in raised.value.outcome
    assert held(tmp_path / "out-2") == FIRST
    assert held(tmp_path / "out") == {taken: "mine"}


def test_a_folder_that_lost_some_of_a_result_is_still_replaced(tmp_path: Path) -> None:
    result(tmp_path / "out", FIRST)
    (tmp_path / "out" / "summary.json").unlink()
    shutil.rmtree(tmp_path / "out" / "figures")
    result(tmp_path / "out", SECOND)
    assert held(tmp_path / "out") == SECOND


def test_a_link_is_nothing_that_evswarm_wrote(tmp_path: Path) -> None:
    result(tmp_path / "out", FIRST)
    kept = tmp_path / "kept"
    (tmp_path / "out" / "figures").rename(kept)
    (tmp_path / "out" / "figures").symlink_to(kept)
    with pytest.raises(FaultyInputError, match="figures, which evswarm did not write"):
        result(tmp_path / "out", SECOND)
    assert held(kept) == {"load.png": "one", "old.png": "gone"}


@pytest.mark.parametrize("content", [b"\xff\xfe", b"summary.json\n", b"0" * 64, b"0" * 63 + b"x  summary.json\n"])
def test_a_broken_mark_is_a_fault(tmp_path: Path, content: bytes) -> None:
    result(tmp_path / "out", FIRST)
    (tmp_path / "out" / MARK_FILE).write_bytes(content)
    with pytest.raises(FaultyInputError, match=r"\.evswarm is broken"):
        result(tmp_path / "out", SECOND)
    assert held(tmp_path / "out") == FIRST


def test_a_file_where_the_folder_should_be_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(FaultyInputError, match="a file"):
        result(tmp_path / "out", FIRST)


def test_other_tools_can_check_the_mark(tmp_path: Path) -> None:
    sums = shutil.which("sha256sum")
    if sums is None:
        pytest.skip("no sha256sum here")
    result(tmp_path / "out", FIRST)
    subprocess.run([sums, "--check", "--strict", MARK_FILE], cwd=tmp_path / "out", check=True, capture_output=True)


NAMES = st.sampled_from(["a", "b", "c/a", "c/b", "d/e/a"])
FILES = st.dictionaries(NAMES, st.text("xyz", max_size=3), min_size=1)


@given(steps=st.lists(st.tuples(FILES, st.booleans(), st.booleans()), min_size=1, max_size=5))
def test_whatever_happens_nothing_of_the_users_is_lost(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[dict[str, str], bool, bool]]
) -> None:
    """Whoever wrote last to a path, what the user wrote there is there still, unless it was to be overwritten."""
    target = tmp_path_factory.mktemp("law") / "out"
    mine: dict[str, str] = {}
    for files, by_user, overwrite in steps:
        if by_user:
            own = {path: f"mine: {text}" for path, text in files.items()}
            write(target, own)
            mine |= own
            continue
        try:
            result(target, files, overwrite=overwrite)
        except FaultyInputError:
            assert not overwrite
        else:
            mine = {path: text for path, text in mine.items() if path not in files}
            assert held(target).items() >= files.items()
        assert held(target).items() >= mine.items()


KILLED = """
import os, signal, sys
from pathlib import Path
from runs import whole_folder
with whole_folder.whole_folder(Path(sys.argv[1])) as folder:
    (folder / "summary.json").write_text("2")
    if sys.argv[2] == "while writing":
        os.kill(os.getpid(), signal.SIGKILL)
    (folder / "tables").mkdir()
    (folder / "tables" / "new.csv").write_text("new")
    replace = Path.replace
    def once(path, to):
        replace(path, to)
        if to.name == "summary.json":
            os.kill(os.getpid(), signal.SIGKILL)
    Path.replace = once
"""


@pytest.mark.parametrize("when", ["while writing", "while replacing"])
def test_what_a_kill_leaves_is_removed_by_the_next_run_and_said(tmp_path: Path, tree: Path, when: str) -> None:
    target = tmp_path / "out"
    result(target, FIRST)
    ended = subprocess.run([sys.executable, "-c", KILLED, str(target), when], cwd=tree, check=False)
    assert ended.returncode == -signal.SIGKILL
    (left,) = (path for path in tmp_path.iterdir() if path.name != "out")
    assert set(held(target)) <= {*FIRST, *SECOND}
    told: list[str] = []
    with whole_folder(target, tell=told.append) as folder:
        write(folder, SECOND)
    assert held(target) == SECOND
    assert told == [f"Removed {left}, which a killed run had left."]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_the_draft_of_a_run_that_is_under_way_and_a_users_own_folder_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path / ".out-thesis00", {"thesis.txt": "years of work"})
    with whole_folder(tmp_path / "out") as first:
        write(first, FIRST)
        result(tmp_path / "out", FIRST)
        assert held(first) == FIRST
    assert held(tmp_path / "out") == FIRST
    assert held(tmp_path / ".out-thesis00") == {"thesis.txt": "years of work"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk without room")
def test_a_full_disk_is_a_fault_of_the_folder_that_was_given(tmp_path: Path) -> None:
    with pytest.raises(FaultyInputError) as caught, whole_folder(tmp_path / "out"):
        Path("/dev/full").write_text("no room")
    (fault,) = caught.value.faults
    assert (fault.field, fault.found) == (str(tmp_path / "out"), "not writable (the disk is full)")
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_read_is_not_told_of_the_folder_to_be_written(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), whole_folder(tmp_path / "out"):
        (tmp_path / "fleet.csv").read_text()
    assert list(tmp_path.iterdir()) == []
