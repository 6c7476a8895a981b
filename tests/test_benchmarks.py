"""Every benchmark runs, small."""

import pytest

from benchmarks import agents, channel, optimum, page, peak_shaving, planning, rounds, shards, sweep


def test_benchmarks_run(capsys: pytest.CaptureFixture[str]) -> None:
    planning.main(200)
    agents.main([50])
    optimum.main([60])
    rounds.main(300)
    sweep.main(2, 2)
    channel.main(30, 1)
    shards.main(2, 10)
    peak_shaving.main([30])
    page.main([60], 3)
    out = capsys.readouterr().out
    assert "NO" not in out, (
        "OR-tools finds the same cost, SciPy the same groups, mesa.batch_run the same runs, parts the same summary"
    )
    assert out.count("\n") > 15
