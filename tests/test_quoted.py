"""README and guide quote what the runs that they tell of give."""

import re

import pytest

from tests.support.quoted import FIGURE, PAGES, TABLE, TREE, Quotes, quoted, shown


def test_what_is_quoted_is_known_and_what_is_known_is_quoted() -> None:
    quotes = Quotes.read()
    named = {name for page in PAGES for name in quoted((TREE / page).read_text())}
    assert named == {*quotes.cases, *quotes.tables}


@pytest.mark.parametrize("page", PAGES)
def test_every_mark_is_well_formed(page: str) -> None:
    text = (TREE / page).read_text()
    marked = len(FIGURE.findall(text)) * 2 + len(TABLE.findall(text)) * 2
    assert len(re.findall(r"<!--(?!/?tables\b).*?-->", text)) == marked, "but for those of lists of tables"


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_a_page_quotes_what_the_runs_give(page: str) -> None:
    text = (TREE / page).read_text()
    assert Quotes.read().written(text) == text, "`make quoted` writes it anew"


def test_a_wrong_figure_is_written_anew() -> None:
    quotes = Quotes({"few": {"set": ["fleet.vehicles=7"]}}, {})
    page = "It has <!--few:vehicles:,-->8<!----> EVs and <!--few:free.unserved_kwh:.1f--><!----> kWh."
    unserved = quotes.summary(quotes.cases["few"])["free"]["unserved_kwh"]
    assert quotes.written(page) == (
        f"It has <!--few:vehicles:,-->7<!----> EVs and <!--few:free.unserved_kwh:.1f-->{unserved:.1f}<!----> kWh."
    )


def test_a_table_is_written_anew_whatever_stood_there() -> None:
    row = {"set": ["run.engine=compiled"]}
    columns = {"one": {"set": ["coordination.batch_size=1"]}, "half": {"batch_part": 0.5}}
    asked = {"figure": "batch_size", "format": ".0f", "seeds": 1, "columns": columns, "rows": {"few": row}}
    row["set"].append("fleet.vehicles=10")
    written = Quotes({}, {"sizes": asked}).written("<!--sizes-->\nold\n<!--/sizes-->")
    assert written == "<!--sizes-->\n| | one | half |\n|---|---|---|\n| few | 1 | 5 |\n<!--/sizes-->"


def test_percent_has_a_blank() -> None:
    assert shown(0.0123, ".1%") == "1.2 %"
