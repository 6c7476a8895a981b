"""The rules of the single optimisers, and the ways in which public programs of them are wrong."""

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import kstest, mannwhitneyu

from coordination.optimizers import FUNCTIONS, OPTIMIZERS
from coordination.optimizers.acso import ACSO
from coordination.optimizers.acso import Params as ACSOParams
from coordination.optimizers.base import Optimizer
from coordination.optimizers.box import confine
from coordination.optimizers.cso import CSO, social_factor
from coordination.optimizers.draws import new_key, uniform
from coordination.optimizers.functions import FunctionProblem
from coordination.optimizers.ga import GA
from coordination.optimizers.ga import Params as GAParams
from coordination.optimizers.geo import GEO, cruise
from coordination.optimizers.igeo import IGEO, SCHEDULES, chaos
from coordination.optimizers.igeo import Params as IGEOParams
from coordination.optimizers.minimize import minimize
from coordination.optimizers.pso import PSO
from coordination.optimizers.pso import Params as PSOParams
from coordination.optimizers.woa import WOA
from tests.support.literal_geo import literal_geo

KEY = np.uint64(12345)
coordinates = st.floats(-1e3, 1e3).filter(lambda value: value == 0 or abs(value) > 1e-6)


def begun(optimizer: Optimizer, problem: FunctionProblem, seed: int = 0, tells: int = 1):  # type: ignore[no-untyped-def,type-arg]  # noqa: ANN201
    """Return a state that has been told so many populations."""
    state = optimizer.start(problem.lower, problem.upper, np.random.default_rng(seed))
    for _ in range(tells):
        x = optimizer.ask(state)
        optimizer.tell(state, x, problem.evaluate(x))
    return state


# Draws


def test_draws_are_uniform_and_differ_by_place_and_key() -> None:
    numbers = np.array([uniform(KEY, place) for place in range(20_000)])
    assert ((numbers >= 0) & (numbers < 1)).all()
    assert kstest(numbers, "uniform").pvalue > 0.01
    assert abs(np.corrcoef(numbers[:-1], numbers[1:])[0, 1]) < 0.02
    other = np.array([uniform(KEY + np.uint64(1), place) for place in range(20_000)])
    assert not np.isin(numbers, other).any()
    assert new_key(np.random.default_rng(1)) != new_key(np.random.default_rng(2))
    for bits in (np.random.PCG64, np.random.MT19937, np.random.Philox):
        keys = [int(new_key(np.random.Generator(bits(seed)))) for seed in range(50)]
        assert max(keys) > 2**62, bits


# Bounds


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=9), st.sampled_from(["clip", "reflect", "periodic"]))
def test_confined_points_lie_in_the_box_and_inner_ones_stay(values: list[float], rule: str) -> None:
    x = np.array([values])
    lower, upper = np.full(x.size, -2.0), np.full(x.size, 5.0)
    before = x.copy()
    confine(x, lower, upper, rule)  # type: ignore[arg-type]
    assert ((x >= lower) & (x <= upper)).all()
    inside = (before >= lower) & (before <= upper)
    np.testing.assert_array_equal(x[inside], before[inside])


def test_each_rule_brings_a_point_back_its_own_way() -> None:
    found = {}
    for rule in ("clip", "reflect", "periodic"):
        x = np.array([[-0.25, 1.5, 2.25, -3.1]])
        confine(x, np.zeros(4), np.ones(4), rule)  # type: ignore[arg-type]
        found[rule] = x[0]
    np.testing.assert_allclose(found["clip"], [0, 1, 1, 0])
    np.testing.assert_allclose(found["reflect"], [0.25, 0.5, 0.25, 0.9])
    np.testing.assert_allclose(found["periodic"], [0.75, 0.5, 0.25, 0.9])


def test_what_is_not_a_number_is_put_on_a_bound() -> None:
    for rule in ("clip", "reflect", "periodic"):
        x = np.array([[np.nan, np.inf, -np.inf]])
        confine(x, np.zeros(3), np.ones(3), rule)  # type: ignore[arg-type]
        assert x.tolist() == [[0.0, 1.0, 0.0]]


# PSO


def test_particles_move_even_where_it_is_no_gain() -> None:
    problem = FUNCTIONS["F1"].problem(3)
    state = begun(PSO(), problem, tells=8)
    before, memory, fitness = state.x.copy(), state.memory.copy(), state.memory_fitness.copy()
    x = PSO().ask(state)
    PSO().tell(state, x, problem.evaluate(x))
    worse = state.fitness > fitness
    assert worse.any()
    assert (state.x[worse] != before[worse]).any(axis=1).all()
    np.testing.assert_array_equal(state.memory[worse], memory[worse])


def test_one_step_of_a_swarm_is_the_formula() -> None:
    optimizer = PSO(PSOParams(population=4, inertia_start=0.7, cognitive=0.0, social=0.0, velocity_limit=10.0))
    state = begun(optimizer, FUNCTIONS["F1"].problem(3))
    state.velocity[:] = np.arange(12).reshape(4, 3)
    before = state.x.copy()
    x = optimizer.move(state)
    np.testing.assert_allclose(x - before, 0.7 * np.arange(12).reshape(4, 3))
    drawn = PSO(PSOParams(population=4, inertia_start=0.0, cognitive=0.0, social=2.0, velocity_limit=10.0))
    state = begun(drawn, FUNCTIONS["F1"].problem(3))
    before = state.x.copy()
    part = (drawn.move(state) - before) / np.where(state.best_x == before, 1.0, state.best_x - before)
    others = np.arange(4) != state.fitness.argmin()
    assert ((part[others] >= 0) & (part[others] <= 2)).all()
    assert np.unique(part[others]).size == 9, "each dimension is drawn on its own"


def pulls(**params: float) -> NDArray[np.float64]:
    """One step of a swarm from rest whose members remember a place 1 away, and whose best is 10 away in every dimension."""
    optimizer = PSO(PSOParams(population=50, inertia_start=0.5, velocity_limit=10.0, **params))
    state = begun(optimizer, FUNCTIONS["F1"].problem(8))
    state.x[:] = state.rng.uniform(-20, 20, state.x.shape)
    state.memory[:] = state.x + 1.0
    state.best_x = state.x[0] + 10.0
    before = state.x.copy()
    return optimizer.move(state) - before


def test_each_pull_has_its_own_draw_in_every_dimension() -> None:
    own = pulls(cognitive=1.0, social=0.0)
    assert ((own >= 0) & (own < 1)).all()
    assert np.unique(own).size == own.size
    away = pulls(cognitive=0.0, social=1.0)
    both = pulls(cognitive=1.0, social=1.0)
    np.testing.assert_allclose(both, own + away)
    drawn = away[0] / 10.0
    assert ((drawn >= 0) & (drawn < 1)).all()
    assert not np.isclose(drawn, own[0]).any()


def test_a_particle_on_a_bound_has_no_velocity_across_it() -> None:
    optimizer = PSO(PSOParams(population=4, inertia_start=0.7, cognitive=0.0, social=0.0, velocity_limit=10.0))
    state = begun(optimizer, FUNCTIONS["F1"].problem(3))
    state.velocity[:] = 5.0
    state.x[0] = [100.0, -100.0, 99.0]
    before = state.x.copy()
    step = optimizer.move(state) - before
    np.testing.assert_allclose(step[0], [0.0, 0.0, 3.5])
    np.testing.assert_allclose(step[1:], 3.5)


def test_velocities_keep_their_limit() -> None:
    optimizer = PSO(PSOParams(velocity_limit=0.01))
    state = begun(optimizer, FUNCTIONS["F1"].problem(5), tells=20)
    assert np.abs(state.velocity).max() == pytest.approx(2.0)


# CSO and ACSO


def test_only_losers_move_and_their_velocity_persists() -> None:
    problem = FUNCTIONS["F1"].problem(4)
    optimizer = CSO()
    state = begun(optimizer, problem, tells=5)
    before, velocity, fitness = state.x.copy(), state.velocity.copy(), state.fitness.copy()
    x = optimizer.ask(state)
    assert len(x) == 15
    optimizer.tell(state, x, problem.evaluate(x))
    moved = (state.x != before).any(axis=1)
    assert sorted(np.flatnonzero(moved)) == sorted(state.losers)
    assert (fitness[state.winners] <= fitness[state.losers]).all()
    np.testing.assert_array_equal(state.velocity[state.winners], velocity[state.winners])
    changed = (state.velocity[state.losers] != velocity[state.losers]).all(axis=1)
    assert changed.all()
    assert sorted([*state.winners, *state.losers]) == list(range(30))


def test_a_losers_velocity_is_part_of_its_next_one() -> None:
    problem = FUNCTIONS["F1"].problem(4)
    steps = []
    for begin in (0.0, 1000.0):
        state = begun(CSO(), problem)
        state.velocity[:] = begin
        CSO().move(state)
        steps.append(state.velocity[state.losers])
    part = (steps[1] - steps[0]) / 1000
    assert ((part >= 0) & (part < 1)).all()
    assert part.std() > 0.2


def test_of_an_odd_swarm_one_sits_out() -> None:
    for population, most in ((7, 3), (2, 1), (3, 1)):
        optimizer = CSO(CSO.params_class(population=population))
        state = begun(optimizer, FUNCTIONS["F1"].problem(2))
        assert len(optimizer.ask(state)) == most


@pytest.mark.parametrize(
    ("dimension", "plain", "separable"),
    [(30, 0, 0), (499, 0, 0), (500, 0.05, 0.1), (1000, 0.1, 0.15), (2000, 0.2, 0.2), (5000, 0.2, 0.2)],
)
def test_the_social_factor_follows_the_dimension(dimension: int, plain: float, separable: float) -> None:
    assert social_factor(dimension, separable=False) == plain
    assert social_factor(dimension, separable=True) == separable


def test_the_centre_pulls_where_it_is_told_to() -> None:
    problem = FUNCTIONS["F1"].problem(3)
    steps = []
    for social in (0.0, 1.0):
        optimizer = CSO(CSO.params_class(social=social))
        state = begun(optimizer, problem)
        centre = state.x.mean(axis=0) - state.x
        optimizer.move(state)
        steps.append(state.velocity[state.losers])
    part = (steps[1] - steps[0]) / centre[state.losers]
    assert ((part >= 0) & (part < 1)).all()
    towards = steps[0] / (state.x[state.winners] - state.x[state.losers])
    assert ((towards >= 0) & (towards < 1)).all()
    assert np.unique(towards).size == towards.size, "each dimension is drawn on its own"
    assert not np.isclose(part, towards).any(), "and so is each pull"


def test_an_iteration_of_acso_is_a_public_and_an_advanced_stage() -> None:
    problem = FUNCTIONS["F1"].problem(4)
    optimizer = ACSO(ACSOParams(population=20))
    state = begun(optimizer, problem)
    public = optimizer.ask(state)
    assert len(public) == 10
    winners, losers = set(state.winners.tolist()), set(state.losers.tolist())
    optimizer.tell(state, public, problem.evaluate(public))
    assert state.iteration == 0
    advanced = optimizer.ask(state)
    assert len(advanced) == 10
    for winner, loser in zip(state.winners.tolist(), state.losers.tolist(), strict=True):
        assert {winner, loser} <= winners or {winner, loser} <= losers
    optimizer.tell(state, advanced, problem.evaluate(advanced))
    assert (state.iteration, state.evaluations) == (1, 40)


def test_acso_costs_twice_the_evaluations_of_cso() -> None:
    problem = FUNCTIONS["F1"].problem(4)
    params = {"population": 40}
    nfev = [
        minimize(problem, cls(cls.params_class(**params)), max_iterations=25, rng=np.random.default_rng(0)).nfev - 40
        for cls in (CSO, ACSO)
    ]
    assert nfev == [25 * 20, 25 * 40]


def test_the_overshoot_of_acso_is_the_bracket_of_lmocso() -> None:
    found = []
    for overshoot in (False, True):
        optimizer = ACSO(ACSOParams(overshoot=overshoot))
        state = begun(optimizer, FUNCTIONS["F1"].problem(3))
        found.append((optimizer.move(state).copy(), state.velocity[state.losers].copy()))
    np.testing.assert_array_equal(found[0][1], found[1][1])
    part = (found[1][0] - found[0][0]) / found[0][1]
    assert ((part >= -1e-12) & (part < 1)).all(), "velocities begin at zero, so the bracket is a part of the new one"
    assert part.std() > 0.2


def test_the_overshoot_counts_the_change_of_velocity() -> None:
    found = []
    for overshoot in (False, True):
        optimizer = ACSO(ACSOParams(overshoot=overshoot))
        state = begun(optimizer, FUNCTIONS["F1"].problem(3))
        state.velocity[:] = 40.0
        found.append((optimizer.move(state).copy(), state.velocity[state.losers].copy()))
    part = (found[1][0] - found[0][0]) / (found[0][1] - 40.0)
    assert ((part >= -1e-12) & (part < 1)).all()
    assert part.std() > 0.2


def test_acso_has_at_least_two_pairs() -> None:
    with pytest.raises(ValueError, match="greater than or equal to 4"):
        ACSOParams(population=3)
    result = minimize(
        FUNCTIONS["F1"].problem(2), ACSO(ACSOParams(population=4)), max_iterations=9, rng=np.random.default_rng(0)
    )
    assert (result.nit, result.nfev) == (9, 4 + 9 * (2 + 1 + 1))


# GEO and IGEO


@given(st.lists(coordinates, min_size=2, max_size=40).filter(any), st.integers(0, 2**40))
def test_the_cruise_lies_across_the_attack(values: list[float], place: int) -> None:
    attack = np.array(values)
    direction = np.empty_like(attack)
    cruise(attack, KEY, place, direction)
    scale = np.linalg.norm(attack) * np.linalg.norm(direction)
    assert abs(attack @ direction) <= 1e-9 * scale + 1e-9


def test_a_compiled_flock_flies_as_the_literal_one() -> None:
    for name in ("F1", "F3", "F4"):
        problem = FUNCTIONS[name].problem(10)
        ours = [
            minimize(problem, GEO(GEO.params_class(population=12)), max_iterations=40, rng=np.random.default_rng(s)).fun
            for s in range(60)
        ]
        theirs = [literal_geo(problem, 12, 40, s) for s in range(60)]
        assert mannwhitneyu(ours, theirs).pvalue > 0.01, name


def test_every_eagle_hunts_another_ones_prey() -> None:
    optimizer = GEO(GEO.params_class(population=12, attack_start=1.0, attack_end=1.0, cruise_start=0.0, cruise_end=0.0))
    state = begun(optimizer, FUNCTIONS["F1"].problem(5))
    state.memory[:] = state.rng.uniform(-100, 100, state.x.shape)
    before, memory = state.x.copy(), state.memory.copy()
    step = optimizer.move(state) - before
    way = memory[None] - before[:, None]
    along = np.einsum("ijk,ik->ij", way, step) / np.linalg.norm(way, axis=2) / np.linalg.norm(step, axis=1)[:, None]
    assert np.allclose(along.max(axis=1), 1.0), "straight at a remembered place"
    assert sorted(along.argmax(axis=1)) == list(range(12)), "one to one"


def test_an_eagle_on_its_prey_does_not_move() -> None:
    optimizer = GEO()
    state = begun(optimizer, FUNCTIONS["F1"].problem(3))
    state.x[:] = state.memory[:] = state.x[0]
    before = state.x.copy()
    np.testing.assert_array_equal(optimizer.move(state), before)


def test_the_chaotic_chain_keeps_its_spread_to_the_end() -> None:
    z = chaos((2280, 300), np.random.default_rng(1))
    for row in (z[60], z[299], z[-1]):
        assert np.unique(row).size == 300
        assert kstest(row, "uniform").pvalue > 0.01
    np.testing.assert_allclose(z[1:], (2 * z[:-1]) % 1, atol=2.0**-52)
    naive = np.random.default_rng(1).random(300)
    for _ in range(60):
        naive = (2 * naive) % 1
    assert (naive == 0).all(), "the trap: the same map in floating point"


@pytest.mark.parametrize("chain", ["members", "dimensions"])
def test_the_first_flock_is_a_chain_along_the_axis_that_was_asked_for(chain: str) -> None:
    optimizer = IGEO(IGEOParams(population=300, chain=chain))  # type: ignore[arg-type]
    state = begun(optimizer, FUNCTIONS["F1"].problem(60))
    z = (state.x + 100) / 200
    steps = z if chain == "members" else z.T
    np.testing.assert_allclose(steps[1:], (2 * steps[:-1]) % 1, atol=1e-12)
    assert z[-1].std() > 0.2
    assert np.unique(z, axis=0).shape == z.shape


def test_igeo_with_the_linear_schedule_is_geo_but_for_its_first_flock() -> None:
    problem = FUNCTIONS["F1"].problem(5)
    geo, igeo = GEO(), IGEO(IGEOParams(schedule="linear"))
    states = [optimizer.start(problem.lower, problem.upper, np.random.default_rng(3)) for optimizer in (geo, igeo)]
    x = geo.first(states[0])
    for optimizer, state in zip((geo, igeo), states, strict=True):
        optimizer.ask(state)
        optimizer.tell(state, x, problem.evaluate(x))
        state.rng, state.progress = np.random.default_rng(9), 0.3
    np.testing.assert_array_equal(geo.move(states[0]), igeo.move(states[1]))


def test_the_default_reading_of_igeo_runs_between_geos_propensities() -> None:
    attack, cruising = np.transpose([SCHEDULES["R1"](m) for m in range(1, 101)])
    assert (np.diff(attack) > 0).all()
    assert (np.diff(cruising) < 0).all()
    assert SCHEDULES["R1"](50) == pytest.approx((1.25, 0.5 + 0.5 * 0.94**50))
    assert attack[0] == pytest.approx(0.5, abs=1e-3)
    assert attack[-1] == pytest.approx(2.0, abs=1e-3)
    assert cruising[0] == pytest.approx(0.97)
    optimizer = IGEO()
    state = begun(optimizer, FUNCTIONS["F1"].problem(3))
    assert optimizer.propensities(state) == SCHEDULES["R1"](1), "iterations are counted from 1"


# WOA


def test_whales_are_drawn_to_the_origin() -> None:
    best = {}
    for shifted in (False, True):
        problem = FUNCTIONS["F1"].problem(10, np.random.default_rng(1) if shifted else None)
        best[shifted] = minimize(problem, WOA(), max_iterations=100, rng=np.random.default_rng(1)).fun
    assert best[False] < 1e-6
    assert best[True] > 1


def test_a_pod_swims_as_its_equations_say() -> None:
    optimizer = WOA()
    state = begun(optimizer, FUNCTIONS["F1"].problem(4), tells=2)
    state.progress = 0.25
    key, x, best = new_key(copy.deepcopy(state.rng)), state.x.copy(), state.best_x
    a = 2.0 * (1.0 - 0.25)
    branches = set()
    expected = np.empty_like(x)
    for i in range(len(x)):
        p, r_1, r_2, who, turn = (uniform(key, 5 * i + k) for k in range(5))
        reach, c, turn = 2 * a * r_1 - a, 2 * r_2, 2 * turn - 1
        if p >= 0.5:
            branches.add("spiral")
            expected[i] = abs(best - x[i]) * np.exp(turn) * np.cos(2 * np.pi * turn) + best
        elif abs(reach) < 1:
            branches.add("best")
            expected[i] = best - reach * abs(c * best - x[i])
        else:
            branches.add("another")
            other = x[int(who * len(x))]
            expected[i] = other - reach * abs(c * other - x[i])
    np.testing.assert_allclose(optimizer.move(state), expected)
    assert branches == {"spiral", "best", "another"}


def test_a_whale_goes_round_a_member_of_the_pod_or_the_best() -> None:
    # All whales but the best sit on one spot: whatever is not near the best must come from that spot.
    problem = FUNCTIONS["F1"].problem(6)
    optimizer = WOA()
    state = begun(optimizer, problem)
    spot = np.full(6, 50.0)
    state.x[:] = spot
    state.best_x = spot.copy()
    moved = optimizer.move(state)
    ratio = moved / spot
    np.testing.assert_allclose(ratio, ratio[:, :1] * np.ones(6))  # spot - A |C spot - spot|: along the spot
    assert (moved == spot).all(axis=1).any(), "a spiral around where one is stays there"


# GA


def test_children_exchange_genes_between_the_lines_of_their_parents() -> None:
    optimizer = GA(GAParams(population=40, crossover=1.0, mutation=0.0))
    problem = FUNCTIONS["F1"].problem(8)
    state = begun(optimizer, problem)
    state.x[:20], state.x[20:] = 0.0, 10.0
    state.fitness[:] = 1.0
    children = optimizer.move(state)
    near_zero, near_ten = np.abs(children) < 5, np.abs(children) >= 5
    mixed = near_zero.any(axis=1) & near_ten.any(axis=1)
    assert mixed.mean() > 0.3, "without the exchange a child lies near one parent in every gene"
    pairs = children.reshape(20, 2, 8)
    sums = pairs.sum(axis=1)
    assert np.isclose(sums[:, :, None], [0.0, 10.0, 20.0], atol=1e-9).any(axis=2).all(), "a pair keeps its middle"


def test_everyone_meets_two_others_and_the_better_are_parents() -> None:
    optimizer = GA(GAParams(population=20, crossover=0.0, mutation=0.0))
    state = begun(optimizer, FUNCTIONS["F1"].problem(3))
    worst, best = state.fitness.argmax(), state.fitness.argmin()
    children = optimizer.move(state)
    copies = [(children == row).all(axis=1).sum() for row in state.x]
    assert copies[worst] == 0
    assert copies[best] == 2
    assert sum(copies) == 20
    assert max(copies) == 2


def test_crossed_genes_are_spread_by_the_distribution_of_its_index() -> None:
    optimizer = GA(GAParams(population=400, crossover=1.0, mutation=0.0, crossover_eta=2.0))
    state = begun(optimizer, FUNCTIONS["F1"].problem(50))
    state.x[:200], state.x[200:] = 0.0, 10.0
    state.fitness[:] = 1.0
    pairs = optimizer.move(state).reshape(200, 2, 50)
    spread = np.abs(pairs[:, 0] - pairs[:, 1]) / 10.0
    crossed = spread[~np.isclose(spread, 0.0) & ~np.isclose(spread, 1.0)]
    assert (crossed < 1).mean() == pytest.approx(0.5, abs=0.03)
    assert (crossed < 0.5).mean() == pytest.approx(0.5 * 0.5**3, abs=0.02)
    assert (crossed > 2).mean() == pytest.approx(0.5 * 0.5**3, abs=0.02)


def test_mutation_strikes_one_gene_in_d_and_stays_near() -> None:
    optimizer = GA(GAParams(population=500, crossover=0.0))
    problem = FUNCTIONS["F1"].problem(20)
    state = begun(optimizer, problem)
    state.x[:] = 7.0
    children = optimizer.move(state)
    struck = children != 7.0
    assert struck.mean() == pytest.approx(1 / 20, rel=0.1)
    steps = (children[struck] - 7.0) / 200
    assert abs(steps.mean()) < 0.01
    assert np.abs(steps).max() < 1
    assert np.median(np.abs(steps)) < 0.05


def test_the_best_of_parents_and_children_survive() -> None:
    problem = FUNCTIONS["F1"].problem(5)
    optimizer = GA(GAParams(population=9))
    state = begun(optimizer, problem, tells=3)
    parents = state.fitness.copy()
    x = optimizer.ask(state)
    told = problem.evaluate(x)
    optimizer.tell(state, x, told)
    np.testing.assert_allclose(np.sort(state.fitness), np.sort(np.concatenate([parents, told]))[:9])
    np.testing.assert_allclose(state.fitness, problem.evaluate(state.x))


def test_one_parent_survives_where_children_follow() -> None:
    problem = FUNCTIONS["F1"].problem(5)
    optimizer = GA(GAParams(population=9, survivors="children"))
    state = begun(optimizer, problem, tells=3)
    parents = state.fitness.copy()
    x = optimizer.ask(state)
    told = problem.evaluate(x)
    optimizer.tell(state, x, told)
    np.testing.assert_allclose(np.sort(state.fitness), np.sort(np.append(np.sort(told)[:-1], parents.min())))
    np.testing.assert_allclose(state.fitness, problem.evaluate(state.x))


# Where the optimum lies


class Moved(FunctionProblem):
    """The same landscape somewhere else, box and all."""

    def __init__(self, problem: FunctionProblem, by: float) -> None:
        super().__init__(problem.function, problem.shift)
        object.__setattr__(self, "by", by)

    @property
    def lower(self) -> NDArray[np.float64]:
        return super().lower + self.by  # type: ignore[attr-defined]

    @property
    def upper(self) -> NDArray[np.float64]:
        return super().upper + self.by  # type: ignore[attr-defined]

    def evaluate(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        return super().evaluate(x - self.by)  # type: ignore[attr-defined]


def courses(name: str) -> list[NDArray[np.float64]]:
    plain = FUNCTIONS["F1"].problem(6)
    return [
        minimize(problem, OPTIMIZERS[name](), max_iterations=25, rng=np.random.default_rng(4)).history[:, 1]
        for problem in (plain, Moved(plain, 512.0))
    ]


@pytest.mark.parametrize("name", ["pso", "apso", "cso", "acso", "geo", "igeo", "ga", "de"])
def test_a_landscape_that_is_moved_is_searched_alike(name: str) -> None:
    here, there = courses(name)
    np.testing.assert_allclose(here, there, rtol=1e-6)


def test_whales_search_a_moved_landscape_otherwise() -> None:
    here, there = courses("woa")
    assert not np.allclose(here, there, rtol=1e-2)
