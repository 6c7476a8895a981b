"""One run, by agents or by the compiled colony; both give the same schedule, slot for slot, and the same messages."""

import dataclasses
import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from coordination.valley_filling.adjustment import adjust, cut_arrivals
from coordination.valley_filling.ants import forage
from coordination.valley_filling.colony import plan_ahead, sent_choosing
from coordination.valley_filling.coordinator import Round
from coordination.valley_filling.problem import Schedule, ValleyFilling
from coordination.valley_filling.rounds import hold
from environment.channel import Channel
from environment.input_faults import Fault, FaultyInputError
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
from runs.brief import Brief
from runs.homes.judging import EnergyBooks, distances_of
from runs.homes.outcome import HomesOutcome, Strays
from runs.homes.part import Homes, count_planning
from runs.homes.summary import summary_of
from runs.kinds import ANTS, KINDS, section_of
from runs.progress import Progress
from runs.scenario import Scenario
from runs.warm_up import warm_up

if TYPE_CHECKING:
    import pandas as pd

    from runs.model import GridModel
    from runs.result import Result


TOLD_SLOTS: Final = 100
"""Slots of a transformer after which progress is told."""


def simulate(scenario: Scenario, progress: Progress | None = None) -> "Result":
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
        With every fault of the files that the scenario names; if it asks for another kind of run.
    """
    from runs.result import Result  # noqa: PLC0415  (pandas only where there are tables)

    return Result.of(*_run(scenario, progress))


def summarize(scenario: Scenario, progress: Progress | None = None) -> dict[str, Any]:
    """Run a scenario and return the summary of its result only, without tables; as `simulate` otherwise."""
    return summary_of(*_run(scenario, progress))


def brief(scenario: Scenario, progress: Progress | None = None) -> Brief:
    """Run a scenario and return its summary, and its nodes if they are asked for; as `simulate` otherwise."""
    return brief_of(*_run(scenario, progress))


def brief_of(world: Homes, outcome: HomesOutcome) -> Brief:
    """Return what is printed of a run from what an engine hands over."""

    def make_nodes() -> "pd.DataFrame":
        from runs.homes.nodes import nodes_of  # noqa: PLC0415  (pandas only where there are tables)

        books = EnergyBooks.of(world.fleet, world.rows, outcome.schedules, world.horizon.slot_h)
        ev_kw, free_kw = (
            np.stack([schedule.load_kw() for schedule in schedules])
            for schedules in (outcome.schedules, world.free_charging.schedules)
        )
        return nodes_of(world, outcome, books, ev_kw, free_kw)

    return Brief(world.scenario, summary_of(world, outcome), make_nodes)


def ready(scenario: Scenario) -> None:
    """Compile or load the kernels that a scenario calls for: what it takes is no part of any run's seconds."""
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

    def small(*powers_kw: float) -> Scenario:
        return Scenario().update(
            fleet={"vehicles": 20, "types": [{"power_kw": power_kw} for power_kw in powers_kw]},
            load={"fluctuation": 0.05},
            coordination=few.model_dump(),
            channel={"loss": 0.1} if has_faults else {},
            run={"engine": engine, "optimum": optimum},
        )

    def try_all() -> None:
        _try(small(4.0))
        if asked.energy == "whole_slots":  # of mixed powers the optimum is another search
            _try(small(4.0, 7.0))
        if scenario.grid.names_nodes:  # whose limits may vary by slot, and then the optimum is another search
            _try(small(4.0), by_slot=True)

    warm_up(("ants", few, engine, optimum, has_faults, scenario.grid.names_nodes), try_all)


def _try(small: Scenario, *, by_slot: bool = False) -> None:
    world = Homes.build(small, np.random.default_rng(small.run.seed))
    if by_slot:  # with room for two EVs in every other slot
        limit_kw = world.grid.limit_kw.copy()
        limit_kw[world.grid.transformer_rows, ::2] = world.loads[0].forecast_kw[::2] + 8.0
        world = dataclasses.replace(world, grid=dataclasses.replace(world.grid, limit_kw=limit_kw))
    _ = world.free_charging
    run_world(world, lambda _: None)


def _run(scenario: Scenario, progress: Progress | None) -> tuple[Homes, HomesOutcome]:
    section = section_of(scenario)
    if section != ANTS:
        expected = f"{KINDS[section].run}(scenario), or a scenario without it for ants"
        raise FaultyInputError([Fault("scenario", None, f"section [{section}]", "there", expected)])
    world = Homes.build(scenario, np.random.default_rng(scenario.run.seed))
    ready(scenario)
    return world, run_world(world, progress or (lambda _: None))


def run_world(world: Homes, tell: Progress) -> HomesOutcome:
    """Let the EVs of a world charge, and hold what they did against the optimum.

    Parameters
    ----------
    world
        A whole world, or a part with some of its transformers.
    tell
        Told how far it is.

    Raises
    ------
    FaultyInputError
        If a schedule breaks what the run's coordinator is to keep.
    """
    run = _run_agents if world.scenario.run.engine == "agents" else _run_compiled
    return _judged(world, run(world, tell))


def result_of(model: "GridModel") -> "Result":
    """Run a model to its horizon's end, where it is not there yet, and return its result.

    Parameters
    ----------
    model
        With agents of any classes.

    Raises
    ------
    FaultyInputError
        If a schedule breaks what the run's coordinator is to keep.
    """
    from runs.result import Result  # noqa: PLC0415  (pandas only where there are tables)

    return Result.of(model.world, _judged(model.world, _outcome_of(model, lambda _: None)))


def _judged(world: Homes, outcome: HomesOutcome) -> HomesOutcome:
    """Return an outcome whose schedules were found sound, held against the optimum where that is asked for."""
    for k, (schedule, strays) in enumerate(zip(outcome.schedules, outcome.strays, strict=True)):
        world.audit(k, schedule, strays.died)
    if not world.scenario.run.optimum:
        return outcome
    return dataclasses.replace(outcome, distances=distances_of(world, outcome.schedules))


def _run_agents(world: Homes, tell: Progress) -> HomesOutcome:
    import mesa  # noqa: PLC0415  (only where agents run)

    from runs.model import GridModel  # noqa: PLC0415

    return _outcome_of(GridModel(world=world, datacollector=mesa.DataCollector), tell)  # which collects nothing


def _outcome_of(model: "GridModel", tell: Progress) -> HomesOutcome:
    begun = time.perf_counter()
    while model.running:
        model.step()
        tell(model.time / model.world.horizon.hours)
    return HomesOutcome(
        schedules=model.schedules(),
        rounds=tuple(transformer.rounds for transformer in model.transformers),
        boards=model.boards,
        channel=model.channel,
        refusals=sum(int(transformer.board.tally[REFUSALS]) for transformer in model.transformers),
        wall_s=time.perf_counter() - begun,
        strays=tuple(
            Strays(
                fallback_kw=transformer.unguided_kw(),
                cut_off=np.array([ev.was_cut_off for ev in transformer.evs], dtype=np.bool_),
                died=np.array([not ev.alive for ev in transformer.evs], dtype=np.bool_),
            )
            for transformer in model.transformers
        ),
        distances=(),
    )


def _run_compiled(world: Homes, tell: Progress) -> HomesOutcome:
    problems = world.problems
    begun = time.perf_counter()
    channel = Channel()
    count_upper_hops(world, channel)
    boards = BoardRecord.empty(len(problems), world.horizon)
    schedules = []
    rounds = []
    refusals = 0
    for k in range(len(problems)):
        schedule, board, held = _run_transformer(world, k, channel, boards, tell)
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
    world: Homes, k: int, channel: Channel, boards: BoardRecord, tell: Progress
) -> tuple[Schedule, PheromoneBoard, list[tuple[int, Round]]]:
    problem, actual_kw, settings = world.problems[k], world.loads[k].actual_kw, world.scenario.coordination
    board = PheromoneBoard(problem.base_kw, problem.limit_kw, settings.batch_size, problem.lines)
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
    staying = problem.order[: plugged_in[0]]
    for now in range(problem.n_slots):
        staying = staying[problem.stop_slot[staying] > now]
        if world.adjusts and actual_kw[now] != board.base_kw[now]:
            answers = adjust(problem, board, schedule, staying, now, actual_kw[now])
            if staying.size:
                _count_adjustment(channel, problem, staying.size, *answers)
        if world.holds_online_rounds:
            returning = staying[problem.stop_slot[staying] > now + 1]
            held += [(now, each) for each in hold(problem, board, schedule, returning, settings.rounds, now + 1)]
        boards.enter(k, now, board.load_kw)
        coming = problem.order[plugged_in[now] : plugged_in[now + 1]]
        if not forages:
            schedule.add_to(board.load_kw, coming)
        elif not world.plans_ahead:
            forage(problem, board, schedule, coming)
        elif world.adjusts:
            cuts = cut_arrivals(problem, board, schedule, coming, now)
            channel.record_all([Sent(Cut, cuts, cuts, Cut.bytes_of(cuts, cuts))])
        staying = np.concatenate([staying, coming])
        if (now + 1) % TOLD_SLOTS == 0 or now + 1 == problem.n_slots:
            tell((k + (now + 1) / problem.n_slots) / len(world.problems))
    boards.enter(k, problem.n_slots, board.load_kw)
    if forages:
        chosen = problem.order if world.plans_ahead else problem.order[: plugged_in[-1]]
        channel.record_all(sent_choosing(problem, board, chosen))
        for _, each in held:
            if each.number > 1:
                channel.record_all(each.sent)
    if world.coordinator.decides == "planner":
        entries = int(np.count_nonzero(schedule.power_kw))
        n = problem.order.size
        channel.record_all([Sent(Dispatch, n, n, Dispatch.bytes_of(n, entries))])
    return schedule, board, held


def count_upper_hops(world: Homes, channel: Channel) -> None:
    """Enter what the layers above the EVs send: forecasts down a day ahead, reports up at the end."""
    grid, n_slots = world.grid, world.horizon.n_slots
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
