import re
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import typer
from pydantic.fields import FieldInfo

from environment.horizon import Horizon
from environment.input_faults import FaultyInputError
from environment.settings import Settings
from runs.idle import idle
from runs.scenario import Scenario, sections, source_name, toml_text
from runs.scenario_reference import commented_scenario, reference_page
from runs.terminal import BAD_INPUT, explained


def faults(*overrides: str, path: Path | None = None) -> list[str]:
    with pytest.raises(FaultyInputError) as caught:
        Scenario.read(path, overrides)
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("coordination.batchsize=3", "'batch_size', the nearest known name"),
        ("coordination.method=ant", "'ants', the nearest known name"),
        ("coordination.optimizer=psso", "'pso', the nearest known name"),
        ("coordination.batch_size=0", "greater than 0"),
        ("coordination.batch_size=many", "a whole number"),
        ("cordination.batch_size=3", "'coordination', the nearest known name"),
        ("batch_size=3", "section.key=value"),
        ("coordination.batch_size", "section.key=value"),
        ("coordination=3", "section.key=value"),
        ("horizon.slot_min=7", "divide a day"),
        ("horizon.timezone=Nowhere", "IANA"),
        ("transformer.limit_kw=0", "greater than 0"),
        ("transformer.limit_kw=-5", "greater than 0"),
        ("transformer.limit_kw=nan", "finite"),
        ("fleet.source=cvs", "'csv', the nearest known name"),
        ("fleet.source=csv", "fleet.path is missing"),
        ("fleet.path=x.csv", "belongs to source 'csv', 'acn'"),
        ("fleet.types=[{nam='x'}]", "'name', the nearest known name"),
        ("fleet.types=[]", "at least one kind"),
        ("load.fluctuation=-1", "greater than or equal to 0"),
        ("stations.pile=3", "'piles', the nearest known name"),
        ("stations.region_weights=[]", "one above 0 for each region"),
        ("stations.time_weights=[1.0]", "24 of at least 0"),
        ("stations.time_max_h=2.0", "slots at least that long"),
        ("scheduling.optimizer=nobody", "expected"),
        ("users.charging_a_day=30000", "at most one charge a user and day"),
        ("run.engine=warp", "'agents' or 'compiled'"),
        ("run.optimum=perhaps", "true or false"),
        ("users.path=4", "a path, as a text"),
        ("fleet.types=4", "expected a list"),
        ("channel.partitions=[3]", "channel.partitions.0 is 3; expected a table of keys"),
        ("horizon.start=hello", "a time such as 2019-05-06T12:00:00, or 'fleet'"),
        ("coordination.method=3", "expected a text"),
        ("run.seed=1e300", "a whole number"),
        ("run.seed=" + "9" * 5000, "a whole number"),
        ("coordination.method=" + "[" * 5000, "expected one of"),
        ("transformer.count=1000000000000", "less than or equal to 100000"),
        ("transformer.substations=1000000000000", "less than or equal to 100000"),
        ("fleet.vehicles=1000000000000", "less than or equal to 10000000"),
        ("transformer.limit_kw=1e308", "less than or equal to 1000000000"),
        ('transformer."=3', "unknown"),
    ],
)
def test_a_wrong_key_or_value_is_explained(override: str, message: str) -> None:
    found = faults(override)
    assert len(found) == 1
    assert message in found[0]


def test_all_faults_of_a_scenario_are_found_at_once() -> None:
    found = faults("coordination.batchsize=3", "horizon.slot_min=7", "runs.seed=1", "transformer.limit_kw=0")
    assert len(found) == 4


def test_every_unknown_name_of_a_section_is_told_beside_its_other_faults() -> None:
    names = ("coordination.method=ant", "coordination.optimizer=psso")
    assert len(faults(*names)) == 2
    assert len(faults(*names, "coordination.batch_size=0")) == 3


def test_every_contradiction_of_the_stations_is_told() -> None:
    keys = ("time_rated_h=0.7", "battery_min_kwh=80", "storage_soc_min=0.6", "region_weights=[]")
    assert len(faults(*(f"stations.{key}" for key in keys))) == 4


def test_a_key_set_twice_is_one_value_too_many() -> None:
    (text,) = faults("fleet.vehicles=3", "load.peak_kw=5", " fleet.vehicles = 4")
    assert text == "--set: fleet.vehicles is 3 and 4; expected one value"
    assert Scenario.read(None, ["fleet.vehicles=3", "fleet.vehicles=3"]).fleet.vehicles == 3  # type: ignore[union-attr]


def test_so_many_lines_are_too_many_of_all_transformers() -> None:
    assert "1,000,000 lines in all" in faults("transformer.count=1000", "transformer.lines=2000")[0]


NUMBERS = [
    (name, cls, key, field)
    for name, classes in sections().items()
    for cls in classes
    for key, field in cls.model_fields.items()
    if {int, float} & {field.annotation, *get_args(field.annotation)}
]


@pytest.mark.parametrize("entry", NUMBERS, ids=lambda entry: f"{entry[0]}.{entry[2]}")
def test_every_number_of_a_scenario_has_bounds(entry: tuple[str, type[Settings], str, FieldInfo]) -> None:
    name, cls, key, _ = entry
    for value in ("1e308", "-1e308"):
        source = [f"{name}.source={source_name(cls)}"] if source_name(cls) else []
        found = [
            text for text in faults(*source, f"{name}.{key}={value}") if text.startswith(f"scenario: {name}.{key} is")
        ]
        assert found, f"{name}.{key} = {value}"


def test_both_ways_to_state_the_limit_are_one_too_many() -> None:
    assert "one way" in faults("transformer.limit_kw=5", "transformer.rated_kva=5")[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[horizon", "s.toml, line 1: text is '[horizon'; expected TOML"),
        ("[horizon]\nslots = 3 x\n", "s.toml, line 2: text is 'slots = 3 x'; expected TOML"),
        ("horizon = 3", "expected a section [horizon]"),
        ("x = " + "[" * 2000, "nested too deep"),
        (f"x = {'9' * 5000}", "text is unreadable; expected TOML"),
        ('[transformer]\n"" = 2', "transformer. is unknown"),
        ('[fleet]\nsource = "csv"\npath = "a\\u0000b"', ""),
    ],
)
def test_no_toml_or_no_section(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "s.toml"
    path.write_text(text)
    if message:
        assert message in faults(path=path)[0]
    else:
        with pytest.raises(FaultyInputError, match="missing"):
            Scenario.read(path).fleet.build(Horizon(), np.random.default_rng(1))


@pytest.mark.parametrize("name", ["none.toml", ".", "/dev/zero"])
def test_a_scenario_is_a_file(tmp_path: Path, name: str) -> None:
    assert "expected a scenario (TOML)" in faults(path=tmp_path / name)[0]


def test_paths_are_relative_to_the_file_that_names_them(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text('[fleet]\nsource = "csv"\npath = "mine.csv"\n')
    assert Scenario.read(tmp_path / "s.toml").fleet.path == tmp_path / "mine.csv"  # type: ignore[union-attr]


def test_what_is_written_reads_back_equal(tmp_path: Path, tree: Path) -> None:
    for source in [None, *sorted((tree / "scenarios").glob("*.toml"))]:
        scenario = Scenario.read(source)
        copy = tmp_path / "copy.toml"
        copy.write_text(scenario.to_toml())
        assert Scenario.read(copy) == scenario


@pytest.mark.parametrize(
    ("kind", "counts"),
    [
        ({}, {"feeder": {"source": "cigre_lv"}}),
        ({"peak_shaving": {"optimizer": "pso"}}, {"grouping": {"tactic": "tactic_1"}, "participation": {"stays": "once"}}),
        ({"stations": {"region_weights": (1.0, 0.5), "piles": 3}}, {
            "users": {"willing": 0.5}, "scheduling": {"optimizer": "none"}, "triggers": {"time": False},
            "events": {"supply_part": 0.5}, "feeder": {"source": "builtin", "source_voltage_pu": 1.02},
        }),
    ],
)  # fmt: skip
def test_every_kind_of_scenario_reads_back_equal_with_the_sections_that_count(
    tmp_path: Path, kind: dict[str, Any], counts: dict[str, Any]
) -> None:
    prices = {"tariff": {"source": "beijing"}} if kind else {}
    scenario = Scenario().update(**kind, **counts, **prices)
    file = tmp_path / "s.toml"
    file.write_text(scenario.to_toml())
    assert Scenario.read(file) == scenario
    assert idle(scenario) == []
    others = {"users": {"users": 50_000}, "grouping": {"tactic": "tactic_2"}, "tariff": {"flat_yuan_per_kwh": 0.9}}
    other = Scenario().update(
        **kind, **{name: section for name, section in others.items() if name not in counts | prices}
    )
    file.write_text(other.to_toml())
    assert idle(Scenario.read(file)) == [], "what does not count is not written"
    assert (idle(other) == []) == (len(kind) > 0 and set(others) <= set(counts | prices))


def test_update_makes_a_new_scenario_and_validates() -> None:
    scenario = Scenario()
    assert scenario.update(coordination={"batch_size": 7}).coordination.batch_size == 7
    assert scenario.coordination.batch_size == 1
    with pytest.raises(FaultyInputError, match="greater than 0"):
        scenario.update(coordination={"batch_size": 0})
    with pytest.raises(FaultyInputError, match="batchsize is unknown; expected 'batch_size'"):
        scenario.update(coordination={"batchsize": 7})
    with pytest.raises(FaultyInputError, match=r"section \[coordinaton\] is unknown; expected 'coordination'"):
        scenario.update(coordinaton={"batch_size": 7})


def test_the_commented_scenario_is_the_default(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text(commented_scenario())
    assert Scenario.read(file) == Scenario()


def test_the_commented_scenario_shows_every_key_of_every_source() -> None:
    """A key that two sources share is shown twice unless it is the same in all."""
    parts = re.split(r"^(?:# )?\[(\w+)\]$", commented_scenario(), flags=re.MULTILINE)
    for name, text in zip(parts[1::2], parts[2::2], strict=True):
        blocks = text.split("\n## Or: ")
        for i, cls in enumerate(sections()[name]):
            for key, field in cls.model_fields.items():
                if key == "source" or isinstance(field.default, tuple):
                    continue
                value = "..." if field.is_required() or field.default is None else toml_text(field.default)
                shown = {line for block in blocks[: i + 1] for line in block.splitlines()}
                assert f"# {key} = {value}" in shown, f"{name}.{key} of source {i}"


@pytest.mark.parametrize("optional", ["peak_shaving", "stations", "feeder"])
def test_the_defaults_in_the_commented_scenario_are_the_defaults(tmp_path: Path, optional: str) -> None:
    shown, other_source, left_out = [], False, False
    for line in commented_scenario().splitlines():
        section = line.removeprefix("# ").startswith("[")
        other_source = (other_source or line.startswith("## Or:")) and not section
        if section:  # of the optional ones one at a time
            left_out = line in {"# [peak_shaving]", "# [stations]", "# [feeder]"} - {f"# [{optional}]"}
        if not line.startswith("##") and not line.endswith("...") and not other_source and not left_out:
            shown.append(line.removeprefix("# "))
    file = tmp_path / "s.toml"
    file.write_text("\n".join(shown))
    assert len(shown) > 25
    source = {"source": "builtin"} if optional == "feeder" else {}
    assert Scenario.read(file) == Scenario().update(**{optional: source})  # its section is there now


def test_the_reference_page_is_current(tree: Path) -> None:
    assert (tree / "docs/scenario.md").read_text() == reference_page(), "run: make scenario-page"


@pytest.mark.parametrize(
    "name", ["acn_caltech", "district", "feeder_cigre", "my_fleet", "my_stations", "paper_a", "paper_b", "paper_c"]
)
def test_a_scenario_shows_what_differs_from_the_defaults_and_is_that_again(tree: Path, name: str) -> None:
    case = Scenario.read(str(tree / f"scenarios/{name}.toml"), ["channel.partitions=[{from_h=6,to_h=9}]"])
    assert eval(repr(case)) == case  # noqa: S307
    assert str(case) == repr(case)


def test_the_default_scenario_shows_nothing_but_its_name() -> None:
    assert repr(Scenario()) == "Scenario()"
    assert repr(Scenario().update(fleet={"vehicles": 40})) == "Scenario(fleet={'source': 'nhts', 'vehicles': 40})"


def test_too_little_memory_ends_a_command_as_a_fault_does(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended, explained():
        raise MemoryError
    assert ended.value.exit_code == BAD_INPUT
    assert "more memory than there is" in capsys.readouterr().err
