"""Section ``[transformer]``: what all transformers have in common, and what a fleet that gives back may do below them."""

from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from environment.settings import Settings

MOST_LINES = 1_000_000
"""Of all transformers; each line has a copy of the board."""

MARGIN_KW = 1e-9
"""Room that is kept back, so that the sum of load and EVs is within a limit also after rounding."""


class TransformerSettings(Settings):
    """The transformers and their limit; with none given, paper A's: 2000 kVA x 0.85 x 0.95 = 1615 kW."""

    limit_kw: float | None = Field(default=None, gt=0, le=1e9)
    """Largest load of each transformer [kW]; none: `rated_kva` x `power_factor` x `loading`."""

    feed_in_limit_kw: float | None = Field(default=None, ge=0, le=1e9)
    """Most that each transformer may feed back [kW]. For a fleet that gives back it is held, and none means as much as it may
    draw; for ants it is measured, not held, and none means no limit."""

    rated_kva: float = Field(default=2000.0, gt=0, le=1e9)
    """Rated apparent power [kVA]."""

    power_factor: float = Field(default=0.85, gt=0, le=1)
    """Active power per apparent power."""

    loading: float = Field(default=0.95, gt=0, le=10)
    """Part of the rating that may be used."""

    count: int = Field(default=1, gt=0, le=100_000)
    """Number of transformers; a fleet file with a column `node` names them itself."""

    substations: int = Field(default=1, gt=0, le=100_000)
    """Number of substations; transformers are spread over them evenly, in order."""

    load: str = "load"
    """Base load of each transformer: `load` is the section [load], other names are those of [loads]; several, joined by +,
    add up, such as "load+roofs"."""

    lines: int = Field(default=0, ge=0, le=1_000_000)
    """Lines of each transformer, EVs spread over them by draw: the EVs of a line are a subsidiary swarm that tells each other
    what it was promised and so shares a copy of the board; 0: no lines, all EVs hear the transformer only (the paper)."""

    ambient_c: float = Field(default=20.0, ge=-60, le=60)
    """Temperature of the air around the transformers [C], for their ageing."""

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> Self:
        rating = {"rated_kva", "power_factor", "loading"} & self.model_fields_set
        if self.limit_kw is not None and rating:
            raise ValueError(f"both limit_kw and {', '.join(sorted(rating))}; expected one way to state the limit")
        if self.count * self.lines > MOST_LINES:
            raise ValueError(
                f"count = {self.count} with lines = {self.lines}; expected at most {MOST_LINES:,} lines in all"
            )
        return self

    @property
    def load_limit_kw(self) -> float:
        """Largest load of each transformer [kW] (paper A, eq 15 [reconstructed])."""
        return self.rated_kva * self.power_factor * self.loading if self.limit_kw is None else self.limit_kw

    @property
    def all_limits_kw(self) -> tuple[float, float]:
        """Least (feeding back) and largest load of all transformers together [kW]."""
        back = self.load_limit_kw if self.feed_in_limit_kw is None else self.feed_in_limit_kw
        return 0.0 - self.count * back, self.count * self.load_limit_kw

    def room_kw(self, load_kw: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what a fleet below all transformers together may do in each slot.

        Parameters
        ----------
        load_kw
            Load of all transformers without the fleet [kW], shape ``(n_slots,)``.

        Returns
        -------
        ndarray
            Least power (at most 0) and most power (at least 0) [kW], shape ``(2, n_slots)``. Where the load alone is beyond a
            limit the fleet may not take it further: it may do nothing, or help.
        """
        least, largest = self.all_limits_kw
        return np.stack([
            np.minimum(least - load_kw + MARGIN_KW, 0.0),
            np.maximum(largest - load_kw - MARGIN_KW, 0.0),
        ])  # fmt: skip
