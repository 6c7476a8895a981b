"""What is no file is a fault of every reader; how much there is in a file is known before it is read."""

import gzip
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import environment.files
from environment.files import extent_of, must_be_file
from environment.input_faults import FaultyInputError
from runs.scenario import Scenario
from runs.world import World
from tests.support.laws import examples

MY_FEEDER = Path("scenarios/data/my_feeder")

KEYS = {
    "fleet csv": "fleet.source=csv fleet.path={}",
    "fleet acn csv": "fleet.source=acn fleet.path={}",
    "fleet acn json": "fleet.source=acn fleet.path={}.json horizon.timezone=America/Los_Angeles",
    "start of the fleet": "fleet.source=acn fleet.path={}.json horizon.start=fleet",
    "load": "load.source=csv load.path={}",
    "tariff": "peak_shaving.optimizer=exact tariff.source=csv tariff.path={}",
    "numbers": "peak_shaving.optimizer=exact participation.available_path={}",
    "users": "stations.piles=18 users.path={} horizon.slots=1",
    "stations": "stations.path={} horizon.slots=1",
    "pgm_json": "feeder.source=pgm_json feeder.path={}",
}


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [_pipe, _device, Path.mkdir])
@pytest.mark.parametrize("reader", KEYS)
def test_what_is_no_file_is_a_fault_of_every_reader(reader: str, make: Callable[[Path], None], tmp_path: Path) -> None:
    keys = KEYS[reader].format(tmp_path / "thing").split()
    make(tmp_path / ("thing.json" if ".json" in KEYS[reader] else "thing"))
    with pytest.raises(FaultyInputError, match=r"file is (a folder|no file but a device, a pipe or a socket)"):
        World.build(Scenario.read(None, keys), np.random.default_rng(1))


@pytest.mark.parametrize("make", [_pipe, _device, Path.mkdir])
@pytest.mark.parametrize("name", ["Node", "Line", "Shunt"])
def test_what_is_no_file_is_a_fault_in_a_folder_of_a_feeder(
    name: str, make: Callable[[Path], None], tmp_path: Path
) -> None:
    shutil.copytree(MY_FEEDER, tmp_path / "feeder")
    (tmp_path / "feeder" / f"{name}.csv").unlink(missing_ok=True)
    make(tmp_path / "feeder" / f"{name}.csv")
    case = Scenario.read(None, ["feeder.source=simbench", f"feeder.path={tmp_path}/feeder"])
    with pytest.raises(FaultyInputError, match=rf"{name}.csv: file is (a folder|no file)"):
        World.build(case, np.random.default_rng(1))


@pytest.mark.parametrize("make", [_pipe, _device, Path.mkdir])
def test_a_scenario_is_a_file(make: Callable[[Path], None], tmp_path: Path) -> None:
    make(tmp_path / "case.toml")
    with pytest.raises(FaultyInputError, match=r"file is (a folder|no file)"):
        Scenario.read(tmp_path / "case.toml")


def test_a_missing_file_is_told_as_missing(tmp_path: Path) -> None:
    with pytest.raises(FaultyInputError, match="file is missing"):
        must_be_file(tmp_path / "none.csv", "a file")


@examples(0.5)
@given(st.lists(st.sampled_from([b"a", b"\n", b"{}", b"ab"]), max_size=40), st.sampled_from([b"\n", b"ab", b"aba"]))
def test_marks_are_counted_across_chunks_packed_or_not(
    tmp_path_factory: pytest.TempPathFactory, parts: list[bytes], mark: bytes
) -> None:
    folder, content = tmp_path_factory.mktemp("files"), b"".join(parts)
    (folder / "plain").write_bytes(content)
    (folder / "packed.gz").write_bytes(gzip.compress(content))
    there = sum(content.startswith(mark, i) for i in range(len(content)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(environment.files, "CHUNK_BYTES", 4)
        for name in ("plain", "packed.gz"):
            n_bytes, marks = extent_of(folder / name, mark)
            assert n_bytes == len(content)
            assert content.count(mark) <= marks <= there


def test_a_count_ends_where_it_is_told_to(tmp_path: Path) -> None:
    (tmp_path / "packed.gz").write_bytes(gzip.compress(bytes(50_000_000)))
    assert extent_of(tmp_path / "packed.gz", most=1000).n_bytes < 10_000_000
    assert extent_of(tmp_path / "none") == (0, 0)
    (tmp_path / "torn.gz").write_bytes(gzip.compress(b"abc")[:-6])
    assert extent_of(tmp_path / "torn.gz").n_bytes <= 3
