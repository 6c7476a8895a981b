"""The best schedule known: which runs of a comparison share it, and what may be called the optimum."""

from collections.abc import Mapping, Sequence
from typing import Any

from coordination.valley_filling import COORDINATORS
from coordination.valley_filling.optimum import CLOSED
from runs.metrics import gap_of


def title_of(summary: Mapping[str, Any]) -> str:
    """Return what to call who decides in a run: an optimiser by its name, a coordinator by its title.

    "optimum" only where the run proves it, "best known" where nothing is cheaper.

    Parameters
    ----------
    summary
        The run's summary; in a comparison, after `share_best_known`.
    """
    if summary["method"] not in COORDINATORS:
        return str(summary["optimizer"])
    entry = COORDINATORS[summary["method"]]
    if not entry.claims_optimum or summary.get("certified"):
        return entry.title
    is_best = "optimum_kw2" in summary and summary["cost_kw2"] <= summary["optimum_kw2"] * (1 + CLOSED)
    return "best known" if is_best else "best plan found"


def share_best_known(summaries: Sequence[dict[str, Any]], *, whole: bool) -> list[dict[str, Any]]:
    """Return summaries of which each knows the best schedule that any of them does; the bound below its gap stays its own.

    Parameters
    ----------
    summaries
        Of runs on the same fleet and load.
    whole
        Whether slots are asked for whole: methods that split them all the same are measured among themselves.
    """
    shared = []
    for own in summaries:
        known = [each for each in summaries if "optimum_kw2" in each and _splits(each, whole) == _splits(own, whole)]
        best = min(known, key=lambda each: each["optimum_kw2"], default=own)
        if best is own or best["optimum_kw2"] >= own["optimum_kw2"]:
            shared.append(own)
            continue
        bracket = gap_of(best["optimum_kw2"], own["optimum_bound_kw2"], own["free_cost_kw2"])
        figures = {name: best[name] for name in ("optimum_kw2", "optimum_unserved_kwh")}
        shared.append({**own, **figures, "optimum_bracket": bracket})
    return shared


def _splits(summary: Mapping[str, Any], whole: bool) -> bool:
    return whole and not COORDINATORS[summary["method"]].keeps_whole_slots
