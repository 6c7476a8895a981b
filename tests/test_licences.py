"""docs/licences.md says what is installed, and nothing of it binds evswarm to the licence of another."""

import pytest

from tests.support.licences import ABSENT, CONDITION, EXCEPTIONS, TITLES, rows, rows_of_page

FREE = frozenset({
    "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT",
    "MIT-0", "MIT-CMU", "MPL-2.0", "PSF-2.0", "Zlib",
})  # fmt: skip
"""Licences that ask nothing of what uses the package; MPL-2.0 asks for changes of its own files."""


def is_free(licence: str) -> bool:
    """Whether one of the alternatives, which SPDX joins by OR, has only free parts."""
    return any(set(choice.split(" AND ")) <= FREE for choice in licence.split(" OR "))


@pytest.mark.parametrize("lock", TITLES)
def test_the_page_is_current(lock: str) -> None:
    page, now = rows_of_page()[lock], rows(lock)
    assert [row[:2] for row in page] == [row[:2] for row in now]
    unread = (CONDITION, ABSENT)
    read_here = [(there, here) for there, here in zip(page, now, strict=True) if not here.licence.startswith(unread)]
    assert [pair for pair in read_here if not pair[0].licence.startswith(CONDITION) and pair[0] != pair[1]] == []


def test_no_licence_binds_what_uses_it() -> None:
    read = [row for table in rows_of_page().values() for row in table if not row.licence.startswith(CONDITION)]
    assert {row.package: row.licence for row in read if not is_free(row.licence)}.keys() == EXCEPTIONS.keys()


def test_only_the_benchmarks_need_an_exception() -> None:
    assert {lock for lock, table in rows_of_page().items() for row in table if row.package in EXCEPTIONS} == {"peers"}


@pytest.mark.parametrize(
    "licence", ["GPL-3.0-only", "MIT AND LGPL-2.1-or-later", "AGPL-3.0-only", "SSPL-1.0", "not stated", ""]
)
def test_what_is_not_known_to_be_free_is_not(licence: str) -> None:
    assert not is_free(licence)
