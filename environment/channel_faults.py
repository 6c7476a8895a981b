"""Faults of the channel below a node of the grid: what loses, delays or doubles messages, a strategy with a generator.

Bursts of losses follow the two-state channel of Gilbert (1960) and Elliott (1963) [standard]: a good state that loses
nothing and a bad one that loses a part of the messages. Above transformers and aggregators the wires are taken as sound.
"""

from typing import Final, Literal, Self

import numpy as np
from pydantic import AliasChoices, Field, model_validator

from environment.settings import Settings

SECONDS_PER_HOUR: Final = 3600.0


class Partition(Settings):
    """An interval in which no message passes between a node of the grid and those below it."""

    node: str | None = Field(default=None, validation_alias=AliasChoices("node", "transformer"))
    """Name of a transformer, of the aggregator (`aggregator`), or of a substation or station whose hops to visitors, stations and
    control centre are cut; none: all of them."""

    from_h: float = Field(ge=-1e6, le=1e6)
    """Beginning, in hours from the horizon's start."""

    to_h: float = Field(ge=-1e6, le=1e6)
    """End, in hours from the horizon's start."""

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.to_h <= self.from_h:
            raise ValueError(f"to_h = {self.to_h:g} with from_h = {self.from_h:g}; expected an end after the beginning")
        return self


class Restart(Settings):
    """A board that goes down and starts again from its last snapshot, taken as the slot began."""

    transformer: str | None = None
    """Name of the transformer; none: all of them."""

    at_h: float = Field(ge=0, le=1e6)
    """Moment, in hours from the horizon's start."""


class ChannelSettings(Settings):
    """Messages between EVs and those who lead them, and their faults; by default there are none."""

    loss: float = Field(default=0.0, ge=0, lt=1)
    """Part of the messages that is lost on the way; each receiver of a group apart, but a line hears or misses as one."""

    burst: float = Field(default=1.0, ge=1, le=1e9)
    """Mean length of a bad spell in messages (Gilbert-Elliott); 1: losses are independent."""

    loss_in_burst: float = Field(default=1.0, gt=0, le=1)
    """Part of the messages that is lost in a bad spell; used with `burst` above 1."""

    delay_s: float = Field(default=0.0, ge=0, le=1e6)
    """Mean time that a message is on its way [s]."""

    delay: Literal["constant", "uniform", "exponential", "lognormal"] = "constant"
    """Distribution of that time: always the mean; uniform from 0 to twice the mean; exponential; lognormal with
    `delay_spread`."""

    delay_spread: float = Field(default=1.0, gt=0, le=5)
    """Standard deviation of the logarithm of the lognormal delay."""

    duplication: float = Field(default=0.0, ge=0, le=1)
    """Part of the messages that arrives twice, the second after a delay of its own."""

    reordering: float = Field(default=0.0, ge=0, le=1)
    """Part of the messages that is held up by up to `timeout_s` more, so that later ones overtake them."""

    death: float = Field(default=0.0, ge=0, le=1)
    """Probability, each time that an EV asks something of its board, tells its aggregator something or its station what it needs, that it
    dies in that moment, before or after sending: it draws nothing from then on and never speaks again."""

    partitions: tuple[Partition, ...] = ()
    """Intervals in which nodes of the grid are cut off from those whom they lead."""

    restarts: tuple[Restart, ...] = ()
    """Moments at which a board starts again from its last snapshot."""

    timeout_s: float | None = Field(default=None, gt=0, le=86_400)
    """Time after which a message that was not answered is sent again [s]; none: six times the mean delay, at least 10 s."""

    resends: int = Field(default=3, ge=0, le=100)
    """How often it is sent again before who sends it gives up until the next slot."""

    fallback: Literal["latest_start", "spare_capacity"] = "latest_start"
    """What an EV does that cannot reach its board: charge at the latest hour that still meets its need, or at once while
    the transformer is below `spare_below` of its limit. Both look at the load at the plug and never pass the limit."""

    spare_below: float = Field(default=0.8, gt=0, le=1)
    """Part of the limit up to which "spare_capacity" charges."""

    log: bool = False
    """Whether to keep every message in a table of its own (who, whom, when, arrived or not); agents only."""

    @model_validator(mode="after")
    def _reachable_loss(self) -> Self:
        if self.burst > 1:
            bad = self.loss / self.loss_in_burst
            if bad >= 1 or bad / (1 - bad) > self.burst:
                raise ValueError(
                    f"loss = {self.loss:g} with burst = {self.burst:g}, loss_in_burst = {self.loss_in_burst:g}; expected a "
                    "smaller loss or longer bursts (the good state must last at least one message)"
                )
        return self

    @property
    def has_faults(self) -> bool:
        """Whether anything can go wrong."""
        rates = (self.loss, self.delay_s, self.duplication, self.reordering, self.death)
        return any(rates) or bool(self.partitions) or bool(self.restarts)

    def odd_exchanges(self, slot_h: float) -> list[str]:
        """Say what of exchanges that take place in the moments before a slot, of length `slot_h` [h], cannot be so."""
        waits_s = SECONDS_PER_HOUR * self.timeout_h
        found = []
        if self.delay_s >= waits_s:
            found.append(
                f"channel.timeout_s = {waits_s:g} is not above the mean way of {self.delay_s:g} s; most messages come too late"
            )
        elif self.delay_s and self.timeout_h >= slot_h:
            found.append(
                f"channel.timeout_s, {waits_s:g} s, is no less than a slot of {SECONDS_PER_HOUR * slot_h:g} s: what arrives within it "
                "counts as heard before the slot begins"
            )
        return found

    @property
    def timeout_h(self) -> float:
        """Time after which a message is sent again [h]."""
        return (self.timeout_s or max(10.0, 6 * self.delay_s)) / SECONDS_PER_HOUR


class ChannelFaults:
    """Faults that befall the messages between one node of the grid and those below it.

    Parameters
    ----------
    settings
        Rates and intervals.
    node
        Name of the node, which picks its partitions.
    rng
        Draws everything. Each kind of fault has a generator spawned from it, so that one kind leaves the others as they are.
    """

    def __init__(self, settings: ChannelSettings, node: str, rng: np.random.Generator) -> None:
        self.settings = settings
        self._cut_off = [(entry.from_h, entry.to_h) for entry in settings.partitions if entry.node in (None, node)]
        self._loss, self._delay, self._copies, self._held_up, self._death = rng.spawn(5)
        bad = settings.loss / settings.loss_in_burst if settings.burst > 1 else 0.0
        self._to_good = 1 / settings.burst
        self._to_bad = self._to_good * bad / (1 - bad)
        self._in_burst = bad > 0 and float(self._loss.random()) < bad

    def delays_h(self, now_h: float) -> list[float]:
        """Return how long each copy of a message takes to one receiver [h]: empty if it is lost, two if it is doubled.

        Parameters
        ----------
        now_h
            When it is sent, in hours from the horizon's start.
        """
        settings = self.settings
        if self._is_cut_off(now_h) or self._loses():
            return []
        doubled = settings.duplication > 0 and self._copies.random() < settings.duplication
        delays = [self._delay_h() for _ in range(1 + doubled)]
        return [delay for delay in delays if not delay or not self._is_cut_off(now_h + delay)]

    def kills(self) -> Literal["before", "after"] | None:
        """Return whether the sender of a message dies as it sends it, and on which side of the sending."""
        death = self.settings.death
        if death == 0 or self._death.random() >= death:
            return None
        return "before" if self._death.random() < 0.5 else "after"

    def _is_cut_off(self, at_h: float) -> bool:
        return any(begin <= at_h < end for begin, end in self._cut_off)

    def _loses(self) -> bool:
        settings = self.settings
        if settings.loss == 0:
            return False
        if settings.burst == 1:
            return bool(self._loss.random() < settings.loss)
        lost = self._in_burst and bool(self._loss.random() < settings.loss_in_burst)
        leaves = self._to_good if self._in_burst else self._to_bad
        if self._loss.random() < leaves:
            self._in_burst = not self._in_burst
        return lost

    def _delay_h(self) -> float:
        settings = self.settings
        mean = settings.delay_s / SECONDS_PER_HOUR
        delay = mean
        if mean > 0 and settings.delay == "uniform":
            delay = self._delay.uniform(0, 2 * mean)
        elif mean > 0 and settings.delay == "exponential":
            delay = self._delay.exponential(mean)
        elif mean > 0 and settings.delay == "lognormal":
            spread = settings.delay_spread
            delay = self._delay.lognormal(np.log(mean) - spread**2 / 2, spread)
        if settings.reordering > 0 and self._held_up.random() < settings.reordering:
            delay += self._held_up.uniform(0, settings.timeout_h)
        return float(delay)
