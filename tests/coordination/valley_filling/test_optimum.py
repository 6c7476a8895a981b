"""The optimum against independent solvers, and the certificate against schedules that are not optimal."""

import dataclasses
import itertools

import networkx as nx
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from ortools.graph.python import min_cost_flow
from scipy.optimize import LinearConstraint, minimize

from coordination.valley_filling import COORDINATORS, optimum
from coordination.valley_filling.bounds import lower_bound_kw2, one_price
from coordination.valley_filling.coordinator import CoordinationSettings
from coordination.valley_filling.optimum import CLOSED, certify, is_feasible, solve
from coordination.valley_filling.problem import Schedule, ValleyFilling, cost_kw2
from environment.horizon import Horizon
from runs.homes.part import Homes
from runs.scenario import Scenario
from tests.support.laws import examples
from tests.support.worlds import make_fleet, problems

POWER = 4


@st.composite
def unit_problems(draw: st.DrawFn, max_evs: int = 12, n_slots: int = 8) -> ValleyFilling:
    """Whole slots, one power, whole numbers: what an integer flow solver takes as it is."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n = draw(st.integers(1, max_evs))
    start = rng.integers(0, n_slots - 1, n)
    end = np.minimum(start + rng.integers(1, n_slots, n), n_slots)
    need = POWER * rng.integers(0, 5, n)
    fleet = make_fleet([(float(a), float(b), float(e), float(POWER)) for a, b, e in zip(start, end, need, strict=True)])
    base = rng.integers(draw(st.sampled_from([0, -30])), 30, n_slots).astype(float)
    top = draw(st.sampled_from([20, 28, 40, 200]))
    limit = rng.integers(0, top + 1, n_slots).astype(float) if draw(st.booleans()) else float(top)
    return ValleyFilling.of(fleet, Horizon(slots=n_slots), base, limit, whole=True)


def flow_arcs(problem: ValleyFilling) -> list[tuple[str, str, int, int]]:
    """Arcs (tail, head, capacity, cost) of the convex flow: EV -> slot, EV -> unserved, slot -> sink unit by unit."""
    arcs = []
    for i in problem.order.tolist():
        slots = range(problem.first_slot[i], problem.stop_slot[i])
        arcs += [(f"ev{i}", f"slot{h}", 1, 0) for h in slots]
        # One unit left unserved costs what a unit that just reaches the limit costs, and a little more.
        arcs.append((f"ev{i}", "sink", needs(problem)[i], 10 * (2 * POWER * int(problem.top_kw) - POWER**2) + 1))
    for h, base in enumerate(problem.base_kw.astype(int).tolist()):
        for unit in range(1, problem.order.size + 1):
            before, after = base + POWER * (unit - 1), base + POWER * unit
            if problem.limit_kw[h] < problem.top_kw and after > problem.limit_kw[h]:
                break  # above the largest limit a unit costs more than left unserved, below it a lower limit closes the slot
            arcs.append((f"slot{h}", "sink", 1, 10 * (after**2 - before**2)))
    return arcs


def needs(problem: ValleyFilling) -> list[int]:
    return np.rint(problem.need_kwh / (POWER * problem.slot_h)).astype(int).tolist()


def cost_of_flow(problem: ValleyFilling, flow_cost: int, unserved_units: int) -> float:
    """The flow's cost in the terms of `cost_kw2`."""
    never = sum(need for i, need in enumerate(needs(problem)) if i not in set(problem.order.tolist()))
    squares = (flow_cost - unserved_units * (10 * (2 * POWER * problem.top_kw - POWER**2) + 1)) / 10
    price = 2 * problem.top_kw - (POWER if problem.order.size else 0)
    return float(np.square(problem.base_kw).sum() + squares + price * POWER * (unserved_units + never))


@given(problem=unit_problems())
@examples(5 / 2)
def test_exact_optimum_equals_ortools_min_cost_flow(problem: ValleyFilling) -> None:
    assume(problem.order.size)
    arcs = flow_arcs(problem)
    node = {name: k for k, name in enumerate(dict.fromkeys(name for arc in arcs for name in arc[:2]))}
    solver = min_cost_flow.SimpleMinCostFlow()
    numbers = [solver.add_arc_with_capacity_and_unit_cost(node[a], node[b], cap, cost) for a, b, cap, cost in arcs]
    for i in problem.order.tolist():
        solver.set_node_supply(node[f"ev{i}"], needs(problem)[i])
    solver.set_node_supply(node["sink"], -sum(needs(problem)[i] for i in problem.order.tolist()))
    assert solver.solve() == solver.OPTIMAL
    unserved = sum(
        solver.flow(k) for k, (a, b, _, _) in zip(numbers, arcs, strict=True) if a.startswith("ev") and b == "sink"
    )
    optimum = solve(problem)
    assert optimum.kind == "exact"
    lacking = problem.need_kwh.sum() / problem.slot_h - optimum.schedule.power_kw.sum()
    never = sum(need for i, need in enumerate(needs(problem)) if i not in set(problem.order.tolist()))
    assert lacking == pytest.approx(POWER * (unserved + never)), "the smallest unserved energy"
    assert optimum.cost_kw2 == pytest.approx(cost_of_flow(problem, solver.optimal_cost(), unserved))
    assert certify(problem, optimum.schedule)


@given(problem=unit_problems(max_evs=4, n_slots=5))
@examples(2 / 3)
def test_exact_optimum_equals_networkx_on_tiny_cases(problem: ValleyFilling) -> None:
    assume(problem.order.size)
    graph = nx.MultiDiGraph()
    for a, b, cap, cost in flow_arcs(problem):
        middle = f"{a}>{b}>{graph.number_of_edges()}"  # networkx's simplex wants simple graphs: split parallel arcs
        graph.add_edge(a, middle, capacity=cap, weight=cost)
        graph.add_edge(middle, b, capacity=cap, weight=0)
    simple = nx.DiGraph(graph)
    for i in problem.order.tolist():
        simple.nodes[f"ev{i}"]["demand"] = -needs(problem)[i]
    simple.nodes["sink"]["demand"] = sum(needs(problem)[i] for i in problem.order.tolist())
    cost, flow = nx.network_simplex(simple)
    unserved = sum(
        value for a, out in flow.items() if a.startswith("ev") and ">" not in a
        for middle, value in out.items() if ">sink>" in middle
    )  # fmt: skip
    assert solve(problem).cost_kw2 == pytest.approx(cost_of_flow(problem, int(cost), unserved))


@given(seed=st.integers(0, 2**32))
@examples(2 / 5)
def test_the_bracket_holds_a_general_solvers_optimum(seed: int) -> None:
    rng = np.random.default_rng(seed)
    stays = [
        (a, a + rng.uniform(0.5, 5), rng.uniform(1, 12), rng.choice([3.7, 7.4, 11.0])) for a in rng.uniform(0, 4, 4)
    ]
    limit = 35.0 * rng.choice([0.0, 0.3, 0.6, 1.0], 6) if rng.random() < 0.7 else 35.0
    problem = ValleyFilling.of(make_fleet(stays), Horizon(slots=6), rng.uniform(rng.choice([0, -30]), 30, 6), limit)
    assume(problem.order.size and np.unique(problem.power_kw[problem.order]).size > 1)
    optimum = solve(problem)
    assert optimum.kind == "bound"
    value = general_optimum(problem)
    assert optimum.bound_kw2 <= value * (1 + 1e-7)
    assert value <= optimum.cost_kw2 * (1 + 1e-7)
    assert optimum.cost_kw2 - optimum.bound_kw2 <= 1e-6 * optimum.cost_kw2


@given(seed=st.integers(0, 2**32))
@examples(2 / 3)
def test_the_bracket_of_mixed_whole_slots_holds_the_best_of_all_schedules(seed: int) -> None:
    rng = np.random.default_rng(seed)
    stays = [
        (a, a + rng.integers(1, 4), rng.integers(1, 3) * p, p)
        for a, p in zip(rng.integers(0, 3, 3), (4, 3, 7), strict=True)
    ]
    limit = 25.0 * rng.choice([0.0, 0.4, 1.0], 4) if rng.random() < 0.5 else 25.0
    problem = ValleyFilling.of(
        make_fleet(stays), Horizon(slots=4), rng.uniform(rng.choice([0, -20]), 20, 4), limit, whole=True
    )
    assume(np.unique(problem.power_kw[problem.order]).size > 1)
    optimum = solve(problem)
    costs = []
    trial = Schedule(problem)
    for pattern in itertools.product((0, 1), repeat=trial.power_kw.size):
        for i in range(problem.n_vehicles):
            trial.of(i)[:] = np.array(pattern[trial.start[i] : trial.start[i + 1]]) * problem.power_kw[i]
        if is_feasible(problem, trial):
            costs.append(cost_kw2(problem, trial))
    assert is_feasible(problem, optimum.schedule)
    assert optimum.bound_kw2 <= min(costs) + 1e-6 <= optimum.cost_kw2 + 2e-6
    assert not certify(problem, optimum.schedule) or optimum.cost_kw2 <= min(costs) + 1e-6


def test_leaving_out_costs_less_than_passing_the_limit() -> None:
    base = np.full(24, 90.0)
    base[6] = 100.0
    problem = ValleyFilling.of(make_fleet([(6, 7, 4, 4)]), Horizon(), base, 103.0, whole=True)
    free = COORDINATORS["free"].plan(problem, CoordinationSettings(), np.random.default_rng(1)).schedule
    assert solve(problem).schedule.power_kw.sum() == 0
    assert cost_kw2(problem, free) > solve(problem).cost_kw2


@pytest.mark.parametrize("power", [[4, 4, 4], [2.5, 0, 0], [1, 1.5, 1.5], [-4, 4, 4]])
def test_the_certificate_rejects_what_is_no_schedule(power: list[float]) -> None:
    problem = ValleyFilling.of(make_fleet([(0, 3, 4, 4)]), Horizon(slots=3), np.zeros(3), 100.0, whole=True)
    schedule = Schedule(problem)
    schedule.of(0)[:] = power
    assert not certify(problem, schedule)


def general_optimum(problem: ValleyFilling) -> float:
    """The continuous optimum by SciPy's SLSQP over every EV's power in every slot, below the limits and the base load."""
    rows, slots, tops = [], [], []
    for i in problem.order.tolist():
        for h in range(problem.first_slot[i], problem.stop_slot[i]):
            covered = min(problem.plug_out_h[i], h + 1) - max(problem.plug_in_h[i], h)
            rows.append(i)
            slots.append(h)
            tops.append(problem.power_kw[i] * (1.0 if problem.whole else min(1.0, covered)))
    sums = np.array([[float(row == i) for row in rows] for i in problem.order])
    needed = problem.need_kwh[problem.order]
    own = np.array([[float(slot == h) for slot in slots] for h in range(problem.n_slots)])
    room = np.maximum(problem.limit_kw - problem.base_kw, 0.0)

    def cost(x: np.ndarray) -> float:
        load = problem.base_kw + np.bincount(slots, weights=x, minlength=problem.n_slots)
        return float(np.square(load).sum() + 2 * problem.top_kw * (problem.need_kwh.sum() - x.sum()))

    def slope(x: np.ndarray) -> np.ndarray:
        load = problem.base_kw + np.bincount(slots, weights=x, minlength=problem.n_slots)
        return 2 * load[slots] - 2 * problem.top_kw

    found = minimize(
        cost, np.zeros(len(rows)), jac=slope, bounds=[(0, top) for top in tops], method="SLSQP",
        constraints=[LinearConstraint(sums, ub=needed), LinearConstraint(own, ub=room)], options={"maxiter": 500, "ftol": 1e-12},
    )  # fmt: skip
    return float(found.fun)


@given(problem=problems(), batch=st.sampled_from([1, 5, 50]), rounds=st.sampled_from([0, 3]))
def test_no_method_goes_below_the_bound(problem: ValleyFilling, batch: int, rounds: int) -> None:
    bound = solve(problem).bound_kw2
    for method, coordinator in COORDINATORS.items():
        if problem.whole and not coordinator.keeps_whole_slots:
            continue
        settings = CoordinationSettings(method=method, batch_size=batch, rounds=rounds, iterations=3, population=5)
        plan = coordinator.plan(problem, settings, np.random.default_rng(1))
        assert cost_kw2(problem, plan.schedule) >= bound - 1e-6 * abs(bound)


@given(problem=problems(), method=st.sampled_from(["free", "ants", "optimal"]), backwards=st.booleans())
def test_wherever_the_search_begins_it_finds_the_same_optimum(
    problem: ValleyFilling, method: str, backwards: bool
) -> None:
    order = problem.order[::-1].copy() if backwards else problem.order
    ants = dataclasses.replace(problem, order=order)  # who chooses last may lack what another could leave
    settings = CoordinationSettings(method=method)
    start = COORDINATORS[method].plan(ants, settings, np.random.default_rng(1)).schedule
    before = start.power_kw.copy()
    cold, warm = solve(problem), solve(problem, start)
    assert (start.power_kw == before).all(), "where it begins from is not changed"
    assert is_feasible(problem, warm.schedule)
    assert warm.kind == cold.kind
    assert warm.bound_kw2 <= cold.cost_kw2 * (1 + 1e-12)
    assert cold.bound_kw2 <= warm.cost_kw2 * (1 + 1e-12)
    if warm.kind == "exact":
        assert warm.cost_kw2 == pytest.approx(cold.cost_kw2, rel=1e-12)


def test_a_schedule_that_is_none_of_these_evs_is_no_place_to_begin() -> None:
    problem = ValleyFilling.of(make_fleet([(0, 3, 4, 4)]), Horizon(slots=3), np.array([5.0, 1.0, 2.0]), 100.0)
    start = Schedule(problem)
    start.of(0)[:] = [40.0, 4.0, 4.0]
    assert solve(problem, start).schedule.power_kw.tolist() == solve(problem).schedule.power_kw.tolist()


@pytest.mark.parametrize("slot_min", [60, 15])
@pytest.mark.parametrize("within", [1e-3, 1e-6, 1e-9])
def test_the_bracket_of_a_home_fleet_is_as_close_as_was_asked(slot_min: int, within: float) -> None:
    world = Homes.build(
        Scenario().update(horizon={"slot_min": slot_min}, fleet={"vehicles": 300}), np.random.default_rng(1)
    )
    problem, free = world.problems[0], world.free_charging.schedules[0]
    free_kw2 = cost_kw2(problem, free)
    optimum = solve(problem, free, within=within, free_kw2=free_kw2)
    assert 0 <= optimum.cost_kw2 - optimum.bound_kw2 <= within * (free_kw2 - optimum.bound_kw2)


def test_where_next_to_nothing_is_saved_the_search_ends_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    sweep, sweeps = optimum._water_fill_all, []
    monkeypatch.setattr(optimum, "_water_fill_all", lambda *args: sweeps.append(sweep(*args)))
    load, limit = {"peak_kw": 1e6, "valley_kw": 1e6 - 1}, {"limit_kw": 2e6}
    world = Homes.build(Scenario().update(load=load, transformer=limit), np.random.default_rng(1))
    problem, free = world.problems[0], world.free_charging.schedules[0]
    free_kw2 = cost_kw2(problem, free)
    found = solve(problem, free, within=1e-6, free_kw2=free_kw2)
    assert free_kw2 - found.cost_kw2 < 1e-7 * free_kw2, "that is so little"
    assert found.cost_kw2 - found.bound_kw2 <= 1e-8 * found.cost_kw2
    assert len(sweeps) < 20


def test_a_wide_bracket_certifies_no_schedule_that_another_betters() -> None:
    world = Homes.build(Scenario().update(fleet={"vehicles": 300}), np.random.default_rng(1))
    problem = world.problems[0]
    nearly = COORDINATORS["ants"].plan(problem, CoordinationSettings(), np.random.default_rng(1)).schedule
    assert cost_kw2(problem, nearly) > (1 + CLOSED) * solve(problem).cost_kw2
    optimum = solve(problem, nearly, within=0.5, free_kw2=cost_kw2(problem, world.free_charging.schedules[0]))
    assert not certify(problem, nearly, optimum)
    assert certify(problem, solve(problem).schedule, optimum)


@given(loads=st.lists(st.floats(0, 100), min_size=1, max_size=12), near=st.floats(0, 20))
def test_loads_near_each_other_have_one_price(loads: list[float], near: float) -> None:
    load_kw = np.array(loads)
    prices = one_price(load_kw, near)
    assert prices.sum() == pytest.approx(load_kw.sum(), abs=1e-9)
    for a, b in itertools.combinations(range(load_kw.size), 2):
        if abs(load_kw[a] - load_kw[b]) <= near:
            assert prices[a] == prices[b]
        elif load_kw[a] < load_kw[b]:
            assert prices[a] <= prices[b]
    assert one_price(load_kw, 0.0) == pytest.approx(load_kw)


@given(problem=problems())
def test_the_dual_bound_holds_for_any_prices(problem: ValleyFilling) -> None:
    optimum = solve(problem)
    assert lower_bound_kw2(problem, problem.base_kw) <= optimum.cost_kw2 + 1e-6 * optimum.cost_kw2
    flat = np.full(problem.n_slots, problem.base_kw.mean())
    assert lower_bound_kw2(problem, flat) <= optimum.cost_kw2 + 1e-6 * optimum.cost_kw2


@given(problem=unit_problems(), data=st.data())
def test_the_certificate_rejects_a_schedule_that_can_be_bettered(problem: ValleyFilling, data: st.DataObject) -> None:
    schedule = solve(problem).schedule
    best = cost_kw2(problem, schedule)
    movable = [
        (i, a, b)
        for i in problem.order.tolist()
        for a in np.flatnonzero(schedule.of(i) > 0).tolist()
        for b in np.flatnonzero(schedule.of(i) == 0).tolist()
    ]
    assume(movable)
    i, a, b = data.draw(st.sampled_from(movable))
    schedule.of(i)[[a, b]] = schedule.of(i)[[b, a]]
    worse = cost_kw2(problem, schedule) > best + 1e-9
    assert certify(problem, schedule) == (not worse)


def test_a_chain_of_two_evs_is_seen() -> None:
    # a may use slots 0-1, b slots 1-2. a in 1 and b in 2 is no optimum, though neither EV alone can better it.
    base = np.array([10.0, 16.0, 15.0])
    problem = ValleyFilling.of(make_fleet([(0, 2, 4, 4), (1, 3, 4, 4)]), Horizon(slots=3), base, 100.0, whole=True)
    schedule = Schedule(problem)
    schedule.of(0)[:] = [0, 4]
    schedule.of(1)[:] = [0, 4]
    assert not certify(problem, schedule)
    assert (base + solve(problem).schedule.load_kw()).tolist() == [14, 16, 19]


@given(problem=unit_problems())
def test_the_optimum_has_the_smallest_peak_of_all_methods(problem: ValleyFilling) -> None:
    best = solve(problem).schedule
    for method, coordinator in COORDINATORS.items():
        if not (coordinator.keeps_whole_slots and (coordinator.keeps_limit or problem.has_one_limit)):
            continue
        settings = CoordinationSettings(method=method, rounds=4, iterations=3, population=5)
        other = coordinator.plan(problem, settings, np.random.default_rng(1)).schedule
        if np.isclose(other.power_kw.sum(), best.power_kw.sum()):
            assert (problem.base_kw + best.load_kw()).max() <= (problem.base_kw + other.load_kw()).max() + 1e-6


@given(problem=unit_problems())
def test_order_of_equal_evs_changes_nothing(problem: ValleyFilling) -> None:
    backwards = dataclasses.replace(problem, order=problem.order[::-1].copy())
    assert solve(backwards).cost_kw2 == pytest.approx(solve(problem).cost_kw2)


def test_odc_descends_to_the_optimum_of_continuous_powers() -> None:
    rng = np.random.default_rng(3)
    stays = [(a, a + rng.uniform(4, 12), rng.uniform(2, 20), 7.4) for a in rng.uniform(0, 12, 30)]
    problem = ValleyFilling.of(make_fleet(stays), Horizon(), rng.uniform(50, 150, 24), 1000.0)
    plan = COORDINATORS["odc"].plan(problem, CoordinationSettings(method="odc", rounds=3000), rng)
    costs = np.array([held.cost_kw2 for held in plan.rounds])
    assert (np.diff(costs) <= 1e-6).all()
    assert costs[-1] == pytest.approx(solve(problem).bound_kw2, rel=1e-5)


def test_the_optimum_leaves_the_least_unserved() -> None:
    # b can go nowhere but slot 0, a anywhere: a must make room although it came first.
    fleet = make_fleet([(0, 3, 4, 4), (0.0, 1, 4, 4)])
    problem = ValleyFilling.of(fleet, Horizon(slots=3), np.array([0.0, 3.0, 50.0]), 7.0, whole=True)
    lacking = problem.need_kwh - solve(problem).schedule.power_sum_kw()
    assert lacking.tolist() == [0.0, 0.0]


@given(problem=problems(whole=True), batch=st.sampled_from([1, 3, 50]), rounds=st.sampled_from([1, 3]))
def test_of_whole_slots_no_schedule_that_keeps_the_limit_is_cheaper_than_the_best_known_from_there(
    problem: ValleyFilling, batch: int, rounds: int
) -> None:
    settings = CoordinationSettings(batch_size=batch, rounds=rounds)
    ants, planned = (
        COORDINATORS[method].plan(problem, settings, np.random.default_rng(1)).schedule
        for method in ("ants", "optimal")
    )
    cost = cost_kw2(problem, ants)
    assert solve(problem, ants).cost_kw2 <= cost * (1 + 1e-12)
    assert cost_kw2(problem, planned) <= cost * (1 + 1e-12)
