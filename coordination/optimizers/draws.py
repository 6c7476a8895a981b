"""Uniform random numbers inside compiled loops: a hash of a key and a place, so that no order of work changes a draw.

Source: the finaliser of SplitMix64, G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom number generators",
OOPSLA 2014 [standard]. The key comes from the run's generator, one for each population that is asked for.
"""

import numpy as np

from environment.compiled import compiled

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_UNIT = 2.0**-53


@compiled
def uniform(key: np.uint64, place: int) -> float:
    """Return the number in [0, 1) that belongs to a key and a place."""
    z = key + np.uint64(place) * _GAMMA
    z = (z ^ (z >> _S30)) * _MIX_1
    z = (z ^ (z >> _S27)) * _MIX_2
    z ^= z >> _S31
    return (z >> _S11) * _UNIT


def new_key(rng: np.random.Generator) -> np.uint64:
    """Draw a key of 64 bits, also from generators whose raw numbers have 32."""
    if isinstance(rng.bit_generator, np.random.PCG64):
        return np.uint64(rng.bit_generator.random_raw())  # the same number at a tenth of the time
    return rng.integers(2**64, dtype=np.uint64)
