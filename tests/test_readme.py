"""What the README shows runs."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from runs.cli import app
from runs.studies.registry import STUDIES


def test_the_python_of_the_readme_runs(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (tree / "README.md").read_text(), flags=re.DOTALL)
    exec(compile(code, "README.md", "exec"), {})  # noqa: S102
    assert "pheromone" in capsys.readouterr().out


def test_the_python_of_the_guide_runs(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for code in re.findall(r"```python\n(.*?)```", (tree / "docs/guide.md").read_text(), flags=re.DOTALL):
        exec(compile(code, "guide.md", "exec"), {"__name__": "guide"})  # noqa: S102
    assert "wander" in capsys.readouterr().out


def test_the_commands_of_readme_and_guide_run(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (tree / "README.md").read_text() + (tree / "docs/guide.md").read_text()
    lines = [line.split("#")[0] for line in text.replace("\\\n", " ").splitlines() if line.startswith("    evswarm ")]
    commands = [shlex.split(part)[1:] for line in lines for part in line.split("&&")]
    assert len(commands) >= 8
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenarios").symlink_to(tree / "scenarios")
    (tmp_path / "my_fleet.csv").write_text("vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw\na,6,20,10,4\n")
    for words in commands:
        if words[0] == "app":  # serves until it is stopped; tests/browser starts it
            continue
        if words[0] == "study":  # takes longer; tests/runs/studies run each, small
            assert words[1] in STUDIES, words
            continue
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, (words, done.output)
