"""Run every benchmark and print its table."""

from benchmarks import agents, channel, optimizers, optimum, page, peak_shaving, planning, rounds, shards, sweep

for benchmark in (planning, agents, optimum, rounds, channel, sweep, shards, peak_shaving, page, optimizers):
    benchmark.main()
