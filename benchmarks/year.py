"""A year of slots: seconds, memory and rows of a run with tables, each in a process of its own.

What a run takes is to grow with the slots of its horizon: a quarter of a year stands beside each year.
"""

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import memory_mb
from runs.result import Result
from runs.result_folder import SUMMARY_FILE
from runs.scenario import Scenario
from runs.simulate import ready, simulate

YEAR_DAYS = 364
"""Days of a year that quarters divide."""


def measure(engine: str, slot_min: int, days: int, vehicles: int) -> tuple[float, float, float, float, int]:
    """Return seconds to run and to write, memory before and at its peak [MB], and rows of all tables."""
    case = Scenario().update(
        horizon={"slot_min": slot_min, "slots": days * 24 * 60 // slot_min},
        fleet={"vehicles": vehicles},
        run={"engine": engine},
    )
    ready(case)
    before = memory_mb()
    begun = time.perf_counter()
    result = simulate(case)
    ran = time.perf_counter()
    with TemporaryDirectory() as folder:
        result.save(Path(folder))
        written = time.perf_counter()
        assert (Path(folder) / SUMMARY_FILE).is_file()
    return ran - begun, written - ran, before, memory_mb("VmHWM"), _rows(result)


def _rows(result: Result) -> int:
    return sum(len(getattr(result, name)) for name in ("slots", "vehicles", "schedule", "board"))


def main(vehicles: int = 50, year_days: int = YEAR_DAYS) -> None:
    """Print the table."""
    print(f"\n{vehicles} EVs every day of a quarter and of a whole year: with tables and the gap, without figures")
    print(f"{'':>10} {'slot':>7} {'days':>5} {'slots':>7} {'run s':>7} {'write s':>8} {'MB more':>8} {'rows':>11}")
    for engine in ("compiled", "agents"):
        for slot_min in (60, 15):
            for days in (year_days // 4, year_days):
                with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
                    found = process.submit(measure, engine, slot_min, days, vehicles).result()
                run_s, write_s, before, peak, rows = found
                print(
                    f"{engine:>10} {slot_min:>3} min {days:>5} {days * 24 * 60 // slot_min:>7,} {run_s:>7.2f} {write_s:>8.2f} "
                    f"{peak - before:>8.0f} {rows:>11,}"
                )


if __name__ == "__main__":
    main()
