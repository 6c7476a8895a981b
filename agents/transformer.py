"""The transformer: keeps the board, sends its copies out, takes deposits, and asks EVs to answer each slot's deviation."""

import mesa
import numpy as np
from numpy.typing import NDArray

from agents.ev import EV
from coordination.valley_filling.adjustment import DONE_KW, asked, cut_kw
from coordination.valley_filling.problem import Coordinator, Schedule, ValleyFilling
from environment.board import LIMIT_TOLERANCE_KW, PheromoneBoard, count_reading
from environment.channel import BoardCopy, Channel, Deposit, Deviation, Dispatch, Exchange, Forecast, Refusal, Report


class Transformer(mesa.Agent):  # type: ignore[misc]
    """One transformer, its board and its EVs.

    Parameters
    ----------
    model
        The Mesa model.
    name
        As in the grid's tree.
    channel
        Carries every message.
    problem
        Its EVs, its limit and its forecast; the board begins with what the substation sends.
    actual_kw
        Actual base load [kW], shape ``(n_slots,)``; a slot's value is looked at only when the slot begins.
    coordinator
        Who decides.
    batch_size
        Deposits per version of the board's copy.
    planned
        The schedule to dispatch, where EVs do not choose for themselves.
    """

    def __init__(
        self,
        model: mesa.Model,
        name: str,
        channel: Channel,
        problem: ValleyFilling,
        actual_kw: NDArray[np.float64],
        coordinator: Coordinator,
        batch_size: int,
        planned: Schedule | None,
    ) -> None:
        super().__init__(model)
        self.name = name
        self.channel = channel
        self.problem = problem
        self.actual_kw = actual_kw
        self.coordinator = coordinator
        self.planned = planned
        self.schedule = Schedule(problem)
        self.board = PheromoneBoard(problem.base_kw, problem.limit_kw, batch_size)
        self.plugged_in: list[EV] = []
        self.evs = [EV(model, row, self) for row in range(problem.n_vehicles)]

    def hear(self, forecast: Forecast) -> None:
        """Begin the board with the forecast of the day ahead (Step 2)."""
        self.board = PheromoneBoard(forecast.load_kw, self.problem.limit_kw, self.board.batch_size)

    def welcome(self, ev: EV) -> None:
        """Take an EV in: it forages, or is given the schedule that was planned for it."""
        self.plugged_in.append(ev)
        if self.coordinator.decides == "vehicle":
            ev.forage()
            return
        assert self.planned is not None
        power = self.planned.of(ev.row)
        if self.coordinator.decides == "planner":
            self.channel.send(Dispatch(int(self.problem.first_slot[ev.row]), power))
        ev.schedule_kw[:] = power
        self.schedule.add_to(self.board.load_kw, np.array([ev.row]))

    def read_board(self) -> NDArray[np.float64]:
        """Return the copy that ants read [kW]; each version goes out once, to all EVs of its batch."""
        if count_reading(self.board.tally):
            self.channel.send(BoardCopy(self.board.copy_kw))
        return self.board.copy_kw

    def receive(self, deposit: Deposit) -> NDArray[np.float64] | None:
        """Take a deposit; if it does not fit, return the load as it stands [kW]."""
        self.channel.send(deposit)
        if self.board.deposit(deposit.first_slot, deposit.power_kw):
            return None
        return self.channel.send(Refusal(self.board.load_kw)).load_kw

    def begin_slot(self, now: int) -> None:
        """Learn the actual load of the slot that begins, and have plugged-in EVs make up for its deviation."""
        residual = self.board.reveal(now, self.actual_kw[now])
        if residual == 0:
            return
        stop = self.problem.stop_slot
        self.plugged_in = [ev for ev in self.plugged_in if stop[ev.row] > now]
        if self.plugged_in:
            self.channel.send(Deviation(residual))
        for ev in self.plugged_in:
            over = self.board.load_kw[now] - self.board.limit_kw
            if abs(residual) <= DONE_KW and over <= LIMIT_TOLERANCE_KW:
                break
            power_kw = self.problem.power_kw[ev.row]
            moved, exchange = ev.answer(now, asked(residual, over, power_kw, self.problem.whole), self.board.load_kw)
            if moved != 0 and self.board.exchange(exchange.first_slot, exchange.power_kw):
                residual -= moved
                ev.schedule_kw[:] += exchange.power_kw
                self._report_exchange(exchange, residual)
        self._cut(now, residual)
        self.board.publish()

    def _cut(self, now: int, residual: float) -> None:
        for ev in reversed(self.plugged_in):
            place = now - int(self.problem.first_slot[ev.row])
            cut = cut_kw(self.board.load_kw[now], self.board.limit_kw, ev.schedule_kw[place], self.problem.whole)
            if cut > 0:
                ev.schedule_kw[place] -= cut
                exchange = Exchange(now, np.array([-cut]))
                self.board.exchange(now, exchange.power_kw)
                residual -= cut
                self._report_exchange(exchange, residual)

    def _report_exchange(self, exchange: Exchange, residual: float) -> None:
        self.channel.send(exchange)
        self.channel.send(Deviation(residual))

    def report(self) -> Report:
        """Send the day's load and the energy that its EVs still lack up to the substation."""
        drawn_kwh = self.schedule.mean_kw() * self.problem.slot_h
        lacking_kwh = float(np.maximum(self.problem.need_kwh - drawn_kwh, 0.0).sum())
        return self.channel.send(Report(self.actual_kw + self.schedule.load_kw(), lacking_kwh))
