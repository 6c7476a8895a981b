"""What is too large for the machine is told before memory is taken, and goes on where that is asked for."""

import os
import resource
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner
from typer.testing import Result as Ended

from environment.files import MOST_BYTES
from runs.cli import app
from runs.homes.part import Homes
from runs.memory import free_bytes
from runs.optimizing.options import comparison_of, faults_of_comparison
from runs.parts import parts_of
from runs.scenario import Scenario
from runs.size import faults_of_size
from runs.terminal import explained
from runs.workers import THREAD_SETTINGS

COMPILED = "run.engine=compiled"
STORE = "peak_shaving.optimizer=pso"
HUGE = ("--set", "fleet.vehicles=100000000", "--set", "horizon.slot_min=1")

MEASURED_MB = {
    (COMPILED, "fleet.vehicles=300000"): 229,
    (COMPILED, "fleet.vehicles=100000", "horizon.slot_min=15"): 173,
    (COMPILED, "fleet.vehicles=100000", "horizon.slot_min=5"): 428,
    (COMPILED, "fleet.vehicles=100000", "horizon.slots=168"): 560,
    (COMPILED, "fleet.vehicles=30000", "horizon.slots=672", "horizon.slot_min=15"): 352,
    (COMPILED, "fleet.vehicles=100000", "transformer.count=200"): 63,
    (COMPILED, "fleet.vehicles=10", "transformer.count=5000", "horizon.slot_min=15"): 412,
    (COMPILED, "fleet.vehicles=100", "horizon.slots=10000", "horizon.slot_min=1"): 127,
    (COMPILED, "feeder.source=cigre_lv", "transformer.count=20", "horizon.slot_min=15"): 56,
    ("fleet.vehicles=30000",): 62,
    ("fleet.vehicles=30000", "horizon.slot_min=15"): 91,
    (COMPILED, STORE, "fleet.vehicles=20000", "horizon.slot_min=15"): 54,
    (COMPILED, STORE, "fleet.vehicles=20000", "horizon.slot_min=15", "horizon.slots=672"): 339,
    ("stations.piles=18", "users.users=2000000", "users.charging_a_day=1000000"): 210,
    ("stations.piles=18", "horizon.slots=2000"): 161,
    ("stations.piles=18", "horizon.slots=1", "scheduling.population=20000"): 122,
}
"""Peak of memory beyond what a process holds without a run [MB]."""

TABLES_MB = {
    (COMPILED, "fleet.vehicles=100000"): 142,
    (COMPILED, "fleet.vehicles=30000", "horizon.slot_min=5"): 147,
    (COMPILED, "fleet.vehicles=10", "transformer.count=5000", "horizon.slot_min=15"): 2521,
    ("fleet.vehicles=5000", "channel.log=true"): 62,
}
"""The same with tables."""


def size(*keys: str, tables: bool = False) -> int:
    case = Scenario.read(None, keys)
    return sum(part.size(case, tables=tables).n_bytes for part in parts_of(case).values())


def faults(*keys: str, **how: Any) -> list[str]:
    case = Scenario.read(None, keys)
    sizes = [part.size(case, tables=False) for part in parts_of(case).values()]
    return [str(fault) for fault in faults_of_size(case, sizes, **how)]


def evswarm(*words: str | Path) -> Ended:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.mark.parametrize(
    ("keys", "tables", "peak_mb"),
    [(k, False, mb) for k, mb in MEASURED_MB.items()] + [(k, True, mb) for k, mb in TABLES_MB.items()],
)
def test_the_estimate_is_near_what_was_measured(keys: tuple[str, ...], tables: bool, peak_mb: float) -> None:
    assert 0.6 < size(*keys, tables=tables) / (1e6 * peak_mb) < 2.2


@given(st.data())
def test_more_of_anything_needs_more(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["run.seed=1", STORE, "stations.piles=18"]))
    count = {
        "fleet.vehicles": st.integers(1, 10**8), "horizon.slots": st.integers(1, 10**6), "transformer.count": st.integers(1, 10**5),
        "users.users": st.integers(11_000, 10**8),
    }  # fmt: skip
    one = {key: data.draw(each) for key, each in count.items()}
    more = {key: data.draw(st.integers(value, 2 * value)) for key, value in one.items()}
    texts = [[f"{key}={min(value, 10**5)}" for key, value in each.items()] for each in (one, more)]
    (least, most), tables = (size(kind, *each) for each in texts), size(kind, *texts[1], tables=True)
    assert 0 < least <= most < tables


def test_what_fits_is_no_fault_and_what_does_not_is_told_with_both_sizes() -> None:
    keys = (COMPILED, "fleet.vehicles=10000000", "horizon.slot_min=15")
    assert faults(*keys, free=20 * 10**9) == []
    (told,) = faults(*keys, free=10**9)
    assert told == (
        "scenario: size is 10,000,000 stays of EVs in 96 slots below 1 transformer, about 17.3 GB; expected at most the 1.0 GB "
        "that are free: fewer EVs, transformers or slots, or --force"
    )
    assert "run.engine = 'compiled'" in faults(*keys[1:], free=10**9)[0]
    assert faults(*keys, free=30 * 10**9, times=2) != []


def test_each_worker_counts() -> None:
    assert faults(workers=4, free=10**9) == []
    assert "1,000 workers, about 170.0 GB" in faults(workers=1000, free=10**9)[0]


def test_stays_of_a_file_are_counted_and_not_read(tmp_path: Path) -> None:
    path = tmp_path / "fleet.csv"
    path.write_text("vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw\n" + "no fleet at all\n" * 1000)
    keys = ("fleet.source=csv", f"fleet.path={path}", "horizon.slot_min=15")
    few = size(*keys)
    path.write_text(path.read_text() * 10)
    assert 9 * few < size(*keys) + size("fleet.vehicles=1", "horizon.slot_min=15") * 9
    assert "10,010 stays" in faults(*keys, free=0)[0]


@pytest.mark.parametrize("mark", [",", ";"])
def test_transformers_that_a_file_names_are_counted(mark: str, tmp_path: Path) -> None:
    path = tmp_path / "fleet.csv"
    header = ["vehicle", "transformer", "plug_in_h", "plug_out_h", "energy_kwh", "power_kw"]
    rows = [header, *([f"v{i}", f"T {i % 7} ", "1", "9", "5", "4"] for i in range(20))]
    path.write_text("\n" + "".join(mark.join(row) + "\n" for row in rows))
    keys = ("fleet.source=csv", f"fleet.path={path}", "transformer.count=900")
    assert "below 7 transformers" in faults(*keys, free=0)[0]
    case = Scenario.read(None, keys)
    assert len(Homes.build(case, np.random.default_rng(1)).loads) == 7
    path.write_text(path.read_text().replace("transformer", "transformers"))
    assert "below 900 transformers" in faults(*keys, free=0)[0]


def test_sessions_of_an_export_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "acn.json"
    path.write_text('{"_items": [' + ",".join(['{"sessionID": "a", "connectionTime": null}'] * 70) + "]}")
    keys = ("fleet.source=acn", f"fleet.path={path}")
    assert "70 stays" in faults(*keys, free=0)[0]


def test_a_huge_file_is_told_with_its_size(tmp_path: Path) -> None:
    path = tmp_path / "load.csv"
    with path.open("wb") as stream:
        stream.truncate(3 * MOST_BYTES // 2)  # a hole: it takes no room on the disk
    told = faults("load.source=csv", f"load.path={path}", free=10**15)
    assert told == [f"{path}: size is 3.0 GB; expected at most 2.0 GB, unpacked, or --force"]
    assert "size is 3.0 GB" in evswarm("sweep", "--design", path, "--out", tmp_path / "out").output
    assert "size is 3.0 GB" in evswarm("check", path).output
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("command", ["run", "compare", "check", "sweep"])
def test_a_run_that_is_too_large_is_a_fault_before_anything_is_built(command: str, tmp_path: Path) -> None:
    words = ["scenarios/paper_a.toml"] if command == "check" else ["--out", tmp_path / "out"]
    ended = evswarm(command, *words, *HUGE)
    assert ended.exit_code == 2
    assert "fault: scenario: size is 100,000,000 stays of EVs in 1,440 slots" in ended.output
    assert list(tmp_path.iterdir()) == []


def test_each_method_that_is_compared_counts() -> None:
    words = ["compare", "--set", "coordination.population=1000000", "--set", "fleet.vehicles=100000"]
    ended = evswarm(*words, "--methods", "free,pso1")
    assert ended.exit_code == 2
    assert "size is 100,000 stays" in ended.output


def test_a_point_of_a_design_that_is_too_large_is_a_fault(tmp_path: Path) -> None:
    ended = evswarm("sweep", "--vary", "fleet.vehicles=5,100000000", *HUGE[2:], "--out", tmp_path / "out")
    assert ended.exit_code == 2
    assert "size is 100,000,000 stays" in ended.output
    assert list(tmp_path.iterdir()) == []


def test_force_goes_on() -> None:
    words = ["check", "scenarios/paper_b.toml", *HUGE[2:]]
    for key in ("horizon.slots=100000", "peak_shaving.population=100000", "fleet.vehicles=1"):
        words += ["--set", key]
    told = evswarm(*words)
    assert "size is 1 EV giving back in 100,000 slots" in told.output
    assert told.exit_code == 2
    assert "no fault" in evswarm(*words, "--force").output


@pytest.mark.parametrize(
    "words",
    [
        ["sweep", "--replications", "1000000000"],
        ["sweep", "--replications", str(2**64)],
        ["sweep", "--workers", str(2**64), "--replications", "10000000"],
        ["sweep", "--design", "lhs", "--samples", "1000000000", "--vary", "load.fluctuation=0:0.1"],
        ["sweep", *(f"--vary=load.{key}={','.join(map(str, range(1, 101)))}" for key in ("peak_kw", "a", "b"))],
        ["sweep", "--engine", "dask", "--workers", "1000000000"],
        ["run", "--workers", str(2**64)],
        ["run", "--engine", "dask", "--workers", "1000000000"],
        ["optimize", "--dimension", str(2**64)],
        ["optimize", "--runs", str(2**64)],
        ["optimize", "--population", str(2**64)],
        ["optimize", "--iterations", str(10**12)],
        ["optimize", "--evaluations", str(2**64)],
        ["optimize", "--workers", str(2**64), "--runs", "10000000"],
        ["study", "paper_c", "--shots", str(2**64)],
        ["study", "paper_b", "--days", str(2**64)],
    ],
    ids=lambda words: " ".join(words)[:40],
)
def test_absurd_counts_are_faults_at_once(words: list[str], tmp_path: Path) -> None:
    ended = evswarm(*words, "--out", tmp_path / "out")
    assert ended.exit_code == 2, ended.output
    assert "fault: " in ended.output
    assert list(tmp_path.iterdir()) == []


def test_a_comparison_of_optimisers_that_is_too_large_is_a_fault() -> None:
    comparison = comparison_of(
        "F1", "pso", runs=10, dimension=1000, population=1000, iterations=10, evaluations=None, shifted=False, seed=1
    )
    assert faults_of_comparison(comparison, 1, free=10**9) == []
    assert "about 50 MB" in str(faults_of_comparison(comparison, 1, free=40 * 10**6)[0])
    assert "about 440 MB" in str(faults_of_comparison(comparison, 2, free=40 * 10**6)[0])


def test_the_systems_free_memory_is_known_and_less_than_it_has() -> None:
    free = free_bytes()
    assert free is not None
    assert 0 < free <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def test_a_worker_that_is_ended_from_outside_is_a_fault() -> None:
    pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
    with pool, pytest.raises(typer.Exit) as ended, explained():
        pool.submit(os._exit, 9).result()
    assert ended.value.exit_code == 2


@pytest.mark.slow
def test_memory_that_runs_out_is_one_line_and_nothing_is_written(tmp_path: Path) -> None:
    def only_so_much() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))

    keys = [COMPILED, "fleet.vehicles=20", "horizon.slot_min=1", "transformer.count=200"]
    words = [
        sys.executable,
        "-m",
        "runs",
        "run",
        *(f"--set={key}" for key in keys),
        "--force",
        "--out",
        tmp_path / "out",
    ]
    few = dict.fromkeys(THREAD_SETTINGS, "1")  # each thread has a part of the address space
    ended = subprocess.run(
        words, check=False, capture_output=True, text=True, preexec_fn=only_so_much, env={**os.environ, **few}
    )
    assert ended.returncode == 2, ended.stderr
    told = "fault: this needs more memory than there is: fewer EVs, transformers or slots need less"
    assert " ".join(ended.stderr.split()) == told
    assert list(tmp_path.iterdir()) == []
