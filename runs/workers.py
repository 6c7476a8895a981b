"""Who carries out many runs or the parts of one, all as `concurrent.futures`: this process, processes beside it, a Dask cluster.

A worker imports this file and what its work needs, nothing of the command line and nothing that draws.
"""

import itertools
import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from importlib.metadata import PackageNotFoundError, version
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from environment.input_faults import Fault, FaultyInputError, raise_if_any
from runs.disk import reason
from runs.engine import Engine, Scheduler

if TYPE_CHECKING:
    from distributed import Client

THREAD_SETTINGS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
)
CONNECT_S: Final = 10
"""How long to wait for a running scheduler."""
NOT_INSTALLED: Final = "not installed"
LOGGERS: Final = ("distributed", "distributed.client", "tornado.application", "asyncio")
"""What Dask logs to where connections end; what it means for a run is said by the run."""


class Crew(NamedTuple):
    """Open workers.

    Parameters
    ----------
    executor
        Takes calls of `work`.
    workers
        How many work at once.
    """

    executor: Executor
    workers: int


def as_they_end[T, R](crew: Crew, work: Callable[[T], R], pieces: Iterable[T]) -> Iterator[R]:
    """Yield what a function returns for each piece of work, in the order in which they end; few wait at a time.

    Parameters
    ----------
    crew
        Workers that do it.
    work
        The function; for worker processes one that can be pickled, as its pieces.
    pieces
        Begun in this order.
    """
    window = 2 * crew.workers if crew.workers > 1 else 1
    waiting = iter(pieces)
    flying: set[Future[R]] = set()
    while True:
        for piece in itertools.islice(waiting, window - len(flying)):
            flying.add(crew.executor.submit(work, piece))
        if not flying:
            return
        ended = next(as_completed(flying))
        flying.remove(ended)
        yield ended.result()


def is_lost(call: Future[Any]) -> bool:
    """Whether a call that ended did so because its worker died, or the connection to it, and not by what it returned or raised."""
    if call.cancelled():
        return True
    error = call.exception()
    return (
        isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker"
    )  # Dask's, which is not imported here


class _Here(Executor):
    """Does what is submitted at once, in this process."""

    def submit[**P, T](self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


class _OnCluster(Executor):
    """Submits to a Dask cluster. Dask's own executor never ends a call whose result is lost on its way here."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def submit[**P, T](self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        ours: Future[T] = Future()
        if self._client.status in ("closing", "closed"):
            _lose(ours)
            return ours
        # By default Dask takes a call for pure and answers a repeated one from memory.
        theirs = self._client.submit(fn, *args, pure=False, **kwargs)
        self._client.loop.add_callback(self._end, theirs, ours)
        return ours

    @staticmethod
    async def _end(theirs: Any, ours: Future[Any]) -> None:
        try:
            result = await theirs
        except BaseException as error:  # noqa: BLE001  (whatever the call raised, or what became of the connection)
            if theirs.status == "cancelled" or (theirs.status != "error" and isinstance(error, OSError)):
                _lose(ours)
            else:
                ours.set_exception(error)
        else:
            ours.set_result(result)


def _lose(call: Future[Any]) -> None:
    """Cancel a call, and wake whoever waits for it."""
    call.cancel()
    call.set_running_or_notify_cancel()


@contextmanager
def here(_workers: int | None, _scheduler: Scheduler | None) -> Iterator[Crew]:
    """Work in this process, one run after the other."""
    yield Crew(_Here(), 1)


@contextmanager
def processes(workers: int | None, _scheduler: Scheduler | None) -> Iterator[Crew]:
    """Open worker processes, as many as there are cores if no number is given."""
    workers = workers or os.cpu_count() or 1
    context = multiprocessing.get_context("spawn")  # forked workers would inherit threads, and what was imported here
    theirs, ours = context.Pipe(duplex=False)
    executor = ProcessPoolExecutor(workers, mp_context=context, initializer=_follow, initargs=(theirs,))
    with _one_thread_each():
        try:
            yield Crew(executor, workers)
        finally:
            ours.close()
            executor.shutdown(cancel_futures=True)
            theirs.close()


@contextmanager
def dask(workers: int | None, scheduler: Scheduler | None) -> Iterator[Crew]:
    """Connect to a Dask cluster; without a scheduler, to one of processes on this machine, as many as there are cores."""
    require_dask()
    import dask.config  # noqa: PLC0415  (an optional dependency)
    from distributed import LocalCluster  # noqa: PLC0415

    with ExitStack() as stack:
        stack.enter_context(_unlogged())
        # Parts of a run are larger than what Dask advises to send.
        stack.enter_context(dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TB"}))
        if scheduler is None:
            stack.enter_context(_one_thread_each())
            # A run that kills its worker is tried again here, alone, and not by Dask beside others.
            stack.enter_context(dask.config.set({"distributed.scheduler.allowed-failures": 0}))
            cluster = LocalCluster(
                n_workers=workers or os.cpu_count() or 1,
                threads_per_worker=1,
                host="127.0.0.1",
                dashboard_address=None,
                scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # no dashboard; its port would still be taken
                silence_logs="CRITICAL",
            )
            scheduler = Scheduler(stack.enter_context(cluster).scheduler_address)
        client = stack.enter_context(_connected(scheduler))
        yield Crew(_OnCluster(client), workers or sum(client.nthreads().values()) or 1)


def _connected(scheduler: Scheduler) -> "Client":
    """Return a connection to a scheduler whose workers have this evswarm; those that come later are not asked.

    Raises
    ------
    FaultyInputError
        If the address or a file of TLS is none, or the scheduler or a worker has another evswarm or none.
    ConnectionError
        If no scheduler answers.
    """
    from distributed import Client, Security  # noqa: PLC0415  (an optional dependency)

    raise_if_any(scheduler.faults())
    security = None
    if scheduler.ca is not None:
        ca, cert, key = map(str, scheduler[1:])
        security = Security(tls_ca_file=ca, tls_client_cert=cert, tls_client_key=key, require_encryption=True)
    try:
        client = Client(scheduler.url, timeout=CONNECT_S, security=security)
    except OSError as error:
        root: BaseException = error
        while root.__cause__ is not None:
            root = root.__cause__
        why = reason(root) if isinstance(root, OSError) else str(root)
        raise ConnectionError(f"no Dask scheduler answers at {scheduler.url} within {CONNECT_S} s ({why})") from None
    ours = evswarm_installed()
    theirs = {*client.run(version, "evswarm", on_error="return").values()}
    try:
        theirs.add(client.run_on_scheduler(version, "evswarm"))
    except PackageNotFoundError as error:
        theirs.add(error)
    others = sorted({NOT_INSTALLED if isinstance(each, Exception) else each for each in theirs} - {ours})
    if others:
        client.close()
        raise FaultyInputError([
            Fault("--scheduler", None, "evswarm on the cluster", found, f"{ours}, as here") for found in others
        ])  # fmt: skip
    return client


def evswarm_installed() -> str:
    """Return which version of evswarm is installed here."""
    try:
        return version("evswarm")
    except PackageNotFoundError:  # run from its folder
        return NOT_INSTALLED


@contextmanager
def _unlogged() -> Iterator[None]:
    """Keep Dask from logging meanwhile."""
    levels = {name: logging.getLogger(name).level for name in LOGGERS}
    try:
        for name in LOGGERS:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


def require_dask() -> None:
    """Raise a fault if Dask is not installed."""
    try:
        import distributed  # noqa: F401, PLC0415
    except ImportError:
        expected = "the extra 'cluster' installed: python -m pip install '.[cluster]'"
        raise FaultyInputError([Fault("--engine", None, "dask", "not installed", expected)]) from None


CREWS: Final = {Engine.SERIAL: here, Engine.PROCESS: processes, Engine.DASK: dask}


def _follow(pipe: Connection) -> None:
    """Begin a worker process: it ends with the sweep, also if that is killed, and leaves Ctrl-C to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_at_end_of, args=(pipe,), daemon=True).start()


def _leave_at_end_of(pipe: Connection) -> None:
    pipe.poll(None)  # nothing is ever sent: the pipe wakes us when its other end is closed or gone
    os._exit(1)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Workers that start meanwhile compute on one thread each: there is one a core already."""
    before = {name: os.environ.get(name) for name in THREAD_SETTINGS}
    os.environ.update(dict.fromkeys(THREAD_SETTINGS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
