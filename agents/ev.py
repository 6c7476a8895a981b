"""The EV: an ant that reads its line's copy of the board, chooses slots for itself, and deposits.

What it sends is answered; what is not answered in time is sent again, with its old number, a bounded number of times. Then
the EV goes by a safe rule until it is heard again (`coordination/valley_filling/fallback.py`).
"""

from typing import Final, Protocol

import mesa
import numpy as np
from mesa.discrete_space import FixedAgent
from numpy.typing import NDArray

from agents.subsidiary_swarm import SubsidiarySwarm
from coordination.valley_filling import adjustment, ants, rounds
from coordination.valley_filling.fallback import FALLBACKS
from coordination.valley_filling.problem import Schedule, ValleyFilling
from coordination.valley_filling.stays import ENERGY_TOLERANCE_KWH, Stay, usable_kw
from environment.channel import Channel
from environment.channel_faults import ChannelFaults
from environment.messages import (
    Acceptance,
    BoardCopy,
    Cut,
    Deposit,
    Entries,
    Exchange,
    Recall,
    Refusal,
    Request,
    RoundCopy,
    Share,
)
from environment.stays import TOLERANCE_H

LACKING_KWH: Final = 1e-6
"""Lacking more than this is not rounding [kWh]."""

EARLY_H: Final = 1e-9
"""A time-out may fire so much too early by rounding [h]."""

LATE_KW: Final = 1e-6
"""What a late answer took away is chosen again from this on [kW]."""


class Feeding(Protocol):
    """All that an EV sees of its transformer: its own rows of the columns, its line, the faults of the channel, and who takes messages."""

    name: str
    problem: ValleyFilling
    schedule: Schedule
    channel: Channel
    channel_faults: ChannelFaults | None
    swarms: list[SubsidiarySwarm]
    slot: int

    def name_of(self, row: int) -> str:
        """Return an EV's address."""

    def stays_to_come(self, row: int) -> list["EV"]:
        """Return the other stays of a row's EV that are not over."""

    def welcome(self, ev: "EV") -> None:
        """Take an EV in."""

    def receive(self, deposit: Deposit) -> None:
        """Take a deposit or an exchange, and answer it."""

    def send_copy(self, ev: "EV") -> None:
        """Answer an EV that asks for a copy of the board."""


class EV(FixedAgent):  # type: ignore[misc]
    """One EV on one stay. It holds its row and its transformer; every number of its schedule lives in a column.

    Parameters
    ----------
    model
        The Mesa model.
    row
        Row among its transformer's EVs.
    transformer
        Transformer that feeds the EV.

    Attributes
    ----------
    alive
        False once its controller has died: it draws nothing more and says nothing more.
    cut_off, was_cut_off
        Whether its last message stayed without an answer, so that its transformer may not know what it holds; and whether
        that ever happened.
    pending
        Message that waits for an answer, or None.
    refusals
        Refusals in a row.
    cut_in
        Slot in which its charging was cut last.
    """

    # On the class, so that an EV has one of its own only where it differs.
    alive = True
    cut_off = False
    was_cut_off = False
    pending: Deposit | Request | None = None
    paced = False
    number = 0
    tries = 0
    asked_h = 0.0
    earliest = 0
    refusals = 0
    cut_in = -1

    def __init__(self, model: mesa.Model, row: int, transformer: Feeding) -> None:
        super().__init__(model)
        self.row = row
        self.transformer = transformer

    @property
    def name(self) -> str:
        """Address of the EV."""
        return self.transformer.name_of(self.row)

    @property
    def schedule_kw(self) -> NDArray[np.float64]:
        """Power of the EV in its usable slots [kW], shape ``(n_usable,)``; a view into the schedule."""
        return self.transformer.schedule.of(self.row)

    @property
    def first_slot(self) -> int:
        """First slot of its stay."""
        return int(self.transformer.problem.first_slot[self.row])

    @property
    def swarm(self) -> SubsidiarySwarm:
        """The EVs on its line."""
        return self.transformer.swarms[int(self.transformer.problem.line_of[self.row])]

    @property
    def ready(self) -> bool:
        """Whether it can take part in what the transformer paces."""
        return self.alive and not self.cut_off and self.pending is None

    @property
    def drawn_kwh(self) -> float:
        """Energy drawn from the grid by now [kWh], even over each slot."""
        slot_h, held = self.transformer.problem.slot_h, self.schedule_kw
        passed = min(max(self.model.time / slot_h - self.first_slot, 0.0), held.size)
        whole = int(passed)
        present = (passed - whole) * float(held[whole]) if whole < held.size else 0.0
        return (float(held[:whole].sum()) + present) * slot_h

    @property
    def state(self) -> str:
        """What it does in the present slot: "away", "waiting", "charging", "full", or "left unserved"."""
        problem, held, now_h = self.transformer.problem, self.schedule_kw, self.model.time
        gone = problem.plug_out_h[self.row] <= now_h or not self.model.running
        here = problem.plug_in_h[self.row] <= now_h and not gone
        place = self.transformer.slot - self.first_slot
        if here and 0 <= place < held.size and held[place] > 0:
            return "charging"
        if not (gone or here):
            return "away"
        if problem.need_kwh[self.row] - self.drawn_kwh > LACKING_KWH:
            return "left unserved" if gone else "waiting"
        return "full" if here else "away"

    def plug_in(self) -> None:
        """Arrive: act as the coordinator has it."""
        self.transformer.welcome(self)

    def forage(self, from_slot: int = 0, *, paced: bool = False) -> None:
        """Read the line's copy of the board, choose the slots of strongest pheromone for what is lacking, deposit.

        Parameters
        ----------
        from_slot
            First slot that may be chosen; earlier than now counts as now.
        paced
            Whether the transformer waits for it.
        """
        if not self.alive:
            return
        self.earliest = from_slot
        if self.swarm.load_kw is None:
            self._ask(Request(), paced=paced)
        else:
            self._choose(self.swarm.load_kw, self.schedule_kw, paced=paced)

    def choose(
        self, load_kw: NDArray[np.float64], first_slot: int, kept_kw: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the power that it means to draw from a slot on [kW]: what it keeps, and for the rest the strongest pheromone.

        An EV with another will has another `choose`. Whatever that returns, the board takes only what fits under the limit.

        Parameters
        ----------
        load_kw
            The board as it reads it [kW], shape ``(n_slots,)``.
        first_slot
            First slot that it may still choose.
        kept_kw
            What it keeps in all its usable slots [kW], shape ``(n_usable,)``.
        """
        return ants.choose(self.transformer.problem, self.row, load_kw, first_slot, self.model.time, kept_kw)

    def hear_copy(self, copy: BoardCopy) -> None:
        """Take the copy that it asked for."""
        self.swarm.hear_copy(copy)
        if self.alive and isinstance(self.pending, Request) and self.swarm.load_kw is not None:
            self._choose(self.swarm.load_kw, self.schedule_kw, paced=self.paced)

    def hear(self, answer: Acceptance | Refusal) -> None:
        """Take an answer: act as deposited, or choose again if it was refused."""
        asked = self.pending
        if not self.alive or not isinstance(asked, Deposit) or answer.number != asked.number:
            return
        self.pending = None
        self.cut_off = False
        if isinstance(answer, Acceptance):
            self.refusals = 0
            self._take_on(asked, answer.version)
        elif not isinstance(asked, Exchange):
            self._choose_again(answer.load_kw)

    def hear_recall(self, recall: Recall) -> None:  # noqa: ARG002  (all that it says is that it came)
        """Deposit again what it holds."""
        gone = self.model.time >= self.transformer.problem.plug_out_h[self.row]
        if self.alive and self.pending is None and not gone:
            self.forage()

    def come_back(self, copy: RoundCopy, members: int, evs: int, ticket: int, number: int, from_slot: int) -> bool:
        """Read the board again and move what is better placed elsewhere; return whether it was content as it is.

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
        turn = (number, members / evs, members == 1, ticket)
        first, change, content = rounds.consider(
            problem, self.row, copy.load_kw, copy.promised_kw, turn, from_slot, held
        )
        if change.size:
            self._exchange(first, change)
        return content

    def make_up(self, now: int, asked_kw: float, load_kw: NDArray[np.float64]) -> None:
        """Answer the present slot's deviation: shift to later, or from later to now.

        Parameters
        ----------
        now
            The present slot.
        asked_kw
            Power asked out of it (negative: into it).
        load_kw
            The board as it stands [kW], shape ``(n_slots,)``.
        """
        problem, held = self.transformer.problem, self.schedule_kw
        change = np.empty_like(held)
        stay = problem.stay(self.row, self.first_slot, problem.need_kwh[self.row])
        limit_kw, scratch = problem.limit_kw, np.empty_like(held)
        moved = adjustment.move(now, asked_kw, load_kw, limit_kw, problem.top_kw, stay, held, change, scratch)
        if moved != 0:
            self._exchange(self.first_slot, change)

    def charge_unguided(self, now: int, room_kw: float) -> float:
        """Draw in the present slot what the safe rule gives, because it cannot reach its board [kW].

        Parameters
        ----------
        now
            The present slot, at its beginning.
        room_kw
            What the transformer has left under the slot's limit, as told at the plug.
        """
        problem, held = self.transformer.problem, self.schedule_kw
        channel_faults = self.transformer.channel_faults
        assert channel_faults is not None
        power_kw = problem.power_kw[self.row]
        lacking = float(problem.need_kwh[self.row] / problem.slot_h - held.sum())
        if lacking * problem.slot_h <= ENERGY_TOLERANCE_KWH:
            return 0.0
        k = now - self.first_slot
        free = [self._usable_kw(now + j) - held[k + j] for j in range(held.size - k)]
        rule = FALLBACKS[channel_faults.settings.fallback]
        drawn = float(
            rule(lacking, sum(free[1:]), free[0], room_kw, float(problem.limit_kw[now]), channel_faults.settings)
        )
        if problem.whole:
            drawn = float(power_kw) if drawn > power_kw - adjustment.DONE_KW else 0.0
        held[k] += drawn
        return drawn

    def lose(self, cut: Cut) -> None:
        """Draw less in the present slot: its meter tells, whether the message comes through or not."""
        self.cut_in = self.transformer.slot
        self._change(cut)

    def _choose_again(self, load_kw: NDArray[np.float64]) -> None:
        """Choose anew after a refusal: what it holds for later may be what does not fit, others having it by now.

        What it draws already it draws on, and does not ask for again. Refused too often, it waits for the next slot.
        """
        channel_faults, now = self.transformer.channel_faults, self.transformer.slot
        self.refusals += 1
        if channel_faults is not None and self.refusals > channel_faults.settings.resends + 1:
            self.refusals = 0
            self.cut_off = self.was_cut_off = True
            return
        kept = self.schedule_kw.copy()
        later = max(now + 1 - self.first_slot, 0)
        kept[later:] = 0.0
        if later and kept[:later][-1] > 0:
            self.earliest = max(self.earliest, now + 1)
        self._choose(load_kw, kept, paced=self.paced)

    def _choose(self, load_kw: NDArray[np.float64], kept_kw: NDArray[np.float64], *, paced: bool) -> None:
        """Choose slots for what it lacks beside what it keeps, and deposit both."""
        first = max(self.earliest, self.first_slot, self._slot_now())
        chosen = self.choose(load_kw, first, kept_kw)
        self.number += 1
        self._ask(Deposit(first, chosen, self.row, self.number, self.swarm.version), paced=paced)

    def _exchange(self, first_slot: int, change_kw: NDArray[np.float64]) -> None:
        self.number += 1
        self._ask(Exchange(first_slot, change_kw, self.row, self.number, self.swarm.version), paced=True)

    def _ask(self, message: Deposit | Request, *, paced: bool) -> None:
        """Send a message until it is answered, at most so many times; when paced, within this call."""
        self.pending, self.paced, self.tries, self.asked_h = message, paced, 0, self.model.time
        self._send()
        if self.transformer.channel_faults is None:
            return
        if not paced:
            self._wait()
            return
        while self.alive and self.pending is message:
            self._send_again()

    def _send(self) -> None:
        transformer, message = self.transformer, self.pending
        self.tries += 1
        fate = transformer.channel_faults.kills() if transformer.channel_faults is not None else None
        if fate is not None:
            self._die()
        if fate == "before":
            return
        carry = transformer.channel.carry
        if isinstance(message, Deposit):
            carry(transformer.channel_faults, message, self, transformer, transformer.receive, paced=self.paced)
        elif message is not None:
            carry(transformer.channel_faults, message, self, transformer, self._be_served, paced=self.paced)

    def _be_served(self, request: Request) -> None:  # noqa: ARG002  (all that it says is who sends it)
        self.transformer.send_copy(self)

    def _send_again(self) -> None:
        channel_faults = self.transformer.channel_faults
        assert channel_faults is not None
        if self.tries <= channel_faults.settings.resends:
            self._send()
        else:
            self.pending = None
            self.cut_off = self.was_cut_off = True

    def _wait(self) -> None:
        channel_faults = self.transformer.channel_faults
        if channel_faults is not None and self.alive and self.pending is not None:
            self.model.schedule_event(self._time_out, after=channel_faults.settings.timeout_h)

    def _time_out(self) -> None:
        channel_faults = self.transformer.channel_faults
        assert channel_faults is not None
        if not self.alive or self.pending is None or self.paced:
            return
        if self.model.time < self.asked_h + self.tries * channel_faults.settings.timeout_h - EARLY_H:
            return  # the time-out of an earlier message
        self._send_again()
        self._wait()

    def _take_on(self, asked: Deposit, version: int) -> None:
        if isinstance(asked, Exchange):
            self._change(asked)
            return
        held = self.schedule_kw[asked.first_slot - self.first_slot :]
        late = self.model.time > self.asked_h or self.cut_in == self.transformer.slot
        taken = self._still_possible(asked, held) if late else asked.power_kw
        if self.transformer.problem.lines:
            self._share(Share(asked.first_slot, asked.power_kw - held, self.row, asked.number, version))
        held[:] = taken
        if late and float((asked.power_kw - taken).sum()) > LATE_KW:
            self.forage()

    def _share(self, share: Share) -> None:
        transformer, swarm = self.transformer, self.swarm
        others = swarm.members - 1
        transformer.channel.carry(transformer.channel_faults, share, self, swarm, swarm.hear_share, receivers=others)

    def _still_possible(self, asked: Deposit, held: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what of a deposit can still be drawn after an answer that took its time.

        Of the present slot only its rest; and nothing more of it if it began since the EV asked, or the EV was cut in it: what
        the transformer saw that nobody drew, it has given to others. And no more than the need: an EV that waited may have
        gone by the safe rule meanwhile.
        """
        problem, now, taken = self.transformer.problem, self.transformer.slot, asked.power_kw.copy()
        closed = problem.whole or self.asked_h < now * problem.slot_h or self.cut_in == now
        begun = max(min(now - asked.first_slot + 1, taken.size), 0)
        for k in range(begun):
            slot = asked.first_slot + k
            most = 0.0 if closed or slot < now else self._usable_kw(slot, self.model.time)
            taken[k] = max(held[k], min(taken[k], most))
        before_kw = float(self.schedule_kw.sum() - held.sum())
        surplus = before_kw + float(taken.sum()) - float(problem.need_kwh[self.row]) / problem.slot_h
        for k in range(taken.size - 1, begun - 1, -1):
            given = min(surplus, taken[k])
            if given < (problem.power_kw[self.row] - adjustment.DONE_KW if problem.whole else adjustment.DUST_KW):
                continue
            taken[k] -= given
            surplus -= given
        return taken

    def _usable_kw(self, slot: int, since_h: float = -np.inf) -> float:
        return float(usable_kw(Stay(*self.transformer.problem.stay(self.row, slot, 0.0, since_h)), slot))

    def _slot_now(self) -> int:
        """Return the first slot that it can still use: the present one, or the next where slots are taken whole."""
        problem, now = self.transformer.problem, self.transformer.slot
        begun = problem.whole and self.model.time > now * problem.slot_h + TOLERANCE_H
        return now + 1 if begun else now

    def _change(self, change: Entries) -> None:
        skipped = change.first_slot - self.first_slot
        self.schedule_kw[skipped : skipped + change.power_kw.size] += change.power_kw

    def _die(self) -> None:
        """Stop drawing, on later stays too: of the present slot, the part that has passed is drawn."""
        for stay in (self, *self.transformer.stays_to_come(self.row)):
            stay.stop_drawing()

    def stop_drawing(self) -> None:
        """Draw nothing from now on, and say nothing more."""
        self.alive = False
        self.pending = None
        problem, held, time_h = self.transformer.problem, self.schedule_kw, self.model.time
        now = self.transformer.slot
        k = now - self.first_slot
        held[max(k + 1, 0) :] = 0.0
        if 0 <= k < held.size:
            begin = max(problem.plug_in_h[self.row], now * problem.slot_h)
            end = min(problem.plug_out_h[self.row], (now + 1) * problem.slot_h)
            held[k] *= min(max((time_h - begin) / (end - begin), 0.0), 1.0)
