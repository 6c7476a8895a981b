"""Sections within a section: each way to set, change, show and write a scenario knows `[loads.NAME]` as it knows `[load]`."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from environment.horizon import Horizon
from environment.input_faults import FaultyInputError
from environment.loads import BdewLoad, BuiltinLoad
from runs.idle import idle
from runs.page.reach import FOLDERS_VARIABLE, scenario_of
from runs.scenario import Scenario


def faults(*overrides: str, path: Path | None = None) -> list[str]:
    with pytest.raises(FaultyInputError) as caught:
        Scenario.read(path, overrides)
    return [str(fault) for fault in caught.value.faults]


NAMES = st.text(min_size=1, max_size=12).filter(
    lambda name: name not in {"load", "path", "fill", "fluctuation"} and "+" not in name and name == name.strip()
)
SOURCES = st.one_of(
    st.fixed_dictionaries({}, optional={"peak_kw": st.floats(1, 1e6), "fluctuation": st.floats(0, 1)}),
    st.fixed_dictionaries(
        {"source": st.just("bdew")},
        optional={"profile_name": st.sampled_from(["H25", "G25"]), "peak_kw": st.floats(1, 9)},
    ),
    st.fixed_dictionaries(
        {"source": st.just("csv"), "path": st.sampled_from(["a.csv", "b/c.csv"])},
        optional={"fill": st.sampled_from(["hold", "interpolate"]), "peak_kw": st.floats(1, 9)},
    ),
)


@given(
    loads=st.dictionaries(NAMES, SOURCES, max_size=3), table=st.sampled_from([{}, {"path": "t.csv", "fill": "hold"}])
)
def test_named_loads_are_the_same_written_shown_and_changed(loads: dict[str, Any], table: dict[str, Any]) -> None:
    case = Scenario().update(loads={**loads, **table})
    with TemporaryDirectory() as folder:
        file = Path(folder).resolve() / "s.toml"
        file.write_text(case.to_toml(), encoding="utf-8")
        read = Scenario.read(file)

        def full(entry: Mapping[str, Any]) -> dict[str, Any]:
            return {key: file.parent / text if key == "path" else text for key, text in entry.items()}

        assert read == Scenario().update(loads={**{name: full(load) for name, load in loads.items()}, **full(table)})
    assert eval(repr(case)) == case  # noqa: S307
    assert case.update(run={"seed": 1}) == case
    for name in loads:
        changed = case.varied({f"loads.{name}.peak_kw": 77.0})
        assert changed == case.update(loads={name: {"peak_kw": 77.0}})
        assert changed.loads.named[name].peak_kw == 77.0
        assert changed.loads.named[name] == case.loads.named[name].model_copy(update={"peak_kw": 77.0})
        assert {key: load for key, load in changed.loads.named.items() if key != name} == {
            key: load for key, load in case.loads.named.items() if key != name
        }


def test_a_load_is_named_in_a_file_and_by_set(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text(
        '[loads]\npath = "all.csv"\n[loads.homes]\npeak_kw = 9\n[loads.shops]\nsource = "csv"\npath = "sub/shops.csv"\n'
    )
    case = Scenario.read(file, ["loads.homes.peak_kw=900", "loads.works.source=bdew", 'loads."a.b.c".peak_kw=3'])
    assert case.loads.path == tmp_path / "all.csv"
    assert case.loads.named["homes"] == BuiltinLoad(peak_kw=900)
    assert case.loads.named["works"] == BdewLoad(source="bdew")
    assert getattr(case.loads.named["shops"], "path", None) == tmp_path / "sub" / "shops.csv"
    assert list(case.loads.named) == ["homes", "shops", "works", '"a.b.c"']
    assert set(case.files()) == {tmp_path / "all.csv", tmp_path / "sub" / "shops.csv"}
    here = Scenario.read(None, ["loads.shops.source=csv", "loads.shops.path=x.csv", "loads.path=y.csv"])
    assert set(here.files()) == {Path("x.csv").resolve(), Path("y.csv").resolve()}
    whole = Scenario.read(None, ['loads.shops={source="csv", path="x.csv"}'])
    assert list(whole.files()) == [Path("x.csv").resolve()]
    assert ("loads", "homes.peak_kw") in case.changed_keys()
    assert Scenario().loads.named == {}
    assert idle(case) == []


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("loads.homes.peak=3", "scenario: loads.homes.peak is unknown; expected 'peak_kw', the nearest known name"),
        ("loads.homes.peak_kw=0", "scenario: loads.homes.peak_kw is 0; expected greater than 0"),
        ("loads.homes.source=bdw", "scenario: loads.homes.source is 'bdw'; expected 'bdew', the nearest known name"),
        ("loads.homes.source=csv", "scenario: loads.homes.path is missing; expected a value"),
        ("loads.homes.path=x.csv", "loads.homes.path is unknown; expected no such key with this source; it belongs to"),
        ("loads.homes.valley_kw=1e8", "loads.homes.valley_kw is 1e+08 and peak_kw = 1400; expected a valley below the peak"),
        ("loads.pth=x.csv", "scenario: loads.pth is unknown; expected 'path', the nearest known name, or a section [loads.pth]"),
        ("loads.fill=drop", "loads.fill is 'drop'; expected 'hold' or 'interpolate'"),
        ("loads.load.peak_kw=3", "loads is the name 'load'; expected another name: 'load' is the load of the section [load]"),
        ("loads.a+b.peak_kw=3", "loads is the name 'a+b'; expected a text without '+'"),
        ("loads.path.peak_kw=3", "loads.path is {'peak_kw': 3}; expected a path, as a text"),
        ("load.homes.peak_kw=3", "load.homes.peak_kw is unknown"),
    ],
)  # fmt: skip
def test_a_wrong_key_or_value_of_a_named_load_is_explained(override: str, message: str) -> None:
    (found,) = faults(override)
    assert message in found


def test_all_faults_of_all_loads_are_told_at_once() -> None:
    assert (
        len(faults("loads.a.peak=3", "loads.b.peak_kw=0", "loads.c.source=csv", "loads.fluctuation=-1", "load.peak=3"))
        == 5
    )
    assert len(faults("loads.load.peak_kw=3", "loads.a+b.peak_kw=3")) == 2
    with pytest.raises(FaultyInputError, match=r"cases.csv: loads\.a\.peak_kw is 0"):
        Scenario().varied({"loads.a.peak_kw": 0}, "cases.csv")


def test_what_does_not_count_of_a_named_load_is_named() -> None:
    case = Scenario.read(None, ["loads.my homes.fill=hold", "loads.fluctuation=0.1", "load.fill=hold"])
    assert "load.fill, loads.my homes.fill count only with a file of loads" in idle(case)
    assert "loads.fluctuation counts only with loads.path" in idle(case)
    case = Scenario.read(None, ["loads.homes.peak_kw=5", "peak_shaving.optimizer=exact"])
    assert "[loads] counts only without a section [peak_shaving] or [stations]" in idle(case)


def test_files_of_named_loads_share_one_zone(tmp_path: Path) -> None:
    for name, zone in (("a", "+02:00"), ("b", "+05:00")):
        (tmp_path / f"{name}.csv").write_text(f"time,load_kw\n2026-01-01T00:00{zone},5\n2026-01-01T12:00{zone},5\n")
    named = ["loads.a.source=csv", f"loads.a.path={tmp_path}/a.csv"]
    assert Scenario.read(None, named).settled().horizon.timezone == "+02:00"
    with pytest.raises(FaultyInputError, match="one zone in all files"):
        Scenario.read(None, [*named, f"loads.path={tmp_path}/b.csv"]).settled()


def test_the_page_reads_no_named_load_out_of_its_reach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    monkeypatch.setenv(FOLDERS_VARIABLE, str(tmp_path / "in"))
    file = tmp_path / "in" / "s.toml"
    file.write_text('[loads.a]\nsource = "csv"\npath = "../secret.csv"\n')
    with pytest.raises(FaultyInputError, match=r"loads\.a\.path"):
        scenario_of(str(file))


def test_keys_of_a_named_load_are_those_of_its_section(tmp_path: Path) -> None:
    (tmp_path / "flat.csv").write_text("hour,load_kw\n0,-1\n12,-1\n")
    case = Scenario.read(
        None, ["loads.flat.source=csv", f"loads.flat.path={tmp_path / 'flat.csv'}", "loads.flat.peak_kw=4"]
    )
    with pytest.raises(FaultyInputError, match=r"scenario: loads\.flat\.peak_kw is 4 on a load of at most -1 kW"):
        case.loads.profiles(Horizon())
    found = Scenario.read(None, ["loads.a.peak_kw=4"]).loads.profiles(Horizon())
    np.testing.assert_array_equal(found["a"].forecast_kw, BuiltinLoad(peak_kw=4).forecast(Horizon()))
