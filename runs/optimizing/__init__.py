"""Optimisers against each other on test functions: runs, tables, figure, and what ``evswarm optimize`` prints."""
