"""The four packages are plain names: make sure that they are this tree's, not somebody else's."""

import importlib
from pathlib import Path

import pytest


@pytest.mark.parametrize("room", ["environment", "coordination", "agents", "runs"])
def test_package_comes_from_this_tree(room: str, tree: Path) -> None:
    module = importlib.import_module(room)
    assert module.__file__ is not None
    assert Path(module.__file__).parent == tree / room
