"""Locks: every package that make installs, at one version, with the SHA-256 of each file that the index has of that version.

A lock is a requirements file ``locks/NAME.txt`` for ``pip install --require-hashes``. Those of the package stand on one
another: a lock begins with the one below it and adds what its extras need beside that. Each of the others is whole.
``python -m tests.support.locks`` writes them from the dependencies in pyproject.toml and keeps the versions that they have;
``--raise numpy scipy`` takes the newest of some, and ``--raise all`` of all.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

TREE: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = TREE / "locks"
CONSTRAINTS: Final = TREE / "constraints.txt"
EXTRAS: Final = {"base": (), "app": ("app",), "dev": ("dev",), "peers": ("dev", "peers")}
"""Extras that each lock of the package holds; a lock stands on the one before it."""
GROUPS: Final = ("build", "tools", "pandapower")
"""Dependency groups with a lock of their own; what ``build`` shares with the package has the package's version."""
OLDEST_PYTHON: Final = "3.12"
MADE_BY: Final = (
    "# Written by `make lock` from pyproject.toml; CONTRIBUTING.md says how to add or raise a dependency.\n"
)

CONSTRAINED_BY: Final = (
    "# The versions that `make` installs, for `pip install --constraint constraints.txt .`; written by `make lock`.\n"
)

_PIN = re.compile(
    r"(?P<name>[a-z0-9][a-z0-9-]*)==(?P<version>[^ ;]+)(?: ; (?P<marker>.+?))?(?P<hashes>(?: --hash=sha256:[0-9a-f]{64})+)"
)


class Pin(NamedTuple):
    """One package at one version.

    Parameters
    ----------
    name
        Normalised name of the package.
    version
        Version to install.
    marker
        Condition on Python and system under which it is installed; empty where it always is.
    hashes
        SHA-256 of each of the version's files, in hexadecimal.
    """

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]

    def __str__(self) -> str:
        """Return the pin as lines of a requirements file."""
        first = f"{self.name}=={self.version}" + (f" ; {self.marker}" if self.marker else "")
        return " \\\n    ".join([first, *(f"--hash=sha256:{one}" for one in self.hashes)]) + "\n"


def read_pins(text: str) -> list[Pin]:
    """Return the pins of a requirements file.

    Raises
    ------
    ValueError
        A line is neither a pin with hashes, nor a comment, nor the name of the lock below: no address, path or option counts.
    """
    pins = []
    for line in re.sub(r" *\\\n *", " ", text).splitlines():
        if found := _PIN.fullmatch(line):
            name, version, marker, hashes = found.groups(default="")
            pins.append(Pin(name, version, marker.strip(), tuple(re.findall(r"[0-9a-f]{64}", hashes))))
        elif line and not line.startswith("#") and not re.fullmatch(r"-r [a-z]+\.txt", line):
            raise ValueError(f"not a pin with hashes: {line[:120]}")
    return pins


def added_pins(lock: str) -> list[Pin]:
    """Return what the lock adds to the one that it stands on."""
    return read_pins((FOLDER / f"{lock}.txt").read_text())


def lock_below(lock: str) -> str | None:
    """Return the name of the lock that this one stands on."""
    names = list(EXTRAS)
    return names[names.index(lock) - 1] if lock in names[1:] else None


def all_pins(lock: str) -> list[Pin]:
    """Return all that is installed from the lock, with those that it stands on."""
    below = lock_below(lock)
    return [*(all_pins(below) if below else ()), *added_pins(lock)]


def write_locks(newest: Iterable[str]) -> None:
    """Write every lock; the named packages, or ``all``, at the newest version that fits, the others at the one they have."""
    raised = [word for name in newest for word in (["--upgrade"] if name == "all" else ["--upgrade-package", name])]
    kept = {name: all_pins(name) if (FOLDER / f"{name}.txt").exists() else [] for name in (*EXTRAS, *GROUPS)}
    top = list(EXTRAS)[-1]
    whole = _resolve(_package(top), kept[top], raised)
    below: set[Pin] = set()
    for name in EXTRAS:
        pins = _resolve(_package(name), whole, within=whole)
        under = lock_below(name)
        _write(name, sorted(set(pins) - below), f"-r {under}.txt\n" if under else "")
        below |= set(pins)
    for name in GROUPS:
        _write(name, _resolve(["--group", name], kept[name], raised, within=whole if name == "build" else ()))
    CONSTRAINTS.write_text(constraints())


def constraints() -> str:
    """Return the versions of the package's locks as constraints, for who installs evswarm with pip alone."""
    pins = sorted({(pin.name, pin.version, pin.marker) for pin in (*all_pins(list(EXTRAS)[-1]), *added_pins("build"))})
    lines = (f"{name}=={version}" + (f" ; {marker}" if marker else "") for name, version, marker in pins)
    return CONSTRAINED_BY + "".join(f"{line}\n" for line in lines)


def _package(lock: str) -> list[str]:
    """Return the options that name what the lock of the package holds."""
    return ["pyproject.toml", *(word for extra in EXTRAS[lock] for word in ("--extra", extra))]


def _resolve(wanted: list[str], kept: list[Pin], options: Iterable[str] = (), within: Iterable[Pin] = ()) -> list[Pin]:
    """Return what is wanted and all that it needs, for every system and each Python from the oldest on.

    Parameters
    ----------
    wanted
        Options of ``uv pip compile`` that say what is wanted.
    kept
        Versions that stay where they can.
    options
        Further options of ``uv pip compile``.
    within
        Versions that nothing may depart from.
    """
    with tempfile.TemporaryDirectory() as folder:
        target, limits = Path(folder) / "lock.txt", Path(folder) / "limits.txt"
        target.write_text("".join(map(str, kept)))
        limits.write_text("".join(map(str, within)))
        command = [
            sys.executable, "-m", "uv", "pip", "compile", *wanted, *options, *_index_of_pip(), "--quiet", "--universal",
            "--generate-hashes", "--no-header", "--no-annotate", "--system-certs", "--python", sys.executable,
            "--python-version", OLDEST_PYTHON, "--constraint", str(limits), "--output-file", str(target),
        ]  # fmt: skip
        subprocess.run(command, check=True, cwd=TREE)
        return read_pins(target.read_text())


def _index_of_pip() -> list[str]:
    """Return the options that make uv ask the index that pip asks; none where pip asks its own default, as uv does."""
    for key in (":env:.index-url", "install.index-url", "global.index-url"):
        command = [sys.executable, "-m", "pip", "config", "get", key]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return ["--default-index", done.stdout.strip()]
    return []


def _write(lock: str, pins: list[Pin], begin: str = "") -> None:
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{lock}.txt").write_text(MADE_BY + begin + "".join(map(str, pins)))


def main() -> None:
    """Write the locks."""
    parser = argparse.ArgumentParser(description=write_locks.__doc__)
    parser.add_argument("--raise", dest="newest", nargs="*", default=[], metavar="NAME")
    write_locks(parser.parse_args().newest)


if __name__ == "__main__":
    main()
