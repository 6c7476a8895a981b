"""A-PSO of paper C: a particle swarm of constant inertia 0.5 and acceleration coefficients of 1.3 [verbatim].

What makes it "adaptive" (Wang, 2022) is not in the paper, which gives only these constants.
"""

from coordination.optimizers import pso
from coordination.optimizers.pso import PSO


class Params(pso.Params):
    """Settings of paper C's A-PSO."""

    inertia_start: float = 0.5
    inertia_end: float = 0.5
    cognitive: float = 1.3
    social: float = 1.3


class APSO(PSO):
    """Particle swarm optimisation as paper C sets A-PSO."""

    title = "A-PSO"
    params_class = Params
