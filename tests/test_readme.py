"""What README and guide show runs."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from runs.cli import app
from runs.studies.registry import STUDIES

TREE = Path(__file__).resolve().parent.parent
PAGES = ("README.md", "docs/guide.md")


def lines_shown() -> list[list[list[str]]]:
    """Return each line of commands that the pages show, once, as the commands' words."""
    text = "".join((TREE / page).read_text() for page in PAGES).replace("\\\n", " ")
    lines = dict.fromkeys(line.split("#")[0].strip() for line in text.splitlines() if line.startswith("    evswarm "))
    return [[shlex.split(command)[1:] for command in line.split("&&")] for line in lines]


LINES = lines_shown()
RUN = {
    " && ".join(map(" ".join, line)): line
    for line in LINES
    if line[0][0] not in {"app", "study"} and "--scheduler" not in line[0]
}
"""Lines without those that serve until they are stopped (tests/browser), take long (tests/runs/studies, small) or call a cluster
(tests/runs/test_cluster.py)."""

FAST = (
    "run --set fleet.source=csv", "init my.toml && check my.toml && run my.toml", "compare --methods free,ants,odc,optimal",
    "sweep scenarios/my_stations.toml", "optimize --functions F1,F5",
)  # fmt: skip
"""How lines begin that are not slow: every subcommand is in one of them."""


def test_the_python_of_the_readme_runs(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (tree / "README.md").read_text(), flags=re.DOTALL)
    exec(compile(code, "README.md", "exec"), {})  # noqa: S102
    assert "pheromone" in capsys.readouterr().out


def test_the_python_of_the_guide_runs(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for code in re.findall(r"```python\n(.*?)```", (tree / "docs/guide.md").read_text(), flags=re.DOTALL):
        exec(compile(code, "guide.md", "exec"), {"__name__": "guide"})  # noqa: S102
    assert "wander" in capsys.readouterr().out


def test_the_pages_show_commands_of_every_kind() -> None:
    names = [command[0] for line in LINES for command in line]
    assert len(names) >= 8
    assert {"run", "init", "check", "compare", "sweep", "study", "optimize", "app"} <= set(names)
    assert {line[0][1] for line in LINES if line[0][0] == "study"} <= set(STUDIES)


@pytest.mark.parametrize("start", FAST)
def test_every_fast_line_is_still_shown(start: str) -> None:
    assert any(text.startswith(start) for text in RUN)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(line, id=text, marks=() if text.startswith(FAST) else pytest.mark.slow)
        for text, line in RUN.items()
    ],
)
def test_a_line_of_readme_and_guide_runs(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: list[list[str]]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenarios").symlink_to(tree / "scenarios")
    (tmp_path / "my_fleet.csv").write_text("vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw\na,6,20,10,4\n")
    for words in line:
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, (words, done.output)
