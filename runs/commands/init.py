"""The command ``evswarm init``: a scenario to edit."""

from pathlib import Path
from typing import Annotated

import typer


def init(
    file: Annotated[Path, typer.Argument(help="Where to write the scenario.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> None:
    """Write a scenario with every key at its default and a comment on each.

    `evswarm init my.toml`, edit it, then `evswarm check my.toml` and `evswarm run my.toml`
    """
    from rich.markup import escape

    from environment.input_faults import Fault, FaultyInputError
    from runs.scenario_reference import commented_scenario
    from runs.terminal import explained, out

    with explained():
        if file.exists() and not force:
            raise FaultyInputError([Fault(str(file), None, "file", "there already", "a new file, or --force")])
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(commented_scenario(), encoding="utf-8")
        name = escape(str(file))
        out.print(
            f"Written to [bold]{name}[/]. Edit it, then: evswarm check {name} && evswarm run {name}", soft_wrap=True
        )
