"""Optimisers against each other on test functions: runs, tables, figure, and what ``evswarm optimize`` prints."""

from typing import Final

DEFAULT_ITERATIONS: Final = 100
"""Iterations of each run where no budget is given."""
