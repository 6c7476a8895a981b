"""EVs at home as agents of a model: transformers with their EVs, and the substations above them."""

import numpy as np

from agents.site import Fed
from agents.transformer import Transformer
from coordination.valley_filling.problem import Schedule
from environment.pheromone_board import REFUSALS, BoardRecord
from runs.crew import Above, Stage
from runs.homes.departures import Departures
from runs.homes.outcome import HomesOutcome, Strays
from runs.homes.part import Homes, count_planning


class HomesCrew:
    """The agents below and above the transformers, made in a model.

    Parameters
    ----------
    model
        Takes the agents, and the events of their plug-ins.
    homes
        What the scenario describes.

    Attributes
    ----------
    transformers
        In the grid's order.
    nodes
        The agent at each node of the grid below the control centre, by its row there.
    boards
        Boards at each slot boundary.
    """

    def __init__(self, model: Stage, homes: Homes) -> None:
        self.model = model
        self.homes = homes
        self.boards = BoardRecord.empty(len(homes.loads), homes.horizon)
        self.transformers = self._make_transformers()
        self.nodes = self._make_nodes()
        self._departures = Departures(homes.fleet, homes.rows, homes.horizon.slot_h)

    def _make_transformers(self) -> list[Transformer]:
        model, homes = self.model, self.homes
        return [
            model.classes.transformer(
                model,
                name,
                homes.fleet.take(homes.rows[k]),
                model.channel,
                homes.channel_faults(k),
                homes.problems[k],
                homes.loads[k].actual_kw,
                homes.scenario.coordination,
                model.classes.ev,
            )
            for k, name in enumerate(homes.grid.transformers)
        ]

    def _make_nodes(self) -> dict[int, Fed]:
        """Make the substations, from the lowest up, and return them and the transformers by their rows."""
        model, grid = self.model, self.homes.grid
        made: dict[int, Fed] = dict(zip(grid.transformer_rows.tolist(), self.transformers, strict=True))
        for row in reversed(grid.upper_rows[1:].tolist()):
            children = [made[child] for child in grid.children[row]]
            own_kw = self.homes.upper_kw[int(np.flatnonzero(grid.upper_rows == row)[0])]
            made[row] = model.classes.substation(model, grid.node[row], model.channel, children, own_kw)
        return made

    @property
    def children(self) -> list[Fed]:
        """What the control centre has right below it."""
        return [self.nodes[child] for child in self.homes.grid.children[0]]

    @property
    def above(self) -> Above:
        """Name and load of the control centre in the grid."""
        return {"name": self.homes.grid.node[0], "own_kw": self.homes.upper_kw[0]}

    def schedule_events(self) -> None:
        """Enter plug-ins, and restarts of boards."""
        for transformer in self.transformers:
            plug_in_h = np.maximum(transformer.problem.plug_in_h, 0.0).tolist()
            for row in transformer.problem.order.tolist():
                self.model.schedule_event(transformer.evs[row].plug_in, at=plug_in_h[row])
            if transformer.channel_faults is not None:
                for restart in self.homes.scenario.channel.restarts:
                    if restart.transformer in (None, transformer.name):
                        self.model.schedule_event(transformer.restart, at=restart.at_h)

    def begin_day(self) -> None:
        """Plan what is planned a day ahead."""
        coordinator = self.homes.coordinator
        for k, transformer in enumerate(self.transformers):
            if self.homes.plans_ahead:
                transformer.plan_ahead()
            elif coordinator.decides == "vehicle":
                transformer.open_board()
            else:
                plan = self.homes.plan(coordinator, k)
                count_planning(self.model.channel, coordinator, plan, transformer.problem.order.size)
                transformer.follow(plan)

    def begin_slot(self, slot: int) -> None:
        """Let transformers learn the actual load of a slot."""
        for k, transformer in enumerate(self.transformers):
            transformer.begin_slot(slot)
            self.boards.enter(k, slot, transformer.board.load_kw)

    def end_day(self) -> None:
        """Record the boards at the horizon's end."""
        for k, transformer in enumerate(self.transformers):
            self.boards.enter(k, self.homes.horizon.n_slots, transformer.board.load_kw)

    def base_kw(self, slot: int) -> float:
        """Return the base load of all transformers in a slot [kW]."""
        return float(sum(transformer.actual_kw[slot] for transformer in self.transformers))

    def ev_kw(self, slot: int) -> float:
        """Return the EV load of all transformers in a slot [kW]."""
        return float(sum(transformer.board.promised_in_kw(slot) for transformer in self.transformers))

    def unserved_kwh(self, now_h: float) -> float:
        """Return what EVs that have left until now lack [kWh in their batteries]."""
        return self._departures.until(now_h, self.schedules())

    def schedules(self) -> tuple[Schedule, ...]:
        """Return what the EVs of each transformer hold."""
        return tuple(transformer.schedule for transformer in self.transformers)

    def outcome(self, wall_s: float) -> HomesOutcome:
        """Return what the run came to; `wall_s` is the time that it took."""
        return HomesOutcome(
            schedules=self.schedules(),
            rounds=tuple(transformer.rounds for transformer in self.transformers),
            boards=self.boards,
            channel=self.model.channel,
            refusals=sum(int(transformer.board.tally[REFUSALS]) for transformer in self.transformers),
            wall_s=wall_s,
            strays=tuple(
                Strays(
                    fallback_kw=transformer.unguided_kw(),
                    cut_off=np.array([ev.was_cut_off for ev in transformer.evs], dtype=np.bool_),
                    died=np.array([not ev.alive for ev in transformer.evs], dtype=np.bool_),
                )
                for transformer in self.transformers
            ),
            distances=(),
        )
