"""Run every benchmark and print its table."""

from benchmarks import (
    agents,
    channel,
    grid,
    optimizers,
    optimum,
    page,
    peak_shaving,
    planning,
    power_flow,
    rounds,
    scale,
    shards,
    start,
    stations,
    sweep,
    year,
)

for benchmark in (
    start, planning, agents, optimum, rounds, channel, power_flow, sweep, shards, scale, grid, year, peak_shaving, stations, page, optimizers,
):  # fmt: skip
    benchmark.main()
