"""Who read, chose, deposited and was refused, one EV at a time."""

import numpy as np

from environment.channel import Deposit
from runs.model import ChargingModel
from runs.scenario import Scenario


def small_model(**coordination: object) -> ChargingModel:
    return ChargingModel(Scenario().update(fleet={"vehicles": 5}, coordination=coordination))


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
    model.run_day()
    books = {kind: messages for kind, messages, _ in model.channel.books}
    assert books["board_copy"] == 2, "one opens the board, one goes out after the batch"
    assert books["deposit"] == 5


def test_a_refused_ant_gets_the_load_as_it_stands() -> None:
    transformer = small_model().transformers[0]
    load = transformer.receive(Deposit(0, np.array([10_000.0])))
    assert load is not None
    np.testing.assert_array_equal(load, transformer.problem.base_kw)
    assert transformer.receive(Deposit(0, np.array([1.0]))) is None
