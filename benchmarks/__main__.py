"""Run every benchmark and print its table."""

from benchmarks import agents, channel, optimum, planning, rounds, shards, sweep

for benchmark in (planning, agents, optimum, rounds, channel, sweep, shards):
    benchmark.main()
