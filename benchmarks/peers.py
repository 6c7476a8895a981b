"""Optimisers of mealpy, niapy, pymoo and pygmo, each carrying out one `Task` the way its library is used.

They are no part of the test environment: ``make bench-peers`` installs them and runs this.
"""

from typing import Any, Final

import mealpy
import numpy as np
import pygmo
from mealpy.evolutionary_based.GA import BaseGA
from mealpy.swarm_based.PSO import OriginalPSO
from mealpy.swarm_based.WOA import OriginalWOA
from niapy.algorithms.basic import GeneticAlgorithm, ParticleSwarmAlgorithm
from niapy.problems import Problem as NiapyProblem
from niapy.task import Task as NiapyTask
from numpy.typing import NDArray
from pymoo.algorithms.soo.nonconvex.ga import GA as PYMOO_GA
from pymoo.algorithms.soo.nonconvex.pso import PSO as PYMOO_PSO
from pymoo.config import Config
from pymoo.core.problem import Problem as PymooProblem
from pymoo.operators.sampling.rnd import FloatRandomSampling
from pymoo.optimize import minimize as pymoo_minimize

from benchmarks.duel import CLERC, Duel, Task

Config.warnings["not_compiled"] = False

HALF_BOX: Final = 0.5
FIFTH_BOX: Final = 0.2


def _mealpy(task: Task, optimizer: Any) -> None:
    bounds = mealpy.FloatVar(lb=task.lower.tolist(), ub=task.upper.tolist())
    problem = {"obj_func": task.point, "bounds": bounds, "minmax": "min", "log_to": None}
    optimizer.solve(problem, seed=task.seed)


def mealpy_pso(task: Task) -> None:
    """Carry out mealpy's OriginalPSO as it is set by default."""
    _mealpy(task, OriginalPSO(epoch=task.iterations, pop_size=task.population, c1=2.05, c2=2.05, w=0.4))


def mealpy_woa(task: Task) -> None:
    """Carry out mealpy's OriginalWOA, which has no settings."""
    _mealpy(task, OriginalWOA(epoch=task.iterations, pop_size=task.population))


def mealpy_ga(task: Task) -> None:
    """Carry out mealpy's BaseGA as it is set by default."""
    _mealpy(task, BaseGA(epoch=task.iterations, pop_size=task.population))


class _NiapyProblem(NiapyProblem):
    def __init__(self, task: Task) -> None:
        super().__init__(task.lower.size, task.lower, task.upper)
        self.of = task.point

    def _evaluate(self, x: NDArray[np.float64]) -> float:
        return self.of(x)


def _niapy(task: Task, optimizer: Any) -> None:
    optimizer.run(NiapyTask(problem=_NiapyProblem(task), max_evals=task.population * (task.iterations + 1)))


def niapy_pso(task: Task) -> None:
    """Carry out niapy's ParticleSwarmAlgorithm with Clerc's factors; its own limit of 1.5 is no part of the box."""
    limit = FIFTH_BOX * (task.upper - task.lower)
    inertia, pull = CLERC
    _niapy(
        task,
        ParticleSwarmAlgorithm(
            task.population, c1=pull, c2=pull, w=inertia, min_velocity=-limit, max_velocity=limit, seed=task.seed
        ),
    )


def niapy_ga(task: Task) -> None:
    """Carry out niapy's GeneticAlgorithm as it is set by default."""
    _niapy(task, GeneticAlgorithm(task.population, seed=task.seed))


class _PymooProblem(PymooProblem):
    def __init__(self, task: Task) -> None:
        super().__init__(n_var=task.lower.size, n_obj=1, xl=task.lower, xu=task.upper)
        self.of = task.batch

    def _evaluate(self, x: NDArray[np.float64], out: dict[str, Any], *_: Any, **__: Any) -> None:
        out["F"] = self.of(x)


def _pymoo(task: Task, optimizer: Any) -> None:
    budget = ("n_eval", task.population * (task.iterations + 1))
    pymoo_minimize(_PymooProblem(task), optimizer, budget, seed=task.seed, verbose=False, copy_algorithm=False)


def pymoo_pso(task: Task) -> None:
    """Carry out pymoo's PSO with Clerc's factors, and without what it adds to a particle swarm."""
    inertia, pull = CLERC
    _pymoo(
        task,
        PYMOO_PSO(
            task.population, FloatRandomSampling(), w=inertia, c1=pull, c2=pull, adaptive=False, pertube_best=False,
            initial_velocity="zero", max_velocity_rate=FIFTH_BOX,
        ),
    )  # fmt: skip


def pymoo_adaptive(task: Task) -> None:
    """Carry out pymoo's PSO as it is set by default: adaptive, and the best is perturbed."""
    _pymoo(task, PYMOO_PSO(task.population))


def pymoo_ga(task: Task) -> None:
    """Carry out pymoo's GA as it is set by default."""
    _pymoo(task, PYMOO_GA(task.population))


class _PygmoProblem:
    def __init__(self, task: Task) -> None:
        self.task = task

    def __deepcopy__(self, memo: object) -> "_PygmoProblem":
        return self  # pygmo copies what it is given; the evaluations are to be counted in one place

    def get_bounds(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return self.task.lower, self.task.upper

    def fitness(self, x: NDArray[np.float64]) -> list[float]:
        return [self.task.point(x)]


class _PygmoBatch(_PygmoProblem):
    def batch_fitness(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.task.batch(x.reshape(-1, self.task.lower.size))


def pygmo_pso(task: Task) -> None:
    """Carry out pygmo's pso as it is set by default: a ring of neighbours, point by point."""
    swarm = pygmo.population(pygmo.problem(_PygmoProblem(task)), task.population, seed=task.seed)
    pygmo.algorithm(pygmo.pso(gen=task.iterations, seed=task.seed)).evolve(swarm)


def pygmo_pso_gen(task: Task) -> None:
    """Carry out pygmo's pso_gen, whole swarms at a time, with the swarm's best for everybody."""
    batch = pygmo.bfe(pygmo.member_bfe())
    swarm = pygmo.population(pygmo.problem(_PygmoBatch(task)), task.population, b=batch, seed=task.seed)
    optimizer = pygmo.pso_gen(gen=task.iterations, neighb_type=1, seed=task.seed)
    optimizer.set_bfe(batch)
    pygmo.algorithm(optimizer).evolve(swarm)


def pygmo_ga(task: Task) -> None:
    """Carry out pygmo's sga with the operators and settings of ours."""
    swarm = pygmo.population(pygmo.problem(_PygmoProblem(task)), task.population, seed=task.seed)
    optimizer = pygmo.sga(
        gen=task.iterations, cr=0.9, eta_c=15.0, m=1 / task.lower.size, param_m=20, param_s=2, crossover="sbx",
        mutation="polynomial", selection="tournament", seed=task.seed,
    )  # fmt: skip
    pygmo.algorithm(optimizer).evolve(swarm)


def _clerc(limit: float) -> dict[str, float]:
    inertia, pull = CLERC
    return {
        "inertia_start": inertia, "inertia_end": inertia, "cognitive": pull, "social": pull, "velocity_limit": limit,
    }  # fmt: skip


_FREE: dict[str, Any] = {
    "inertia_start": 0.4,
    "inertia_end": 0.4,
    "cognitive": 2.05,
    "social": 2.05,
    "velocity_limit": 1e6,
}

DUELS: Final = (
    Duel("mealpy PSO", mealpy_pso, "pso", _FREE | {"bounds": "reflect"}, "both: 0.4, 2.05, no limit; ours reflects"),
    Duel("mealpy PSO, ours clips", mealpy_pso, "pso", _FREE, "the same; theirs is greedy, draws what leaves"),
    Duel("mealpy PSO, ours default", mealpy_pso, "pso", {}, "ours 0.9-0.4, 1.8, limit 0.2, clips"),
    Duel("mealpy WOA", mealpy_woa, "woa", {}, "no settings; theirs is greedy"),
    Duel("mealpy WOA, at the origin", mealpy_woa, "woa", {}, "the same, optimum not shifted", shifted=False),
    Duel("mealpy GA", mealpy_ga, "ga", {}, "defaults; other operators"),
    Duel("niapy PSO", niapy_pso, "pso", _clerc(FIFTH_BOX), "both: 0.7298, 1.496, limit 0.2"),
    Duel("niapy GA", niapy_ga, "ga", {}, "defaults; other operators"),
    Duel("pymoo PSO", pymoo_pso, "pso", _clerc(FIFTH_BOX), "both: 0.7298, 1.496, limit 0.2"),
    Duel("pymoo PSO, defaults", pymoo_adaptive, "pso", {}, "theirs adaptive, ours default", large=False),
    Duel("pymoo GA", pymoo_ga, "ga", {}, "defaults; the same operators"),
    Duel("pygmo pso_gen", pygmo_pso_gen, "pso", _clerc(HALF_BOX), "both: 0.7298, 1.496, limit 0.5, swarm's best"),
    Duel("pygmo pso, default ring", pygmo_pso, "pso", _clerc(HALF_BOX), "the same, theirs a ring of four"),
    Duel("pygmo sga", pygmo_ga, "ga", {}, "both: sbx 0.9, 15; polynomial 1/d, 20"),
)
"""Who is held against whom; pymoo's adaptive PSO needs 6 GB for one iteration of 300 particles in 2280 dimensions."""
