"""Every folder of tests/reference is a case that both engines must meet."""

import tomllib
from pathlib import Path

import pytest

from runs.scenario import Scenario
from runs.simulate import simulate

CASES = sorted(path.parent for path in (Path(__file__).parent.parent / "reference").glob("*/expected.toml"))


def test_there_are_cases() -> None:
    assert len(CASES) >= 4


@pytest.mark.parametrize("engine", ["agents", "compiled"])
@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_case(case: Path, engine: str) -> None:
    expected = tomllib.loads((case / "expected.toml").read_text())
    result = simulate(Scenario.read(case / "scenario.toml", [f"run.engine={engine}"]))
    for name, figure in expected["summary"].items():
        assert result.summary[name] == pytest.approx(figure["value"], abs=figure["tolerance"]), name
    if "schedule" in expected:
        found: dict[str, dict[str, float]] = {}
        for row in result.schedule.to_dict("records"):
            found.setdefault(row["vehicle"], {})[str(row["slot"])] = pytest.approx(row["power_kw"])
        assert found == expected["schedule"]
