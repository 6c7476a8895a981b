"""Paper A's claims, each held against runs of many seeds; numbered as in part D of the rebuilt equations."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from runs.result import Result
from runs.studies.claim import Claim, Outcome, claim, graded
from runs.studies.paper_a.cases import NIGHT, SEEN, VALLEY, PaperRuns, PlanRun, night_ripple_kw
from runs.studies.templates import Span, spans

_claim: Final = partial(claim, __name__)


def _found(found: bool) -> Outcome:
    return graded(found, False)


def _graded(share: float, weaker: float, *, enough: float = 0.75) -> Outcome:
    """Found where the share of cases that show it is large, partly found where most show it in a weaker sense."""
    return graded(share > enough, weaker > 0.5)


def claims(runs: PaperRuns) -> list[Claim]:
    """Hold every claim against these runs."""
    half, thousand = (pd.DataFrame(map(_figures, results)) for results in (runs.one_by_one, runs.thousand))
    ripple = pd.DataFrame({batch: map(night_ripple_kw, results) for batch, results in runs.batches.items()})
    return [
        *_valley(runs.one_by_one[0], half),
        *_free(runs, half, thousand),
        *_batches(runs.one_by_one[0], half, ripple),
        *_swarms(runs),
        *_adjustment(runs.planned, runs.adjusted),
        _usable_segments(runs.one_by_one),
    ]


def _figures(result: Result) -> dict[str, Any]:
    """Return the figures of a fleet that the claims on free charging and on the valley ask for.

    Hours are counted from the midnight before; a slot is filled that carries at least a tenth of the largest EV load.
    """
    vehicles, summary, free, ev_kw = result.vehicles, result.summary, result.summary["free"], result.slots.ev_kw
    need = np.ceil(vehicles.energy_kwh / (vehicles.efficiency * vehicles.power_kw) - 1e-9).astype(np.int64)
    types = need[need > 0].nunique()
    slots = np.flatnonzero(ev_kw >= 0.1 * ev_kw.max())
    first_h, last_h = 12 + int(slots[0]), 12 + int(slots[-1]) + 1
    return {
        "longest": need.max(),
        "types": types,
        "first_h": first_h,
        "last_h": last_h,
        "is_papers_valley": (first_h, last_h) == (22, 34),
        "hours": last_h - first_h,
        "dimensions": types * (last_h - first_h),
        "ripple_kw": night_ripple_kw(result),
        "overload_slots": summary["overload_slots"],
        "difference_kw": summary["peak_valley_difference_kw"],
        "free_difference_kw": free["peak_valley_difference_kw"],
        "free_overload_slots": free["overload_slots"],
        "free_peak_kw": free["peak_kw"],
        "free_peak_slot": int(result.slots.free_kw.to_numpy().argmax()),
    }


def _valley(result: Result, half: pd.DataFrame) -> list[Claim]:
    limit_kw, of = result.summary["limit_kw"], spans(half)
    first, last = (f"{_clock(of[name].low)}-{_clock(of[name].high)}" for name in ("first_h", "last_h"))
    share_84, share_7 = (half.dimensions == 84).mean(), (half.types == 7).mean()
    return [
        _claim("limit", _found(limit_kw == 1615), limit_kw=limit_kw),
        _claim("types", _found(half.longest.max() == 7 and half.types.min() == 7), half=of),
        _claim("used_slots", _found(half.is_papers_valley.mean() > 0.5), half=of, first=first, last=last),
        _claim("dimensions", _graded(share_84, share_7), half=of),
    ]


def _free(runs: PaperRuns, half: pd.DataFrame, thousand: pd.DataFrame) -> list[Claim]:
    base = runs.one_by_one[0].summary["no_evs"]["peak_valley_difference_kw"]
    wider = half.free_difference_kw.min() > base
    more = thousand.free_difference_kw.min() > half.free_difference_kw.max()
    breaks = half.free_overload_slots.min() > 0
    breaks_more = thousand.free_overload_slots.min() > half.free_overload_slots.max()
    both = {"half": spans(half), "thousand": spans(thousand)}
    load_kw = runs.one_by_one[0].slots.actual_kw.to_numpy()
    hours = pd.concat([half.free_peak_slot, thousand.free_peak_slot]).to_numpy()
    late, share = hours - load_kw.argmax(), 100 * load_kw[hours] / load_kw.max()
    return [
        _claim("free", _found(wider and more), base=base, **both),
        _claim(
            "coincidence",
            _graded(np.mean(late == 0), np.mean(share >= 90)),
            first=_clock(12 + hours.min()),
            last=_clock(12 + hours.max()),
            late=Span.of(late),
            share=Span.of(share),
            near=Span.of(share >= 90),
        ),
        _claim("danger", _found(breaks and breaks_more), **both),
    ]


def _batches(result: Result, half: pd.DataFrame, ripple: pd.DataFrame) -> list[Claim]:
    before = np.ptp(result.slots.actual_kw.to_numpy()[NIGHT])
    base = result.summary["no_evs"]["peak_valley_difference_kw"]
    fills = not half.overload_slots.any() and half.ripple_kw.max() < before / 2
    worse = ripple[50] > ripple[[10, 20]].max(axis=1)
    is_worse = ripple[50].mean() > 1.5 * ripple[[1, 10, 20]].mean().max() and worse.mean() > 0.75
    others = ripple.drop(columns=1)
    least = float((ripple[1] <= others.min(axis=1)).mean())
    alone, best = ripple[1].mean(), others.mean().min()
    listed = ", ".join(f"{mean:.0f} kW at {batch}" for batch, mean in ripple.mean().items())
    lower = bool((half.difference_kw < half.free_difference_kw).all())
    return [
        _claim("filled", _found(bool(fills)), half=spans(half), before=before),
        _claim("batches", _found(bool(is_worse)), listed=listed, worse=Span.of(worse)),
        _claim("one_by_one", _graded(least, float(alone <= best)), least=least, alone=alone, best=best),
        _claim("difference", _found(lower), half=spans(half), base=base),
    ]


def _swarms(runs: PaperRuns) -> list[Claim]:
    gaps = {key: np.array([plan.optimality_gap for plan in plans]) for key, plans in runs.plans.items()}
    return [
        _same_curve(runs),
        _more_iterations(runs, gaps),
        *_fluctuation_and_time(runs),
        _second_method(runs.iterations, gaps),
    ]


def _same_curve(runs: PaperRuns) -> Claim:
    part = []
    plans = runs.plans["ants", 0], runs.plans["pso2", runs.iterations[1]]
    for result, ants, swarm in zip(runs.one_by_one, *plans, strict=True):
        free_kw = (result.slots.actual_kw + result.slots.free_kw).to_numpy()
        part.append(_rms(ants.total_kw - swarm.total_kw) / _rms(ants.total_kw - free_kw))
    apart = np.array(part)
    outcome = _graded(float(np.mean(apart < 0.1)), float(np.mean(apart < 0.25)))
    near = Span.of(apart < 0.1)
    return _claim("same_curve", outcome, iterations=runs.iterations[1], apart=Span.of(apart), near=near)


def _more_iterations(runs: PaperRuns, gaps: dict[tuple[str, int], NDArray[np.float64]]) -> Claim:
    fewer, more = runs.iterations
    smaller, larger = (sign * (gaps["pso2", more] - gaps["pso2", fewer]) < 0 for sign in (1, -1))
    share = float(smaller.mean())
    return _claim(
        "more_iterations",
        _graded(share, share),
        gaps={
            name: [_percent(gaps[method, count]) for count in runs.iterations]
            for name, method in (("first", "pso1"), ("second", "pso2"))
        },
        fewer=fewer,
        more=more,
        smaller=Span.of(smaller),
        larger=Span.of(larger),
        ripple=[np.mean(_ripples(runs.plans["pso2", count])) for count in runs.iterations],
        first=Span.of(gaps["pso1", more] < gaps["pso1", fewer]),
    )


def _fluctuation_and_time(runs: PaperRuns) -> list[Claim]:
    ants, fewer = runs.plans["ants", 0], runs.iterations[0]
    similar = np.array(_ripples(ants)) <= 1.25 * np.array(_ripples(runs.plans["pso2", fewer]))
    counts = sorted(count for method, count in runs.plans if method == "pso2")
    taken, times = [], []
    for fleet, own in enumerate(ants):
        swarm = {count: runs.plans["pso2", count][fleet] for count in counts}
        as_flat = [count for count in counts if swarm[count].ripple_kw <= 1.25 * own.ripple_kw]
        taken.append(as_flat[0] if as_flat else counts[-1])
        times.append(swarm[taken[-1]].wall_s / own.wall_s)
    faster = np.array(times) > 2
    shown = {"ants": ants, "the exact optimum": runs.plans["optimal", 0]}
    shown |= {f"PSO with {count} iterations": runs.plans["pso2", count] for count in runs.iterations}
    walls = {name: np.mean([plan.wall_s for plan in plans]) for name, plans in shown.items()}
    return [
        _claim(
            "fluctuation",
            _found(float(similar.mean()) > 0.75),
            listed=", ".join(f"{_kw(_ripples(plans))} with {name}" for name, plans in shown.items()),
            fewer=fewer,
            similar=Span.of(similar),
        ),
        _claim(
            "time",
            _graded(float(faster.mean()), float(faster.mean())),
            taken=Span.of(taken),
            times=np.median(times),
            faster=Span.of(faster),
            seconds=", ".join(f"{wall_s:.2g} s with {name}" for name, wall_s in walls.items()),
        ),
    ]


def _second_method(iterations: tuple[int, int], gaps: dict[tuple[str, int], NDArray[np.float64]]) -> Claim:
    fewer, more = iterations
    better = np.concatenate([gaps["pso2", count] < gaps["pso1", count] for count in iterations])
    first, second = ([_percent(gaps[method, count]) for count in iterations] for method in ("pso1", "pso2"))
    outcome = _graded(float(better.mean()), float(better.mean()))
    figures = {"first": first, "second": second, "fewer": fewer, "more": more}
    return _claim("second_method", outcome, better=Span.of(better), **figures)


def _ripples(plans: list[PlanRun]) -> list[float]:
    return [plan.ripple_kw for plan in plans]


def _adjustment(planned_runs: list[Result], adjusted_runs: list[Result]) -> list[Claim]:
    left: dict[str, list[float]] = {moment: [] for moment in SEEN}
    against = []
    for planned, adjusted in zip((r.slots for r in planned_runs), (r.slots for r in adjusted_runs), strict=True):
        plan = (planned.base_kw + planned.ev_kw).to_numpy()
        without = planned.total_kw.to_numpy() - plan
        with_it = adjusted.total_kw.to_numpy() - plan
        for name, stop in SEEN.items():
            left[name].append(_rms(with_it[:stop]) / _rms(without[:stop]))
        moved = (adjusted.ev_kw - planned.ev_kw).to_numpy()
        against += (moved * without <= 0)[VALLEY].tolist()
    closer = {name: sum(value < 1 for value in values) for name, values in left.items()}
    share = float(np.mean(against))
    still, answering = (np.array([night_ripple_kw(r) for r in results]) for results in (planned_runs, adjusted_runs))
    smoother = float(np.mean(answering < still))
    return [
        _claim(
            "adjustment",
            _found(min(closer.values()) > 0.75 * len(planned_runs)),
            left=", ".join(f"{100 * np.mean(values):.0f} % by {name}" for name, values in left.items()),
            closer=", ".join(f"{count} of {len(planned_runs)} by {name}" for name, count in closer.items()),
        ),
        _claim("pulled", _graded(share, share, enough=0.95), share=share),
        _claim(
            "smooth",
            _graded(smoother, float(answering.mean() < still.mean())),
            adjusted=Span.of(answering),
            planned=Span.of(still),
            smoother=smoother,
        ),
    ]


def _usable_segments(results: list[Result]) -> Claim:
    counts = []
    for result in results:
        vehicles = result.vehicles
        first = np.maximum(np.ceil(vehicles.plug_in_h.to_numpy()), VALLEY.start)
        stop = np.minimum(np.floor(vehicles.plug_out_h.to_numpy()), VALLEY.stop)
        counts.append(np.maximum(stop - first, 0))
    number = np.concatenate(counts)
    share = float(((number >= 5) & (number <= 11)).mean())
    low, high = np.quantile(number, [0.05, 0.95])
    figures = {"all": float((number == 12).mean()), "low": low, "high": high}
    return _claim("usable_segments", _found(share > 0.9), share=share, **figures)


def _rms(values: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def _clock(hour: float) -> str:
    return f"{int(hour) % 24:02d}:00"


def _kw(values: Sequence[float]) -> str:
    return f"{np.mean(values):.0f} kW ({min(values):.0f} to {max(values):.0f})"


def _percent(parts: NDArray[np.float64]) -> str:
    values = 100 * parts
    return f"{values.mean():.3g} % ({values.min():.3g} to {values.max():.3g})"
