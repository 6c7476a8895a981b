"""One run, by agents or by the compiled colony; both give the same schedule, slot for slot, and the same messages."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coordination.valley_filling.adjustment import adjust
from coordination.valley_filling.ants import forage
from coordination.valley_filling.colony import plan_ahead, sent_choosing
from coordination.valley_filling.problem import Round, Schedule
from coordination.valley_filling.rounds import hold
from environment.board import REFUSALS, PheromoneBoard
from environment.channel import Channel, Cut, Deviation, Dispatch, Exchange, Forecast, Report
from runs.result import Outcome, Result
from runs.scenario import Scenario
from runs.world import World, count_planning

type Progress = Callable[[float], None]
"""Told the part of the horizon that is done, 0..1."""


def simulate(scenario: Scenario, progress: Progress | None = None) -> Result:
    """Run a scenario.

    Parameters
    ----------
    scenario
        What to run, and with which engine.
    progress
        Told how far the run is.

    Raises
    ------
    FaultyInputError
        With every fault of the files that the scenario names.
    """
    tell = progress or (lambda _: None)
    run = _run_agents if scenario.run.engine == "agents" else _run_compiled
    world, outcome = run(scenario, tell)
    return Result.of(world, outcome)


def summarize(scenario: Scenario) -> dict[str, Any]:
    """Run a scenario and return the summary of its result.

    Parameters
    ----------
    scenario
        What to run, and with which engine.

    Raises
    ------
    FaultyInputError
        With every fault of the files that the scenario names.
    """
    return simulate(scenario).summary


def _run_agents(scenario: Scenario, tell: Progress) -> tuple[World, Outcome]:
    from runs.model import ChargingModel  # noqa: PLC0415  (Mesa only where agents run)

    model = ChargingModel(scenario)
    begun = time.perf_counter()
    edges_h = model.world.horizon.edges_h
    for edge_h in edges_h[1:].tolist():
        model.run_until(edge_h)
        tell(edge_h / edges_h[-1])
    return model.world, Outcome(
        schedules=model.schedules(),
        rounds=tuple(transformer.rounds for transformer in model.transformers),
        boards_kw=model.boards_kw,
        channel=model.channel,
        refusals=sum(int(transformer.board.tally[REFUSALS]) for transformer in model.transformers),
        wall_s=time.perf_counter() - begun,
    )


def _run_compiled(scenario: Scenario, tell: Progress) -> tuple[World, Outcome]:
    world = World.build(scenario, np.random.default_rng(scenario.run.seed))
    problems = world.problems
    begun = time.perf_counter()
    channel = Channel()
    _count_day_ahead(world, channel)
    n = world.horizon.n_slots
    boards_kw = np.zeros((len(problems), n + 1, n))
    schedules = []
    rounds = []
    refusals = 0
    for k in range(len(problems)):
        schedule, board, held = _run_transformer(world, k, channel, boards_kw[k])
        schedules.append(schedule)
        rounds.append(held)
        refusals += int(board.tally[REFUSALS])
        tell((k + 1) / len(problems))
    _count_reports(world, channel)
    return world, Outcome(
        schedules=tuple(schedules),
        rounds=tuple(rounds),
        boards_kw=boards_kw,
        channel=channel,
        refusals=refusals,
        wall_s=time.perf_counter() - begun,
    )


def _run_transformer(
    world: World, k: int, channel: Channel, boards_kw: NDArray[np.float64]
) -> tuple[Schedule, PheromoneBoard, list[tuple[int, Round]]]:
    problem, actual_kw, settings = world.problems[k], world.loads[k].actual_kw, world.scenario.coordination
    board = PheromoneBoard(problem.base_kw, problem.limit_kw, settings.batch_size)
    schedule = Schedule(problem)
    held: list[tuple[int, Round]] = []
    forages = world.coordinator.decides == "vehicle"
    if world.plans_ahead:
        held = [(0, each) for each in plan_ahead(problem, board, schedule, settings.rounds)]
    elif not forages:
        plan = world.plan(world.coordinator, k)
        schedule = plan.schedule
        held = [(0, each) for each in plan.rounds]
        count_planning(channel, world.coordinator, plan, problem.order.size)
    plug_in_h = np.maximum(problem.plug_in_h[problem.order], 0.0)
    plugged_in = np.searchsorted(plug_in_h, world.horizon.edges_h, side="left")
    for now in range(problem.n_slots):
        here = problem.order[: plugged_in[now]]
        if world.adjusts and actual_kw[now] != board.base_kw[now]:
            staying = here[problem.stop_slot[here] > now]
            answers = adjust(problem, board, schedule, staying, now, actual_kw[now])
            if staying.size:
                _count_adjustment(channel, board, *answers)
        if world.holds_online_rounds:
            staying = here[problem.stop_slot[here] > now + 1]
            held += [(now, each) for each in hold(problem, board, schedule, staying, settings.rounds, now + 1)]
        boards_kw[now] = board.load_kw
        coming = problem.order[plugged_in[now] : plugged_in[now + 1]]
        if not forages:
            schedule.add_to(board.load_kw, coming)
        elif not world.plans_ahead:
            forage(problem, board, schedule, coming)
    boards_kw[-1] = board.load_kw
    if forages:
        channel.record_all(sent_choosing(board))
        for _, each in held:
            if each.number > 1:
                channel.record_all(each.sent)
    if world.coordinator.decides == "planner":
        entries = int(np.count_nonzero(schedule.power_kw))
        channel.record(Dispatch.kind, problem.order.size, Dispatch.bytes_of(problem.order.size, entries))
    return schedule, board, held


def _count_day_ahead(world: World, channel: Channel) -> None:
    for problem in world.problems:
        for _ in ("control centre to substation", "substation to transformer"):
            channel.send(Forecast(problem.base_kw))


def _count_reports(world: World, channel: Channel) -> None:
    for _ in (*world.hierarchy.transformers, *world.hierarchy.substations):
        channel.send(Report(world.problems[0].base_kw, 0.0))


def _count_adjustment(channel: Channel, board: PheromoneBoard, moves: int, entries: int, cuts: int) -> None:
    channel.record(Deviation.kind, 1 + moves, (1 + moves) * Deviation(0.0, board.load_kw).wire_bytes)
    channel.record(Exchange.kind, moves, Exchange.bytes_of(moves, entries))
    channel.record(Cut.kind, cuts, Cut.bytes_of(cuts, cuts))
