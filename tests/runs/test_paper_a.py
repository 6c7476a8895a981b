"""Paper A's claims on a few seeds: what the reproduction page says is what the code does."""

from pathlib import Path

import pytest

from runs.studies.claim import Claim
from runs.studies.paper_a.cases import paper_runs
from runs.studies.paper_a.claims import claims


@pytest.fixture(scope="module")
def found() -> dict[tuple[str, str], Claim]:
    return {(claim.number, claim.text): claim for claim in claims(paper_runs(range(1, 9), iterations=(60, 120)))}


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("A-1", "1615"),
        ("A-2", "7 types"),
        ("A-3", "widens"),
        ("A-4", "never break"),
        ("A-5", "batches of 10 or 20"),
        ("A-6", "Table 4"),
        ("A-7", "load curve similar"),
        ("A-7", "second method"),
        ("A-8", "adjustment brings"),
    ],
)
def test_claim_holds(found: dict[tuple[str, str], Claim], number: str, words: str) -> None:
    claim = next(c for (n, text), c in found.items() if n == number and words in text)
    assert claim.outcome == "found", claim.evidence


@pytest.mark.parametrize(
    ("number", "words"), [("A-2", "22 h to 10 h"), ("A-7", "similar fluctuation in"), ("A-9", "usable segments")]
)
def test_claim_does_not_hold_here_and_the_page_says_so(
    found: dict[tuple[str, str], Claim], number: str, words: str, tree: Path
) -> None:
    claim = next(c for (n, text), c in found.items() if n == number and words in text)
    assert claim.outcome == "not found"
    page = (tree / "docs/reproduction/paper_a.md").read_text()
    row = next(line for line in page.splitlines() if claim.text in line)
    assert "**not found**" in row


def test_the_page_lists_every_claim(found: dict[tuple[str, str], Claim], tree: Path) -> None:
    page = (tree / "docs/reproduction/paper_a.md").read_text()
    for claim in found.values():
        assert claim.text in page
