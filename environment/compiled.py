"""The one way in which the house compiles a function: numba, cached on disk, types kept.

Numba's own cache looks at the text of the function's file and at the function's line. So it would compile a whole file again
after an edit of a docstring, and keep an old copy of a kernel or a constant that comes from another file. Here the key is what
the sources say: the syntax trees, docstrings left out, of the function's file and of all that it imports.

Columns go into a kernel as a NamedTuple. From Python, where a call counts, they go as a plain tuple of the same parts, which the
kernel names again: ``stay = Stay(*stay)``. Numba looks into a NamedTuple anew at each call, 1.3 us for one of seven numbers
where the whole call takes 1.1 us; it knows plain tuples as fast as single arguments.
"""

import hashlib
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache, cached_property
from pathlib import Path
from types import CodeType
from typing import Any, Self, cast

import numba
from numba.core import caching, config
from numba.misc.appdirs import AppDirs

from environment.syntax_trees import SourceChangedError, SyntaxTrees


def compiled[F: Callable[..., Any]](function: F) -> F:
    """Compile a function of numbers and arrays; it runs without the interpreter and is cached on disk."""
    dispatcher = numba.njit(nogil=True)(function)
    dispatcher._cache = _KernelCache(function)  # noqa: SLF001  (numba's `cache=True` sets its own there)
    return cast("F", dispatcher)


def _places() -> list[Path]:
    """Return where compiled code may be kept: where NUMBA_CACHE_DIR says, in the tree, the user's own folder.

    Not where everybody can write: what is kept is code that is run.
    """
    return [
        *([Path(config.CACHE_DIR)] if config.CACHE_DIR else []),
        Path(__file__).parent / "__pycache__" / "kernels",
        Path(AppDirs("evswarm", appauthor=False).user_cache_dir),
    ]


@cache
def _folder() -> Path | None:
    """Return the first place that can be written, or None."""
    for place in _places():
        try:
            place.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=place).close()
        except OSError:
            continue
        return place
    return None


@cache
def _syntax_trees(folder: Path) -> SyntaxTrees:
    return SyntaxTrees(folder / f"syntax_trees.{sys.implementation.cache_tag}.json")


@cache
def _stamp(folder: Path, file: str, module: str) -> str:
    return _syntax_trees(folder).digest(Path(file), module)


class _Locator(caching._CacheLocator):  # type: ignore[misc]  # noqa: SLF001  (numba has no other way to say where)
    """Where a function's compiled code is kept, and what its sources say."""

    def __init__(self, function: Callable[..., Any], file: str, folder: Path) -> None:
        # A module that `python -m` runs is called __main__; its spec has its name.
        spec = getattr(sys.modules.get(function.__module__), "__spec__", None)
        self._py_file, self._folder, self._module = file, folder, spec.name if spec else function.__module__

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> Self | None:
        folder = _folder()
        return None if folder is None else cls(py_func, py_file, folder)

    def get_cache_path(self) -> str:
        return str(self._folder / self.get_suitable_cache_subpath(self._py_file))

    def get_source_stamp(self) -> str:
        return _stamp(self._folder, self._py_file, self._module)

    def get_disambiguator(self) -> str:
        return f"numba{numba.__version__}"


class _Kept(caching.CompileResultCacheImpl):  # type: ignore[misc]
    """Tells numba where our files are."""

    _locator_classes = (_Locator,)


class _Files(caching.IndexDataCacheFile):  # type: ignore[misc]
    """Compiled code of one function, a file for each of its signatures.

    A file's name holds the stamp and the key. Numba's own index numbers the files, so two processes that write at once may put
    the code of one signature under the number of another.
    """

    def load(self, key: object) -> Any:
        """Return what is kept under a key; None where there is nothing, or nothing that can be read."""
        try:
            return self._load_data(self._name(key))
        except Exception:  # noqa: BLE001  (a pickle that was cut off raises whatever it likes: compile anew)
            return None

    def save(self, key: object, data: object) -> None:
        """Keep data under a key, and drop what older sources were compiled to."""
        for file in Path(self._cache_path).glob(f"{self._index_name.removesuffix('.nbi')}-*.nbc"):
            if f"-{self._source_stamp}-" not in file.name:
                file.unlink(missing_ok=True)
        with suppress(OSError):  # a full disk: what was compiled runs all the same
            self._save_data(self._name(key), data)

    def _name(self, key: object) -> str:
        base = self._index_name.removesuffix(".nbi")
        return f"{base}-{self._source_stamp}-{hashlib.sha256(repr(key).encode()).hexdigest()[:16]}.nbc"


class _KernelCache(caching.FunctionCache):  # type: ignore[misc]
    """The cache of one function. It looks at sources only when the function is first called, so imports stay fast."""

    def __init__(self, function: Callable[..., Any]) -> None:  # not numba's: that would look at them now
        self._name, self._py_func = repr(function), function

    @cached_property
    def _enabled(self) -> bool:
        try:
            return _folder() is not None and self._cache_file is not None
        except (SourceChangedError, SyntaxError, OSError):  # a source that is being edited
            return False

    @cached_property
    def _impl(self) -> _Kept:
        return _Kept(self._py_func)

    @property
    def cache_path(self) -> str | None:
        """Return the folder of the function's compiled code; None where none is kept."""
        return self._impl.locator.get_cache_path() if self._enabled else None

    @cached_property
    def _cache_file(self) -> _Files:
        locator = self._impl.locator
        return _Files(locator.get_cache_path(), self._impl.filename_base, locator.get_source_stamp())

    def _index_key(self, sig: object, codegen: object) -> tuple[object, ...]:
        """Tell apart what has one name in one file, too: numba looks at the code, but not at its constants and names."""
        return *super()._index_key(sig, codegen), _spelled(self._py_func.__code__, self._py_func.__doc__)


def _spelled(code: CodeType, docstring: str | None) -> tuple[object, ...]:
    constants = [_spelled(each, None) if isinstance(each, CodeType) else each for each in code.co_consts]
    return *(each for each in constants if each not in (docstring, None)), *code.co_names
