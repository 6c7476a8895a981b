"""Digests of Python files by what they say: their syntax trees without docstrings, and those of all that they import."""

import ast
import hashlib
import json
import time
import uuid
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

ROOMS: Final = ("coordination", "environment")
"""Packages that imports are followed into, beside a file's own package."""

_HOUSE: Final = Path(__file__).resolve().parent.parent
_BEGAN_NS: Final = time.time_ns()
"""When this file was imported, before any file with a kernel: what was edited later may have been imported as it was before."""


class SourceChangedError(Exception):
    """A file was changed after this process began: what was imported may not be what the file says now."""


class Syntax(NamedTuple):
    """What is known of one file.

    Parameters
    ----------
    mtime_ns, size
        Time of the file's last change and its size, as it was read.
    digest
        Digest of its syntax tree.
    imports
        Modules that it imports anywhere, and names that it imports from modules, as these may be modules too.
    """

    mtime_ns: int
    size: int
    digest: str
    imports: list[str]


class SyntaxTrees:
    """Digests of files, kept on disk: a file that is as it was is not parsed again.

    Parameters
    ----------
    kept
        Where digests are kept. Of two processes the one that writes last wins; what is lost by that is parsed again.
    """

    def __init__(self, kept: Path) -> None:
        self._kept = kept
        self._parsed_any = False
        self._looked_at: dict[Path, Syntax] = {}
        try:
            known = {file: Syntax(*known) for file, known in json.loads(kept.read_bytes()).items()}
            self._files = {file: each for file, each in known.items() if isinstance(each.imports, list)}
        except (OSError, ValueError, TypeError, AttributeError, RecursionError):
            self._files = {}

    def digest(self, file: Path, module: str) -> str:
        """Return the digest of a file and of all that it imports, directly or not, from the rooms or its own package.

        Parameters
        ----------
        file, module
            The file, and the full name of its module.

        Raises
        ------
        SourceChangedError
            If one of the files was changed after this process began.
        """
        own, *parents = module.split(".")
        roots = dict.fromkeys(ROOMS, _HOUSE) | {own: file.parents[len(parents) + (file.stem == "__init__")]}
        found = {module: self._read(file, module)}
        waiting = [module]
        while waiting:
            for name in found[waiting.pop()].imports:
                root = roots.get(name.partition(".")[0])
                path = _file_of(root, name) if root is not None and name not in found else None
                if path is not None:
                    found[name] = self._read(path, name)
                    waiting.append(name)
        if self._parsed_any:
            self._keep()
        return _hash(str([(name, found[name].digest) for name in sorted(found)]))

    def _read(self, file: Path, module: str) -> Syntax:
        if file in self._looked_at:
            return self._looked_at[file]
        status = file.stat()
        if _BEGAN_NS < status.st_mtime_ns <= time.time_ns():  # later still is a clock that goes wrong, and no edit
            raise SourceChangedError(file)
        known = self._files.get(str(file))
        if known is None or known[:2] != (status.st_mtime_ns, status.st_size):
            tree = ast.parse(file.read_bytes())
            package = module if file.stem == "__init__" else module.rpartition(".")[0]
            imports = sorted(set(_imports(tree, package)))
            known = Syntax(status.st_mtime_ns, status.st_size, _hash(ast.dump(_without_docstrings(tree))), imports)
            self._files[str(file)] = known
            self._parsed_any = True
        self._looked_at[file] = known
        return known

    def _keep(self) -> None:
        written = self._kept.with_name(f"{self._kept.name}.{uuid.uuid4().hex}")
        written.write_text(json.dumps(self._files))
        written.replace(self._kept)
        self._parsed_any = False


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@cache
def _file_of(root: Path, module: str) -> Path | None:
    path = root.joinpath(*module.split("."))
    files = (path / "__init__.py", path.with_name(f"{path.name}.py"))
    return next((file for file in files if file.is_file()), None)


def _imports(tree: ast.Module, package: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                parts = alias.name.split(".")
                yield from (".".join(parts[: k + 1]) for k in range(len(parts)))
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: package.count(".") + 2 - node.level] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def _without_docstrings(tree: ast.Module) -> ast.Module:
    """Drop every string that stands as a statement: docstrings of modules, classes, functions, and of attributes."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            body[:] = [line for line in body if not _is_docstring(line)]
    return tree


def _is_docstring(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) and isinstance(line.value.value, str)
