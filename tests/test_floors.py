"""The files of `runs` stand on few floors, one by one and folder by folder."""

from collections import defaultdict
from functools import cache

import grimp
import pytest

MOST_FLOORS = 12


@pytest.mark.parametrize("depth", [2, None], ids=["folders", "files"])
def test_no_chain_of_imports_within_runs_is_long(depth: int | None) -> None:
    graph = grimp.build_graph("runs", cache_dir=None, exclude_type_checking_imports=True)  # these run never
    below: dict[str, set[str]] = defaultdict(set)
    for module in graph.modules:
        for other in graph.find_modules_directly_imported_by(module):
            upper, lower = (".".join(name.split(".")[:depth]) for name in (module, other))
            below[upper] |= {lower} - {upper}

    @cache
    def chain(name: str) -> tuple[str, ...]:
        return (name, *max(map(chain, sorted(below.get(name, ()))), key=len, default=()))

    longest = max(map(chain, sorted(below)), key=len)
    assert len(longest) <= MOST_FLOORS, " -> ".join(longest)
