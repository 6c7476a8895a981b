"""The locks hold all that pyproject.toml asks for, on every system and Python, and nothing that is not checked by hash."""

import re
import tomllib
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from itertools import product

import pytest
from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.locks import (
    CONSTRAINTS,
    EXTRAS,
    FOLDER,
    GROUPS,
    TREE,
    Pin,
    added_pins,
    all_pins,
    constraints,
    read_pins,
)

LOCKS = (*EXTRAS, *GROUPS)
SYSTEMS = {"linux": ("Linux", "posix"), "darwin": ("Darwin", "posix"), "win32": ("Windows", "nt")}
MACHINES = [
    {
        **{key: str(value) for key, value in default_environment().items()},
        "python_version": python, "python_full_version": f"{python}.0", "sys_platform": system,
        "platform_system": SYSTEMS[system][0], "os_name": SYSTEMS[system][1],
    }
    for python, system in product(("3.12", "3.13", "3.14"), SYSTEMS)
]  # fmt: skip
on_every_machine = pytest.mark.parametrize(
    "machine", MACHINES, ids=lambda machine: f"{machine['sys_platform']}-{machine['python_version']}"
)
PROJECT = tomllib.loads((TREE / "pyproject.toml").read_text())


def asked(lock: str) -> list[Requirement]:
    """Return what pyproject.toml asks for in the lock, the extras of evswarm itself resolved."""
    if lock in GROUPS:
        return [Requirement(line) for line in PROJECT["dependency-groups"][lock]]
    lines, extras = list(PROJECT["project"]["dependencies"]), list(EXTRAS[lock])
    for extra in extras:
        for line in PROJECT["project"]["optional-dependencies"][extra]:
            inner = Requirement(line)
            if inner.name == "evswarm":
                extras.extend(inner.extras)
            else:
                lines.append(line)
    return [Requirement(line) for line in lines]


@cache
def needs(name: str, version: str) -> list[Requirement]:
    """Return what the package needs, if it is installed here in that version."""
    try:
        package = distribution(name)
    except PackageNotFoundError:
        return []
    return [Requirement(line) for line in package.requires or ()] if package.version == version else []


def holds(marker: Marker | None, machine: dict[str, str], extra: str = "") -> bool:
    return marker is None or marker.evaluate({**machine, "extra": extra})


@cache
def locked(lock: str) -> list[tuple[Pin, Marker | None]]:
    return [(pin, Marker(pin.marker) if pin.marker else None) for pin in all_pins(lock)]


def pinned(lock: str, machine: dict[str, str]) -> dict[str, str]:
    """Return the versions that the lock installs on the machine."""
    return {pin.name: pin.version for pin, marker in locked(lock) if holds(marker, machine)}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_is_a_pin_with_hashes_and_names_no_address(lock: str) -> None:
    text = (FOLDER / f"{lock}.txt").read_text()
    assert added_pins(lock)
    assert re.findall("^-r .*", text, re.MULTILINE) == [
        f"-r {below}.txt" for below, above in zip(EXTRAS, list(EXTRAS)[1:], strict=False) if above == lock
    ]
    assert "".join(map(str, added_pins(lock))) == "".join(re.findall(r"(?m)^(?!#|-r ).*\n", text))


@pytest.mark.parametrize(
    "line",
    [
        "numpy==2.5.5",
        "numpy>=2",
        "--index-url x",
        "numpy @ file:///numpy.whl",
        "numpy==2.5.5 --hash=md5:00",
        "-r ../up.txt",
    ],
)
def test_a_line_without_hashes_is_no_pin(line: str) -> None:
    with pytest.raises(ValueError, match="not a pin with hashes"):
        read_pins(line)


def test_a_pin_reads_as_it_is_written() -> None:
    pin = Pin("numpy", "2.5.5", "python_full_version < '3.14' and sys_platform != 'win32'", ("0" * 64, "f" * 64))
    assert read_pins(f"{pin}{pin._replace(marker='')}") == [pin, pin._replace(marker="")]


@on_every_machine
@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_holds_all_that_is_asked_for_and_all_that_this_needs(lock: str, machine: dict[str, str]) -> None:
    """Needs are those in the metadata of what is installed here; of another version, nothing is known."""
    pins = pinned(lock, machine)
    todo = [(requirement, "") for requirement in asked(lock)]
    seen = set()
    while todo:
        requirement, extra = todo.pop()
        if not holds(requirement.marker, machine, extra) or (str(requirement), extra) in seen:
            continue
        seen.add((str(requirement), extra))
        name = canonicalize_name(requirement.name)
        assert requirement.specifier.contains(pins[name], prereleases=True), (str(requirement), pins[name])
        todo += [(need, inner) for need in needs(name, pins[name]) for inner in ("", *requirement.extras)]
    assert len(seen) >= len(asked(lock))


@on_every_machine
def test_what_is_installed_together_has_one_version_each(machine: dict[str, str]) -> None:
    together = [*locked("peers"), *locked("build")]
    versions = {(pin.name, pin.version) for pin, marker in together if holds(marker, machine)}
    assert len(versions) == len({name for name, _ in versions})


def test_constraints_are_the_versions_of_the_locks() -> None:
    assert CONSTRAINTS.read_text() == constraints()
