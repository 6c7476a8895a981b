"""The EV: an ant that reads its transformer's board, chooses slots for itself, and deposits."""

from typing import Protocol

import mesa
import numpy as np
from numpy.typing import NDArray

from coordination.valley_filling import adjustment, ants, rounds
from coordination.valley_filling.problem import Schedule, ValleyFilling
from environment.channel import Deposit, Exchange, RoundCopy


class BoardKeeper(Protocol):
    """All that an EV sees of its transformer: its own rows of the columns, the board, and the slot for deposits."""

    problem: ValleyFilling
    schedule: Schedule

    def welcome(self, ev: "EV") -> None:
        """Take an EV in."""

    def read_board(self) -> NDArray[np.float64]:
        """Return the copy that ants read [kW], shape ``(n_slots,)``."""

    def receive(self, deposit: Deposit) -> NDArray[np.float64] | None:
        """Take a deposit; if it does not fit, return the load as it stands [kW]."""


class EV(mesa.Agent):  # type: ignore[misc]
    """One EV. It holds its row and its transformer; every number lives in a column.

    Parameters
    ----------
    model
        The Mesa model.
    row
        Row among its transformer's EVs.
    transformer
        What feeds it.
    """

    def __init__(self, model: mesa.Model, row: int, transformer: BoardKeeper) -> None:
        super().__init__(model)
        self.row = row
        self.transformer = transformer

    @property
    def schedule_kw(self) -> NDArray[np.float64]:
        """Its power in its usable slots [kW]; a view into the schedule."""
        return self.transformer.schedule.of(self.row)

    def plug_in(self) -> None:
        """Arrive: act as the coordinator has it."""
        self.transformer.welcome(self)

    def forage(self) -> None:
        """Read the board, choose the slots of strongest pheromone, deposit; choose again if the deposit is refused."""
        transformer = self.transformer
        problem = transformer.problem
        load_kw: NDArray[np.float64] | None = transformer.read_board()
        while load_kw is not None:
            chosen = ants.choose(problem, self.row, load_kw)
            load_kw = transformer.receive(Deposit(int(problem.first_slot[self.row]), chosen))
        self.schedule_kw[:] = chosen

    def come_back(
        self, copy: RoundCopy, members: int, evs: int, ticket: int, number: int, from_slot: int
    ) -> tuple[Exchange | None, bool]:
        """Read the board again and move what is better placed elsewhere; say also whether it is content as it is.

        Parameters
        ----------
        copy
            The board as its batch reads it.
        members, evs
            EVs in its batch, and in the round.
        ticket, number
            Its place in the batch, and the number of the round.
        from_slot
            First slot that may still change.
        """
        problem, held = self.transformer.problem, self.schedule_kw
        first, change, content = rounds.consider(
            problem,
            self.row,
            copy.load_kw,
            copy.promised_kw,
            members / evs,
            members == 1,
            ticket,
            number,
            from_slot,
            held,
        )
        return (Exchange(first, change) if change.size else None), content

    def take_on(self, exchange: Deposit) -> None:
        """Change its schedule as the transformer has accepted."""
        skipped = exchange.first_slot - int(self.transformer.problem.first_slot[self.row])
        self.schedule_kw[skipped : skipped + exchange.power_kw.size] += exchange.power_kw

    def answer(self, now: int, asked_kw: float, load_kw: NDArray[np.float64]) -> tuple[float, Exchange]:
        """Answer the present slot's deviation: shift to later, or from later to now.

        Parameters
        ----------
        now
            The present slot.
        asked_kw
            Power asked out of it (negative: into it).
        load_kw
            The board as it stands [kW], shape ``(n_slots,)``.

        Returns
        -------
        moved_kw, exchange
            What leaves the present slot, and the change of its promises.
        """
        problem, row = self.transformer.problem, self.row
        held = self.schedule_kw
        change = np.empty_like(held)
        moved = adjustment.move(
            now,
            asked_kw,
            load_kw,
            problem.limit_kw,
            problem.slot_h,
            problem.plug_in_h[row],
            problem.plug_out_h[row],
            problem.first_slot[row],
            problem.power_kw[row],
            problem.need_kwh[row],
            problem.whole,
            held,
            change,
            np.empty_like(held),
        )
        return moved, Exchange(int(problem.first_slot[row]), change)
