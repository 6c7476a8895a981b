"""Registries by name: an entry stands in a file of its own, which is imported when the entry is first asked for."""

from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from importlib import import_module
from operator import attrgetter
from typing import Any

from environment.input_faults import nearest


def loaded(place: str) -> Any:
    """Return what stands at a place.

    Parameters
    ----------
    place
        ``module:name``, such as ``coordination.optimizers.pso:PSO``.
    """
    module, _, name = place.partition(":")
    return attrgetter(name)(import_module(module))


class UnknownNameError(KeyError):
    """Raised where a registry has no entry of a name; says which name was probably meant."""

    def __str__(self) -> str:
        return str(self.args[0])  # a KeyError's own text is in quotes


class Registry[T](MutableMapping[str, T]):
    """Entries by name, in order, as in a dict; the names alone cost no import. A program may enter its own.

    Parameters
    ----------
    places
        Where each entry stands: ``module:name``.

    Raises
    ------
    UnknownNameError
        A `KeyError`, if an entry is asked for that there is not.
    """

    def __init__(self, places: Mapping[str, str]) -> None:
        self._entries: dict[str, str | T] = dict(places)

    def __getitem__(self, name: str) -> T:
        entry = self._entries[self._known(name)]
        return loaded(entry) if isinstance(entry, str) else entry

    def __setitem__(self, name: str, entry: T) -> None:
        self._entries[name] = entry

    def __delitem__(self, name: str) -> None:
        del self._entries[self._known(name)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def _known(self, name: str) -> str:
        if name not in self._entries:
            raise UnknownNameError(f"{name!r}; expected {nearest(str(name), self._entries)}")
        return name


@dataclass(frozen=True)
class OnDemand:
    """A function whose file is imported when it is first called.

    Parameters
    ----------
    place
        Where the function stands: ``module:name``.
    """

    place: str

    def __str__(self) -> str:
        """Return how a program names the function."""
        return self.place.replace(":", ".")

    def load(self) -> None:
        """Import the function's file now."""
        loaded(self.place)

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Call the function."""
        return loaded(self.place)(*args, **options)
