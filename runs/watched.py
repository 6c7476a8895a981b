"""Models that are watched: whoever wants to know how far a run is subscribes; no agent is handed a callback or patched."""

from collections.abc import Callable
from functools import cached_property


class Watched:
    """Tells its listeners when a slot is over, and how far a search is."""

    @cached_property
    def _slot_listeners(self) -> list[Callable[[int], None]]:
        return []

    @cached_property
    def _search_listeners(self) -> list[Callable[[float], None]]:
        return []

    def on_slot(self, listener: Callable[[int], None]) -> None:
        """Have a listener called at the end of every slot, with the slot's number."""
        self._slot_listeners.append(listener)

    def on_search(self, listener: Callable[[float], None]) -> None:
        """Have a listener called while an agent searches, with the part of all the run's searches that is done."""
        self._search_listeners.append(listener)

    def tell_slot(self, slot: int) -> None:
        """Tell that a slot is over."""
        for listener in self._slot_listeners:
            listener(slot)

    def tell_search(self, part: float) -> None:
        """Tell how far the searches are, 0..1; agents call it."""
        for listener in self._search_listeners:
            listener(part)
