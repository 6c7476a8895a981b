"""Run every benchmark and print its table."""

from benchmarks import agents, planning

for benchmark in (planning, agents):
    benchmark.main()
