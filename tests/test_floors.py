"""The files of `runs` stand on few floors: what lies below a file can be read in an afternoon."""

from functools import cache

import grimp

MOST_FLOORS = 12


def test_no_chain_of_imports_within_runs_is_long() -> None:
    graph = grimp.build_graph("runs", cache_dir=None)

    @cache
    def chain(module: str) -> tuple[str, ...]:
        below = (chain(other) for other in sorted(graph.find_modules_directly_imported_by(module)))
        return (module, *max(below, key=len, default=()))

    longest = max((chain(module) for module in sorted(graph.modules)), key=len)
    assert len(longest) <= MOST_FLOORS, " -> ".join(longest)
