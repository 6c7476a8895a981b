"""A day of 96 slots through grouping and sharing, by EVs in the fleet, beside SciPy's k-means; in CPU time."""

import time
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2

from coordination.peak_shaving.dispatch import Dispatcher
from coordination.peak_shaving.grouping import first_centroids
from coordination.peak_shaving.power_sharing import GroupingSettings, group, share
from environment.battery import Batteries

FLEETS = [300, 30_000, 1_000_000]
SLOTS = 96
SLOT_H = 0.25
LIBRARY_SLOTS = 4
"""Slots of the day in which the library groups as well."""


@dataclass
class Times:
    """Seconds of a day, and of the library in some of its slots beside ours in the same ones."""

    grouping: float = 0.0
    sharing: float = 0.0
    batteries: float = 0.0
    library: float = 0.0
    beside: float = 0.0
    same: bool = True


def by_library(soc: NDArray[np.float64], centroids: NDArray[np.float64]) -> NDArray[np.int32]:
    """Group by SciPy's k-means until no EV changes its group."""
    labels = np.full(soc.size, -1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of empty groups
        while True:
            centroids, moved = kmeans2(soc, centroids, iter=1, minit="matrix")
            if np.array_equal(moved, labels):
                return moved
            labels = moved


def day(vehicles: int) -> Times:
    """Let a fleet follow a signal that swings between its limits twice a day; all of it is there in every slot."""
    rng = np.random.default_rng(1)
    batteries = Batteries.of(
        rng.uniform(0.2, 0.8, vehicles), np.full(vehicles, 35.0), np.full(vehicles, 7.5), np.full(vehicles, 0.9)
    )
    dispatcher = Dispatcher(GroupingSettings())
    rows, hours = np.arange(vehicles), np.full(vehicles, SLOT_H)
    signal_kw = vehicles * 7.5 * 0.6 * np.sin(np.arange(SLOTS) / SLOTS * 4 * np.pi)
    centroids = first_centroids(batteries.soc, dispatcher.tactic.groups)
    times = Times()
    for slot in range(SLOTS):
        begin, before = centroids.copy(), batteries.soc.copy()
        at = [time.process_time()]
        limits = batteries.limits(rows, SLOT_H)
        at.append(time.process_time())
        labels = group(batteries.soc, dispatcher.tactic, centroids)
        at.append(time.process_time())
        power_kw, _ = share(
            float(signal_kw[slot]), batteries.soc, batteries.power_kw, limits, labels, dispatcher.settings
        )
        at.append(time.process_time())
        batteries.draw(rows, power_kw, hours)
        at.append(time.process_time())
        knowing, grouping, sharing, drawing = np.diff(at).tolist()
        times.grouping += grouping
        times.sharing += sharing
        times.batteries += knowing + drawing
        if slot % (SLOTS // LIBRARY_SLOTS) == 1:
            begun = time.process_time()
            theirs = by_library(before, begin)
            times.library += time.process_time() - begun
            times.beside += grouping
            times.same &= bool((theirs == labels).all())
    return times


def main(fleets: list[int] = FLEETS) -> None:
    """Print the table."""
    day(50)
    print(f"\nA day of {SLOTS} slots through grouping and sharing (proposed tactic), CPU seconds, best of 3")
    print(
        f"{'EVs':>10} {'grouping s':>11} {'sharing s':>10} {'both s':>8} {'batteries s':>12} {'both, us an EV and slot':>24} "
        f"{'kmeans2/grouping':>17} {'same groups':>12}"
    )
    for vehicles in fleets:
        days = [day(vehicles) for _ in range(3)]
        best = min(days, key=lambda times: times.grouping + times.sharing)
        both = best.grouping + best.sharing
        ratio = min(times.library for times in days) / max(min(times.beside for times in days), 1e-9)
        print(
            f"{vehicles:>10,} {best.grouping:>11.4f} {best.sharing:>10.4f} {both:>8.4f} {best.batteries:>12.4f} "
            f"{1e6 * both / vehicles / SLOTS:>24.4f} {ratio:>17.0f} {'yes' if best.same else 'NO':>12}"
        )
