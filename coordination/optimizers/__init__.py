"""Swarm optimisers behind one call. A new one is one file here and one line in `OPTIMIZERS`."""

from typing import Any, Final

from coordination.optimizers.acso import ACSO
from coordination.optimizers.apso import APSO
from coordination.optimizers.base import Minimizer
from coordination.optimizers.cso import CSO
from coordination.optimizers.differential_evolution import DifferentialEvolution
from coordination.optimizers.ga import GA
from coordination.optimizers.geo import GEO
from coordination.optimizers.igeo import IGEO
from coordination.optimizers.minimize import OptimizeResult, Problem, minimize
from coordination.optimizers.pso import PSO
from coordination.optimizers.random_search import RandomSearch
from coordination.optimizers.woa import WOA

OPTIMIZERS: Final[dict[str, type[Minimizer[Any, Any]]]] = {
    "pso": PSO,
    "apso": APSO,
    "cso": CSO,
    "acso": ACSO,
    "geo": GEO,
    "igeo": IGEO,
    "woa": WOA,
    "ga": GA,
    "random": RandomSearch,
    "de": DifferentialEvolution,
}

__all__ = ["OPTIMIZERS", "OptimizeResult", "Problem", "minimize"]
