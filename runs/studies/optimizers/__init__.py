"""Swarm optimisers on test functions: what papers B and C claim of them, and what we find."""
