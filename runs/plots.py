"""Figures of a result, drawn from the result and nothing else."""

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from coordination.valley_filling import COORDINATORS
from runs import network_plots
from runs.best_known import title_of
from runs.drawing import BASE, EVS, FREE, LIMIT, METHOD_COLOURS, STYLES, canvas, clock, save, steps
from runs.result import Result

RASTER_ROWS: Final = 500
"""A raster of more EVs shows every k-th, so that a row stays visible."""


def save_all(result: Result, folder: Path) -> list[Path]:
    """Draw every figure of one run into a folder; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = {"load_curves": load_curves(result), "board": board(result), "raster": raster(result)}
    if result.scenario.feeder is not None:
        figures |= feeder_figures(result)
    return [save(figure, folder / f"{name}.png") for name, figure in figures.items()]


def feeder_figures(result: Result) -> dict[str, Figure]:
    """Draw voltage along the feeder, voltage over the day and losses of a run with a feeder, by name."""
    profile, along = canvas("")
    network_plots.voltage_profile(result, _title(result), profile, along)
    band, over_day = canvas("Lowest and highest voltage of any node")
    network_plots.voltage_band(result, _title(result), band, over_day)
    lost, per_slot = canvas("Losses of the feeder")
    network_plots.losses(result, _title(result), lost, per_slot)
    for axes in (over_day, per_slot):
        clock(axes, result)
    return {"voltage_profile": profile, "voltage_band": band, "losses": lost}


def load_curves(result: Result) -> Figure:
    """Draw base load, free charging and the run's load against the limit; what the EVs fill is shaded."""
    slots = _summed(result)
    figure, axes = canvas(f"{result.summary['vehicles']} EVs, {_title(result)}")
    hours = _edges_h(result)
    _fill(axes, hours, slots.actual_kw, slots.total_kw, "filled by EVs")
    if not slots.actual_kw.equals(slots.base_kw):
        steps(axes, hours, slots.base_kw, "forecast base load", BASE, style=":")
    steps(axes, hours, slots.actual_kw, "base load", BASE)
    steps(axes, hours, slots.actual_kw + slots.free_kw, "with free charging", FREE)
    steps(axes, hours, slots.total_kw, f"with {_title(result)}", EVS, width=2.2)
    finish_load(axes, result)
    return figure


def compare(results: list[Result]) -> Figure:
    """Draw the load curves of several runs on the same fleet and load."""
    first = results[0]
    slots = _summed(first)
    figure, axes = canvas(f"{first.summary['vehicles']} EVs, the same fleet and load")
    hours = _edges_h(first)
    steps(axes, hours, slots.actual_kw, "base load", BASE)
    looks = iter(zip(METHOD_COLOURS, STYLES * 2, strict=True))  # one may lie on another: dashes let both be seen
    for result in results:
        colour, style = (FREE, "-") if result.summary["method"] == "free" else next(looks)
        steps(axes, hours, _summed(result).total_kw, f"with {_title(result)}", colour, width=2.0, style=style)
    finish_load(axes, first)
    return figure


def gap_by_messages(results: list[Result]) -> Figure:
    """Draw how the gap to the optimum falls with the messages sent, round by round, on logarithmic axes.

    A method without rounds on record before the day is one mark. Gaps below a millionth of a per cent are drawn there.
    """
    figure, axes = canvas("Distance to the provable optimum against communication")
    colours = iter(METHOD_COLOURS)
    for result in results:
        colour = FREE if result.summary["method"] == "free" else next(colours)
        trace = _gap_trace(result)
        axes.plot(
            trace.messages, 100 * trace.gap.clip(lower=1e-8), "o-", ms=4, lw=1.5, color=colour, label=_title(result)
        )
    axes.set(xlabel="messages sent", ylabel="gap to the optimum [%]", xscale="log", yscale="log")
    axes.grid(alpha=0.25)
    if axes.has_data():
        axes.legend(loc="best", frameon=True, fontsize=9)
    return figure


def _gap_trace(result: Result) -> pd.DataFrame:
    """Messages so far and gap after each round before the day; without such rounds, of the whole run."""
    summary = result.summary
    rounds = result.rounds.groupby("round")[["messages", "cost_kw2"]].sum()
    before_the_day = len(result.rounds) > 0 and (result.rounds.slot == 0).all() and len(rounds) > 1
    as_forecast = result.slots.actual_kw.equals(result.slots.base_kw)
    one_length = (result.rounds.groupby("transformer").size().nunique() if len(result.rounds) else 1) == 1
    gap = summary.get("optimality_gap")
    if not (before_the_day and as_forecast and one_length) or gap is None:
        return pd.DataFrame({"messages": [max(summary["messages"], 1)], "gap": [np.nan if gap is None else gap]})
    gain = summary["free_cost_kw2"] - summary["optimum_bound_kw2"]
    return pd.DataFrame({
        "messages": rounds.messages.cumsum().to_numpy(),
        "gap": ((rounds.cost_kw2 - summary["optimum_bound_kw2"]) / gain).to_numpy(),
    })  # fmt: skip


def board(result: Result) -> Figure:
    """Draw the pheromone of one transformer's slots as a day goes on; past slots are blank.

    It is the transformer and, of several, the day of the highest load.
    """
    horizon = result.scenario.horizon
    highest = result.slots.iloc[int(result.slots.total_kw.to_numpy().argmax())]
    table = result.board[result.board.transformer == highest.transformer]
    width = int((table.at_h == 0).sum())
    first = int(highest.slot) // width * width
    hours = horizon.edges_h[first : first + width + 1]
    n = hours.size - 1
    table = table[table.at_h.between(hours[0], hours[-1]) & table.slot.between(first, first + n - 1)]
    pheromone = np.full((n + 1, n), np.nan)
    pheromone[np.searchsorted(hours, table.at_h), table.slot - first] = table.pheromone
    shown = np.ma.masked_where(np.arange(n) < np.arange(n + 1)[:, None], 100 * pheromone)
    day = "" if n == horizon.n_slots else f" on day {first // width + 1}"
    figure, axes = canvas(
        f"The board of {highest.transformer}{day}: strong pheromone is an empty valley, and fades as ants fill it",
        height=5.6,
    )
    image = axes.pcolormesh(hours, np.append(hours, hours[-1] + hours[1] - hours[0])[: n + 2], shown, cmap="viridis")
    figure.colorbar(image, ax=axes, label="pheromone [% of all headroom]")
    axes.plot(hours, hours, color=LIMIT, lw=1.5, label="now")
    axes.set(xlabel="slot (time of day)", ylabel="read at (time of day)", ylim=(hours[-1], hours[0]))
    axes.legend(loc="lower left", frameon=True)
    for which in ("x", "y"):
        clock(axes, result, which, (float(hours[0]), float(hours[-1])))
    return figure


def raster(result: Result) -> Figure:
    """Draw who charges when: a row an EV, by its first plug-in; grey while plugged in, colour while charging."""
    horizon = result.scenario.horizon
    stays = result.vehicles.sort_values(["plug_in_h", "plug_out_h"], kind="stable")
    evs = pd.Index(stays.vehicle.unique())
    step = int(np.ceil(evs.size / RASTER_ROWS))
    evs = evs[::step]
    stays = stays[stays.vehicle.isin(evs)]
    centre = (horizon.edges_h[:-1] + horizon.edges_h[1:]) / 2
    share = np.full((evs.size, centre.size), np.nan)
    begin, end = (np.searchsorted(centre, stays[name].to_numpy()) for name in ("plug_in_h", "plug_out_h"))
    for row, first, stop in zip(evs.get_indexer(stays.vehicle), begin, end, strict=True):
        share[row, first:stop] = 0.0
    rated_kw = stays.set_index(["vehicle", "stay"]).power_kw.rename("rated_kw")
    charging = result.schedule[result.schedule.vehicle.isin(evs)].join(rated_kw, on=["vehicle", "stay"])
    share[evs.get_indexer(charging.vehicle), charging.slot] = 100 * charging.power_kw / charging.rated_kw
    every = "" if step == 1 else f" (every {step}th shown)"
    figure, axes = canvas(f"Who charges when: {result.summary['vehicles']} EVs{every}, {_title(result)}", height=5.6)
    hours = _edges_h(result)
    plugged = np.where(np.isnan(share), np.nan, 1.0)
    axes.pcolormesh(hours, np.arange(evs.size + 1), plugged, cmap="Greys", vmin=0, vmax=8)
    shown = np.ma.masked_where(~(share > 0), share)
    image = axes.pcolormesh(hours, np.arange(evs.size + 1), shown, cmap="viridis_r", vmin=0, vmax=100)
    figure.colorbar(image, ax=axes, label="mean power in the slot [% of rated]")
    axes.set(xlabel="time of day", ylabel="EV, in order of plugging in", ylim=(evs.size, 0))
    clock(axes, result)
    return figure


def save_comparison(results: list[Result], folder: Path) -> list[Path]:
    """Draw the comparison into a folder; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = {"load_curves": compare(results), "gap_by_messages": gap_by_messages(results)}
    return [save(figure, folder / f"{name}.png") for name, figure in figures.items()]


def _title(result: Result) -> str:
    method = result.summary["method"]
    title = title_of(result.summary)
    batch = result.summary["batch_size"]
    return f"{title} in batches of {batch}" if COORDINATORS[method].decides == "vehicle" and batch > 1 else title


def _summed(result: Result) -> pd.DataFrame:
    columns = ["base_kw", "actual_kw", "ev_kw", "total_kw", "free_kw"]
    return result.slots.groupby("slot")[columns].sum()


def _edges_h(result: Result) -> NDArray[np.float64]:
    return result.scenario.horizon.edges_h


def _fill(
    axes: Axes, hours: NDArray[np.float64], low_kw: "pd.Series[float]", high_kw: "pd.Series[float]", label: str
) -> None:
    axes.stairs(high_kw.to_numpy(), hours, baseline=low_kw.to_numpy(), fill=True, color=EVS, alpha=0.18, label=label)


def finish_load(axes: Axes, result: Result) -> None:
    """Draw the limit, and label the axes of a load curve; the legend stands below the figure."""
    limit = result.summary["limit_kw"] * result.summary["transformers"]
    lowest = float(_summed(result)[["base_kw", "actual_kw"]].to_numpy().min())
    many = result.summary["transformers"] > 1
    axes.axhline(limit, color=LIMIT, ls="--", lw=1.2, label=f"limit{'s, summed' if many else ''} {limit:,.0f} kW")
    axes.set(xlabel="time of day", ylabel="load [kW]", ylim=(min(1.08 * lowest, 0.0), None))
    axes.margins(y=0.08)
    axes.grid(axis="y", alpha=0.25)
    assert isinstance(axes.figure, Figure)
    axes.figure.legend(loc="outside lower center", frameon=False, ncols=3, fontsize=9)
    clock(axes, result)
