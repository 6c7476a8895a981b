"""Run every benchmark and print its table."""

from benchmarks import agents, optimum, planning, rounds

for benchmark in (planning, agents, optimum, rounds):
    benchmark.main()
