"""Groups by k-means are the library's, whatever the states of charge and wherever the search begins."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2

from coordination.peak_shaving.grouping import by_kmeans, by_rank, first_centroids

SEEDS = st.integers(0, 2**32)


@st.composite
def charges(draw: st.DrawFn) -> NDArray[np.float64]:
    rng = np.random.default_rng(draw(SEEDS))
    n = draw(st.sampled_from([3, 4, 10, 57, 300]))
    kind = draw(st.sampled_from(["uniform", "clusters", "skewed", "ties"]))
    if kind == "clusters":
        return np.clip(rng.normal(rng.choice([0.25, 0.5, 0.75], n), 0.03), 0, 1)
    if kind == "skewed":
        return 0.2 + 0.6 * rng.beta(0.5, 3, n)
    return rng.choice(rng.uniform(0.2, 0.8, 9), n) if kind == "ties" else rng.uniform(0.2, 0.8, n)


def library(soc: NDArray[np.float64], begin: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """SciPy's k-means until nothing moves."""
    centroids = begin.copy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of empty groups
        for _ in range(500):
            moved, labels = kmeans2(soc, centroids, iter=1, minit="matrix")
            if np.array_equal(moved, centroids):
                break
            centroids = moved
    return centroids, labels


@given(soc=charges())
def test_from_a_cold_start_it_is_the_librarys(soc: NDArray[np.float64]) -> None:
    begin = first_centroids(soc, 3)
    centroids = begin.copy()
    labels = by_kmeans(soc, centroids)
    theirs, their_labels = library(soc, begin)
    if np.unique(their_labels).size == 3:  # an empty group is the library's to keep, not ours
        np.testing.assert_allclose(centroids, theirs, atol=1e-12)
        border = np.abs(soc[:, None] - (theirs[1:] + theirs[:-1]) / 2).min(axis=1) < 1e-12  # half-way but for rounding
        assert (labels == their_labels)[~border].all()


@given(soc=charges(), seed=SEEDS)
def test_from_the_slot_before_it_is_the_librarys(soc: NDArray[np.float64], seed: int) -> None:
    rng = np.random.default_rng(seed)
    centroids = first_centroids(soc, 3)
    for _ in range(8):
        by_kmeans(soc, centroids)
        soc = np.clip(soc + rng.normal(0.01, 0.02, soc.size), 0.2, 0.8)
        begin = centroids.copy()
        labels = by_kmeans(soc, centroids)
        theirs, their_labels = library(soc, begin)
        if (
            np.unique(their_labels).size == np.unique(begin).size == 3
        ):  # of two equal centroids it takes the first for all
            np.testing.assert_allclose(centroids, theirs, atol=1e-12)
            assert (labels == their_labels).all()


@given(soc=charges(), seed=SEEDS)
def test_groups_are_intervals_in_order_and_none_is_empty_without_need(soc: NDArray[np.float64], seed: int) -> None:
    centroids = np.sort(np.random.default_rng(seed).uniform(-1, 2, 3))  # wherever it begins
    labels = by_kmeans(soc, centroids)
    assert (np.diff(centroids) >= 0).all()
    assert (np.diff(labels[np.argsort(soc)]) >= 0).all()
    assert np.unique(labels).size == min(3, np.unique(soc).size)
    for g in range(3):
        if (labels == g).any():
            assert centroids[g] == pytest.approx(soc[labels == g].mean(), abs=1e-12)


@given(soc=charges(), seed=SEEDS)
def test_permuting_evs_permutes_groups(soc: NDArray[np.float64], seed: int) -> None:
    soc = np.unique(soc)
    order = np.random.default_rng(seed).permutation(soc.size)
    one, two = first_centroids(soc, 3), first_centroids(soc[order], 3)
    border_free = by_kmeans(soc, one)[order] == by_kmeans(soc[order], two)
    np.testing.assert_allclose(one, two, atol=1e-12)
    border = np.abs(soc[order, None] - (one[1:] + one[:-1]) / 2).min(axis=1) < 1e-12
    assert border_free[~border].all()
    assert (by_rank(soc, 3)[order] == by_rank(soc[order], 3)).all()


@pytest.mark.parametrize("n", [1, 2, 3, 50])
def test_equal_states_of_charge_are_one_group(n: int) -> None:
    soc = np.full(n, 0.8)
    centroids = first_centroids(soc, 3)
    assert by_kmeans(soc, centroids).tolist() == [0] * n
    assert by_kmeans(soc, np.array([0.2, 0.5, 0.79])).tolist() == [2] * n, "or that of the slot before"


def test_fewer_evs_than_groups_have_a_group_each() -> None:
    assert by_kmeans(np.empty(0), first_centroids(np.empty(0), 3)).tolist() == []
    two = np.array([0.7, 0.3])
    assert by_kmeans(two, first_centroids(two, 3)).tolist() == [2, 0]


def test_half_way_is_the_lower_group() -> None:
    assert by_kmeans(np.array([0.0, 1.0, 0.25, 0.75, 0.5]), np.array([0.0, 1.0])).tolist() == [0, 1, 0, 1, 0]


def test_a_group_that_lost_all_its_evs_takes_the_farthest_one() -> None:
    soc = np.array([0.2, 0.21, 0.22, 0.4])
    centroids = np.array([0.1, 0.2, 0.9])
    assert by_kmeans(soc, centroids).tolist() == [0, 0, 1, 2] or np.unique(by_kmeans(soc, centroids)).size == 3


@given(n=st.integers(0, 40), groups=st.sampled_from([2, 3]), seed=SEEDS)
def test_equal_numbers_differ_by_one_at_most(n: int, groups: int, seed: int) -> None:
    soc = np.random.default_rng(seed).integers(20, 80, n) / 100
    labels = by_rank(soc, groups)
    counts = np.bincount(labels, minlength=groups)
    assert np.ptp(counts) <= 1
    assert (np.diff(soc[np.argsort(soc, kind="stable")]) >= 0).all()
    for low in range(groups - 1):
        if (labels == low).any() and (labels > low).any():
            assert soc[labels == low].max() <= soc[labels > low].min()
