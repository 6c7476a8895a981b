"""What a user waits for before anything is computed: modules imported and CPU time of whole commands, beside their floor."""

import resource
import statistics
import subprocess
import sys

CALL = "import runs.__main__; runs.__main__.main()"
COUNTED = "import atexit, sys; atexit.register(lambda: print(len(sys.modules), file=sys.stderr)); "
FLOOR = "import typer, rich, pydantic"
LIBRARIES = "import numpy, numba"
COMMANDS: dict[str, tuple[str, ...]] = {
    "typer rich pydantic": (FLOOR,),
    "evswarm --version": (CALL, "--version"),
    "evswarm --help": (CALL, "--help"),
    "evswarm optimize --help": (CALL, "optimize", "--help"),
    "evswarm check": (CALL, "check", "scenarios/paper_a.toml"),
    "evswarm run, compiled": (CALL, "run", "--set", "run.engine=compiled"),
    "evswarm run, agents": (CALL, "run"),
    "numpy numba": (LIBRARIES,),
    "the same and mesa": (f"{LIBRARIES}, mesa",),
}


def modules(code: str, *words: str) -> int:
    """Return the number of modules that a program has imported at its end."""
    command = [sys.executable, "-c", COUNTED + code, *words]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stderr.splitlines()[-1])  # noqa: S603  (our own program)


def cpu_s(code: str, *words: str) -> float:
    """Return the processor time of a whole program, user and system [s]."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code, *words], check=True, capture_output=True)  # noqa: S603  (our own program)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(repeats: int = 7, commands: dict[str, tuple[str, ...]] = COMMANDS) -> None:
    """Print the table.

    Parameters
    ----------
    repeats
        Runs of each command, each in turn with the floor; one more before them fills the cache of compiled code.
    commands
        Program and arguments by what to call them.
    """
    print(f"\nWhole commands beside `{FLOOR}`: modules imported, CPU s (user and system), median of {repeats} in turn")
    print(f"{'':>36} {'modules':>8} {'CPU s':>7} {'floor s':>8} {'ratio':>6}")
    for name, command in commands.items():
        count = modules(*command)
        pairs = [(cpu_s(*command), cpu_s(FLOOR)) for _ in range(repeats)]
        took, floor = (statistics.median(times) for times in zip(*pairs, strict=True))
        print(f"{name:>36} {count:>8,} {took:>7.3f} {floor:>8.3f} {took / floor:>6.1f}")


if __name__ == "__main__":
    main()
