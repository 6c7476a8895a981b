"""Who read, chose, deposited and was refused, one EV at a time."""

import numpy as np

from environment.messages import Acceptance, Deposit, Refusal
from runs.model import GridModel
from runs.scenario import Scenario


def small_model(**coordination: object) -> GridModel:
    return GridModel(Scenario().update(fleet={"vehicles": 5}, coordination=coordination))


def test_an_ant_deposits_what_it_chose() -> None:
    model = small_model()
    model.run_until(12)
    transformer = model.transformers[0]
    here = [ev for ev in transformer.evs if transformer.problem.plug_in_h[ev.row] < 12]
    assert here
    total = np.zeros(24)
    for ev in here:
        first = transformer.problem.first_slot[ev.row]
        total[first : first + ev.schedule_kw.size] += ev.schedule_kw
    np.testing.assert_allclose(transformer.board.promised_kw, total)


def test_a_copy_goes_out_once_a_batch() -> None:
    model = small_model(batch_size=5)
    model.run_model()
    books = {row[0]: row[3] for row in model.channel.books}
    assert books["board_copy"] == 2, "one opens the board, one goes out after the batch"
    assert books["deposit"] == 5


def test_a_refused_ant_gets_the_load_as_it_stands() -> None:
    model = small_model()
    transformer = model.transformers[0]
    transformer.open_board()
    ev = transformer.evs[transformer.problem.order[0]]
    answers: list[Acceptance | Refusal] = []
    ev.hear = answers.append  # type: ignore[method-assign]
    first = ev.first_slot
    transformer.receive(Deposit(first, np.array([10_000.0]), ev.row, 1, 0))
    transformer.receive(Deposit(first, np.array([1.0]), ev.row, 2, 0))
    refused, accepted = answers
    assert isinstance(refused, Refusal)
    np.testing.assert_array_equal(refused.load_kw, transformer.problem.base_kw)
    assert isinstance(accepted, Acceptance)
    assert (refused.number, accepted.number) == (1, 2)
