"""Swarm optimisers behind one call. A new one is one file here and one line in `OPTIMIZERS`."""

from typing import TYPE_CHECKING, Any, Final

from environment.registry import Registry

if TYPE_CHECKING:
    from coordination.optimizers.base import Minimizer
    from coordination.optimizers.functions import Function

OPTIMIZERS: "Final[Registry[type[Minimizer[Any, Any]]]]" = Registry(
    {
        "pso": "coordination.optimizers.pso:PSO",
        "apso": "coordination.optimizers.apso:APSO",
        "cso": "coordination.optimizers.cso:CSO",
        "acso": "coordination.optimizers.acso:ACSO",
        "geo": "coordination.optimizers.geo:GEO",
        "igeo": "coordination.optimizers.igeo:IGEO",
        "woa": "coordination.optimizers.woa:WOA",
        "ga": "coordination.optimizers.ga:GA",
        "random": "coordination.optimizers.random_search:RandomSearch",
        "de": "coordination.optimizers.differential_evolution:DifferentialEvolution",
    }
)

FUNCTIONS: "Final[Registry[Function]]" = Registry(
    {
        "F1": "coordination.optimizers.functions:SPHERE",
        "F2": "coordination.optimizers.functions:SCHWEFEL_2_22",
        "F3": "coordination.optimizers.functions:SCHWEFEL_1_2",
        "F4": "coordination.optimizers.functions:SCHWEFEL_2_21",
        "F5": "coordination.optimizers.functions:ROSENBROCK",
        "F6": "coordination.optimizers.functions:STEP",
        "F6-smooth": "coordination.optimizers.functions:SMOOTH_STEP",
    }
)
"""Test functions for optimisers, by name."""

__all__ = ["FUNCTIONS", "OPTIMIZERS"]
