"""The space of a model: its grid's tree as a `Network` of Mesa, every agent in a cell, for Mesa's components that draw spaces."""

from collections.abc import Mapping, Sequence
from random import Random

import networkx as nx
import numpy as np
from mesa.discrete_space import FixedAgent, Network

from agents.transformer import Transformer
from environment.grid import Grid
from environment.grid.tree import NONE


def space_of(
    grid: Grid, nodes: Mapping[int, FixedAgent], transformers: Sequence[Transformer], random: Random
) -> Network:
    """Return the tree as a space: a cell for every node of the grid, by its row there, and below transformers one for every EV.

    All stays of an EV are in its one cell.

    Parameters
    ----------
    grid
        The nodes.
    nodes
        The agent at each node, by its row.
    transformers
        Those among them that EVs hang below.
    random
        The model's, which draws where cells are drawn; nothing of a run does.
    """
    graph = nx.Graph()
    graph.add_nodes_from(range(len(grid)))
    graph.add_edges_from((parent, row) for row, parent in enumerate(grid.parent.tolist()) if parent != NONE)
    cell_of: dict[FixedAgent, int] = {agent: row for row, agent in nodes.items()}
    for row, transformer in zip(grid.transformer_rows.tolist(), transformers, strict=True):
        _, vehicle = np.unique(transformer.fleet.first_row, return_inverse=True)
        cells = len(graph) + vehicle
        graph.add_edges_from((row, cell) for cell in range(len(graph), int(cells.max(initial=len(graph) - 1)) + 1))
        cell_of |= zip(transformer.evs, cells.tolist(), strict=True)
    space = Network(graph, random=random, layout=radial)
    for agent, cell in cell_of.items():
        agent.cell = space[cell]
    return space


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
