import numpy as np

from environment.channel import BoardCopy, Channel, Deposit, Deviation


def test_every_message_is_counted_with_its_size() -> None:
    channel = Channel()
    copy = channel.send(BoardCopy(np.zeros(24)))
    assert copy.load_kw.size == 24
    channel.send(Deposit(3, np.array([4.0, 0.0, 4.0])))
    channel.send(Deposit(3, np.array([4.0])))
    channel.send(Deviation(1.0, np.zeros(24)))
    assert channel.books == [
        ("board_copy", 1, 16 + 24 * 8),
        ("deposit", 2, 2 * 16 + 3 * 12),
        ("deviation", 1, 16 + 25 * 8),
    ]
    assert channel.messages == 4
    assert channel.bytes == 208 + 68 + 216


def test_a_compiled_path_enters_its_messages_in_the_same_books() -> None:
    channel = Channel()
    channel.record("deposit", 2, Deposit.bytes_of(2, 3))
    channel.record("refusal", 0, 0)
    assert channel.books == [("deposit", 2, 68)]
