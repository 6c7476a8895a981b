"""Figures of the feeder: voltage along it, voltage over the day, losses. Drawn from a result and nothing else."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from runs.drawing import BASE, EVS, FREE
from runs.feeder_drawing import Look, draw_band, draw_profile, furthest, way
from runs.result import Result


def _looks(result: Result, title: str) -> list[Look]:
    """Give what is drawn, the last on top: no EVs, dotted, so that what it lies on can be seen."""
    free = Look("free_", "with free charging", FREE, 1.6)
    own = Look("", f"with {title}", EVS, 2.0)
    no_evs = Look("no_evs_", "without EVs", BASE, 1.6, (0, (1.2, 1.2)))
    return [free, no_evs] if result.summary["method"] == "free" else [free, own, no_evs]


def voltage_profile(result: Result, title: str, figure: Figure, axes: Axes) -> None:
    """Draw the voltage of each node over its way from the source, in the slot that takes any node nearest a limit, or past it.

    Parameters
    ----------
    result
        With a feeder; of several transformers the one with that slot is drawn.
    title
        Title of the method.
    figure, axes
        Where.
    """
    settings, looks, table = result.scenario.feeder, _looks(result, title), result.network
    assert settings is not None
    worst = table.iloc[furthest(table, settings, [look.column for look in looks])]
    shown = table[(table.transformer == worst.transformer) & (table.slot == worst.slot)].reset_index(drop=True)
    draw_profile(axes, shown, looks)
    start = result.scenario.horizon.slot_starts[int(worst.slot)]
    below_which = f" below {worst.transformer}" if result.summary["transformers"] > 1 else ""
    axes.set_title(
        f"Voltage along the feeder{below_which} at {start:%H:%M}, the worst slot for the voltage band",
        loc="left",
        fontsize=12,
    )
    axes.set(xlabel=way(settings), ylabel="voltage [pu]")
    draw_band(settings, figure, axes)


def voltage_band(result: Result, title: str, figure: Figure, axes: Axes) -> None:
    """Draw the lowest and highest voltage of any node in each slot, shaded between for the run, beside the limits."""
    hours = result.scenario.horizon.edges_h
    for look in _looks(result, title):
        by_slot = result.network.groupby("slot")[f"{look.prefix}voltage_pu"]
        low, high = by_slot.min().to_numpy(), by_slot.max().to_numpy()
        if look.prefix == "" or (look.prefix == "free_" and result.summary["method"] == "free"):
            axes.stairs(high, hours, baseline=low, fill=True, color=look.colour, alpha=0.15, label="all nodes")
        for edge, label in ((low, look.label), (high, None)):
            axes.stairs(edge, hours, baseline=None, color=look.colour, lw=look.width, ls=look.style, label=label)
    assert result.scenario.feeder is not None
    axes.set(xlabel="time of day", ylabel="lowest and highest voltage [pu]")
    draw_band(result.scenario.feeder, figure, axes)


def losses(result: Result, title: str, figure: Figure, axes: Axes) -> None:
    """Draw the feeder's losses in each slot, of all transformers together."""
    by_slot = result.network_slots.groupby("slot")[["loss_kw", "free_loss_kw", "no_evs_loss_kw"]].sum(min_count=1)
    energy_kwh = by_slot.sum(min_count=1) * result.scenario.horizon.slot_h
    for look in _looks(result, title):
        column = f"{look.prefix}loss_kw"
        label = f"{look.label}: {energy_kwh[column]:,.0f} kWh"
        axes.stairs(
            by_slot[column].to_numpy(), result.scenario.horizon.edges_h, baseline=None,
            color=look.colour, lw=look.width, ls=look.style, label=label,
        )  # fmt: skip
    axes.set(xlabel="time of day", ylabel="losses [kW]", ylim=(0, None))
    axes.grid(axis="y", alpha=0.25)
    figure.legend(loc="outside lower center", frameon=False, ncols=3, fontsize=9)
