"""The one way in which the house compiles a function: numba, cached on disk, types kept.

Numba's cache looks only at the file of the function itself, so a kernel would keep an old copy of a kernel that it
calls from another file. The cache folder therefore carries a digest of all sources of the two rooms that compile.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numba

_TREE = Path(__file__).resolve().parent.parent


def _sources_digest() -> str:
    digest = hashlib.sha256()
    for room in ("coordination", "environment"):
        for source in sorted((_TREE / room).rglob("*.py")):
            digest.update(source.read_bytes())
    return digest.hexdigest()[:12]


if "NUMBA_CACHE_DIR" not in os.environ:
    _HOME = Path(__file__).parent if os.access(Path(__file__).parent, os.W_OK) else Path(tempfile.gettempdir())
    numba.config.CACHE_DIR = str(_HOME / "__pycache__" / f"numba-{_sources_digest()}")


def compiled[F: Callable[..., Any]](function: F) -> F:
    """Compile a function of numbers and arrays; it runs without the interpreter and is cached on disk."""
    return cast("F", numba.njit(cache=True, nogil=True)(function))
