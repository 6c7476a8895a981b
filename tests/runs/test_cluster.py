"""A Dask cluster of processes that talk over TCP: one grid over it gives what one process gives, whoever dies meanwhile."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import wait
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from typer.testing import CliRunner

from environment.input_faults import FaultyInputError
from runs import parallel_run, workers
from runs.cli import app
from runs.engine import Engine, Scheduler
from runs.homes.outcome import HomesOutcome
from runs.homes.part import Homes
from runs.parallel_run import run_in_parts
from runs.result import Result
from runs.scenario import Scenario
from runs.simulate import result_from, simulate, summary_of

DEATHS: Final = "EVSWARM_TEST_DEATHS"
"""Names the folder in which a worker leaves a file before it dies."""
MOST_DEATHS: Final = "EVSWARM_TEST_MOST_DEATHS"

GRID: Final = Scenario().update(fleet={"vehicles": 400}, transformer={"count": 16, "substations": 3})
HASTY: Final = "import runs.workers; runs.workers.CONNECT_S = 2; from runs.__main__ import main; main()"
"""The command line, which waits a shorter while for a scheduler."""


class Cluster(NamedTuple):
    """Processes of Dask on this machine.

    Parameters
    ----------
    address
        Of the scheduler.
    scheduler
        Its process.
    workers
        Their processes.
    add_worker
        Starts one more, which takes words of its own.
    """

    address: str
    scheduler: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]]
    add_worker: Callable[..., None]


@contextmanager
def cluster(tree: Path, folder: Path, *words: str) -> Iterator[Cluster]:
    """Start a scheduler and two workers, in a folder of their own; words are of both."""
    file = folder / "scheduler.json"
    env = {**os.environ, "PYTHONPATH": str(tree)}
    with ExitStack() as stack:

        def start(what: str, *more: str) -> subprocess.Popen[bytes]:
            line = [sys.executable, "-m", "dask", what, *words, *more, "--host", "127.0.0.1", "--no-dashboard"]
            log = stack.enter_context((folder / "log.txt").open("ab"))
            process = subprocess.Popen(
                [*line, "--scheduler-file", str(file)], cwd=folder, env=env, stdout=log, stderr=log
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        def add_worker(*more: str) -> None:
            alone = ("--no-nanny", "--nthreads", "1", "--death-timeout", "30", "--local-directory", str(folder))
            running.append(start("worker", *alone, *more))

        running: list[subprocess.Popen[bytes]] = []
        scheduler = start("scheduler", "--port", "0")
        while not file.exists():
            assert scheduler.poll() is None, (folder / "log.txt").read_text()
            time.sleep(0.05)
        add_worker()
        add_worker()
        wait_for_workers(folder, 2)
        yield Cluster(json.loads(file.read_bytes())["address"], scheduler, running, add_worker)


def wait_for_workers(folder: Path, count: int) -> None:
    while (log := (folder / "log.txt").read_text()).count("Registered to:") < count:
        assert "End worker" not in log, log
        time.sleep(0.05)


@pytest.fixture
def running(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tree, tmp_path_factory.mktemp("cluster")) as started:
        yield started


def assert_same_tables(left: Result, right: Result) -> None:
    assert left.tables.keys() == right.tables.keys()
    for name, table in left.tables.items():
        assert table.equals(right.tables[name]), name


def evswarm(tree: Path, *words: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-c", HASTY, *map(str, words)]
    return subprocess.run(line, cwd=tree, capture_output=True, text=True, check=False)


def files_of(folder: Path) -> dict[str, bytes]:
    """Return what a run wrote, by path, but for its seconds and the digest of these."""
    files = {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    del files["summary.json"], files[".evswarm"]
    return files


@pytest.mark.slow
def test_a_run_over_a_cluster_writes_the_files_of_one_process(running: Cluster, tree: Path, tmp_path: Path) -> None:
    fleet = ("--set", "fleet.source=csv", "--set", "fleet.path=tests/reference/fleet500_15min/fleet.csv")
    grid = ("run", *fleet, "--set", "transformer.count=5", "--set", "load.fluctuation=0.1", "--out")
    one = evswarm(tree, *grid, tmp_path / "one")
    spread = evswarm(
        tree, *grid, tmp_path / "spread", "--engine", "dask", "--scheduler", running.address[len("tcp://") :]
    )
    assert (one.returncode, spread.returncode) == (0, 0), spread.stderr
    assert files_of(tmp_path / "one") == files_of(tmp_path / "spread")
    assert len(files_of(tmp_path / "one")) > 5
    assert spread.stderr == one.stderr


@pytest.mark.slow
def test_a_worker_dies_midway_and_another_comes(running: Cluster) -> None:
    told: list[float] = []

    def tell(part: float) -> None:
        told.append(part)
        if len(told) == 1:
            running.add_worker()
            running.workers[0].kill()

    parts = result_from(*run_in_parts(GRID, engine=Engine.DASK, scheduler=Scheduler(running.address), progress=tell))
    assert running.workers[0].wait() != 0
    assert told == [k / 8 for k in range(1, 9)]
    assert_same_tables(parts, simulate(GRID))


@pytest.mark.slow
def test_a_killed_scheduler_is_one_sentence_and_nothing_is_written(
    running: Cluster, tree: Path, tmp_path: Path
) -> None:
    from distributed import Client  # noqa: PLC0415  (nobody else here waits for it)

    words = [
        "run",
        "--set",
        "fleet.vehicles=100000",
        "--set",
        "transformer.count=16",
        "--out",
        tmp_path / "deep" / "out",
    ]
    line = [sys.executable, "-c", HASTY, *map(str, words), "--engine", "dask", "--scheduler", running.address]
    env = dict(os.environ)  # as Python knows it: readline, which pytest imports, adds a width of its own
    with subprocess.Popen(
        line, cwd=tree, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as command:
        with Client(running.address) as look:
            while not any(look.processing().values()):
                assert command.poll() is None
                time.sleep(0.01)
        running.scheduler.kill()
        printed, told = command.communicate(timeout=60)
    assert command.returncode == 2
    assert told.startswith(f"fault: no Dask scheduler answers at {running.address} within 2 s (")
    assert told.count("\n") == 1
    assert printed == ""
    assert list(tmp_path.iterdir()) == []


class Deadly(NamedTuple):
    """Kills a process when it is sent.

    Parameters
    ----------
    process
        Its number.
    """

    process: int

    def __reduce__(self) -> tuple[type[int], tuple[()]]:
        """Kill it."""
        os.kill(self.process, signal.SIGKILL)
        return int, ()


@pytest.mark.slow
def test_a_result_that_is_lost_on_its_way_is_lost_and_not_waited_for(running: Cluster) -> None:
    with workers.dask(None, Scheduler(running.address)) as crew:
        call = crew.executor.submit(Deadly, running.scheduler.pid)
        assert not wait([call], timeout=60).not_done
        assert workers.is_lost(call)
    assert workers.is_lost(crew.executor.submit(int)), "the connection is closed"


def die(part: Homes) -> HomesOutcome:
    """Kill the worker, as often as is asked for."""
    deaths = Path(os.environ[DEATHS])
    if len(list(deaths.iterdir())) < int(os.environ[MOST_DEATHS]):
        (deaths / str(os.getpid())).touch()
        os._exit(7)
    return parallel_run.run_part(part)


@pytest.fixture
def dying(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[int], None]:
    """Let workers die so many times, at the first part that they take."""

    def times(most: int) -> None:
        monkeypatch.setenv(DEATHS, str(tmp_path))
        monkeypatch.setenv(MOST_DEATHS, str(most))
        monkeypatch.setattr("runs.parallel_run.run_part", die)

    return times


@pytest.mark.slow
@pytest.mark.parametrize("engine", [Engine.PROCESS, Engine.DASK])
def test_parts_that_dying_workers_took_along_are_run_again(engine: Engine, dying: Callable[[int], None]) -> None:
    whole = simulate(GRID)
    dying(2)
    assert_same_tables(result_from(*run_in_parts(GRID, engine=engine, workers=2)), whole)


@pytest.mark.slow
def test_where_every_worker_dies_the_run_is_given_up(dying: Callable[[int], None]) -> None:
    dying(1000)
    done = CliRunner().invoke(app, ["run", "--set", "fleet.vehicles=20", "--workers", "2"])
    assert done.exit_code == 2
    assert done.stderr.startswith("fault: workers died 3 times before any of the slices they had ended: ")


@pytest.mark.slow
def test_a_worker_with_another_evswarm_is_a_fault(tree: Path, tmp_path: Path) -> None:
    installed = tmp_path / "evswarm-99.0.dist-info" / "METADATA"
    installed.parent.mkdir()
    installed.write_text("Metadata-Version: 2.1\nName: evswarm\nVersion: 99.0\n")
    found_first = tmp_path / "found_first.py"
    found_first.write_text(f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\n")
    with cluster(tree, tmp_path) as running:
        running.add_worker("--preload", str(found_first))
        wait_for_workers(tmp_path, 3)
        with pytest.raises(FaultyInputError, match=r"evswarm on the cluster is 99\.0; expected .*, as here"):
            summary_of(*run_in_parts(GRID, engine=Engine.DASK, scheduler=Scheduler(running.address)))


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with one who signs, ca.pem, and who was signed, cert.pem and key.pem; other.pem signs nobody."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("certificates are made by openssl, which is not installed")
    folder = tmp_path_factory.mktemp("certificates")
    for line in (
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ca -keyout ca-key.pem -out ca.pem",
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=other -keyout other-key.pem -out other.pem",
        "req -newkey rsa:2048 -nodes -subj /CN=evswarm -keyout key.pem -out request.pem",
        "x509 -req -in request.pem -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 -out cert.pem",
    ):
        subprocess.run([openssl, *line.split()], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.mark.slow
def test_a_cluster_under_tls_is_reached_by_who_is_signed_alone(
    certificates: Path, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ca, cert, key, other, other_key = (
        certificates / f"{name}.pem" for name in ("ca", "cert", "key", "other", "other-key")
    )
    monkeypatch.setattr(workers, "CONNECT_S", 2)
    words = ("--tls-ca-file", str(ca), "--tls-cert", str(cert), "--tls-key", str(key), "--protocol", "tls")
    with cluster(tree, tmp_path, *words) as running:
        assert running.address.startswith("tls://")
        bare = running.address[len("tls://") :]
        options = ["--engine", "dask", "--scheduler", bare, "--tls-ca", ca, "--tls-cert", cert, "--tls-key", key]
        swept = tmp_path / "swept"
        sweep = ["sweep", "--vary", "coordination.batch_size=1,5", "--replications", "1", "--set", "fleet.vehicles=20"]
        for line in (["run", "--set", "fleet.vehicles=20"], [*sweep, "--figures", "none", "--out", swept]):
            done = CliRunner().invoke(app, [str(word) for word in (*line, *options)])
            assert done.exit_code == 0, done.output
        assert (swept / "runs.parquet").exists()
        parts = result_from(
            *run_in_parts(GRID, engine=Engine.DASK, scheduler=Scheduler(running.address, ca, cert, key))
        )
        assert_same_tables(parts, simulate(GRID))
        for strange in (Scheduler(bare), Scheduler(bare, other, cert, key), Scheduler(bare, ca, other, other_key)):
            with pytest.raises(ConnectionError, match="no Dask scheduler answers"):
                summary_of(*run_in_parts(GRID, engine=Engine.DASK, scheduler=strange))


def faults(command: str, out: Path, *words: object) -> str:
    """Return what is said of a command that must write nothing."""
    line = [command, *words, "--out", out, *(("--vary", "coordination.batch_size=1") if command == "sweep" else ())]
    done = CliRunner().invoke(app, [str(word) for word in line])
    assert done.exit_code == 2
    assert not out.exists()
    assert done.stderr.endswith("nothing was written.\n")
    return done.stderr


@pytest.mark.parametrize("command", ["run", "sweep"])
@pytest.mark.parametrize(
    "address", ["not an address", "", "host", "host:0", "host:65536", "ftp://host:8786", "::1:8786"]
)
def test_what_is_no_address_is_a_fault_before_anything_is_written(command: str, address: str, tmp_path: Path) -> None:
    said = faults(command, tmp_path / "out", "--engine", "dask", "--scheduler", address)
    assert f"--scheduler: address is {address or 'empty'}; expected HOST:PORT" in said


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.5:8786",
        "tcp://10.0.0.5:8786",
        "tcp://[::1]:8786",
        "[fe80::1%eth0]:8786",
        "my-cluster.default:1",
        "a_b:65535",
    ],
)
def test_what_is_an_address(address: str) -> None:
    assert Scheduler(address).faults() == []
    assert Scheduler(address).url == f"tcp://{address.removeprefix('tcp://')}"


@pytest.mark.parametrize("command", ["run", "sweep"])
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--scheduler", "host:8786", "--engine", "process"), "engine is process; expected dask"),
        (("--engine", "dask", "--tls-key", "key.pem"), "--scheduler: address is missing"),
        (("--engine", "serial", "--workers", "2"), "workers is 2; expected 1 with --engine serial"),
        (("--engine", "dask", "--scheduler", "tls://host:8786"), "expected tcp://, or --tls-ca"),
        (("--engine", "dask", "--scheduler", "host:8786", "--tls-ca", __file__), "--tls-cert: file is missing"),
        (("--engine", "dask", "--scheduler", "tcp://host:8786", "--tls-ca", __file__), "expected tls://"),
        (
            ("--engine", "dask", "--scheduler", "host:1", "--tls-ca", __file__, "--tls-cert", "no.pem", "--tls-key", __file__),
            "--tls-cert: file is no.pem, which is no file",
        ),
        (
            ("--engine", "dask", "--scheduler", "host:1", *(word for o in ("ca", "cert", "key") for word in (f"--tls-{o}", __file__))),
            "expected a certificate (PEM) and its key (PEM",
        ),
    ],
)  # fmt: skip
def test_options_that_do_not_belong_together_are_faults(
    command: str, words: tuple[str, ...], expected: str, tmp_path: Path
) -> None:
    assert expected in faults(command, tmp_path / "out", *words)


def test_what_cannot_be_spread_says_so() -> None:
    done = CliRunner().invoke(app, ["run", "scenarios/paper_c.toml", "--engine", "process"])
    assert done.exit_code == 2
    assert "--engine: engine is process; expected serial: one control centre schedules all" in done.stderr
