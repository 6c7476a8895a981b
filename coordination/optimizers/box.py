"""The box of a search: a point that has left it is clipped, reflected, or enters again on the other side."""

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from environment.compiled import compiled

type BoundsRule = Literal["clip", "reflect", "periodic"]

_CLIP, _REFLECT, _PERIODIC = range(3)
_CODES: Final[dict[str, int]] = {"clip": _CLIP, "reflect": _REFLECT, "periodic": _PERIODIC}


@compiled
def _confine(x: NDArray[np.float64], lower: NDArray[np.float64], upper: NDArray[np.float64], code: int) -> None:
    n, d = x.shape
    for i in range(n):
        if code == _CLIP:
            for j in range(d):
                x[i, j] = min(max(lower[j], x[i, j]), upper[j])  # what is not a number becomes the lower bound
            continue
        for j in range(d):
            if lower[j] <= x[i, j] <= upper[j]:
                continue
            width = upper[j] - lower[j]
            if not width > 0.0 or not np.isfinite(x[i, j]):
                x[i, j] = min(max(lower[j], x[i, j]), upper[j])
                continue
            if code == _REFLECT:
                beyond = (x[i, j] - lower[j]) % (2.0 * width)
                beyond = min(beyond, 2.0 * width - beyond)
            else:
                beyond = (x[i, j] - lower[j]) % width
            x[i, j] = min(max(lower[j] + beyond, lower[j]), upper[j])


def confine(x: NDArray[np.float64], lower: NDArray[np.float64], upper: NDArray[np.float64], rule: BoundsRule) -> None:
    """Bring points back into a box, in place.

    Parameters
    ----------
    x
        Points, shape ``(n, d)``.
    lower, upper
        The box, shape ``(d,)``.
    rule
        "clip" puts a coordinate on the bound, "reflect" mirrors it there, "periodic" lets it enter on the other side.
    """
    _confine(x, lower, upper, _CODES[rule])
