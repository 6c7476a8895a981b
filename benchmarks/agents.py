"""A whole Mesa day with an agent for every EV: time and memory as the fleet grows, beside plain Python agents."""

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor

from benchmarks.measure import best_s, memory_mb
from benchmarks.plain import plain_plan
from runs.model import GridModel
from runs.scenario import Scenario

FLEETS = [500, 1_000, 10_000, 100_000]


def scenario(vehicles: int) -> Scenario:
    """Return paper A's case for so many EVs: load and limit grow with the fleet."""
    scale = vehicles / 500
    return Scenario().update(
        fleet={"vehicles": vehicles}, load={"peak_kw": 1400 * scale}, transformer={"limit_kw": 1615 * scale}
    )


def measure(vehicles: int) -> tuple[float, float, float, float]:
    """Return seconds to make the model, to run its day, to plan in plain Python, and kilobytes an agent."""
    GridModel(scenario(50)).run_model()
    before = memory_mb()
    begun = time.perf_counter()
    model = GridModel(scenario(vehicles))
    made = time.perf_counter()
    model.run_model()
    done = time.perf_counter()
    kilobytes = (memory_mb() - before) * 1024 / vehicles
    plain = best_s(lambda: plain_plan(model.world.homes.problems[0], 1), repeats=1)
    return made - begun, done - made, plain, kilobytes


def main(fleets: list[int] = FLEETS) -> None:
    """Print the table."""
    print("\nA day of 24 slots with a Mesa agent for every EV, batch size 1")
    print(f"{'EVs':>8} {'make s':>8} {'day s':>8} {'us an EV':>9} {'kB an EV':>9} {'day/plain Python loop':>22}")
    for vehicles in fleets:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
            made, day, plain, kilobytes = process.submit(measure, vehicles).result()
        print(
            f"{vehicles:>8,} {made:>8.3f} {day:>8.3f} {1e6 * (made + day) / vehicles:>9.0f} {kilobytes:>9.2f} "
            f"{day / plain:>22.1f}"
        )
