"""A command starts quickly: it imports what it needs and no more, and a Ctrl-C meanwhile ends it cleanly."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from environment.registry import OnDemand
from runs.parts import PARTS
from runs.studies.registry import STUDIES

LISTED = "import runs.__main__, sys\ntry:\n    runs.__main__.main()\nfinally:\n    print(*sys.modules, file=sys.stderr)"
BEGUN = "import runs.__main__\nprint('begun', flush=True)\nruns.__main__.main()"

SELDOM = {
    "distributed", "matplotlib", "power_grid_model", "scipy.optimize", "scipy.sparse", "scipy.stats", "solara",
}  # fmt: skip
HEAVY = SELDOM | {"mesa", "networkx", "numba", "numpy", "pandas", "pyarrow", "scipy"}
COMMANDS = ("run", "compare", "study", "sweep", "optimize", "app", "init", "check")


def imported_by(*words: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", LISTED, *words], check=True, capture_output=True, text=True)
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("words", [("--help",), ("--version",), *((command, "--help") for command in COMMANDS)])
def test_help_and_version_import_no_library_that_computes(words: tuple[str, ...]) -> None:
    assert imported_by(*words).isdisjoint(HEAVY)


def test_a_check_imports_neither_agents_nor_tables_nor_power_flow() -> None:
    assert imported_by("check", "scenarios/paper_a.toml").isdisjoint({*SELDOM, "mesa", "pandas", "pyarrow"})


def test_a_compiled_run_imports_no_agents_and_nothing_that_it_does_not_use() -> None:
    modules = imported_by("run", "--set", "run.engine=compiled", "--set", "fleet.vehicles=20")
    assert modules.isdisjoint({*SELDOM, "mesa", "networkx", "pandas", "pyarrow"})


def test_a_run_of_agents_draws_nothing_and_solves_no_power_flow() -> None:
    modules = imported_by("run", "--set", "fleet.vehicles=20")
    assert "mesa" in modules
    assert modules.isdisjoint(
        {"distributed", "matplotlib", "power_grid_model", "scipy.optimize", "scipy.stats", "solara"}
    )


def test_whatever_is_imported_on_demand_stands_where_it_is_said_to() -> None:
    held = [place for part in PARTS.values() for place in part]
    held += [part for study in STUDIES.values() for part in (study.run, study.settings)]
    on_demand = [part for part in held if isinstance(part, OnDemand)]
    assert len(on_demand) >= 8 * len(PARTS) + len(STUDIES)
    for part in on_demand:
        part.load()


@pytest.mark.parametrize(
    ("delay_s", "how"),
    [(0.05, signal.SIGINT), (0.3, signal.SIGTERM), (0.6, signal.SIGHUP), (0.6, signal.SIGINT), (1.0, signal.SIGTERM)],
)
def test_a_stop_while_a_command_is_imported_leaves_no_traceback(
    delay_s: float, how: signal.Signals, tmp_path: Path
) -> None:
    words = ["run", "--set", "fleet.vehicles=20000", "--out", str(tmp_path / "out" / "demo")]
    with subprocess.Popen(
        [sys.executable, "-c", BEGUN, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as command:
        assert command.stdout is not None
        assert command.stdout.readline() == "begun\n"
        time.sleep(delay_s)
        command.send_signal(how)
        _, told = command.communicate(timeout=60)
    assert command.returncode == 128 + how
    assert told == "Stopped; nothing was written.\n"
    assert list(tmp_path.iterdir()) == []
