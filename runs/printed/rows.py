"""Rows of a printed table: label and form by key of the summary, and warnings above it."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from math import isinf, isnan
from typing import Any, Final, NamedTuple

from rich.markup import escape

from coordination.valley_filling import COORDINATORS
from runs.printed.fitted import Column, print_table
from runs.terminal import err

ROWS = {
    "peak_kw": ("peak [kW]", "{:,.1f}"),
    "valley_kw": ("valley [kW]", "{:,.1f}"),
    "peak_valley_difference_kw": ("peak - valley [kW]", "{:,.1f}"),
    "peak_valley_rate": ("peak-valley rate", "{:.1%}"),
    "load_std_kw": ("load std [kW]", "{:,.1f}"),
    "overload_slots": ("slots above the limit", "{:,d}"),
    "overload_kwh": ("  energy above it [kWh]", "{:,.1f}"),
    "overload_max_kw": ("  at most above it [kW]", "{:,.1f}"),
    "overload_slots_substations": ("slots above a substation's limit", "{:,d}"),
    "overload_slots_control_center": ("slots above the control centre's", "{:,d}"),
    "hot_spot_max_c": ("hottest transformer [C]", "{:,.1f}"),
    "loss_of_life_h": ("most loss of life of a transformer [h]", "{:,.2f}"),
    "energy_requested_kwh": ("requested [kWh]", "{:,.1f}"),
    "energy_delivered_kwh": ("delivered [kWh]", "{:,.1f}"),
    "unserved_kwh": ("unserved [kWh]", "{:,.1f}"),
    "optimum_unserved_kwh": ("unserved at the optimum [kWh]", "{:,.1f}"),
    "vehicles_served": ("EVs served in full", "{:,d}"),
    "vehicles_with_nothing": ("EVs with nothing", "{:,d}"),
    "delivered_share_p05": ("delivered share, 5 %", "{:.1%}"),
    "delivered_share_p50": ("delivered share, median", "{:.1%}"),
    "delivered_share_jain": ("Jain's index of shares", "{:.4f}"),
    "voltage_min_pu": ("lowest voltage [pu]", "{:.4f}"),
    "voltage_max_pu": ("highest voltage [pu]", "{:.4f}"),
    "voltage_outside_slots": ("slots outside the voltage band", "{:,d}"),
    "losses_kwh": ("losses [kWh]", "{:,.1f}"),
    "line_loading_max": ("most loaded line", "{:.1%}"),
    "transformer_loading_max": ("most loaded feeder transformer", "{:.1%}"),
    "valley_ripple_kw": ("ripple of the valley [kW]", "{:,.1f}"),
    "optimality_gap": ("gap to optimum", "{:.4%}"),
    "optimum_bracket": ("gap of the best known", "{:.4%}"),
    "optimum_kind": ("optimum is", "{}"),
    "rounds": ("rounds", "{:d}"),
    "messages": ("messages", "{:,d}"),
    "bytes": ("bytes", "{:,d}"),
    "refused_deposits": ("deposits refused", "{:,d}"),
    "messages_lost": ("messages lost", "{:,d}"),
    "vehicles_cut_off": ("EVs cut off for a time", "{:,d}"),
    "vehicles_died": ("EVs that died", "{:,d}"),
    "fallback_kwh": ("by the safe rule [kWh]", "{:,.1f}"),
    "wall_s": ("seconds", "{:.3f}"),
}
"""What is shown of a summary: label and form."""

ONLY_WITH: Final = {
    **{
        name: name
        for name in (
            "refused_deposits",
            "messages_lost",
            "vehicles_cut_off",
            "vehicles_died",
            "fallback_kwh",
            "optimum_bracket",
        )
    },
    **dict.fromkeys(
        (
            "optimum_unserved_kwh",
            "vehicles_served",
            "vehicles_with_nothing",
            "delivered_share_p05",
            "delivered_share_p50",
            "delivered_share_jain",
        ),
        "unserved_kwh",
    ),
    **dict.fromkeys(("overload_kwh", "overload_max_kw"), "overload_slots"),
}
"""Rows that are shown only where another figure, or their own, reads as something else than zero."""

CHANNEL_ROWS: Final = ("messages_lost", "vehicles_cut_off", "vehicles_died", "fallback_kwh")
FEEDER_ROWS: Final = (
    "voltage_min_pu",
    "voltage_max_pu",
    "voltage_outside_slots",
    "losses_kwh",
    "line_loading_max",
    "transformer_loading_max",
)
LOAD_ROWS: Final = (
    "peak_kw",
    "valley_kw",
    "peak_valley_difference_kw",
    "peak_valley_rate",
    "load_std_kw",
    "overload_slots",
)


FREE: Final = COORDINATORS["free"].title
"""Title of free charging."""


class SideBySide(NamedTuple):
    """Figures of runs and of their cases side by side.

    Parameters
    ----------
    title
        Title of the table.
    rows
        Label and form of each row, by key of the figure.
    cases
        Figures of each case, by the title of its column; a figure that a case does not have stays blank.
    ends
        Keys of the rows that end a part of the table.
    """

    title: str
    rows: Mapping[str, tuple[str, str]]
    cases: Mapping[str, Mapping[str, Any]]
    ends: Collection[str] = ()

    def show(self) -> None:
        """Print the table."""
        labels = Column("", [escape(label) for label, _ in self.rows.values()], is_text=True)
        columns = [
            Column(name, [cell(figures.get(key), form) for key, (_, form) in self.rows.items()])
            for name, figures in self.cases.items()
        ]
        print_table(self.title, [labels], columns, ends=[k for k, key in enumerate(self.rows) if key in self.ends])


def print_warnings(summary: dict[str, Any]) -> None:
    """Print the warnings of one run."""
    for text in summary["warnings"]:
        err.print(f"[yellow]warning:[/] {escape(text)}", highlight=False)


def since(summary: dict[str, Any]) -> str:
    """Say when the horizon of a run begins, on the clock of its zone if it has one."""
    return f"from {datetime.fromisoformat(summary['horizon_start']).isoformat(' ', 'minutes')} on"


def shows(key: str, figures: dict[str, Any]) -> bool:
    """Whether a figure, in its form, reads as something else than zero."""
    value, form = figures.get(key), ROWS[key][1]
    return value is not None and form.format(value) != form.format(0 * value)


def shown(keys: Iterable[str], cases: Iterable[dict[str, Any]]) -> dict[str, tuple[str, str]]:
    """Return those of some rows that read as something else than zero in any of some cases."""
    each = [*cases]
    return {key: ROWS[key] for key in keys if any(shows(key, figures) for figures in each)}


NOISE: Final = 1e-6
"""What is less than this part of the last place shown is the noise of rounding."""


def cell(value: Any, form: str) -> str:
    """Return a figure in its form: nothing where there is none, 0 for noise, ``<0.1`` where there is less than shows."""
    if value is None or (isinstance(value, float) and isnan(value)):
        return ""
    text = form.format(value)
    if isinstance(value, float) and isinf(value):
        return f"{value}"
    if isinstance(value, str) or any(digit in text for digit in "123456789"):
        return text
    number = text.rstrip(" %")
    unit, least = text[len(number) :], number.lstrip("-")[:-1] + "1"
    size = float(least) / (100 if "%" in unit else 1)
    if abs(value) < NOISE * size:
        return f"0{unit}"
    return f"<{least}{unit}" if value > 0 else f">-{least}{unit}"
