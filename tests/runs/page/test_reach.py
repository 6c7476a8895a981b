"""The page reads files below the folders that its server was given, and tells nothing of others."""

from pathlib import Path

import pytest

from environment.input_faults import FaultyInputError
from runs.page.reach import FOLDERS_VARIABLE, scenario_of

FLEET = "vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw\na,1,9,4,4\n"


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Return a folder within reach and one outside, both with a fleet."""
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for folder in (inside, outside):
        folder.mkdir()
        (folder / "fleet.csv").write_text(FLEET)
    monkeypatch.setenv(FOLDERS_VARIABLE, str(inside))
    return inside, outside


def scenario(file: Path, fleet: str) -> str:
    file.write_text(f"[fleet]\nsource = 'csv'\npath = '{fleet}'\n")
    return str(file)


def test_what_is_within_reach_is_read(folders: tuple[Path, Path]) -> None:
    inside, _ = folders
    assert scenario_of("").fleet.source == "nhts"
    assert scenario_of(scenario(inside / "own.toml", "fleet.csv")).fleet.source == "csv"
    (inside / "below").mkdir()
    assert scenario_of(scenario(inside / "below" / "own.toml", "../fleet.csv")).fleet.source == "csv"


def test_a_file_out_of_reach_is_a_fault_whether_it_is_there_or_not(folders: tuple[Path, Path]) -> None:
    inside, outside = folders
    (outside / "there.toml").write_text("[db_password]\nvalue = 'S3CRET'\n")
    (inside / "link.toml").symlink_to(outside / "there.toml")
    told = []
    for file in (outside / "there.toml", outside / "not_there.toml", inside / ".." / "outside" / "there.toml"):
        with pytest.raises(FaultyInputError) as raised:
            scenario_of(str(file))
        told.append(str(raised.value).replace(str(file), "FILE"))
    assert len(set(told)) == 1
    assert "password" not in told[0]
    with pytest.raises(FaultyInputError, match="Scenario file"):
        scenario_of(str(inside / "link.toml"))


@pytest.mark.parametrize("fleet", ["../outside/fleet.csv", "link.csv", "/etc/passwd", "../outside/not_there.csv"])
def test_data_out_of_reach_is_a_fault_that_holds_none_of_it(folders: tuple[Path, Path], fleet: str) -> None:
    inside, outside = folders
    (inside / "link.csv").symlink_to(outside / "fleet.csv")
    with pytest.raises(FaultyInputError, match=r"fleet\.path .* a file below") as raised:
        scenario_of(scenario(inside / "own.toml", fleet))
    assert "plug_in_h" not in str(raised.value)
    assert "root:" not in str(raised.value)


def test_a_feeders_folder_may_hold_no_link_that_leads_out(folders: tuple[Path, Path]) -> None:
    inside, outside = folders
    (inside / "net").mkdir()
    (inside / "net" / "Node.csv").symlink_to(outside / "fleet.csv")
    (inside / "own.toml").write_text("[feeder]\nsource = 'simbench'\npath = 'net'\n")
    with pytest.raises(FaultyInputError, match=r"feeder\.path"):
        scenario_of(str(inside / "own.toml"))
