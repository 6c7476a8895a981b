"""The command ``evswarm check``: faults of a scenario."""

from pathlib import Path
from typing import Annotated

import typer

from runs.commands.options import ForceOption, SetOption


def check(
    scenario: Annotated[Path, typer.Argument(help="Scenario (TOML).")],
    overrides: SetOption = None,
    force: ForceOption = False,
) -> None:
    """Validate a scenario and the files that it names; print every fault at once.

    `evswarm check my.toml --set fleet.vehicles=200`
    """
    from rich.markup import escape

    from runs.commands.case import Room, built, read
    from runs.plural import counted
    from runs.terminal import err, explained, out

    with explained():
        case = read(scenario, overrides, None, None if force else Room())
        world = built(case)
        for text in world.warnings():
            err.print(f"[yellow]warning:[/] {escape(text)}", highlight=False)
        slots = f"{counted(world.horizon.n_slots, 'slot')} of {world.horizon.slot_min} min from {world.horizon.begin_text} on"
        out.print(f"{escape(str(scenario))}: no fault. {world.holds}, {slots}.")
