"""Licences of what make installs, as the metadata of the packages give them: ``python -m tests.support.licences`` writes the page.

A licence is an SPDX expression where it is clear which one is meant, and the package's own words elsewhere.
"""

import re
import sys
from functools import cache
from importlib.metadata import Distribution, distributions
from typing import Final, NamedTuple

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.utils import canonicalize_name

from tests.support.locks import EXTRAS, GROUPS, TREE, Pin, added_pins

PAGE: Final = TREE / "docs" / "licences.md"
MADE_BY: Final = "<!-- Written from the metadata of what is installed by `make licences`. -->"
TITLES: Final = {
    "base": "What a run needs",
    "app": "What the browser page needs beside that",
    "dev": "What tests and checks need beside that",
    "peers": "What only the benchmarks have beside that",
    "build": "What installs evswarm from its folder",
    "tools": "What `make lock` and `make audit` call",
    "pandapower": "What `make bench-feeder` compares with",
}
"""Headings of the tables by lock; the last two are environments of their own."""

EXCEPTIONS: Final = {
    "mealpy": "is measured beside our own optimisers, in an environment of its own; no part of evswarm imports it",
    "moocore": "is what pymoo needs, which is measured beside our own optimisers; no part of evswarm imports it",
    "opfunu": "is what mealpy needs; no part of evswarm imports it",
}
"""Packages that bind what uses them to their own licence, and why they may be installed all the same."""
CONDITION: Final = "only where "
ABSENT: Final = "not installed"
"""What stands in the place of a licence: for packages of other systems, and of an environment that is not made here."""

_SPDX: Final = {
    "apache 2.0": "Apache-2.0", "apache license 2.0": "Apache-2.0", "apache software license": "Apache-2.0",
    "2-clause bsd": "BSD-2-Clause", "bsd 2-clause": "BSD-2-Clause", "3-clause bsd": "BSD-3-Clause",
    "bsd 3-clause": "BSD-3-Clause", "isc": "ISC", "isc license (iscl)": "ISC", "mit": "MIT", "the mit license (mit)": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0", "python software foundation": "PSF-2.0",
}  # fmt: skip
"""SPDX identifiers of names that packages give their licences, without a last ``license``."""


class Row(NamedTuple):
    """A row of the page.

    Parameters
    ----------
    package
        Normalised name of the package.
    version
        Version that the lock installs.
    licence
        Licence, or under which condition the package is installed where it is not installed here.
    """

    package: str
    version: str
    licence: str


def licence_of(package: Distribution) -> str:
    """Return the licence that the package's metadata state: expression, else licence, else all classifiers, else file."""
    metadata = package.metadata
    stated = [str(metadata[key]).strip() for key in ("License-Expression", "License") if key in metadata]
    classifiers = [str(one) for one in metadata.get_all("Classifier") or ()]
    classified = [one.rsplit(" :: ", 1)[-1] for one in classifiers if one.startswith("License ::")]
    for words in stated:
        if words and (spdx := _as_spdx(words.splitlines()[0])):
            return spdx
    text = "\n".join([*stated, *_licence_files(package)])
    named = [_as_spdx(one) or (_as_worded(text) if one == "BSD License" else None) or one for one in classified]
    return " AND ".join(dict.fromkeys(named)) or _as_worded(text) or next(filter(None, text.splitlines()), "not stated")


@cache
def installed() -> dict[tuple[str, str], Distribution]:
    """Return what is installed, in this environment and in the others that make keeps beside it, by name and version."""
    beside = [str(folder) for folder in sorted(TREE.glob(".venv*/lib/python*/site-packages"))]
    return {
        (canonicalize_name(one.metadata["Name"]), one.version): one for one in distributions(path=[*sys.path, *beside])
    }


def rows(lock: str) -> list[Row]:
    """Return the rows of what the lock adds to the one that it stands on."""
    here = installed()
    return [Row(pin.name, pin.version, _licence_or_condition(pin, here.get(pin[:2]))) for pin in added_pins(lock)]


def page() -> str:
    """Return the page of all licences as Markdown."""
    parts = [
        f"{MADE_BY}\n\n# Licences of what is installed\n",
        "\nevswarm itself is under Apache-2.0 and contains none of these packages.",
        " Libraries that a package bundles are under the licences in that package's own folder.\n",
    ]
    for lock in (*EXTRAS, *GROUPS):
        lines = "".join(f"| {' | '.join(row)} |\n" for row in rows(lock))
        parts.append(f"\n## {TITLES[lock]}\n\n| package | version | licence |\n|---|---|---|\n{lines}")
        reasons = [f"`{row.package}` {EXCEPTIONS[row.package]}." for row in rows(lock) if row.package in EXCEPTIONS]
        parts.extend(f"\n{reason}\n" for reason in reasons)
    return "".join(parts)


def rows_of_page() -> dict[str, list[Row]]:
    """Return the rows that the page has, by lock."""
    sections = PAGE.read_text().split("\n## ")[1:]
    lines = {part.splitlines()[0]: [line for line in part.splitlines() if line.startswith("| ")] for part in sections}
    return {lock: [Row(*line.strip("| ").split(" | ")) for line in lines[title][1:]] for lock, title in TITLES.items()}


def _licence_or_condition(pin: Pin, package: Distribution | None) -> str:
    if package is None:
        return f"{CONDITION}`{pin.marker}`" if pin.marker else ABSENT
    return licence_of(package)


def _as_spdx(name: str) -> str | None:
    """Return the SPDX expression that the name stands for, if that is clear."""
    try:
        return canonicalize_license_expression(name)
    except InvalidLicenseExpression:
        return _SPDX.get(re.sub(r" licen[cs]e$", "", name.casefold())) or _SPDX.get(name.casefold())


def _as_worded(text: str) -> str | None:
    """Return the licence that has the text's sentences, if it is one of those that packages only call by its family."""
    if "Redistribution and use in source and binary forms" in text:
        return "BSD-3-Clause" if "endorse or promote" in text else "BSD-2-Clause"
    return "MIT" if "Permission is hereby granted, free of charge" in text else None


def _licence_files(package: Distribution) -> list[str]:
    """Return the texts of the package's own licence; those of what it bundles have longer names."""
    names = [
        file
        for file in package.files or ()
        if re.match(r"(licen[cs]e|copying)(\.(txt|md|rst))?$", file.name, re.IGNORECASE)
    ]
    return [file.read_text() for file in names if ".dist-info" in str(file)]


if __name__ == "__main__":
    sys.stdout.write(page())
