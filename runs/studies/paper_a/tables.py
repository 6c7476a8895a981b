"""Paper A's tables with our numbers: what the paper printed in Tables 3 and 4 is lost."""

import io

import numpy as np
import pandas as pd

from coordination.valley_filling import COORDINATORS
from environment.fleets import NhtsFleet
from environment.fleets.nhts import C_RATE_PER_H
from environment.loads import BuiltinLoad
from runs.result import Result
from runs.studies.paper_a.cases import BATCHES, PaperRuns
from runs.studies.templates import filled

QUOTED_KWH = {"Volt": 16.0, "Fit": 20.0, "Focus": 23.0, "LEAF": 24.0}
"""Battery sizes that the paper quotes [verbatim]."""

FIGURES = ("peak_kw", "valley_kw", "peak_valley_difference_kw", "peak_valley_rate", "load_std_kw", "unserved_kwh")

PLAN_FIGURES = ("wall_s", "ripple_kw", "std_kw", "peak_valley_difference_kw", "optimality_gap")


def tables(runs: PaperRuns) -> dict[str, pd.DataFrame]:
    """Return every table by file name without its ending."""
    return {
        "table1_charging_modes": charging_modes(),
        "table3_parameters": parameters(runs),
        "table4_free_and_coordinated": free_and_coordinated(runs),
        "table5_ants_and_swarms": ants_and_swarms(runs),
    }


def charging_modes() -> pd.DataFrame:
    """Table 1: slow and fast charging [verbatim]; the power is the rate times the battery sizes that the paper quotes."""
    rates = pd.Series(C_RATE_PER_H)
    table = pd.DataFrame({"mode": rates.index, "rate_c": rates.to_numpy(), "full_charge_h": 1 / rates.to_numpy()})
    for name, capacity_kwh in QUOTED_KWH.items():
        table[f"{name.lower()}_{capacity_kwh:g}kwh_kw"] = rates.to_numpy() * capacity_kwh
    return table


def parameters(runs: PaperRuns) -> pd.DataFrame:
    """Table 3: what we ran with, and whether it stands in the paper's text.

    The source is "verbatim" (in the text), "standard" (the fit of the survey that the text cites), "reconstructed" (follows from
    the text), or "default" (ours, the paper's value is lost).
    """
    scenario = runs.adjusted[0].scenario
    fleet, base = scenario.fleet, scenario.load
    assert isinstance(fleet, NhtsFleet)
    assert isinstance(base, BuiltinLoad)
    (ev,) = fleet.types
    evs = " and ".join(str(results[0].summary["vehicles"]) for results in (runs.one_by_one, runs.thousand))
    settings = {
        "horizon": scenario.horizon,
        "transformer": scenario.transformer,
        "fleet": fleet,
        "load": base,
        "ev": ev,
    }
    text = filled(__name__, "table3_parameters.csv", evs=evs, batches=", ".join(map(str, BATCHES)), **settings)
    return pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)


def free_and_coordinated(runs: PaperRuns) -> pd.DataFrame:
    """Table 4: key figures of the load without EVs, with free and with coordinated EVs; mean, least and most over fleets."""
    kinds: list[tuple[int, str, list[Result], str | None]] = [(0, "no EVs", runs.one_by_one, "no_evs")]
    for results in (runs.one_by_one, runs.thousand):
        vehicles = results[0].summary["vehicles"]
        kinds += [(vehicles, "free", results, "free"), (vehicles, "coordinated", results, None)]
    rows = []
    for vehicles, charging, results, part in kinds:
        summaries = [result.summary if part is None else result.summary[part] for result in results]
        for name in (figure for figure in FIGURES if figure in summaries[0]):  # no EVs leave nothing unserved
            values = np.array([summary[name] for summary in summaries])
            rows.append((vehicles, charging, name, values.mean(), values.min(), values.max()))
    return pd.DataFrame(rows, columns=["vehicles", "charging", "figure", "mean", "min", "max"])


def ants_and_swarms(runs: PaperRuns) -> pd.DataFrame:
    """Table 5: what planning 500 EVs takes and reaches, by method and iterations (0: none); mean, least and most over fleets.

    Ripple (largest less smallest) and standard deviation are those of the load from 22:00 to 10:00; seconds are of this machine.
    """
    rows = []
    for (method, iterations), plans in runs.plans.items():
        for name in PLAN_FIGURES:
            values = np.array([getattr(plan, name) for plan in plans])
            title = COORDINATORS[method].title
            rows.append((method, title, iterations, name, values.mean(), values.min(), values.max()))
    return pd.DataFrame(rows, columns=["method", "title", "iterations", "figure", "mean", "min", "max"])
