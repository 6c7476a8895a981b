"""A subsidiary swarm: the EVs on one line, a dynamic union that shares a copy of the board (paper A, section 4.2.2)."""

import numpy as np
from numpy.typing import NDArray

from environment.messages import BoardCopy, Share


class SubsidiarySwarm:
    """The copy of the board that the EVs of a line read, kept by their charging points; without lines, of all EVs.

    Parameters
    ----------
    name
        As in the grid's tree.
    members
        Charging points on the line.
    """

    def __init__(self, name: str, members: int) -> None:
        self.name = name
        self.members = members
        self.load_kw: NDArray[np.float64] | None = None
        self.version = -1
        self._shares: dict[tuple[int, int], Share] = {}

    def hear_copy(self, copy: BoardCopy) -> None:
        """Take a version of the board, unless a later one is there; what members were promised since is added."""
        if copy.version < self.version:
            return
        self.version = copy.version
        self.load_kw = copy.load_kw
        if self._shares:
            self._shares = {key: share for key, share in self._shares.items() if share.version >= self.version}
            for share in self._shares.values():
                self._add(share)

    def hear_share(self, share: Share) -> None:
        """Take what a member was promised, once, if the copy at hand is older."""
        key = (share.row, share.number)
        if share.version >= self.version and key not in self._shares:
            self._shares[key] = share
            self._add(share)

    def _add(self, share: Share) -> None:
        if self.load_kw is not None:
            self.load_kw = self.load_kw.copy()  # what was sent stays as it was
            self.load_kw[share.first_slot : share.first_slot + share.power_kw.size] += share.power_kw
