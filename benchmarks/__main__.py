"""Run every benchmark and print its table."""

from benchmarks import (
    agents,
    channel,
    grid,
    optimizers,
    optimum,
    page,
    parallel_run,
    peak_shaving,
    planning,
    power_flow,
    rounds,
    scale,
    start,
    stations,
    sweep,
    year,
)

for benchmark in (
    start, planning, agents, optimum, rounds, channel, power_flow, sweep, parallel_run, scale, grid, year, peak_shaving, stations, page, optimizers,
):  # fmt: skip
    benchmark.main()
