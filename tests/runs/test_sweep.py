import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from environment.input_faults import FaultyInputError
from runs import workers
from runs.cli import app
from runs.design import Design, Range, read_design
from runs.engine import Scheduler
from runs.jobs import NO_FIGURES, Job, Record, work
from runs.scenario import Scenario
from runs.simulate import simulate
from runs.sweep import JOURNAL_FILE, Warned, replication_seed, sweep, warnings_of

SMALL = Scenario().update(fleet={"vehicles": 20}, run={"engine": "compiled"})
BATCHES = Design.full({"coordination.batch_size": [1, 5]})
MARK = "EVSWARM_TEST_SWEEP"
DRAWS = ("matplotlib", "mesa.visualization", "solara", "rich", "typer")


def evswarm(*words: object) -> Result:
    return CliRunner().invoke(app, ["sweep", *map(str, words)])


def swept(folder: Path, design: Design = BATCHES, scenario: Scenario = SMALL, **options: Any) -> pd.DataFrame:
    sweep(scenario, design, **{"replications": 3, "folder": folder, "engine": "serial", **options})
    return pd.read_parquet(folder / "runs.parquet")


def recorded(folder: Path) -> Counter[int]:
    return Counter(json.loads(line)["run"] for line in (folder / "journal.jsonl").read_bytes().splitlines())


def faults_of(kind: str, *vary: str, samples: int | None = None) -> list[str]:
    return [str(fault) for fault in read_design(kind, vary, samples, SMALL)[1]]


def bad_loads(folder: Path) -> Design:
    """Two loads, of which the second is zero everywhere and cannot be scaled."""
    for name, load_kw in (("good", 100), ("zero", 0)):
        (folder / f"{name}.csv").write_text(f"hour,load_kw\n0,{load_kw}\n12,{load_kw}\n")
    return Design.full({
        "load.source": ["csv"],
        "load.path": [str(folder / "good.csv"), str(folder / "zero.csv")],
        "load.peak_kw": [1400.0],
    })  # fmt: skip


@pytest.mark.slow
def test_any_engine_and_any_number_of_workers_give_the_same_bytes(tmp_path: Path) -> None:
    from distributed import LocalCluster  # noqa: PLC0415  (nobody else here waits for it)

    design = Design.full({"coordination.batch_size": [1, 5, 20], "load.fluctuation": [0, 0.05]})
    tables = []
    for engine, count in (("serial", None), ("process", 1), ("process", 3), ("dask", 2)):
        folder = tmp_path / f"{engine}{count}"
        swept(folder, design, engine=engine, workers=count)
        tables.append((folder / "runs.parquet").read_bytes())
    with LocalCluster(
        n_workers=1, processes=False, protocol="tcp", host="127.0.0.1", dashboard_address=None
    ) as running:
        swept(tmp_path / "running", design, engine="dask", scheduler=Scheduler(running.scheduler_address))
    tables.append((tmp_path / "running" / "runs.parquet").read_bytes())
    assert set(tables) == {tables[0]}
    table = pd.read_parquet(tmp_path / "dask2" / "runs.parquet")
    assert table.run.tolist() == list(range(18))
    assert not {name for name in table if name.rpartition(".")[2] in NO_FIGURES}
    assert {"free.peak_kw", "no_evs.peak_kw", "optimality_gap"} <= set(table)


def test_both_engines_of_a_run_give_the_same_rows(tmp_path: Path) -> None:
    agents = swept(tmp_path / "agents", scenario=SMALL.update(run={"engine": "agents"}))
    assert agents.equals(swept(tmp_path / "compiled"))


def test_levels_meet_the_same_fleets(tmp_path: Path) -> None:
    table = swept(tmp_path)
    one, other = (table[table["coordination.batch_size"] == size] for size in (1, 5))
    assert one.seed.tolist() == other.seed.tolist()
    assert one.energy_requested_kwh.tolist() == other.energy_requested_kwh.tolist()
    assert table.energy_requested_kwh.nunique() == 3, "replications differ"


def test_more_replications_keep_the_seeds_of_the_first_and_go_on(tmp_path: Path) -> None:
    children = np.random.SeedSequence(1).spawn(5)
    assert [replication_seed(1, r) for r in range(5)] == [int(c.generate_state(1, np.uint64)[0] >> 1) for c in children]
    assert replication_seed(1, 0) != replication_seed(2, 0)
    few = swept(tmp_path / "grown")
    more = swept(tmp_path / "grown", replications=5)
    assert more[: len(few)].equals(few)
    assert set(recorded(tmp_path / "grown").values()) == {1}
    assert more.equals(swept(tmp_path / "at once", replications=5))
    assert few.equals(swept(tmp_path / "at once")), "fewer again: only these"


def test_seed_and_levels_of_a_row_repeat_it(tmp_path: Path) -> None:
    row = swept(tmp_path, Design.full({"coordination.batch_size": [5], "load.fluctuation": [0.05]})).iloc[-1]
    overrides = [f"{key}={row[key]}" for key in ("coordination.batch_size", "load.fluctuation")]
    again = Scenario.read(tmp_path / "scenario.toml", [*overrides, f"run.seed={row.seed}"])
    assert simulate(again).summary["optimality_gap"] == row.optimality_gap


def test_a_failed_run_is_a_row_with_its_error(tmp_path: Path) -> None:
    design = bad_loads(tmp_path)
    table = swept(tmp_path / "out", design, engine="process", workers=2)
    assert table.status.tolist() == ["ok", "failed"] * 3
    assert table.error[1].startswith("FaultyInputError: ")
    assert "load of at most 0 kW" in table.error[1]
    assert table.peak_kw.isna().tolist() == [False, True] * 3
    (tmp_path / "zero.csv").write_text("hour,load_kw\n0,9\n12,9\n")
    assert (swept(tmp_path / "out", design).status == "failed").sum() == 3, "failed runs are recorded, too"
    assert (swept(tmp_path / "out", design, retry_failed=True).status == "ok").all()
    assert recorded(tmp_path / "out") == {run: 1 + run % 2 for run in range(6)}


def die_at_batches_of_5(scenario: Scenario, jobs: list[Job]) -> Any:
    if any(job.changes["coordination.batch_size"] == 5 for job in jobs):
        os._exit(7)
    return work(scenario, jobs)


@pytest.mark.parametrize(("engine", "replications"), [("process", 2), ("dask", 1)])
@pytest.mark.slow
def test_a_run_that_kills_its_worker_is_a_failed_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str, replications: int
) -> None:
    monkeypatch.setattr("runs.sweep.work", die_at_batches_of_5)
    table = swept(tmp_path, engine=engine, workers=2, replications=replications)
    assert table.status.tolist() == ["ok", "failed"] * replications
    assert table.error[1].startswith(("BrokenProcessPool: ", "KilledWorker: "))
    assert set(recorded(tmp_path).values()) == {1}


def command(folder: Path) -> list[str]:
    return [
        sys.executable, "-m", "runs", "sweep", "--vary", "coordination.batch_size=1,5", "--replications", "60",
        "--workers", "2", "--set", "fleet.vehicles=100", "--out", str(folder),
    ]  # fmt: skip


def stopped_half_way(folder: Path, how: signal.Signals) -> tuple[int, str]:
    """Stop a sweep when some of its runs are recorded; return its exit code and what it said."""
    journal = folder / "journal.jsonl"
    env = {**os.environ, MARK: str(folder)}
    with subprocess.Popen(
        command(folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env
    ) as process:
        while process.poll() is None and not (journal.exists() and journal.read_bytes().count(b"\n") > 10):
            time.sleep(0.01)
        assert len(processes_marked(folder)) >= 2, "the sweep and a worker"
        process.send_signal(how)
        _, said = process.communicate(timeout=60)
    assert 10 < len(recorded(folder)) < 120
    return process.returncode, said


def processes_marked(folder: Path) -> list[Path]:
    """Return the processes that inherited the mark of a sweep."""
    found = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if f"{MARK}={folder}".encode() in environ.read_bytes():
                found.append(environ.parent)
    return found


@pytest.mark.slow
def test_a_killed_sweep_resumes_and_repeats_nothing(tmp_path: Path) -> None:
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    stopped_half_way(killed, signal.SIGKILL)
    for _ in range(200):
        if not processes_marked(killed):
            break
        time.sleep(0.05)
    assert processes_marked(killed) == [], "no worker outlives its sweep"
    with (killed / "journal.jsonl").open("ab") as journal:
        journal.write(b'{"run": 119, "status": "ok", "err')  # as a power cut leaves it
    for folder in (killed, whole):
        subprocess.run(command(folder), check=True, capture_output=True)
    runs = recorded(killed)
    assert set(runs) == set(range(120))
    assert set(runs.values()) == {1}
    assert (killed / "runs.parquet").read_bytes() == (whole / "runs.parquet").read_bytes()


@pytest.mark.slow
def test_ctrl_c_says_what_is_kept_and_how_to_go_on(tmp_path: Path) -> None:
    code, said = stopped_half_way(tmp_path, signal.SIGINT)
    assert code == 130
    assert f"{len(recorded(tmp_path))} of 120 runs are kept" in said
    assert "The same command goes on" in said
    assert "Traceback" not in said


def test_torn_lines_of_a_journal_are_passed_over(tmp_path: Path) -> None:
    whole = swept(tmp_path)
    journal = tmp_path / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([lines[0], b"\0\0\0\n", *lines[2:-1], lines[-1][:40]]))
    assert swept(tmp_path).equals(whole)


@pytest.mark.parametrize("engine", [pytest.param("agents", marks=pytest.mark.slow), "compiled"])
def test_a_worker_imports_nothing_that_draws(engine: str) -> None:
    job = Job(0, {"run.seed": 3, "run.engine": engine})
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        (record,) = pool.submit(work, SMALL, [job]).result()
        modules = set(pool.submit(eval, "list(__import__('sys').modules)").result())
    assert record["status"] == "ok"
    assert modules.isdisjoint({*DRAWS, "tests"})
    assert ("mesa" in modules) == (engine == "agents")


def test_the_entry_point_that_a_worker_imports_is_empty() -> None:
    look = "import runpy, sys; runpy.run_path(sys.argv[1], run_name='__mp_main__'); print(*sys.modules)"
    entry = Path(sys.executable).with_name("evswarm")
    done = subprocess.run([sys.executable, "-c", look, entry], check=True, capture_output=True, text=True)
    assert set(done.stdout.split()).isdisjoint({*DRAWS, "runs.cli", "pandas"})


def test_workers_compute_on_one_thread_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    with workers.processes(1, None) as crew:
        assert crew.executor.submit(os.getenv, "OMP_NUM_THREADS").result() == "1"
    assert os.environ["OMP_NUM_THREADS"] == "8"


def test_a_latin_hypercube_meets_every_stratum_once_and_the_seed_draws_it() -> None:
    axes = ("load.fluctuation=0:1", "coordination.batch_size=1:10", "coordination.method=free,ants")
    design, faults = read_design("lhs", axes, 20, SMALL)
    assert faults == []
    fluctuation, batch, method = zip(*design.points, strict=True)
    assert sorted(int(20 * value) for value in fluctuation) == list(range(20))
    assert Counter(batch) == dict.fromkeys(range(1, 11), 2), "integers, both ends included"
    assert Counter(method) == {"free": 10, "ants": 10}
    assert design == read_design("lhs", axes, 20, SMALL)[0]
    assert design != read_design("lhs", axes, 20, SMALL.update(run={"seed": 2}))[0]


def test_a_full_design_is_every_combination() -> None:
    design, _ = read_design("full", ["coordination.batch_size=1,2", "load.fluctuation=0,0.05"], None, SMALL)
    assert design.points == tuple(itertools.product([1, 2], [0, 0.05]))


def test_levels_are_toml_and_bare_words_are_texts() -> None:
    types = 'fleet.types=[{name="a, b", power_kw=4, capacity_kwh=9}],[{name="c", power_kw=7, capacity_kwh=9}]'
    design, faults = read_design("full", [types, 'coordination.method=ants,"free"', "run.optimum=true"], None, SMALL)
    assert faults == []
    assert [point[1] for point in design.points[:2]] == ["ants", "free"]
    assert design.points[0][2] is True
    assert design.points[0][0][0]["name"] == "a, b"
    assert design.cells(0)["fleet.types"] == '[{ name = "a, b", power_kw = 4, capacity_kwh = 9 }]'


def test_a_design_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "points.csv"
    file.write_text("fleet.source,fleet.path,coordination.batch_size\ncsv,a.csv,2\ncsv,b.csv,3\n")
    design, faults = read_design(str(file), (), None, Scenario())
    assert faults == []
    assert design.points[1] == ("csv", str(tmp_path / "b.csv"), 3), "paths are relative to the file"
    file.write_text("coordination.batch_size,load.fluktuation\n2,0.1\n0,0.1\n,1\n")
    assert faults_of(str(file)) == ["points.csv, line 4: coordination.batch_size is empty; expected a value"]
    file.write_text("coordination.batch_size,load.fluctuation\n2,0.1\n0,0.1\n3,-1\n")
    found = faults_of(str(file))
    assert [fault.split(";")[0] for fault in found] == [
        "points.csv, line 3: coordination.batch_size is 0",
        "points.csv, line 4: load.fluctuation is -1",
    ]


@pytest.mark.parametrize(
    ("kind", "vary", "samples", "expected"),
    [
        ("full", ["coordination.batch=1,2"], None, ["'batch_size', the nearest known name"]),
        ("full", ["cordination.batch_size=1"], None, ["'coordination', the nearest known name"]),
        (
            "full",
            ["coordination.batch_size=0,1", "load.fluctuation=-1"],
            None,
            ["batch_size is 0", "fluctuation is -1"],
        ),
        ("full", ["batch_size"], None, ["section.key=level,level"]),
        ("full", ["coordination.batch_size=1,,2"], None, ["a value between commas"]),
        ("full", ["coordination.batch_size=1,1"], None, ["each level once"]),
        ("full", ["coordination.batch_size=1", "coordination.batch_size=2"], None, ["each key once"]),
        ("full", ["run.seed=1,2"], None, ["replications have their own"]),
        ("full", [], 3, ["or --design lhs"]),
        ("lhs", ["coordination.batch_size=1:9"], None, ["the number of points"]),
        ("lhs", ["coordination.batch_size=9:1"], 5, ["low below high"]),
        ("lhs", ["coordination.batch_size=0:9", "load.fluctuation=0:99"], 50, ["batch_size is 0", "fluctuation is 99"]),
        ("lhs", [], 3, ["key=low:high"]),
        ("cube", [], None, ["full, lhs or a CSV file"]),
        ("none.csv", ["a.b=1"], None, ["none beside a design file", "missing"]),
    ],
)
def test_what_is_wrong_with_a_design_is_said_at_once(
    kind: str, vary: list[str], samples: int | None, expected: list[str]
) -> None:
    found = faults_of(kind, *vary, samples=samples)
    assert all(any(text in fault for fault in found) for text in expected), found


def test_ranges_and_levels_from_python(tmp_path: Path) -> None:
    design = Design.latin_hypercube({"load.fluctuation": Range(0, 0.1), "run.optimum": [True, False]}, 4, SMALL)
    table = swept(tmp_path, design, replications=1)
    assert table["run.optimum"].tolist() == [value for _, value in design.points]
    assert table.optimality_gap.notna().tolist() == table["run.optimum"].tolist()


def test_the_command_prints_means_with_their_confidence(tmp_path: Path) -> None:
    words = [
        "--vary",
        "load.path=good.csv,zero.csv",
        "--replications",
        "4",
        "--engine",
        "serial",
        "--out",
        tmp_path / "out",
    ]
    bad_loads(tmp_path)
    paths = f"load.path={tmp_path}/good.csv,{tmp_path}/zero.csv"
    words[1] = paths
    base = ["--set", "load.source=csv", "--set", f"load.path={tmp_path}/good.csv", "--set", "load.peak_kw=1400"]
    done = evswarm(*words, *base, "--set", "run.engine=compiled", "--set", "fleet.vehicles=20")
    assert done.exit_code == 0, done.output
    for text in (
        "2 design points, 4 runs each",
        "peak",
        "±",
        "4 of 8 runs failed",
        "--retry-failed",
        "runs.parquet",
    ):
        assert text in done.stdout
    again = evswarm(*words, *base, "--set", "run.engine=compiled", "--set", "fleet.vehicles=21")
    assert again.exit_code == 2
    assert "another sweep" in again.stderr.replace("\n", " ")


def test_warnings_of_the_runs_are_told_once_with_how_many_have_them(tmp_path: Path) -> None:
    files = files_of(tmp_path)
    stays = files["fleet10"].read_text()
    files["fleet10"].write_text(stays + "short,2,2.5,9,4\nnever,30,31,1,4\n")
    common = ("--set", "run.engine=compiled", "--engine", "serial", "--figures", "none", "--replications", 2)
    words = ("--set", "fleet.source=csv", "--vary", f"fleet.path={files['fleet10']},{files['fleet20']}")
    done = evswarm(*common, *words, "--set", "load.fill=hold", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    told = [text for text in done.stderr.replace("\n", " ").split("warning") if text]
    assert sum("load.fill counts only" in text for text in told) == 1, "as before, of all points together"
    short = [text for text in told if "too short for their need" in text]
    assert len(short) == 1
    assert short[0].startswith(" (2 of 4 runs): 1 of 12 stays are")
    assert sum("wholly outside the horizon" in text for text in told) == 1
    assert "warnings" not in pd.read_parquet(tmp_path / "out" / "runs.parquet")
    journal = tmp_path / "out" / JOURNAL_FILE
    records = [json.loads(line) for line in journal.read_text().splitlines()]
    journal.write_text(
        "".join(json.dumps({k: v for k, v in each.items() if k != "warnings"}) + "\n" for each in records)
    )
    assert "too short" not in evswarm(*common, *words, "--set", "load.fill=hold", "--out", tmp_path / "out").stderr


def test_warnings_alike_but_for_numbers_are_one() -> None:
    texts = [["2 of 1,000 stays", "b"], ["3 of 1,000 stays"], ["b", "1 of 9.5 stays", "4 of 8 stays"], []]
    found = warnings_of(
        [Record(run=0, status="ok", error=None, wall_s=1.0, figures={}, warnings=each) for each in texts]
    )
    assert found == (Warned("2 of 1,000 stays", 3, is_same=False), Warned("b", 2, is_same=True))


def test_half_widths_are_students(tmp_path: Path) -> None:
    done = sweep(SMALL, BATCHES, replications=3, folder=tmp_path, engine="serial")
    row = done.means(["peak_kw", "unknown"], 1)
    peaks = pd.read_parquet(done.folder / "runs.parquet").peak_kw[::2]
    assert len(row) == 1
    assert row["peak_kw", "mean"][0] == pytest.approx(peaks.mean())
    assert row["peak_kw", "half_width"][0] == pytest.approx(4.302653 * np.std(peaks, ddof=1) / np.sqrt(3), rel=1e-6)


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "scenario.toml").write_text("# years of work")
    with pytest.raises(FaultyInputError, match="something else"):
        swept(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["scenario.toml"]


def test_faults_of_scenario_and_design_come_together_and_nothing_is_written(tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = evswarm("--set", "fleet.vehicles=-1", "--vary", "coordination.batch=1", "--scheduler", "h:1", "--out", out)
    assert done.exit_code == 2
    assert "3 faults; nothing was written" in done.stderr
    assert not out.exists()


def files_of(folder: Path) -> dict[str, Path]:
    """Two loads and two fleets."""
    texts = {f"load{kw}": f"hour,load_kw\n0,{kw}\n12,{2 * kw}\n" for kw in (100, 300)}
    stays = [f"car{i},{i % 4},{9 + i % 3},9,4\n" for i in range(20)]
    for n in (10, 20):
        texts[f"fleet{n}"] = "vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw\n" + "".join(stays[:n])
    files = {name: folder / f"{name}.csv" for name in texts}
    for name, path in files.items():
        path.write_text(texts[name])
    return files


def table_of(folder: Path, *words: object) -> pd.DataFrame:
    common = ("--set", "run.engine=compiled", "--engine", "serial", "--figures", "none", "--replications", 1)
    done = evswarm(*common, "--out", folder, *words)
    assert done.exit_code == 0, done.output
    return pd.read_parquet(folder / "runs.parquet")


@pytest.mark.parametrize("base", [["load.source=csv"], ["load.source=csv", "load.path=nowhere.csv"], []])
def test_files_vary_without_a_value_in_the_scenario(tmp_path: Path, base: list[str]) -> None:
    files = files_of(tmp_path)
    words = [word for text in ("fleet.vehicles=5", *base) for word in ("--set", text)]
    words += [] if base else ["--vary", "load.source=csv"]
    table = table_of(tmp_path / "out", *words, "--vary", f"load.path={files['load100']},{files['load300']}")
    assert table["no_evs.peak_kw"].tolist() == [200, 600]
    texts = ["fleet.vehicles=5", "run.engine=compiled", f"run.seed={table.seed[0]}", "load.source=csv"]
    alone = [Scenario.read(None, [*texts, f"load.path={path}"]) for path in table["load.path"]]
    assert [simulate(case).summary["peak_kw"] for case in alone] == table.peak_kw.tolist()


def test_sources_vary_and_each_case_need_be_sound_alone(tmp_path: Path) -> None:
    table = table_of(tmp_path / "out", "--vary", "load.source=builtin,bdew", "--set", "fleet.vehicles=5")
    assert table["no_evs.peak_valley_difference_kw"].nunique() == 2
    files = files_of(tmp_path)
    words = ("--set", "fleet.source=csv", "--vary", "fleet.source=csv,nhts", "--vary", f"fleet.path={files['fleet10']}")
    done = evswarm(*words, "--out", tmp_path / "none")
    assert done.exit_code == 2
    assert "--vary: fleet.path is unknown; expected no such key with this source" in done.stderr.replace("\n", " ")


@pytest.mark.parametrize("kind", ["full", "lhs", "file"])
def test_shares_and_files_of_fleets_vary_together(tmp_path: Path, kind: str) -> None:
    files = files_of(tmp_path)
    paths = [files["fleet10"], files["fleet20"]]
    words: list[object] = ["--set", "fleet.source=csv", "--vary", f"fleet.path={paths[0]},{paths[1]}"]
    if kind == "full":
        words += ["--vary", "fleet.share=0.1,0.3"]
    elif kind == "lhs":
        words += ["--vary", "fleet.share=0.1:1", "--design", "lhs", "--samples", 4]
    else:
        points = tmp_path / "points.csv"
        points.write_text("fleet.path,fleet.share\nfleet10.csv,0.1\nfleet20.csv,0.1\nfleet20.csv,0.3\n")
        words[2:] = ["--design", points]
    table = table_of(tmp_path / "out", *words)
    evs = [
        round(share * (10 if "fleet10" in path else 20))
        for path, share in zip(table["fleet.path"], table["fleet.share"], strict=True)
    ]
    assert table.energy_requested_kwh.tolist() == pytest.approx([9.0 * n for n in evs])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            ["--set", "fleet.source=csv", "--vary", "fleet.path=a.csv,b.csv", "--vary", "coordination.batch_size=0,-1"],
            ["--vary: coordination.batch_size is 0", "--vary: coordination.batch_size is -1"],
        ),
        (
            ["--set", "fleet.source=csv", "--vary", "fleet.path=a.csv,b.csv", "--vary", "fleet.share=2"],
            ["--vary: fleet.share is 2"],
        ),
        (
            ["--set", "fleet.source=csv", "--vary", "fleet.path=a.csv", "--set", "fleet.fold=x", "--set", "load.peak_kw=-1"],
            ["scenario: load.peak_kw is -1", "scenario: fleet.fold is 'x'"],
        ),
        (["--set", "fleet.source=csv", "--vary", "fleet.path=a.csv,,b.csv"], ["--vary: fleet.path is 'a.csv,,b.csv'"]),
        (["--set", "fleet.source=csv", "--vary", "fleet.share=0.5,1"], ["scenario: fleet.path is missing"]),
        (["--set", "fleet.source=csv", "--vary", "fleet.source=nhts,acn"], ["--vary: fleet.path is missing"]),
    ],
)  # fmt: skip
def test_what_no_first_point_mends_is_a_fault_as_ever(tmp_path: Path, words: list[str], expected: list[str]) -> None:
    done = evswarm(*words, "--out", tmp_path / "out")
    assert done.exit_code == 2
    *found, _ = done.stderr.strip().splitlines()
    assert len(found) == len(expected), done.stderr
    assert all(text.startswith(f"fault: {start}") for text, start in zip(found, expected, strict=True)), found


def test_a_key_of_another_section_may_make_a_scenario_sound(tmp_path: Path) -> None:
    words = ("--set", "channel.loss=0.1", "--set", "fleet.vehicles=5")
    assert len(table_of(tmp_path / "out", *words, "--vary", "channel.loss=0")) == 1
    done = evswarm(
        *words, "--set", "run.engine=compiled", "--vary", "coordination.batch_size=1", "--out", tmp_path / "n"
    )
    assert done.exit_code == 2
    assert "scenario: run.engine is 'compiled' with faults of the channel" in done.stderr.replace("\n", " ")


def test_dask_is_asked_for_where_it_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(FaultyInputError, match="the extra 'cluster' installed"):
        swept(tmp_path, engine="dask")


def test_help_teaches() -> None:
    help_text = evswarm("--help").stdout
    for text in ("--vary coordination.batch_size=1,10,50", "same seed", "goes on", "--retry-failed", "lhs"):
        assert text in help_text


@pytest.mark.slow
def test_a_disk_that_fills_up_is_told_with_what_is_kept(tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ["sweep", "--vary", "fleet.vehicles=2,3", "--replications", "20", "--engine", "serial", "--out", str(out)]
    limited = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (15_000, 15_000)); "
        "import runs.__main__ as begun; begun.main()"
    )
    done = subprocess.run([sys.executable, "-c", limited, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "larger than is allowed" in done.stderr
    kept = len(out.joinpath(JOURNAL_FILE).read_text().splitlines())
    assert 0 < kept < 40
    assert "of 40 runs are kept" in done.stderr
    assert "Traceback" not in done.stderr
