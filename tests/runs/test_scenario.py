from pathlib import Path

import pytest

from environment.faults import FaultyInputError
from runs.reference import commented_scenario, reference_page
from runs.scenario import Scenario


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
        ("coordination.batch_size=many", "integer"),
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
        ("run.engine=warp", "'agents' or 'compiled'"),
    ],
)
def test_a_wrong_key_or_value_is_explained(override: str, message: str) -> None:
    found = faults(override)
    assert len(found) == 1
    assert message in found[0]


def test_all_faults_of_a_scenario_are_found_at_once() -> None:
    found = faults("coordination.batchsize=3", "horizon.slot_min=7", "runs.seed=1", "transformer.limit_kw=0")
    assert len(found) == 4


def test_both_ways_to_state_the_limit_are_one_too_many() -> None:
    assert "one way" in faults("transformer.limit_kw=5", "transformer.rated_kva=5")[0]


@pytest.mark.parametrize("text", ["[horizon", "horizon = 3"])
def test_no_toml_or_no_section(tmp_path: Path, text: str) -> None:
    path = tmp_path / "s.toml"
    path.write_text(text)
    assert faults(path=path)
    assert faults(path=tmp_path / "none.toml")


def test_paths_are_relative_to_the_file_that_names_them(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text('[fleet]\nsource = "csv"\npath = "mine.csv"\n')
    assert Scenario.read(tmp_path / "s.toml").fleet.path == tmp_path / "mine.csv"  # type: ignore[union-attr]


def test_what_is_written_reads_back_equal(tmp_path: Path, tree: Path) -> None:
    for source in [None, *sorted((tree / "scenarios").glob("*.toml"))]:
        scenario = Scenario.read(source)
        copy = tmp_path / "copy.toml"
        copy.write_text(scenario.to_toml())
        assert Scenario.read(copy) == scenario


def test_update_makes_a_new_scenario_and_validates() -> None:
    scenario = Scenario()
    assert scenario.update(coordination={"batch_size": 7}).coordination.batch_size == 7
    assert scenario.coordination.batch_size == 1
    with pytest.raises(ValueError, match="greater than 0"):
        scenario.update(coordination={"batch_size": 0})


def test_the_commented_scenario_is_the_default(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text(commented_scenario())
    assert Scenario.read(file) == Scenario()


@pytest.mark.parametrize("optional", ["peak_shaving", "feeder"])
def test_the_defaults_in_the_commented_scenario_are_the_defaults(tmp_path: Path, optional: str) -> None:
    shown, other_source, left_out = [], False, False
    for line in commented_scenario().splitlines():
        section = line.removeprefix("# ").startswith("[")
        other_source = (other_source or line.startswith("## Or:")) and not section
        if section:  # of the two optional ones a scenario has one
            left_out = line in {"# [peak_shaving]", "# [feeder]"} - {f"# [{optional}]"}
        if not line.startswith("##") and not line.endswith("...") and not other_source and not left_out:
            shown.append(line.removeprefix("# "))
    file = tmp_path / "s.toml"
    file.write_text("\n".join(shown))
    assert len(shown) > 25
    source = {"source": "builtin"} if optional == "feeder" else {}
    assert Scenario.read(file) == Scenario().update(**{optional: source})  # its section is there now


def test_the_reference_page_is_current(tree: Path) -> None:
    assert (tree / "docs/scenario.md").read_text() == reference_page(), "run: make docs"
