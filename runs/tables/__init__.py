"""Tables of runs: their schema, and what several parts of a run make in the same way."""
