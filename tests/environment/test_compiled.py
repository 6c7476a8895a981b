"""What is kept of compiled code: a kernel is compiled again if what it says, calls or reads has changed, and else never."""

import importlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from numba.core import config

from environment import compiled, syntax_trees

SOURCES = {
    "__init__": "",
    "limits": '''"""What is read."""

LIMIT = 10.0
"""Too much."""
''',
    "room": '''"""What is called."""

from environment.compiled import compiled
from rooms_of_test.limits import LIMIT


@compiled
def room(load):
    """Return the room."""
    return LIMIT - load
''',
    "kernel": '''"""What calls."""

from environment.compiled import compiled
from rooms_of_test import room as of


@compiled
def kernel(load):
    """Return twice the room."""
    return 2.0 * of.room(load)
''',
}

type Begin = Callable[[], ModuleType]


def forget() -> None:
    for memory in (compiled._folder, compiled._syntax_trees, compiled._stamp):
        memory.cache_clear()
    for name in [name for name in sys.modules if name.startswith("rooms_of_test")]:
        del sys.modules[name]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.syspath_prepend(tmp_path)
    folder = tmp_path / "rooms_of_test"
    folder.mkdir()
    for name, text in SOURCES.items():
        (folder / f"{name}.py").write_text(text)
    return folder


@pytest.fixture
def begin(package: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Begin]:  # noqa: ARG001  (its files are what is imported)
    """Return what a new process begins with: the module of the kernel, and no memory but the disk's."""

    def imported() -> ModuleType:
        forget()
        monkeypatch.setattr(syntax_trees, "_BEGAN_NS", time.time_ns())
        importlib.invalidate_caches()
        return importlib.import_module("rooms_of_test.kernel")

    yield imported
    forget()


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def is_loaded(kernel: Any) -> bool:
    """Return whether a kernel that was called once came from the disk."""
    hits, misses = (sum(counts.values()) for counts in (kernel.stats.cache_hits, kernel.stats.cache_misses))
    assert hits + misses == 1
    return bool(hits)


def test_it_is_compiled_once(begin: Begin) -> None:
    for loads in (False, True, True):
        kernel = begin().kernel
        assert kernel(4.0) == 12.0
        assert is_loaded(kernel) == loads


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("kernel", "Return twice the room.", "Return the room twice.\n\n    Not once."),
        ("kernel", '    """Return twice the room."""\n', ""),
        ("kernel", "@compiled", "# A comment, and a kernel that stands further down.\n\n\n@compiled"),
        ("kernel", "2.0 * of.room(load)", "(\n        2.0 * of.room(load)\n    )  # in brackets"),
        ("room", "What is called.", "What is called: kernels."),
        ("limits", "Too much.", "Much too much."),
    ],
)
def test_prose_and_layout_do_not_count(package: Path, begin: Begin, name: str, old: str, new: str) -> None:
    begin().kernel(4.0)
    edit(package / f"{name}.py", old, new)
    kernel = begin().kernel
    assert kernel(4.0) == 12.0
    assert is_loaded(kernel)


@pytest.mark.parametrize(
    ("name", "old", "new", "value"),
    [
        pytest.param("kernel", "2.0 *", "3.0 *", 18.0, id="the kernel"),
        pytest.param("room", "LIMIT - load", "LIMIT + load", 28.0, id="a kernel that it calls"),
        pytest.param("limits", "10.0", "20.0", 32.0, id="a constant of a file that its own does not import"),
    ],
)
def test_what_it_says_calls_and_reads_counts(
    package: Path, begin: Begin, name: str, old: str, new: str, value: float
) -> None:
    begin().kernel(4.0)
    edit(package / f"{name}.py", old, new)
    for loads in (False, True):
        kernel = begin().kernel
        assert kernel(4.0) == value
        assert is_loaded(kernel) == loads


def test_old_code_is_not_kept(package: Path, begin: Begin, tmp_path: Path) -> None:
    begin().kernel(4.0)
    edit(package / "kernel.py", "2.0 *", "3.0 *")
    begin().kernel(4.0)
    assert len(list((tmp_path / "cache").rglob("kernel.*.nbc"))) == 1


def test_two_of_one_name_in_a_file_are_two(package: Path, begin: Begin) -> None:
    twin = SOURCES["kernel"].split("\n\n\n")[1].replace("2.0", "5.0")
    with (package / "kernel.py").open("a") as file:
        file.write(f"\n\nfirst = kernel\n\n\n{twin}")
    for loads in (False, True):
        module = begin()
        assert (module.first(4.0), module.kernel(4.0)) == (12.0, 30.0)
        assert is_loaded(module.first) == is_loaded(module.kernel) == loads


def test_a_file_changed_after_its_import_spoils_nothing(package: Path, begin: Begin) -> None:
    module = begin()
    later = package / "limits.py"
    edit(later, "10.0", "20.0")
    now = time.time_ns()  # the clock of files is coarser
    os.utime(later, ns=(now, now))
    assert module.kernel(4.0) == 12.0
    kernel = begin().kernel
    assert kernel(4.0) == 32.0
    assert not is_loaded(kernel)


def test_where_nothing_can_be_written_it_compiles_all_the_same(
    begin: Begin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    module = begin()
    (tmp_path / "file").touch()
    monkeypatch.setattr(compiled, "_places", lambda: [tmp_path / "file" / "cache"])
    assert module.kernel(4.0) == 12.0
    assert module.kernel.stats.cache_path is None
    assert not is_loaded(module.kernel)


def test_the_next_place_is_taken_where_the_first_cannot_be_written(
    begin: Begin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(compiled, "_places", lambda: [tmp_path / "file" / "cache", tmp_path / "other"])
    for loads in (False, True):
        kernel = begin().kernel
        assert kernel(4.0) == 12.0
        assert is_loaded(kernel) == loads
