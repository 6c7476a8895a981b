"""The transformer: keeps the board, sends its copies out, takes deposits, and asks EVs to answer each slot's deviation."""

import mesa
import numpy as np
from numpy.typing import NDArray

from agents.ev import EV
from coordination.valley_filling.adjustment import DONE_KW, asked, cut_kw
from coordination.valley_filling.colony import first_round
from coordination.valley_filling.problem import CoordinationSettings, Coordinator, Plan, Round, Schedule, ValleyFilling
from coordination.valley_filling.rounds import close_round
from environment.board import LIMIT_TOLERANCE_KW, PheromoneBoard, count_reading
from environment.channel import (
    BoardCopy,
    Channel,
    Cut,
    Deposit,
    Deviation,
    Dispatch,
    Forecast,
    Refusal,
    Report,
    RoundCopy,
)


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
    settings
        Batch size, rounds and information.
    adjusts, comes_back
        Whether EVs answer what a slot strays from its forecast, and whether they hold rounds at slot boundaries.
    """

    def __init__(
        self,
        model: mesa.Model,
        name: str,
        channel: Channel,
        problem: ValleyFilling,
        actual_kw: NDArray[np.float64],
        coordinator: Coordinator,
        settings: CoordinationSettings,
        adjusts: bool,
        comes_back: bool,
    ) -> None:
        super().__init__(model)
        self.name = name
        self.channel = channel
        self.problem = problem
        self.actual_kw = actual_kw
        self.coordinator = coordinator
        self.settings = settings
        self.adjusts = adjusts
        self.comes_back = comes_back
        self.planned: Schedule | None = None
        self.schedule = Schedule(problem)
        self.board = PheromoneBoard(problem.base_kw, problem.limit_kw, settings.batch_size)
        self.rounds: list[tuple[int, Round]] = []
        self.plugged_in: list[EV] = []
        self.evs = [EV(model, row, self) for row in range(problem.n_vehicles)]

    def hear(self, forecast: Forecast) -> None:
        """Begin the board with the forecast of the day ahead (Step 2)."""
        self.board = PheromoneBoard(forecast.load_kw, self.problem.limit_kw, self.settings.batch_size)

    def follow(self, plan: Plan) -> None:
        """Have EVs follow a plan made for them, where they do not choose for themselves."""
        self.planned = plan.schedule
        self.rounds = [(0, held) for held in plan.rounds]

    def plan_ahead(self) -> None:
        """Let all EVs choose before the day begins, and come back round after round."""
        evs = [self.evs[row] for row in self.problem.order.tolist()]
        for ev in evs:
            ev.forage()
        self.rounds.append((0, first_round(self.problem, self.board, self.schedule)))
        self._hold_rounds(evs, 0, 0)

    def welcome(self, ev: EV) -> None:
        """Take an EV in: it forages, unless it has its schedule already, or is given the one that was planned for it."""
        self.plugged_in.append(ev)
        if self.planned is None:
            if self.settings.information == "online":
                ev.forage()
            return
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
        """Begin a slot: EVs make up for what its load strays from the forecast, and come back for later rounds."""
        residual = self.board.reveal(now, self.actual_kw[now]) if self.adjusts else 0.0
        if residual == 0 and not self.comes_back:
            return
        stop = self.problem.stop_slot
        self.plugged_in = [ev for ev in self.plugged_in if stop[ev.row] > now]
        if residual != 0:
            self._make_up(now, residual)
        if self.comes_back:
            self._hold_rounds([ev for ev in self.plugged_in if stop[ev.row] > now + 1], now + 1, now)

    def _hold_rounds(self, evs: list[EV], from_slot: int, now: int) -> None:
        board = self.board
        batches = -(-len(evs) // self.settings.batch_size)
        for number in range(2, self.settings.rounds + 1 if evs else 0):
            moves = refused = entries = 0
            settled = True
            for batch in range(batches):
                board.publish()
                copy = self.channel.send(RoundCopy(board.copy_kw, board.copy_kw - board.base_kw))
                members = evs[batch::batches]
                for ticket, ev in enumerate(members):
                    exchange, content = ev.come_back(copy, len(members), len(evs), ticket, number, from_slot)
                    settled = settled and content
                    if exchange is None:
                        continue
                    entries += int(np.count_nonzero(self.channel.send(exchange).power_kw))
                    if board.exchange(exchange.first_slot, exchange.power_kw):
                        ev.take_on(exchange)
                        moves += 1
                    else:
                        self.channel.send(Refusal(board.load_kw))
                        refused += 1
            board.publish()
            held = close_round(
                self.problem, board, self.schedule, number, moves, refused, entries, batches, settled=settled
            )
            self.rounds.append((now, held))
            if settled:
                break

    def _make_up(self, now: int, residual: float) -> None:
        board, whole = self.board, self.problem.whole
        told = self._tell(residual)
        for ev in self.plugged_in:
            over = board.load_kw[now] - board.limit_kw
            if abs(residual) <= DONE_KW and over <= LIMIT_TOLERANCE_KW:
                break
            power_kw = self.problem.power_kw[ev.row]
            moved, exchange = ev.answer(now, asked(residual, over, power_kw, whole), told.load_kw)
            if moved != 0 and board.exchange(exchange.first_slot, self.channel.send(exchange).power_kw):
                residual -= moved
                ev.take_on(exchange)
                told = self._tell(residual)
        for ev in reversed(self.plugged_in):
            held = ev.schedule_kw[now - int(self.problem.first_slot[ev.row])]
            cut = cut_kw(board.load_kw[now], board.limit_kw, held, whole)
            if cut > 0:
                order = self.channel.send(Cut(now, np.array([-cut])))
                board.exchange(now, order.power_kw)
                ev.take_on(order)
        board.publish()

    def _tell(self, residual: float) -> Deviation:
        deviation = Deviation(residual, self.board.load_kw)
        return self.channel.send(deviation) if self.plugged_in else deviation

    def report(self) -> Report:
        """Send the day's load and the energy that its EVs still lack up to the substation."""
        drawn_kwh = self.schedule.power_sum_kw() * self.problem.slot_h
        lacking_kwh = float(np.maximum(self.problem.need_kwh - drawn_kwh, 0.0).sum())
        return self.channel.send(Report(self.actual_kw + self.schedule.load_kw(), lacking_kwh))
