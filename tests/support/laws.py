"""On how many examples a law is tried: the profiles of Hypothesis, and laws that take more or fewer than the others.

Quick is for the daily loop, ci for every change that is taken, nightly looks for new examples at every run.
"""

from hypothesis import settings

settings.register_profile("quick", deadline=None, derandomize=True, max_examples=15)
settings.register_profile("ci", deadline=None, derandomize=True, max_examples=60)
settings.register_profile("nightly", deadline=None, derandomize=False, max_examples=500, print_blob=True)


def examples(share: float) -> settings:
    """Try a law on this share of the profile's examples: below 1 where each costs much, above 1 where few are telling."""
    return settings(max_examples=max(1, round(share * settings().max_examples)))
