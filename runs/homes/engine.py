"""EVs at home by compiled code: the same choices as the agents', slot for slot, and the same books of messages."""

import dataclasses
import time
from collections.abc import Callable, Hashable, Iterator
from typing import Final

import numpy as np

from coordination.valley_filling.adjustment import adjust, cut_arrivals
from coordination.valley_filling.ants import forage
from coordination.valley_filling.colony import plan_ahead, sent_choosing
from coordination.valley_filling.coordinator import Round
from coordination.valley_filling.problem import Schedule, ValleyFilling
from coordination.valley_filling.rounds import hold
from environment.channel import Channel
from environment.messages import (
    HEADER_BYTES,
    Acceptance,
    Cut,
    Deviation,
    Dispatch,
    Exchange,
    Forecast,
    Hop,
    Report,
    Sent,
)
from environment.pheromone_board import REFUSALS, BoardRecord, PheromoneBoard
from runs.homes.judging import distances_of
from runs.homes.outcome import HomesOutcome, Strays
from runs.homes.part import Homes, count_planning
from runs.progress import Progress
from runs.scenario import Scenario

TOLD_SLOTS: Final = 100
"""Slots of a transformer after which progress is told."""


def samples(scenario: Scenario) -> tuple[Hashable, Callable[[], Iterator[Homes]]]:
    """Return what names the kernels that a scenario calls for, and what gives small ones that call for the same."""
    asked = scenario.coordination
    few = asked.model_copy(
        update={
            "batch_size": 2,
            "rounds": min(asked.rounds, 2),
            "iterations": min(asked.iterations, 2),
            "population": 5,
        }
    )
    engine, optimum, has_faults = scenario.run.engine, scenario.run.optimum, scenario.channel.has_faults
    by_slot = scenario.grid.names_nodes  # limits may vary by slot, and then the optimum is another search

    def small(*powers_kw: float) -> Homes:
        case = Scenario().update(
            fleet={"vehicles": 20, "types": [{"power_kw": power_kw} for power_kw in powers_kw]},
            load={"fluctuation": 0.05},
            coordination=few.model_dump(),
            channel={"loss": 0.1} if has_faults else {},
            run={"engine": engine, "optimum": optimum},
        )
        homes = Homes.build(case, np.random.default_rng(case.run.seed))
        _ = homes.free_charging
        return homes

    def each() -> Iterator[Homes]:
        yield small(4.0)
        if asked.energy == "whole_slots":  # of mixed powers the optimum is another search
            yield small(4.0, 7.0)
        if by_slot:
            yield _with_limits_by_slot(small(4.0))

    return ("homes", few, engine, optimum, has_faults, by_slot), each


def _with_limits_by_slot(homes: Homes) -> Homes:
    """Return EVs at home with room for two of them in every other slot."""
    limit_kw = homes.grid.limit_kw.copy()
    limit_kw[homes.grid.transformer_rows, ::2] = homes.loads[0].forecast_kw[::2] + 8.0
    return dataclasses.replace(homes, grid=dataclasses.replace(homes.grid, limit_kw=limit_kw))


def judged(homes: Homes, outcome: HomesOutcome, _tell: Progress) -> HomesOutcome:
    """Return an outcome whose schedules were found sound, held against the optimum where that is asked for.

    Raises
    ------
    FaultyInputError
        If a schedule breaks what the run's coordinator is to keep.
    """
    for k, (schedule, strays) in enumerate(zip(outcome.schedules, outcome.strays, strict=True)):
        homes.audit(k, schedule, strays.died)
    if not homes.scenario.run.optimum:
        return outcome
    return dataclasses.replace(outcome, distances=distances_of(homes, outcome.schedules))


def run(homes: Homes, channel: Channel, tell: Progress) -> HomesOutcome:
    """Let EVs charge.

    Parameters
    ----------
    homes
        All EVs at home, or those below some of the transformers.
    channel
        Takes the books of what agents would have sent.
    tell
        Told the part that is done.
    """
    problems = homes.problems
    begun = time.perf_counter()
    count_upper_hops(homes, channel)
    boards = BoardRecord.empty(len(problems), homes.horizon)
    schedules = []
    rounds = []
    refusals = 0
    for k in range(len(problems)):
        schedule, board, held = _run_transformer(homes, k, channel, boards, tell)
        schedules.append(schedule)
        rounds.append(held)
        refusals += int(board.tally[REFUSALS])
    return HomesOutcome(
        schedules=tuple(schedules),
        rounds=tuple(rounds),
        boards=boards,
        channel=channel,
        refusals=refusals,
        wall_s=time.perf_counter() - begun,
        strays=tuple(Strays.none(problem.n_vehicles) for problem in problems),
        distances=(),
    )


def _run_transformer(
    homes: Homes, k: int, channel: Channel, boards: BoardRecord, tell: Progress
) -> tuple[Schedule, PheromoneBoard, list[tuple[int, Round]]]:
    problem, actual_kw, settings = homes.problems[k], homes.loads[k].actual_kw, homes.scenario.coordination
    board = PheromoneBoard(problem.base_kw, problem.limit_kw, settings.batch_size, problem.lines)
    schedule = Schedule(problem)
    held: list[tuple[int, Round]] = []
    forages = homes.coordinator.decides == "vehicle"
    if homes.plans_ahead:
        held = [(0, each) for each in plan_ahead(problem, board, schedule, settings.rounds)]
    elif not forages:
        plan = homes.plan(homes.coordinator, k)
        schedule = plan.schedule
        held = [(0, each) for each in plan.rounds]
        count_planning(channel, homes.coordinator, plan, problem.order.size)
    plug_in_h = np.maximum(problem.plug_in_h[problem.order], 0.0)
    plugged_in = np.searchsorted(plug_in_h, homes.horizon.edges_h, side="left")
    staying = problem.order[: plugged_in[0]]
    for now in range(problem.n_slots):
        staying = staying[problem.stop_slot[staying] > now]
        if homes.adjusts and actual_kw[now] != board.base_kw[now]:
            answers = adjust(problem, board, schedule, staying, now, actual_kw[now])
            if staying.size:
                _count_adjustment(channel, problem, staying.size, *answers)
        if homes.holds_online_rounds:
            returning = staying[problem.stop_slot[staying] > now + 1]
            held += [(now, each) for each in hold(problem, board, schedule, returning, settings.rounds, now + 1)]
        boards.enter(k, now, board.load_kw)
        coming = problem.order[plugged_in[now] : plugged_in[now + 1]]
        if not forages:
            schedule.add_to(board.load_kw, coming)
        elif not homes.plans_ahead:
            forage(problem, board, schedule, coming)
        elif homes.adjusts:
            cuts = cut_arrivals(problem, board, schedule, coming, now)
            channel.record_all([Sent(Cut, cuts, cuts, Cut.bytes_of(cuts, cuts))])
        staying = np.concatenate([staying, coming])
        if (now + 1) % TOLD_SLOTS == 0 or now + 1 == problem.n_slots:
            tell((k + (now + 1) / problem.n_slots) / len(homes.problems))
    boards.enter(k, problem.n_slots, board.load_kw)
    if forages:
        chosen = problem.order if homes.plans_ahead else problem.order[: plugged_in[-1]]
        channel.record_all(sent_choosing(problem, board, chosen))
        for _, each in held:
            if each.number > 1:
                channel.record_all(each.sent)
    if homes.coordinator.decides == "planner":
        entries = int(np.count_nonzero(schedule.power_kw))
        n = problem.order.size
        channel.record_all([Sent(Dispatch, n, n, Dispatch.bytes_of(n, entries))])
    return schedule, board, held


def count_upper_hops(homes: Homes, channel: Channel) -> None:
    """Enter what the layers above the EVs send: forecasts down a day ahead, reports up at the end."""
    grid, n_slots = homes.grid, homes.horizon.n_slots
    n, substations = grid.transformer_rows.size, grid.upper_rows.size - 1
    passed_on = int(grid.depth[grid.transformer_rows].sum()) - n  # by each substation on the way
    forecast, report = Forecast.bytes_of(1, n_slots), Report.bytes_of(1, n_slots + 1)
    sent = [
        Sent(Forecast, passed_on, passed_on, passed_on * forecast, Hop.UPPER),
        Sent(Forecast, n, n, n * forecast, Hop.LOWER),
        Sent(Report, n, n, n * report, Hop.LOWER),
        Sent(Report, substations, substations, substations * report, Hop.UPPER),
    ]
    channel.record_all([each for each in sent if each.messages])


def _count_adjustment(
    channel: Channel, problem: ValleyFilling, staying: int, moves: int, entries: int, cuts: int
) -> None:
    told = 1 + moves
    channel.record_all([
        Sent(Deviation, told, told * staying, Deviation.bytes_of(told, problem.n_slots + 1)),
        Sent(Exchange, moves, moves, Exchange.bytes_of(moves, entries)),
        Sent(Acceptance, moves, moves, moves * HEADER_BYTES),
        Sent(Cut, cuts, cuts, Cut.bytes_of(cuts, cuts)),
    ])  # fmt: skip
