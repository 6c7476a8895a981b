"""The scenario's keys as text, written from the settings classes: a commented scenario, and the reference page."""

import ast
import inspect
from functools import cache
from itertools import pairwise
from typing import Any, get_args

from pydantic.fields import FieldInfo

from coordination.optimizers import OPTIMIZERS
from coordination.valley_filling import COORDINATORS
from environment.settings import Settings
from runs.scenario import Scenario, sections, source_name, toml_text

MADE_BY = "<!-- Written from the settings classes by `make scenario-page`; edit their docstrings instead. -->"


def commented_scenario() -> str:
    """Return a scenario with every key at its default, commented out, and a comment that says what it is for."""
    parts = ["## A scenario for evswarm. Each key stands at its default; take its # away to change it.\n"]
    for name, classes in sections().items():
        optional = Scenario.model_fields[name].default is None
        parts.append(
            f"\n## Take the # before the section away to switch it on.\n# [{name}]\n" if optional else f"\n[{name}]\n"
        )
        for cls in classes:
            parts.append(f"## {_summary(cls)}\n" if cls is classes[0] else f"\n## Or: {_summary(cls)}\n")
            for key, field in cls.model_fields.items():
                if not _is_shown_already(cls, key, classes):
                    parts.append(f"## {_description(cls, key)}\n# {key} = {_shown(key, field, source_name(cls))}\n")
    return "".join(parts)


def reference_page() -> str:
    """Return the reference of all keys as Markdown."""
    parts = [
        f"{MADE_BY}\n\n# Scenario reference\n\nA scenario is a TOML file; `evswarm init my.toml` writes a commented one.\n"
    ]
    for name, classes in sections().items():
        parts.append(f"\n## `[{name}]`\n")
        for cls in classes:
            if len(classes) > 1:
                parts.append(f'\n### `source = "{source_name(cls)}"`\n')
            parts.append(f"\n{_summary(cls)}\n\n{_table(cls)}")
            for key, field in cls.model_fields.items():
                inner = get_args(field.annotation)
                if inner and isinstance(inner[0], type) and issubclass(inner[0], Settings):
                    parts.append(f"\nEach `[[{name}.{key}]]`:\n\n{_table(inner[0])}")
    names = "\n".join(f"- `{name}`: {entry.title}, decided by {entry.decides}" for name, entry in COORDINATORS.items())
    parts.append(f"\n## Methods\n\n`coordination.method` is one of:\n\n{names}\n")
    names = "\n".join(f"- `{name}`: {entry.title}" for name, entry in OPTIMIZERS.items())
    also = "`peak_shaving.optimizer` also `exact`, `scheduling.optimizer` also `none`"
    parts.append(f"\n## Optimisers\n\n`coordination.optimizer` is one of these, {also}:\n\n{names}\n")
    return "".join(parts)


def _is_shown_already(cls: type[Settings], key: str, classes: list[type[Settings]]) -> bool:
    """Whether an earlier source has just the same key, at the same default."""
    earlier = classes[: classes.index(cls)]
    return any(
        key in other.model_fields
        and other.model_fields[key].default == cls.model_fields[key].default
        and _description(other, key) == _description(cls, key)
        for other in earlier
        if key != "source"
    )


def _table(cls: type[Settings]) -> str:
    rows = ["| key | default | meaning |\n|---|---|---|\n"]
    for key, field in cls.model_fields.items():
        default = (
            "required" if field.is_required() else f"`{_value(field.default)}`" if field.default is not None else "none"
        )
        rows.append(f"| `{key}` | {default} | {_description(cls, key)} |\n")
    return "".join(rows)


def _shown(key: str, field: FieldInfo, source: str) -> str:
    if key == "source":
        return f'"{source}"'
    return "..." if field.is_required() or field.default is None else _value(field.default)


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        value = [entry.model_dump(exclude_none=True) if isinstance(entry, Settings) else entry for entry in value]
    return toml_text(value)


def _description(cls: type[Settings], key: str) -> str:
    return " ".join(_docstrings(cls).get(key, "").split())


@cache
def _docstrings(cls: type[Settings]) -> dict[str, str]:
    """Return the docstring under each field, read from the source; pydantic would read it at every start of the program."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if issubclass(base, Settings):
            (tree,) = ast.parse(inspect.getsource(base)).body
            assert isinstance(tree, ast.ClassDef)
            for statement, below in pairwise(tree.body):
                match statement, below:
                    case ast.AnnAssign(target=ast.Name(name)), ast.Expr(ast.Constant(str() as text)):
                        found[name] = text
    return found


def _summary(cls: type[Settings]) -> str:
    return " ".join((cls.__doc__ or "").strip().split("\n\n")[0].split())


if __name__ == "__main__":
    print(reference_page(), end="")  # noqa: T201  (what the command is for)
