"""The space of a model: the tree of its agents as a `Network` of Mesa, every agent in a cell, for Mesa's components that draw spaces."""

from collections.abc import Sequence
from random import Random

import networkx as nx
import numpy as np
from mesa.discrete_space import FixedAgent, Network

from agents.control_center import ControlCenter
from agents.transformer import Transformer


def space_of(control_center: ControlCenter, random: Random) -> Network:
    """Return the tree of agents as a space: a cell for every node of the grid, and one for every EV below it.

    All stays of an EV are in its one cell. Visitors of charging stations come and go, and have none.

    Parameters
    ----------
    control_center
        The top of the tree.
    random
        The model's, which draws where cells are drawn; nothing of a run does.
    """
    graph = nx.Graph()
    graph.add_node(0)
    cells: list[Sequence[FixedAgent]] = [(control_center,)]
    for cell, (agent, *_) in enumerate(cells):  # which grows meanwhile
        for below in _below(agent):
            graph.add_edge(cell, len(cells))
            cells.append(below)
    space = Network(graph, random=random, layout=radial)
    for cell, together in enumerate(cells):
        for agent in together:
            agent.cell = space[cell]
    return space


def _below(agent: FixedAgent) -> list[Sequence[FixedAgent]]:
    """Return the agents right below one, those together that share a cell."""
    if not isinstance(agent, Transformer):
        below = (getattr(agent, name, ()) for name in ("children", "aggregators", "evs"))
        return [(each,) for some in below for each in some]
    by_vehicle: dict[int, list[FixedAgent]] = {}
    for first_row, ev in zip(agent.fleet.first_row.tolist(), agent.evs, strict=True):
        by_vehicle.setdefault(first_row, []).append(ev)
    return list(by_vehicle.values())


def radial(graph: nx.Graph, **_options: object) -> dict[int, tuple[float, float]]:
    """Lay a tree out in circles around its first node, and return the place of every node.

    For ``make_space_component(..., layout_alg=radial)``; Mesa's own layout of so many nodes takes seconds.

    Parameters
    ----------
    graph
        A tree.
    """
    root = next(iter(graph))
    below = {node: list(each) for node, each in nx.bfs_successors(graph, root)}
    depth = nx.single_source_shortest_path_length(graph, root)
    order = list(nx.dfs_preorder_nodes(graph, root))
    leaves = [node for node in order if node not in below]
    turn = {node: 2 * np.pi * place / len(leaves) for place, node in enumerate(leaves)}
    for node in reversed(order):
        if node in below:
            turn[node] = float(np.mean([turn[child] for child in below[node]]))
    return {node: (depth[node] * np.cos(turn[node]), depth[node] * np.sin(turn[node])) for node in graph}
