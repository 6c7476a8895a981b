"""Run every benchmark and print its table."""

from benchmarks import agents, optimum, planning, rounds, sweep

for benchmark in (planning, agents, optimum, rounds, sweep):
    benchmark.main()
