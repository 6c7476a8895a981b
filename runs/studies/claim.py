"""What a study says of one claim of a paper."""

from dataclasses import dataclass
from typing import Literal

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
