"""Every optimiser of the registry keeps the contract, and the checker notices who does not."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from coordination.optimizers import FUNCTIONS, OPTIMIZERS
from coordination.optimizers.base import Optimizer, Params, State
from coordination.optimizers.checker import BrokenContractError, check_optimizer
from coordination.optimizers.minimize import minimize

GOLDEN = Path(__file__).parents[2] / "reference" / "optimizer_runs"


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_registry_keeps_the_contract(name: str) -> None:
    check_optimizer(OPTIMIZERS[name], beats_random=name != "random")


def test_random_search_does_not_beat_itself() -> None:
    with pytest.raises(BrokenContractError, match="no better points than random search"):
        check_optimizer(OPTIMIZERS["random"])


class Walk(Optimizer[Params, State]):
    """Sound: a step from each better half to the other half, smaller and smaller."""

    title = "walk"

    def move(self, state: State) -> NDArray[np.float64]:
        best = np.argsort(state.fitness, kind="stable")[: max(len(state.fitness) // 4, 1)]
        spread = 0.3 * (state.upper - state.lower) * 0.97**state.iteration
        parents = state.x[state.rng.choice(best, len(state.x))]
        state.trial[:] = parents + spread * state.rng.standard_normal(state.x.shape)
        return state.trial

    def learn(self, state: State, x: NDArray[np.float64], fitness: NDArray[np.float64]) -> None:
        better = fitness < state.fitness
        state.x[better], state.fitness[better] = x[better], fitness[better]


class Escapes(Walk):
    """Is confined by the base, and steps out again afterwards."""

    def ask(self, state: State) -> NDArray[np.float64]:
        x = super().ask(state)
        x[-1] = state.upper + 1
        return x


class DrawsFromTheGlobal(Walk):
    def move(self, state: State) -> NDArray[np.float64]:
        state.trial[:] = state.x + np.random.normal(size=state.x.shape)  # noqa: NPY002
        return state.trial


class Forgets(Walk):
    """Learns nothing from any fitness."""

    def move(self, state: State) -> NDArray[np.float64]:
        state.trial[:] = state.lower + 0.01 * state.rng.random(state.x.shape)
        return state.trial


class GrowsPopulation(Walk):
    def first(self, state: State) -> NDArray[np.float64]:
        return np.concatenate([super().first(state), super().first(state)])


class PassesTheTrueCourse(Walk):
    """Does something else in the driver's loop than asked and told by hand."""

    def search(self, state, evaluate, running):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
        state.rng.random()
        super().search(state, evaluate, running)


class LosesTheBest(Walk):
    def tell(self, state: State, x: NDArray[np.float64], fitness: NDArray[np.float64]) -> State:
        super().tell(state, x, fitness)
        state.best_fitness = float(np.min(fitness))
        return state


class KeepsItToItself(Walk):
    """Keeps what belongs to a search on the optimiser, where two searches meet."""

    shrink = 1.0

    def move(self, state: State) -> NDArray[np.float64]:
        self.shrink *= 0.99 if state.iteration else 1.0
        self.shrink = self.shrink if state.iteration else 1.0
        state.trial[:] = state.x + self.shrink * state.rng.standard_normal(state.x.shape)
        return state.trial


class NeedsThree(Walk):
    """Fails with the smallest population that its settings take."""

    def move(self, state: State) -> NDArray[np.float64]:
        state.rng.choice(len(state.x), 3, replace=False)
        return super().move(state)


def test_a_users_own_optimiser_passes() -> None:
    check_optimizer(Walk)


@pytest.mark.parametrize(
    ("cls", "words"),
    [
        (Escapes, "outside the box"),
        (DrawsFromTheGlobal, "global generator"),
        (Forgets, "no better points than random search"),
        (GrowsPopulation, "first population"),
        (PassesTheTrueCourse, "by hand"),
        (LosesTheBest, "best fitness"),
        (KeepsItToItself, "beside another search"),
        (NeedsThree, "raises ValueError"),
    ],
)
def test_the_checker_notices(cls: type[Walk], words: str) -> None:
    with pytest.raises(BrokenContractError, match=words):
        check_optimizer(cls)


def test_the_checker_lists_every_broken_promise() -> None:
    class Both(Escapes, LosesTheBest):
        pass

    with pytest.raises(BrokenContractError) as error:
        check_optimizer(Both)
    assert len(error.value.broken) >= 2


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_runs_beside_each_other_are_the_same_runs(name: str) -> None:
    def run(seed: int) -> bytes:
        problem = FUNCTIONS["F5"].problem(20)
        found = minimize(problem, OPTIMIZERS[name](), max_evaluations=1500, rng=np.random.default_rng(seed))
        return found.x.tobytes() + found.history.tobytes()

    one_by_one = [run(seed) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(run, range(4))) == one_by_one


def golden_run(name: str) -> pd.DataFrame:
    """Best fitness after each population on shifted F5, dimension 7, population 11."""
    cls = OPTIMIZERS[name]
    problem = FUNCTIONS["F5"].problem(7, np.random.default_rng(5))
    optimizer = cls(cls.params_class(population=11))
    history = minimize(problem, optimizer, max_evaluations=150, rng=np.random.default_rng(6)).history
    return pd.DataFrame({"optimizer": name, "evaluations": history[:, 0].astype(int), "best": history[:, 1]})


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_golden_runs_do_not_move(name: str) -> None:
    golden = pd.read_csv(GOLDEN / "history.csv")
    expected = golden[golden.optimizer == name].reset_index(drop=True)
    pd.testing.assert_frame_equal(golden_run(name), expected, rtol=1e-6)
