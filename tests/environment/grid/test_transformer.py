"""What all transformers have in common: the paper's limit, other ways to state it, and the room that a fleet has."""

import numpy as np
import pytest
from pydantic import ValidationError

from environment.grid import TransformerSettings


def test_the_papers_transformer_carries_1615_kw() -> None:
    assert TransformerSettings().load_limit_kw == pytest.approx(1615.0, abs=1e-9)
    assert TransformerSettings(limit_kw=500).load_limit_kw == 500


def test_all_transformers_together_leave_a_fleet_what_the_load_does_not_use() -> None:
    two = TransformerSettings(limit_kw=100.0, count=2)
    assert two.all_limits_kw == (-200.0, 200.0)
    load = np.array([50.0, 200.0, 230.0, -250.0])
    expected = np.array([[-250.0, -400.0, -430.0, 0.0], [150.0, 0.0, 0.0, 450.0]])
    np.testing.assert_allclose(two.room_kw(load), expected, atol=1e-8)
    assert (np.abs(two.room_kw(load)) <= np.abs(expected)).all(), "and no more, whatever is rounded"
    none_back = TransformerSettings(limit_kw=100.0, feed_in_limit_kw=0.0)
    np.testing.assert_allclose(none_back.room_kw(load)[0], [-50.0, -200.0, -230.0, 0.0], atol=1e-8)


@pytest.mark.parametrize("settings", [{"limit_kw": 0}, {"limit_kw": -1}, {"limit_kw": 5, "rated_kva": 5}, {"count": 0}])
def test_impossible_limits_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        TransformerSettings.model_validate(settings)
