"""Claims of a paper, and what a study says of each; their words stand in the study's file ``claims.toml``."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import pandas as pd

from runs.studies.templates import fill, fill_line, markdown

type Outcome = Literal["found", "partly found", "calibrated", "not found"]


@dataclass(frozen=True)
class Claim:
    """One claim of the paper and what became of it.

    Parameters
    ----------
    number
        As in part D of the rebuilt equations.
    text
        What the paper says.
    outcome
        "found", "partly found", "calibrated" (true at a value that the paper does not give and that was chosen so that it is
        true) or "not found".
    evidence
        The numbers.
    """

    number: str
    text: str
    outcome: Outcome
    evidence: str


def claim(module: str, name: str, outcome: Outcome, **figures: Any) -> Claim:
    """Return a claim in the words of the file ``claims.toml`` beside a module.

    Parameters
    ----------
    module
        Name of the module.
    name
        Name of the claim in the file. It has ``number``, ``text`` and ``evidence``, with places as in `runs.studies.templates`; a text in
        ``each`` is written for every record of the figures of its name, and these stand one after the other, parted by semicolons.
    outcome
        Outcome of the claim.
    figures
        Figures, records and texts by the name of their place.
    """
    words = _words(module)[name]
    for part, text in words.get("each", {}).items():
        figures[part] = "; ".join(fill_line(text, record) for record in figures[part])
    text, evidence = fill(f"{words['text']}\n{words['evidence']}", figures).split("\n")
    return Claim(words["number"], text, outcome, evidence)


@cache
def _words(module: str) -> dict[str, dict[str, Any]]:
    return tomllib.loads(files(module).joinpath("claims.toml").read_text(encoding="utf-8"))


def graded(found: bool, partly: bool) -> Outcome:
    """Return the outcome of a claim that is true, or true in part."""
    return "found" if found else "partly found" if partly else "not found"


def claims_table(held: Iterable[Claim]) -> str:
    """Return claims as Markdown; what is not found stands out."""
    rows = [
        (each.number, each.text, each.outcome if each.outcome == "found" else f"**{each.outcome}**", each.evidence)
        for each in held
    ]
    return markdown(pd.DataFrame(rows, columns=["claim", "the paper says", "here", "numbers"]))
