"""Texts of studies are filled whole: no place is left over, and no figure."""

import re
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from runs.studies import templates
from runs.studies.claim import claim
from runs.studies.templates import Span, fill, spans, spans_by

STUDIES = Path(templates.__file__).parent
FILES = sorted([*STUDIES.glob("*/*.md"), *STUDIES.glob("*/*.csv")])
WORDS = sorted(STUDIES.glob("*/claims.toml"))


def test_places_take_figures_in_their_format() -> None:
    row = {"load_kw": 1234.5, "share": 0.125}
    text = "{n} EVs: {row[load_kw]:,.0f} kW, {row[load_kw]!k:.1f} MW, {row[share]!p:.1f} points, {gap:.2f}"
    assert fill(text, {"n": 5, "row": row, "gap": np.nan}) == "5 EVs: 1,234 kW, 1.2 MW, 12.5 points, -"


def test_a_place_without_a_figure_is_an_error() -> None:
    with pytest.raises(KeyError, match="missing"):
        fill("{there} and {missing}", {"there": 1})


@pytest.mark.parametrize("text", ["{there}", "{each there}{n}"])
def test_a_figure_without_a_place_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="no place for left, right"):
        fill(text, {"there": [{"n": 1}], "left": 1, "right": 2})


def test_a_line_is_written_for_each_record_and_only_where_it_is_to_be() -> None:
    text = "| a |\n{each rows}| {a} of {n} |\n{if told}told {n}\n{if untold}untold\nend"
    table = pd.DataFrame({"a": [1, 2]})
    values = {"n": 9, "told": True, "untold": ""}
    assert fill(text, {**values, "rows": table}) == "| a |\n| 1 of 9 |\n| 2 of 9 |\ntold 9\nend"
    assert fill(text, {**values, "rows": []}) == "| a |\ntold 9\nend"


def test_a_span_prints_its_ends_unless_all_print_the_same() -> None:
    span = Span.of([1.0, 2.0, 6.0, np.nan])
    assert f"{span:.0f}" == "3 (1 to 6)"
    assert f"{span.ends:.0f}" == "1 to 6"
    assert f"{span * 100:.0f}" == "300 (100 to 600)"
    assert f"{span / 1000:.1f}" == "0.0"
    assert f"{Span.of([2.001, 2.002]):.2f}" == "2.00"
    assert f"{Span.of([np.nan]):.2f}" == "-"
    assert (span.total, span.runs) == (9, 4)


def test_spans_are_those_of_each_group() -> None:
    table = pd.DataFrame({"name": ["b", "a", "b"], "kind": 1, "x": [1.0, 5.0, 3.0], "holds": [True, False, False]})
    first, second = spans_by(table, "name", "kind")
    assert (first["name"], second["name"]) == ("b", "a")
    assert (first["x"].mean, first["holds"].total, first["holds"].runs) == (2.0, 1, 2)
    assert spans(table[table.name == "a"])["x"].low == 5.0


def test_a_claim_has_the_words_of_its_file() -> None:
    found = claim("runs.studies.paper_a.claims", "limit", "found", limit_kw=1615.0)
    assert (found.number, found.outcome) == ("A-1", "found")
    assert found.evidence == "2000 kVA x 0.85 x 0.95 = 1615 kW"
    with pytest.raises(ValueError, match="no place for other"):
        claim("runs.studies.paper_a.claims", "limit", "found", limit_kw=1615.0, other=1)


def test_claims_are_joined_by_semicolons_where_there_is_one_for_each() -> None:
    changes = [{"name": name, "change": 0.1, "equal": "iterations", "more": 0} for name in ("ACSO", "CSO")]
    cso = {"losses_mwh": 7277.0, "losses_kwh_change": -0.01}
    evidence = claim("runs.studies.paper_c.claims", "loss_to_cso", "found", cso=cso, changes=changes).evidence
    assert evidence.endswith("ACSO +10.00% at equal iterations; CSO +10.00% at equal iterations")


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.name}")
def test_every_text_is_filled_by_the_code_beside_it(file: Path) -> None:
    code = "".join(path.read_text() for path in file.parent.glob("*.py"))
    assert re.search(rf'filled\(\s*__name__,\s*"{re.escape(file.name)}"', code)


@pytest.mark.parametrize("file", WORDS, ids=lambda file: file.parent.name)
def test_every_claim_in_a_file_is_made(file: Path) -> None:
    words = tomllib.loads(file.read_text())
    code = (file.parent / "claims.py").read_text()
    assert set(words) == set(re.findall(r'_claim\(\s*"(\w+)"', code))
    for each in words.values():
        assert each.keys() - {"each"} == {"number", "text", "evidence"}
        assert "\n" not in each["text"] + each["evidence"]
