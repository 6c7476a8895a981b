"""The page's controls: which keys of a scenario they move, and where they start."""

from collections.abc import Iterator
from math import isclose
from typing import Any, Final

from coordination.valley_filling import COORDINATORS
from environment.grid import TransformerSettings
from environment.input_faults import Fault, raise_if_any
from runs.scenario import Scenario, sections, source_name

KEYS: Final = {
    "method": "coordination.method",
    "vehicles": "fleet.vehicles",
    "transformers": "transformer.count",
    "batch_size": "coordination.batch_size",
    "rounds": "coordination.rounds",
    "load": "load.source",
    "fluctuation": "load.fluctuation",
    "limit_kw": "transformer.limit_kw",
    "loss": "channel.loss",
    "delay_s": "channel.delay_s",
    "slot_min": "horizon.slot_min",
    "seed": "run.seed",
}
"""The scenario's key that each control moves."""

SLOTS_MIN: Final = (5, 10, 15, 30, 60)
"""Lengths of a slot to choose from [min]."""


def start_value(case: Scenario, name: str) -> Any:
    """Return what a scenario says where a control stands; None where it has no such key."""
    if case.grid.names_nodes and KEYS[name].startswith("transformer."):
        return None
    if name == "limit_kw":
        return case.transformer.load_limit_kw
    section, _, key = KEYS[name].partition(".")
    return getattr(getattr(case, section), key, None)


def widgets(case: Scenario) -> dict[str, dict[str, Any]]:
    """Return the controls that a scenario has, as ``model_params`` of ``mesa.visualization.SolaraViz``.

    Parameters
    ----------
    case
        Gives the values that they start at.
    """
    methods = list(COORDINATORS)
    loads = [
        source_name(cls)
        for cls in sections()["load"]
        if not any(field.is_required() for key, field in cls.model_fields.items() if key != "source")
    ]
    lengths = sorted({*SLOTS_MIN, case.horizon.slot_min}) if not case.horizon.slots else [case.horizon.slot_min]
    all_widgets = {
        "method": _choice("Method", methods),
        "vehicles": _whole("EVs", 10, 10_000, 10),
        "transformers": _whole("Transformers", 1, 20),
        "batch_size": _whole("Batch size", 1, 500),
        "rounds": _whole("Rounds (0: own)", 0, 20),
        "load": _choice("Base load", loads if case.load.source in loads else [case.load.source]),
        "fluctuation": _part("Load noise", 0.3),
        "limit_kw": {"type": "SliderFloat", "label": "Limit [kW]", "min": 5.0, "max": 4000.0, "step": 5.0},
        "loss": _part("Loss", 0.9),
        "delay_s": {"type": "SliderFloat", "label": "Delay [s]", "min": 0.0, "max": 600.0, "step": 1.0},
        "slot_min": _choice("Slot [min]", lengths),
        "seed": _whole("Seed", 0, 100),
    }  # fmt: skip
    shown = {}
    for name, widget in all_widgets.items():
        value = start_value(case, name)
        if value is not None:
            shown[name] = widget | {"value": value}
            if "max" in widget:  # a scenario may be beyond the usual range
                least = min(widget["min"], value)
                step = _fitting(widget["step"], value - least)
                shown[name] |= {"min": least, "max": max(widget["max"], value), "step": step}
    return shown


def hints(case: Scenario) -> list[str]:
    """Say which controls a scenario has none of, and why."""
    if case.grid.names_nodes:
        return ["Transformers and their limits have no control: they are those of [grid]."]
    return []


def moved(case: Scenario, values: dict[str, Any]) -> Scenario:
    """Return a scenario with the keys replaced whose controls do not stand where it started.

    Parameters
    ----------
    case
        Where the controls started.
    values
        Where they stand now, by name; None is where they started.

    Raises
    ------
    FaultyInputError
        With every fault: also of values that no control can take, as whoever holds the connection might send.
    """
    raise_if_any(list(_beyond(case, values)))
    changed = {
        KEYS[name]: value
        for name, value in values.items()
        if value is not None and not _same(value, start_value(case, name))
    }
    if KEYS["limit_kw"] in changed:  # it takes the place of a rating
        kept = case.transformer.model_dump(exclude_unset=True, exclude={"rated_kva", "power_factor", "loading"})
        case = case.model_copy(update={"transformer": TransformerSettings(**kept)})
    return case.varied({"run.engine": "agents", **changed})


def _beyond(case: Scenario, values: dict[str, Any]) -> Iterator[Fault]:
    shown = widgets(case)
    for name, value in values.items():
        control = shown.get(name)
        if value is None or control is None:
            continue
        if "values" in control:
            fits, expected = value in control["values"], f"one of {', '.join(map(str, control['values']))}"
        else:
            least, most = control["min"], control["max"]
            fits = isinstance(value, (int, float)) and (least <= value <= most or _same(value, control["value"]))
            expected = f"{least:g} to {most:g}"
        if not fits:
            yield Fault("page", None, KEYS[name], repr(value), expected)


def _same(value: Any, start: Any) -> bool:
    """Whether a control stands where it started, but for the digits that a slider drops."""
    return isclose(value, start, rel_tol=1e-5) if isinstance(start, float) else bool(value == start)


def _fitting(step: float, way: float) -> float:
    """Return the step of a slider, or a part of it where it would not hit a value so far from its beginning."""
    parts = [step // part if isinstance(step, int) else step / part for part in (1, 2, 5, 10, 20, 50, 100, 1000)]
    return next((part for part in parts if part and isclose(way / part, round(way / part), abs_tol=1e-6)), parts[-1])


def _choice(label: str, values: list[Any]) -> dict[str, Any]:
    return {"type": "Select", "label": label, "values": values}


def _whole(label: str, least: int, most: int, step: int = 1) -> dict[str, Any]:
    return {"type": "SliderInt", "label": label, "min": least, "max": most, "step": step}


def _part(label: str, most: float) -> dict[str, Any]:
    return {"type": "SliderFloat", "label": label, "min": 0.0, "max": most, "step": 0.01}
