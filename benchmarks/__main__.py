"""Run every benchmark and print its table."""

from benchmarks import agents, channel, optimizers, optimum, page, planning, rounds, shards, sweep

for benchmark in (planning, agents, optimum, rounds, channel, sweep, shards, page, optimizers):
    benchmark.main()
