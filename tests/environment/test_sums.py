"""Sums in compiled code are NumPy's, bit for bit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from environment.sums import sum_of


@given(seed=st.integers(0, 2**32), n=st.integers(0, 700))
def test_a_sum_is_rounded_as_numpy_rounds_it(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.standard_normal(n) * 10.0 ** rng.integers(-8, 8, n)
    assert sum_of(values) == values.sum()


@pytest.mark.parametrize("n", [7, 8, 9, 127, 128, 129, 136, 256, 257, 1000, 4096, 33_333])
def test_so_it_is_where_blocks_begin(n: int) -> None:
    values = np.random.default_rng(n).random(n) * 60.0
    assert sum_of(values) == values.sum()
    assert sum_of(values[::-1].copy()) == values[::-1].copy().sum()


def test_a_plain_loop_would_not_be() -> None:
    values, total = np.random.default_rng(1).random(1000) * 60.0, 0.0
    for value in values.tolist():
        total += value
    assert total != values.sum()
