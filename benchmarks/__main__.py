"""Run every benchmark and print its table."""

from benchmarks import agents, channel, optimum, page, planning, power_flow, rounds, shards, sweep

for benchmark in (planning, agents, optimum, rounds, channel, power_flow, sweep, shards, page):
    benchmark.main()
