"""The transformer: keeps the board, sends its copies out, takes deposits, and asks EVs to answer each slot's deviation."""

from dataclasses import dataclass
from typing import ClassVar

import mesa
import numpy as np
from mesa.discrete_space import FixedAgent
from numpy.typing import NDArray

from agents.ev import EV
from agents.subsidiary_swarm import SubsidiarySwarm
from coordination.valley_filling import COORDINATORS
from coordination.valley_filling.adjustment import DONE_KW, DUST_KW, asked, cut_kw
from coordination.valley_filling.coordinator import CoordinationSettings, Plan, Round
from coordination.valley_filling.problem import Schedule, ValleyFilling, cost_kw2
from environment.channel import Channel
from environment.channel_faults import ChannelFaults
from environment.fleets.fleet import Fleet
from environment.messages import (
    Acceptance,
    BoardCopy,
    Cut,
    Deposit,
    Deviation,
    Dispatch,
    Exchange,
    Forecast,
    Hop,
    Recall,
    Refusal,
    Report,
    RoundCopy,
)
from environment.pheromone_board import LIMIT_TOLERANCE_KW, PheromoneBoard


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """What a board starts again from."""

    load_kw: NDArray[np.float64]
    ledger_kw: NDArray[np.float64]
    accepted: dict[int, int]


class Transformer(FixedAgent):  # type: ignore[misc]
    """One transformer, its board and its EVs.

    Parameters
    ----------
    model
        The Mesa model.
    name
        As in the grid's tree.
    fleet
        Stays of its EVs, in the order of the problem's rows.
    channel, channel_faults
        What carries every message, and what can happen to those between it and its EVs; None: nothing.
    problem
        Its EVs, its limit and its forecast; the board begins with what the substation sends.
    actual_kw
        Actual base load [kW], shape ``(n_slots,)``; a slot's value is looked at only when the slot begins.
    settings
        Method, batch size, rounds and information.
    ev
        Class of its EVs.

    Attributes
    ----------
    coordinator
        Entry of the registry that says who decides.
    adjusts, comes_back
        Whether EVs answer what a slot strays from its forecast, and whether they hold rounds at slot boundaries.
    slot
        The present slot.
    schedule
        What its EVs draw, or mean to.
    ledger
        What they promised, as it knows; the schedule itself where no message can get lost.
    """

    HOP: ClassVar = Hop.LOWER
    SERVES: ClassVar = False
    reports: ClassVar = True
    ways: ClassVar = ()

    def __init__(
        self,
        model: mesa.Model,
        name: str,
        fleet: Fleet,
        channel: Channel,
        channel_faults: ChannelFaults | None,
        problem: ValleyFilling,
        actual_kw: NDArray[np.float64],
        settings: CoordinationSettings,
        ev: type[EV] = EV,
    ) -> None:
        super().__init__(model)
        self.name = name
        self.fleet = fleet
        self.channel = channel
        self.channel_faults = channel_faults
        self.problem = problem
        self.actual_kw = actual_kw
        self.settings = settings
        self.coordinator = COORDINATORS[settings.method]
        self.adjusts = self.coordinator.adjusts(settings)
        self.comes_back = self.coordinator.holds_online_rounds(settings)
        self.planned: Schedule | None = None
        self.schedule = Schedule(problem)
        self.ledger = self.schedule if channel_faults is None else Schedule(problem)
        self.board = self._new_board(problem.base_kw)
        self.rounds: list[tuple[int, Round]] = []
        self.plugged_in: list[EV] = []
        self.evs = [ev(model, row, self) for row in range(problem.n_vehicles)]
        self.swarms = [
            SubsidiarySwarm(f"line:{name}/{number + 1}" if problem.lines else f"EVs of {name}", size)
            for number, size in enumerate(problem.members.tolist())
        ]
        self._unguided = self.schedule if channel_faults is None else Schedule(problem)
        self._accepted: dict[int, int] = {}
        self._taken: list[Exchange] = []
        self._strays: list[EV] = []
        self.slot = 0
        self._beginning_slot = False
        self._snapshot: Snapshot | None = None

    def name_of(self, row: int) -> str:
        """Return the address of the EV in a row: its node in the tree, and from its second stay on the stay's number."""
        return f"ev:{self.fleet.name[row]}"

    def stays_to_come(self, row: int) -> list[EV]:
        """Return the other stays of a row's EV that are not over."""
        here = (self.fleet.first_row == self.fleet.first_row[row]) & (self.fleet.plug_out_h > self.model.time)
        return [self.evs[other] for other in np.flatnonzero(here).tolist() if other != row]

    @property
    def transformers(self) -> list["Transformer"]:
        """The transformer itself, where all those below a node are asked for."""
        return [self]

    @property
    def load_kw(self) -> float:
        """Load in the present slot [kW]: the base load as it came, and what EVs draw as the board has it."""
        return float(self.actual_kw[self.slot]) + self.board.promised_in_kw(self.slot)

    @property
    def headroom_kw(self) -> float:
        """What is left under the limit in the present slot [kW]; negative above it."""
        return float(self.problem.limit_kw[self.slot]) - self.load_kw

    def pass_down(self, _transformer: "Transformer", forecast: Forecast) -> None:
        """Take the forecast of the day ahead, which has come down to the transformer."""
        self.hear(forecast)

    def hear(self, forecast: Forecast) -> None:
        """Begin the board with the forecast of the day ahead (Step 2)."""
        self.board = self._new_board(forecast.load_kw)

    def follow(self, plan: Plan) -> None:
        """Have EVs follow a plan made for them, where they do not choose for themselves."""
        self.planned = plan.schedule
        self.rounds = [(0, held) for held in plan.rounds]

    def open_board(self) -> None:
        """Send the first copies of the board out."""
        self._send_copies()

    def plan_ahead(self) -> None:
        """Let all EVs choose before the day begins, and come back round after round."""
        evs = [self.evs[row] for row in self.problem.order.tolist()]
        before = self.channel.totals()
        self.open_board()
        for ev in evs:
            ev.forage(paced=True)
        cost = cost_kw2(self.problem, self.schedule, self.board.base_kw)
        self.rounds.append((0, Round(1, len(evs), cost, self.channel.sent_since(before))))
        self._hold_rounds(evs, 0, 0)

    def welcome(self, ev: EV) -> None:
        """Take an EV in: it forages, unless it has its schedule already, or is given the one that was planned for it."""
        self.plugged_in.append(ev)
        if self.planned is None:
            if self.settings.information == "day_ahead":
                self._admit(ev)
            if self.settings.information == "online" or ev.cut_off:
                ev.forage()
            return
        power = self.planned.of(ev.row)
        if self.coordinator.decides == "planner":
            self.channel.send(Dispatch(ev.first_slot, power), self, ev)
        ev.schedule_kw[:] = power
        self.schedule.add_to(self.board.load_kw, np.array([ev.row]))

    def receive(self, deposit: Deposit) -> None:
        """Take a deposit or an exchange and answer it: accepted, or refused with the load as it stands.

        What was accepted before is confirmed again; what a later message has overtaken is passed over.
        """
        ev = self.evs[deposit.row]
        last = self._accepted.get(deposit.row, 0)
        if deposit.number < last:
            return
        version = self.board.version
        if deposit.number == last or self._enter(deposit):
            self.channel.carry(
                self.channel_faults, Acceptance(deposit.number, version), self, ev, ev.hear, paced=ev.paced
            )
        else:
            refusal = Refusal(self.board.load_kw.copy(), deposit.number)
            self.channel.carry(self.channel_faults, refusal, self, ev, ev.hear, paced=ev.paced)
        if self.board.due:
            self._publish()

    def send_copy(self, ev: EV) -> None:
        """Answer an EV that asks for a copy of the board; its line hears it too."""
        copy, swarm = BoardCopy(self.board.copies_kw[0].copy(), self.board.version), ev.swarm
        self.channel.carry(
            self.channel_faults, copy, self, swarm, ev.hear_copy, receivers=swarm.members, paced=ev.paced
        )

    def begin_slot(self, now: int) -> None:
        """Begin a slot: EVs make up for what its load strays from the forecast, and come back for later rounds."""
        self.slot = now
        residual = self.board.reveal(now, self.actual_kw[now]) if self.adjusts else 0.0
        if residual == 0 and not self.comes_back and self.channel_faults is None:
            return
        stop = self.problem.stop_slot
        self.plugged_in = [ev for ev in self.plugged_in if stop[ev.row] > now]
        self._beginning_slot = True
        strays = self.channel_faults is not None and self._meter(now)
        if residual != 0 or strays:
            self._make_up(now, residual)
        if self.channel_faults is not None:
            self._stand_by(now)
        if self.comes_back:
            self._hold_rounds([ev for ev in self.plugged_in if stop[ev.row] > now + 1], now + 1, now)
        self._beginning_slot = False
        self._recall_strays()
        if self.channel_faults is not None and self.channel_faults.settings.restarts:
            self._snapshot = Snapshot(self.board.load_kw.copy(), self.ledger.power_kw.copy(), dict(self._accepted))

    def restart(self) -> None:
        """Start the board again from its last snapshot, and ask EVs to deposit once more what they hold.

        The present slot is measured, and takes no more promises: some that were forgotten may be on their way to be drawn.
        """
        if self._snapshot is None:
            return
        board, now = self.board, self.slot
        board.load_kw[:] = self._snapshot.load_kw
        self.ledger.power_kw[:] = self._snapshot.ledger_kw
        self._accepted = dict(self._snapshot.accepted)
        self._meter(now)
        self._strays.clear()  # all are asked
        board.load_kw[now] = max(board.load_kw[now], board.limit_kw[now])
        ahead = self.settings.information == "day_ahead"
        evs = [self.evs[row] for row in self.problem.order.tolist()] if ahead else self.plugged_in
        evs = [ev for ev in evs if self.problem.stop_slot[ev.row] > now]
        self.channel.spread(self.channel_faults, Recall(), self, [ev.hear_recall for ev in evs], f"EVs of {self.name}")
        self._publish()

    def report(self) -> Report:
        """Return the day's load and the energy that its EVs still lack."""
        drawn_kwh = self.schedule.power_sum_kw() * self.problem.slot_h
        lacking_kwh = float(np.maximum(self.problem.need_kwh - drawn_kwh, 0.0).sum())
        return Report(self.actual_kw + self.schedule.load_kw(), lacking_kwh)

    def unguided_kw(self) -> NDArray[np.float64]:
        """Return what each EV drew by the safe rule, summed over slots [kW], shape ``(n_vehicles,)``."""
        if self.channel_faults is None:
            return np.zeros(self.problem.n_vehicles)
        drawn = Schedule(self.problem)
        drawn.power_kw[:] = np.minimum(self._unguided.power_kw, self.schedule.power_kw)  # an EV may have died in a slot
        return drawn.power_sum_kw()

    def _new_board(self, base_kw: NDArray[np.float64]) -> PheromoneBoard:
        return PheromoneBoard(base_kw, self.problem.limit_kw, self.settings.batch_size, self.problem.lines)

    def _publish(self) -> None:
        self.board.publish()
        self._send_copies()

    def _send_copies(self) -> None:
        for swarm in self.swarms:
            copy = BoardCopy(self.board.load_kw.copy(), self.board.version)
            self.channel.carry(self.channel_faults, copy, self, swarm, swarm.hear_copy, receivers=swarm.members)

    def _enter(self, deposit: Deposit) -> bool:
        """Enter a deposit or an exchange on the board and in the ledger, if it fits."""
        is_exchange = isinstance(deposit, Exchange)
        change = deposit.power_kw if self.channel_faults is None else self._change_of(deposit)
        enter = self.board.exchange if is_exchange else self.board.deposit
        if not enter(deposit.first_slot, change):
            return False
        if isinstance(deposit, Exchange):
            self._taken.append(deposit)
        if self.channel_faults is not None:
            self._promised(deposit)[:] += change
            self._accepted[deposit.row] = deposit.number
        return True

    def _change_of(self, deposit: Deposit) -> NDArray[np.float64]:
        """Return what a message changes of the EV's promise [kW].

        What is past is past; and in the midst of a slot nothing is taken off it, as the EV may not know and draw on.
        """
        change = deposit.power_kw.copy()
        if not isinstance(deposit, Exchange):
            change -= self._promised(deposit)
        np.maximum(change, -self._promised(deposit), out=change)  # a promise may have been struck off since
        begun = self.slot - deposit.first_slot
        change[: max(begun, 0)] = 0.0
        if 0 <= begun < change.size and not self._beginning_slot:
            change[begun] = max(change[begun], 0.0)
        return change

    def _promised(self, deposit: Deposit) -> NDArray[np.float64]:
        begin = deposit.first_slot - int(self.problem.first_slot[deposit.row])
        return self.ledger.of(deposit.row)[begin : begin + deposit.power_kw.size]

    def _hold_rounds(self, evs: list[EV], from_slot: int, now: int) -> None:
        board = self.board
        evs = [ev for ev in evs if ev.ready]
        batches = -(-len(evs) // self.settings.batch_size)
        for number in range(2, self.settings.rounds + 1 if evs else 0):
            before = self.channel.totals()
            self._taken.clear()
            settled = True
            for batch in range(batches):
                copy = RoundCopy(board.load_kw.copy(), board.load_kw - board.base_kw)
                members = evs[batch::batches]
                heard = self.channel.cast(self.channel_faults, copy, self, len(members), f"batch {batch + 1}")
                for ticket, (ev, hears) in enumerate(zip(members, heard, strict=True)):
                    takes_part = hears and ev.ready
                    settled &= takes_part and ev.come_back(copy, len(members), len(evs), ticket, number, from_slot)
            cost = cost_kw2(self.problem, self.schedule, board.base_kw)
            sent = self.channel.sent_since(before)
            self.rounds.append((now, Round(number, len(self._taken), cost, sent, settled)))
            if settled:
                break
        if evs and self.settings.rounds > 1:
            self._publish()

    def _make_up(self, now: int, residual: float) -> None:
        board, whole = self.board, self.problem.whole
        told, heard = self._tell(residual)
        for place, ev in enumerate(self.plugged_in):
            over = board.load_kw[now] - board.limit_kw[now]
            if abs(residual) <= DONE_KW and over <= LIMIT_TOLERANCE_KW:
                break
            if not (heard[place] and ev.ready):
                continue
            self._taken.clear()
            ev.make_up(now, asked(residual, over, self.problem.power_kw[ev.row], whole), told.load_kw)
            if self._taken:
                residual += float(self._taken[0].power_kw[now - self._taken[0].first_slot])
                told, heard = self._tell(residual)
        if self.channel_faults is not None:
            self._meter(now)
        self._cut(now)
        self._publish()

    def _tell(self, residual: float) -> tuple[Deviation, NDArray[np.bool_]]:
        deviation = Deviation(self.board.load_kw, residual)
        if not self.plugged_in:
            return deviation, np.ones(0, dtype=np.bool_)
        n = len(self.plugged_in)
        return deviation, self.channel.cast(self.channel_faults, deviation, self, n, f"plugged-in EVs of {self.name}")

    def _cut(self, now: int) -> None:
        """Cut charging where the slot is above the limit and nobody can move, last plugged in first."""
        for ev in reversed(self.plugged_in):
            self._cut_one(ev, now)

    def _cut_one(self, ev: EV, now: int) -> None:
        """Cut an EV's charging as far as the slot is above the limit: at the plug, so that it needs no message to work."""
        board, k = self.board, now - ev.first_slot
        cut = cut_kw(board.load_kw[now], board.limit_kw[now], ev.schedule_kw[k], self.problem.whole)
        if cut > 0:
            order = Cut(now, np.array([-cut]))
            self.channel.cast(self.channel_faults, order, self, 1, ev.name if self.channel.log is not None else "")
            board.exchange(now, order.power_kw)
            ev.lose(order)
            if self.channel_faults is not None:
                self.ledger.of(ev.row)[k] = ev.schedule_kw[k]

    def _meter(self, now: int) -> bool:
        """Hold what plugged-in EVs draw in the present slot against their promises; return whether any differ.

        The board's present slot becomes what is drawn. Who draws less than promised loses the rest of the promise; who
        draws more is a stray.
        """
        rows = np.array([ev.row for ev in self.plugged_in], dtype=np.int64)
        places = self.schedule.start[rows] + now - self.problem.first_slot[rows]
        rows, places = rows[places >= self.schedule.start[rows]], places[places >= self.schedule.start[rows]]
        stray = self.schedule.power_kw[places] - self.ledger.power_kw[places]
        for row, place, difference in zip(rows.tolist(), places.tolist(), stray.tolist(), strict=True):
            if abs(difference) <= DUST_KW:
                continue
            self.board.load_kw[now] += difference
            self.ledger.power_kw[place] += difference
            ev = self.evs[row]
            if difference < 0:
                rest = self.ledger.power_kw[place + 1 : self.ledger.start[row + 1]]
                self.board.load_kw[now + 1 : now + 1 + rest.size] -= rest
                rest[:] = 0.0
                self._accepted.pop(row, None)
            else:
                self._strays.append(ev)
        return bool((np.abs(stray) > DUST_KW).any())

    def _recall_strays(self) -> None:
        """Ask who draws what the board does not know of to deposit again: once the slot is measured and cut."""
        for ev in dict.fromkeys(self._strays):
            self.channel.carry(self.channel_faults, Recall(), self, ev, ev.hear_recall)
        self._strays.clear()

    def _admit(self, ev: EV) -> None:
        """Hold what an EV that plugs in is about to draw in the present slot against the limit; cut what finds no room.

        It chose for this slot before the slot's load was known; and where messages get lost, its promise may be missing.
        """
        now = self.slot
        k = now - ev.first_slot
        if not 0 <= k < ev.schedule_kw.size:
            return
        excess = max(float(ev.schedule_kw[k] - self.ledger.of(ev.row)[k]), 0.0)
        if excess > 0:
            self.board.load_kw[now] += excess
            self.ledger.of(ev.row)[k] += excess
        if excess > 0 or self.adjusts:
            self._cut_one(ev, now)

    def _stand_by(self, now: int) -> None:
        """Let EVs that could not reach their board try again; those that still cannot go by the safe rule in this slot.

        So do EVs that have been waiting for an answer since before the slot.
        """
        board, before = self.board, self.board.load_kw[now]
        begun_h = now * self.problem.slot_h
        for ev in self.plugged_in:
            if ev.cut_off:
                ev.forage(now, paced=True)
            waits = ev.pending is not None and ev.asked_h < begun_h
            if ev.alive and (ev.cut_off or waits):
                ev.was_cut_off = True
                drawn = ev.charge_unguided(now, board.limit_kw[now] - board.load_kw[now])
                board.load_kw[now] += drawn
                k = now - ev.first_slot
                self.ledger.of(ev.row)[k] += drawn
                self._unguided.of(ev.row)[k] += drawn
        if board.load_kw[now] != before:
            self._publish()
