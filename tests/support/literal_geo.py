"""Golden eagles as literally as their authors' program has them: one eagle, one dimension at a time, in plain Python."""

import numpy as np

from coordination.optimizers.functions import FunctionProblem


def literal_geo(problem: FunctionProblem, population: int, iterations: int, seed: int) -> float:
    """Return the best fitness found."""
    rng = np.random.default_rng(seed)
    lower, upper = problem.lower, problem.upper
    d = lower.size
    x = rng.uniform(lower, upper, (population, d))
    fitness = problem.evaluate(x)
    memory, memory_fitness = x.copy(), fitness.copy()
    attack_propensity = np.linspace(0.5, 2.0, iterations)
    cruise_propensity = np.linspace(1.0, 0.5, iterations)
    for t in range(iterations):
        prey = rng.permutation(population)
        for i in range(population):
            attack = memory[prey[i]] - x[i]
            radius = np.linalg.norm(attack)
            if radius == 0:
                continue
            cruise = rng.uniform(-1, 1, d)
            k = rng.choice(np.flatnonzero(attack))
            others = np.delete(np.arange(d), k)
            cruise[k] = -np.dot(attack[others], cruise[others]) / attack[k]
            r_1, r_2 = rng.random(2)
            step = r_1 * attack_propensity[t] * radius * attack / radius
            step += r_2 * cruise_propensity[t] * radius * cruise / np.linalg.norm(cruise)
            x[i] = np.clip(x[i] + step, lower, upper)
        fitness = problem.evaluate(x)
        better = fitness < memory_fitness
        memory[better], memory_fitness[better] = x[better], fitness[better]
    return float(memory_fitness.min())
