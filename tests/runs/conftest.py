"""One small run of the command line, shared by all tests that only look at it."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from runs.cli import app


@dataclass(frozen=True)
class SmallRun:
    """What `evswarm run` wrote and printed for 20 EVs; no test may change its folder."""

    folder: Path
    printed: str


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> SmallRun:
    folder = tmp_path_factory.mktemp("small_run") / "deep" / "out"
    done = CliRunner().invoke(app, ["run", "--set", "fleet.vehicles=20", "--seed", "7", "--out", str(folder)])
    assert done.exit_code == 0, done.output
    return SmallRun(folder, done.stdout)
