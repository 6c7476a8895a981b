"""A line's copy of the board: the latest version, and what its EVs were promised since, each once."""

import numpy as np

from agents.subsidiary_swarm import SubsidiarySwarm
from environment.messages import BoardCopy, Share


def copy(version: int, *load_kw: float) -> BoardCopy:
    return BoardCopy(np.array(load_kw), version)


def share(version: int, slot: int, power_kw: float, number: int = 1) -> Share:
    return Share(slot, np.array([power_kw]), 0, number, version)


def held(swarm: SubsidiarySwarm) -> list[float]:
    assert swarm.load_kw is not None
    return swarm.load_kw.tolist()


def test_a_copy_that_was_overtaken_is_passed_over() -> None:
    swarm = SubsidiarySwarm("line:T1/1", 3)
    swarm.hear_copy(copy(2, 5.0, 6.0))
    swarm.hear_copy(copy(1, 1.0, 1.0))
    assert (swarm.version, held(swarm)) == (2, [5.0, 6.0])


def test_what_a_member_was_promised_is_added_until_a_copy_has_it() -> None:
    swarm = SubsidiarySwarm("line:T1/1", 3)
    swarm.hear_copy(copy(0, 5.0, 6.0))
    swarm.hear_share(share(0, 1, 4.0))
    assert held(swarm) == [5.0, 10.0]
    swarm.hear_copy(copy(1, 5.0, 10.0))
    assert held(swarm) == [5.0, 10.0]


def test_a_promise_older_than_the_copy_is_in_it_already() -> None:
    swarm = SubsidiarySwarm("line:T1/1", 3)
    swarm.hear_copy(copy(1, 5.0, 10.0))
    swarm.hear_share(share(0, 1, 4.0))
    assert held(swarm) == [5.0, 10.0]


def test_a_promise_newer_than_a_copy_that_comes_late_is_added_to_it() -> None:
    swarm = SubsidiarySwarm("line:T1/1", 3)
    swarm.hear_share(share(1, 0, 2.0))
    swarm.hear_copy(copy(1, 5.0, 6.0))
    assert held(swarm) == [7.0, 6.0]


def test_the_copy_is_the_lines_own() -> None:
    swarm, sent = SubsidiarySwarm("line:T1/1", 3), copy(0, 5.0, 6.0)
    swarm.hear_copy(sent)
    swarm.hear_share(share(0, 0, 1.0))
    assert sent.load_kw.tolist() == [5.0, 6.0]


def test_a_promise_heard_twice_counts_once_and_the_next_one_too() -> None:
    swarm = SubsidiarySwarm("line:T1/1", 3)
    swarm.hear_copy(copy(0, 5.0, 6.0))
    for number in (1, 1, 2, 2):
        swarm.hear_share(share(0, 0, 1.0, number))
    assert held(swarm) == [7.0, 6.0]
