"""Every benchmark runs, small."""

import pytest

from benchmarks import agents, optimum, planning, rounds, sweep


def test_benchmarks_run(capsys: pytest.CaptureFixture[str]) -> None:
    planning.main(200)
    agents.main([50])
    optimum.main([60])
    rounds.main(300)
    sweep.main(2, 2)
    out = capsys.readouterr().out
    assert "NO" not in out, "OR-tools finds the same cost, mesa.batch_run the same runs"
    assert out.count("\n") > 15
