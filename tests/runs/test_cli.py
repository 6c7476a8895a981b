import json
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from runs.cli import app
from runs.studies.registry import STUDIES
from runs.studies.study import OPTIONS
from tests.runs.conftest import SmallRun

SMALL = ["--set", "fleet.vehicles=20"]


def evswarm(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_each_command_has_an_example_that_it_takes(name: str) -> None:
    examples = [shlex.split(text) for text in re.findall(r"`evswarm ([^`]*)`", COMMANDS[name].help)]
    assert name in [example[0] for example in examples]
    for command, *words in examples:
        if "--help" not in words and "S" not in words:
            COMMANDS[command].make_context(command, words)


@pytest.mark.parametrize("name", STUDIES)
def test_the_help_of_a_study_is_of_that_study_alone(name: str) -> None:
    told = CliRunner().invoke(app, ["study", name, "--help"], env={"COLUMNS": "200"}).stdout
    assert STUDIES[name].title in told
    assert f"evswarm study {name} --quick" in told
    others = [study for other, study in STUDIES.items() if other != name]
    assert not any(study.title in told for study in others)
    taken = {option for option in OPTIONS if f"--{option}" in told}
    assert taken == set(STUDIES[name].options)


def test_run_prints_itself_beside_free_charging_and_no_evs(small_run: SmallRun) -> None:
    for text in ("no EVs", "free charging", "ants", "peak [kW]", "messages"):
        assert text in small_run.printed


def test_run_writes_a_result_with_figures(small_run: SmallRun, tmp_path: Path) -> None:
    out = small_run.folder
    assert {path.name for path in out.iterdir()} == {
        "scenario.toml", "summary.json", "slots.parquet", "vehicles.parquet", "schedule.parquet", "board.parquet",
        "messages.parquet", "rounds.parquet", "upper_slots.parquet", "nodes.parquet", "figures", ".evswarm",
    }  # fmt: skip
    assert {path.name for path in (out / "figures").iterdir()} == {"load.png", "board.png", "raster.png"}
    assert "seed = 7" in (out / "scenario.toml").read_text()
    again = tmp_path / "again"
    assert evswarm("run", out / "scenario.toml", "--out", again, "--format", "csv").exit_code == 0
    assert (again / "slots.csv").exists()
    one, two = (json.loads((folder / "summary.json").read_text()) for folder in (out, again))
    for summary in (one, two):
        del summary["wall_s"], summary["free"]["wall_s"]
    assert one == two


def test_compare_sets_methods_side_by_side(tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = evswarm("compare", *SMALL, "--methods", "free, ants", "--out", out)
    assert done.exit_code == 0, done.output
    assert {path.name for path in out.iterdir()} == {"comparison.csv", "figures", "free", "ants", ".evswarm"}
    assert evswarm("compare", *SMALL, "--out", out).exit_code == 0, "an earlier comparison is replaced"
    assert evswarm("compare", "--methods", "free,bees").exit_code == 2


def test_init_then_check_then_run(tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    assert evswarm("init", file).exit_code == 0
    assert evswarm("init", file).exit_code == 2, "nothing is overwritten unasked"
    assert evswarm("init", file, "--force").exit_code == 0
    assert evswarm("check", file).exit_code == 0
    assert evswarm("run", file, *SMALL).exit_code == 0


def test_check_finds_the_faults_of_scenario_and_data_together(tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text("vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw\na,5,1,-2,4\n")
    scenario = tmp_path / "s.toml"
    scenario.write_text(
        '[fleet]\nsource="csv"\npath="fleet.csv"\n[load]\nsource="csv"\npath="none.csv"\n[coordination]\nbatch=1\n'
    )
    done = evswarm("check", scenario)
    assert done.exit_code == 2
    assert "4 faults" in done.stderr


@pytest.mark.parametrize("scenario", ["paper_a", "acn_caltech", "my_fleet"])
def test_the_scenarios_we_ship_are_sound(tree: Path, scenario: str) -> None:
    path = tree / f"scenarios/{scenario}.toml"
    assert evswarm("check", path).exit_code == 0
    done = evswarm("run", path)
    assert done.exit_code == 0
    assert "slots above the limit" in done.stdout


def test_bad_input_ends_with_2_and_writes_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = [
        sys.executable,
        "-m",
        "runs",
        "run",
        "--set",
        "fleet.source=csv",
        "--set",
        "fleet.path=none.csv",
        "--out",
        out,
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "none.csv" in done.stderr
    assert "missing" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_occupied_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert evswarm("run", *SMALL, "--out", tmp_path).exit_code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("words", [["run", *SMALL, "--out"], ["compare", *SMALL, "--out"], ["init", "--force"]])
def test_a_place_that_cannot_be_written_is_a_fault(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "file").write_text("")
    done = evswarm(*words, tmp_path / "file" / "x")
    assert done.exit_code == 2
    assert "fault" in done.stderr
    assert f"{tmp_path / 'file'}" in done.stderr
    assert "there is a file of that name" in done.stderr
    assert "Errno" not in done.stderr


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc, where nobody can write")
@pytest.mark.parametrize(
    "words",
    [["run", *SMALL], ["study", "batch", "--quick"], ["sweep", "--vary", "fleet.vehicles=5", "--engine", "serial"]],
)
def test_a_folder_where_nothing_can_be_made_is_named_as_it_was_given(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "here").symlink_to("/proc")
    done = evswarm(*words, "--out", tmp_path / "here" / "x")
    assert done.exit_code == 2
    assert f"{tmp_path / 'here' / 'x'} is not writable" in done.stderr


@pytest.mark.parametrize("words", [["run"], ["compare"], ["optimize", "--functions", "F1", "--runs", "1"]])
def test_what_saves_nothing_says_so_at_the_end(words: list[str]) -> None:
    small = ["--iterations", "2", "--optimizers", "pso"] if words[0] == "optimize" else SMALL
    done = evswarm(*words, *small)
    assert done.exit_code == 0
    assert done.stdout.splitlines()[-1].startswith("Nothing was saved; --out DIR")


def test_what_is_saved_is_not_said_to_be_lost(small_run: SmallRun) -> None:
    assert "Nothing was saved" not in small_run.printed


@pytest.mark.parametrize("content", [None, "[fleet]\nvehicle=3\n", "[fleet]\nsource='csv'\npath='none.csv'\n"])
def test_the_page_is_not_served_for_a_scenario_with_faults(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "my.toml").write_text(content)
    done, run = (evswarm(command, tmp_path / "my.toml") for command in ("app", "run"))
    assert done.exit_code == run.exit_code == 2
    assert done.stderr == run.stderr
    assert done.stdout == ""


def test_a_reader_who_goes_away_ends_a_command_in_silence() -> None:
    words = [sys.executable, "-m", "runs", "check", "scenarios/paper_a.toml"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        told = process.stderr.read()
    assert process.returncode == 141
    assert "Error" not in told
    assert "fault" not in told


def test_names_with_brackets_are_names(tmp_path: Path) -> None:
    done = evswarm("run", *SMALL, "--out", tmp_path / "x[/]")
    assert done.exit_code == 0
    assert "x[/]" in done.stdout


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_leaves_no_half_written_folder(tmp_path: Path, how: signal.Signals) -> None:
    out = tmp_path / "out"
    words = [sys.executable, "-m", "runs", "run", "--set", "fleet.vehicles=200000", "--out", str(out)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while not list(tmp_path.iterdir()) and process.poll() is None:  # the draft folder: the run has begun
            time.sleep(0.02)
        process.send_signal(how)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + how, err
    assert "nothing was written" in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_transformers_spread_over_processes_print_the_same(tmp_path: Path) -> None:
    words = ["run", "--set", "fleet.vehicles=60", "--set", "transformer.count=4", "--set", "run.engine=compiled"]
    one, two = (evswarm(*words, "--workers", n, "--out", tmp_path / n) for n in ("1", "2"))
    assert two.exit_code == 0, two.output
    assert (tmp_path / "1/slots.parquet").read_bytes() == (tmp_path / "2/slots.parquet").read_bytes()
    rows = [[line for line in done.stdout.splitlines() if "messages" in line] for done in (one, two)]
    assert rows[0] == rows[1] != []


def test_faults_of_the_network_are_printed_and_its_messages_written(small_run: SmallRun, tmp_path: Path) -> None:
    partition = "channel.partitions=[{from_h=6,to_h=9}]"
    words = ["--set", "channel.loss=0.1", "--set", partition, "--set", "channel.log=true", "--out", tmp_path / "out"]
    done = evswarm("run", *SMALL, *words)
    assert done.exit_code == 0, done.output
    assert "messages lost" in done.stdout
    assert "EVs cut off for a time" in done.stdout
    assert "lost" in (tmp_path / "out/timeline.txt").read_text()
    assert "messages lost" not in small_run.printed
    refused = evswarm("run", "--set", "channel.loss=0.1", "--set", "run.engine=compiled")
    assert refused.exit_code == 2
    assert "agents" in refused.stderr
    unknown = evswarm("run", "--set", "channel.partitions=[{transformer='T9',from_h=6,to_h=9}]")
    assert unknown.exit_code == 2
    assert "T9" in unknown.stderr


def test_overwrite_is_for_those_who_mean_it(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert evswarm("run", *SMALL, "--out", out).exit_code == 0
    (out / "summary.json").write_text("mine")
    (out / "figures" / "notes.txt").write_text("mine too")
    refused = evswarm("run", *SMALL, "--out", out)
    assert refused.exit_code == 2
    assert "figures/notes.txt, which evswarm did not write" in refused.stderr
    assert "summary.json, which was changed" in refused.stderr
    assert (out / "summary.json").read_text() == "mine"
    assert evswarm("run", *SMALL, "--out", out, "--overwrite").exit_code == 0
    assert json.loads((out / "summary.json").read_text())["peak_kw"] > 0
    assert (out / "figures" / "notes.txt").read_text() == "mine too"


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1"])  # noqa: S104
def test_the_page_is_served_to_other_machines_with_a_token_alone(host: str) -> None:
    done = evswarm("app", "--host", host)
    assert done.exit_code == 2
    assert f"--token is missing with --host {host}" in done.stderr
    assert "whoever knows it can run evswarm here" in done.stderr
