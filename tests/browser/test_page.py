"""The page in a real browser; every test leaves a screenshot in results/screenshots."""

import io
import re
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from runs.homes.part import Homes
from runs.page.grid import LEGEND_PX
from runs.page.tree import Places
from runs.scenario import Scenario
from runs.simulate import simulate
from tests.browser.conftest import SCREENSHOTS, Tabs


def _step(page: Page, times: int = 1) -> None:
    for _ in range(times):
        frame = _frame(page)
        page.get_by_role("button", name="Step", exact=True).click()
        expect(page.get_by_text(f"Frame {frame + 1} of")).to_be_visible()


def _frame(page: Page) -> int:
    found = re.search(r"Frame (\d+) of", page.locator("body").inner_text())
    assert found
    return int(found[1])


def _move(page: Page, slider: str, keys: int) -> None:
    knob = page.locator(".v-input__slider", has_text=slider).get_by_role("slider")
    knob.focus()
    for _ in range(keys):
        knob.press("ArrowRight")
    page.wait_for_timeout(300)  # the slider tells the server on its own time


def _reset(page: Page) -> None:
    page.get_by_role("button", name="Reset", exact=True).click()
    expect(page.get_by_text("Frame 0 of")).to_be_visible()


def _load(page: Page, path: Path) -> None:
    page.get_by_label("Scenario file").fill(str(path))
    page.get_by_label("Scenario file").press("Tab")
    page.wait_for_timeout(300)
    page.get_by_role("button", name="Load", exact=True).click()


def _shoot(page: Page, name: str) -> None:
    page.wait_for_timeout(400)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")


def test_step_shows_the_next_frame(tabs: Tabs) -> None:
    page = tabs.open()
    page.evaluate("charts = [...document.querySelectorAll('.solara-echarts canvas')]")
    _shoot(page, "begin")
    _step(page, 4)
    page.get_by_role("button", name="Step", exact=True).press("Enter")
    expect(page.get_by_text("Frame 5 of")).to_be_visible()
    expect(page.locator("#numbers")).to_contain_text("Gap to the optimum")
    assert page.evaluate("charts.length >= 4 && charts.every(each => each.isConnected)"), "updated, not built anew"
    _shoot(page, "five_steps")


@pytest.mark.slow
def test_play_to_the_end_and_reset_with_another_batch_size(tabs: Tabs) -> None:
    page = tabs.open()
    _move(page, "Batch size", 49)
    _reset(page)
    expect(page.get_by_text("ants in batches of 50")).to_be_visible()
    _step(page, 12)
    _shoot(page, "batches_of_50_midday")
    page.get_by_role("button", name="▶").click()
    expect(page.get_by_text("the day is over")).to_be_visible(timeout=60_000)
    _shoot(page, "batches_of_50_end")
    _reset(page)
    _step(page)


@pytest.mark.slow
def test_an_ev_tells_why_it_chose_when_it_is_clicked(tabs: Tabs) -> None:
    page = tabs.open()
    _step(page, 3)
    box = page.locator(".solara-echarts").nth(1).bounding_box()
    assert box is not None
    columns, rows = 36, 14  # of 500 dots
    page.mouse.click(
        box["x"] + 24 + 3 * (box["width"] - 48) / (columns + 1), box["y"] + 266 + (box["height"] - 294) / (rows + 1)
    )
    expect(page.get_by_label("EV to look at")).to_have_value("3")
    expect(page.get_by_text("it read the board and took the slots")).to_be_visible()
    _shoot(page, "ev_clicked")


@pytest.mark.slow
def test_a_bad_scenario_file_is_said_on_the_page_and_a_good_one_mends_it(tabs: Tabs, tmp_path: Path) -> None:
    page = tabs.open()
    bad = tmp_path / "bad.toml"
    bad.write_text("[coordination]\nbatch_sise = 5\n[fleet]\nvehicles = -1\n")
    _load(page, bad)
    expect(page.get_by_text("The day cannot begin: 2 faults")).to_be_visible()
    expect(page.get_by_text("batch_size")).to_be_visible()
    assert "Traceback" not in page.locator("body").inner_text()
    _shoot(page, "bad_file")
    _load(page, tmp_path / "missing.toml")
    expect(page.get_by_text("The day cannot begin: 1 fault.")).to_be_visible()
    good = tmp_path / "good.toml"
    good.write_text(
        "[fleet]\nvehicles = 33\n[transformer]\ncount = 2\nrated_kva = 1234.5\n[coordination]\nmethod = 'optimal'\n"
    )
    _load(page, good)
    expect(page.get_by_text("33 EVs under 2 transformers")).to_be_visible()
    _move(page, "Seed", 1)
    _reset(page)
    expect(page.get_by_text("33 EVs under 2 transformers, optimum, seed 2")).to_be_visible()  # no other control moved
    _step(page, 20)
    _shoot(page, "optimal_two_transformers")


@pytest.mark.slow
def test_two_tabs_with_different_seeds_stay_apart(tabs: Tabs) -> None:
    one, other = tabs.open(), tabs.open()
    _move(other, "Seed", 1)
    _reset(other)
    expect(other.get_by_text("seed 2")).to_be_visible()
    _step(other, 3)
    expect(one.get_by_text("seed 1")).to_be_visible()
    assert _frame(one) == 0
    _step(one, 3)
    assert one.locator("h3").inner_text() != other.locator("h3").inner_text()
    assert one.locator("#numbers").inner_text() != other.locator("#numbers").inner_text()


@pytest.mark.slow
def test_ten_thousand_evs(tabs: Tabs, tmp_path: Path) -> None:
    page = tabs.open()
    large = tmp_path / "large.toml"
    large.write_text(
        "[fleet]\nvehicles = 10000\n[transformer]\ncount = 20\nsubstations = 2\n[load]\nfluctuation = 0.05\n"
    )
    _load(page, large)
    expect(page.get_by_text("10,000 EVs under 20 transformers")).to_be_visible(timeout=30_000)
    _step(page, 40)
    _shoot(page, "ten_thousand")
    box = page.locator(".solara-echarts").nth(1).bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 56 + 0.5 * (box["width"] - 80) / 20, box["y"] + box["height"] - 40)  # the first bar
    expect(page.get_by_text("A dot is an EV")).to_be_visible()
    _shoot(page, "one_of_twenty_transformers")


NODES = """node,parent,kind,limit_kw,load
centre,,control_center,,
North,centre,substation,160,
South,North,substation,signal,street
T one,North,transformer,150,homes
T two,South,transformer,140,homes
T three,centre,transformer,90,homes+roof
"""


def _district(folder: Path) -> Path:
    (folder / "nodes.csv").write_text(NODES)
    rows = [f"{hour},{40 + 3 * (hour % 5)},{-90 * (hour < 4)},10,{60 if 6 <= hour < 9 else 140}" for hour in range(24)]
    (folder / "loads.csv").write_text("\n".join(["hour,homes,roof,street,signal", *rows]))
    file = folder / "district.toml"
    file.write_text(
        '[grid]\nsource = "table"\npath = "nodes.csv"\n[loads]\npath = "loads.csv"\n[fleet]\nvehicles = 60\n'
    )
    return file


def _at(page: Page, places: Places, row: int) -> tuple[float, float]:
    """Return where a node of the tree is in the window."""
    box = page.locator(".solara-echarts").nth(1).bounding_box()
    assert box is not None
    across = (places.x[row] + 0.5) / places.columns * (box["width"] - 24)
    return box["x"] + 12 + float(across), box["y"] + LEGEND_PX + float(places.y_px[row] + places.level_px / 2)


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_click_on_a_node_shows_its_board_and_the_tree_tells_what_the_tables_do(
    tabs: Tabs, tmp_path: Path, scheme: str
) -> None:
    file = _district(tmp_path)
    result = simulate(Scenario.read(file))
    world = Homes.build(result.scenario, np.random.default_rng(result.scenario.run.seed))
    tree, places = world.grid, Places.of(world.grid)
    page = tabs.open(scheme=scheme)
    _load(page, file)
    expect(page.get_by_text("60 EVs under 3 transformers")).to_be_visible()
    expect(page.get_by_text("they are those of [grid]")).to_be_visible()
    page.wait_for_timeout(1000)  # a page that was just built may lose a click
    for name, kind in (("South", "substation"), ("T three", "transformer"), ("North", "substation")):
        page.mouse.click(*_at(page, places, tree.node.index(name)))
        expect(page.get_by_text(f"The board of {name}: {kind}, ")).to_be_visible()
        page.wait_for_timeout(500)
        _shoot(page, f"node_{name}_{scheme}".replace(" ", "_"))
    page.mouse.click(*_at(page, places, tree.node.index("North")))
    expect(page.get_by_text("The board of centre: control center, ")).to_be_visible()
    page.get_by_role("button", name="▶").click()
    expect(page.get_by_text("the day is over")).to_be_visible(timeout=60_000)
    last = world.horizon.n_slots - 1
    below, above = result.slots, result.upper_slots
    loads = dict(below[below.slot == last].groupby("transformer").total_kw.sum())
    loads |= dict(above[above.slot == last].groupby("node").total_kw.sum())
    for row, name in enumerate(tree.node):
        page.mouse.move(*_at(page, places, row))
        limit = tree.limit_kw[row, last]
        of_limit = f"{100 * loads[name] / limit:.0f} % of its limit" if np.isfinite(limit) else "no limit of its own"
        expect(page.get_by_text(re.compile(f"^{name}: .* {loads[name]:,.0f} kW now, {of_limit}"))).to_be_visible()
    _shoot(page, f"tree_{scheme}")


@pytest.mark.slow
def test_dark_and_narrow(tabs: Tabs) -> None:
    dark = tabs.open(scheme="dark")
    _step(dark, 8)
    _shoot(dark, "dark")
    dark.get_by_role("button").filter(has=dark.locator(".mdi-brightness-auto")).click()  # dark for good
    dark.get_by_role("button").filter(has=dark.locator(".mdi-weather-night")).click()  # light for good
    _shoot(dark, "light_by_the_button")
    narrow = tabs.open(width=400, height=2600)
    assert narrow.evaluate("document.documentElement.scrollWidth") <= 400
    _shoot(narrow, "narrow")
    narrow.locator("button:has(.mdi-menu)").click()
    _step(narrow)
    _shoot(narrow, "narrow_controls")
    narrow.mouse.click(390, 700)
    expect(narrow.get_by_text("Frame 1 of")).to_be_in_viewport()


def _run_shaving(page: Page) -> None:
    page.wait_for_timeout(1000)  # as for Compare
    for _ in range(3):
        page.get_by_role("button", name="Run", exact=True).click()
        with suppress(PlaywrightTimeoutError):
            page.get_by_role("button", name="Next slot").wait_for(timeout=20_000)
            break
    page.locator(".solara-echarts canvas").nth(3).wait_for(timeout=30_000)


@pytest.mark.slow
def test_peak_shaving_is_watched_slot_by_slot_in_each_tab_on_its_own(tabs: Tabs, tmp_path: Path) -> None:
    page, narrow = tabs.open(height=2000), tabs.open(width=400, height=3400, scheme="dark")
    page.get_by_role("tab", name="Peak shaving").click()
    expect(page.get_by_text("Paper B's case, as the scenario has no [peak_shaving]")).to_be_visible()
    _run_shaving(page)
    expect(page.get_by_role("heading", name="23:45")).to_be_visible()
    assert page.get_by_role("cell", name="55.03%").is_visible()
    _shoot(page, "peak_shaving")
    page.evaluate("charts = [...document.querySelectorAll('.solara-echarts canvas')]")
    page.get_by_role("button", name="First slot").click()
    expect(page.get_by_role("heading", name="00:00")).to_be_visible()
    page.get_by_role("button", name="Next slot").click()
    expect(page.get_by_role("heading", name="00:15")).to_be_visible()
    assert page.evaluate("charts.length == 4 && charts.every(each => each.isConnected)"), "updated, not built anew"
    page.get_by_role("tab", name="Watch").click()
    expect(page.get_by_text("Frame 0 of")).to_be_visible()
    page.get_by_role("tab", name="Peak shaving").click()
    expect(page.get_by_role("heading", name="00:15")).to_be_visible()

    file = tmp_path / "v2g.toml"
    file.write_text("[fleet]\nvehicles = 50\n[peak_shaving]\noptimizer = 'exact'\n")
    narrow.locator("button:has(.mdi-menu)").click()
    _load(narrow, file)
    expect(narrow.get_by_text("The scenario's [peak_shaving]. 50 EVs")).to_be_attached()
    narrow.mouse.click(390, 700)
    _run_shaving(narrow)
    expect(narrow.get_by_role("heading", name="11:00")).to_be_visible()
    assert narrow.evaluate("document.documentElement.scrollWidth") <= 400
    _shoot(narrow, "peak_shaving_narrow_dark")
    expect(page.get_by_role("heading", name="00:15")).to_be_visible()


@pytest.mark.slow
def test_stations_are_watched_slot_by_slot_and_played(tabs: Tabs, tmp_path: Path) -> None:
    page, narrow = tabs.open(height=2600), tabs.open(width=400, height=4400, scheme="dark")
    page.get_by_role("tab", name="Stations").click()
    expect(page.get_by_text("Paper C's case, as the scenario has no [stations]")).to_be_visible()
    page.wait_for_timeout(1000)  # as for Compare
    for label, number in (("Iterations", "2"), ("Population", "6")):
        page.get_by_label(label).fill(number)
        page.get_by_label(label).press("Tab")
    page.locator(".v-input--switch", has_text="User level").locator(".v-input--selection-controls__ripple").click()
    page.wait_for_timeout(500)
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_role("heading", name="23:24")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("triggers: time, region, emergency.")).to_be_visible()
    expect(page.locator(".solara-echarts:has(canvas)")).to_have_count(5)
    page.evaluate("charts = [...document.querySelectorAll('.solara-echarts canvas')]")
    page.get_by_role("button", name="First slot").click()
    expect(page.get_by_role("heading", name="00:00")).to_be_visible()
    page.get_by_role("button", name="Next slot").click()
    expect(page.get_by_role("heading", name="00:36")).to_be_visible()
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.get_by_role("heading", name="02:24")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    paused = page.locator("h3").inner_text()
    page.wait_for_timeout(1500)
    assert page.locator("h3").inner_text() == paused
    assert page.evaluate("charts.length >= 5 && charts.every(each => each.isConnected)"), "updated, not built anew"
    box = page.locator(".solara-echarts").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 16 + (box["width"] - 40) * 4 / 15, box["y"] + 92 + 0.7 * 36)  # S1-01, 4 of 15 km
    expect(page.get_by_text("4 km from the source")).to_be_visible()
    _shoot(page, "stations")

    file = tmp_path / "stations.toml"
    file.write_text(
        "[horizon]\nslot_min = 36\nslots = 12\n[load]\npeak_kw = 15200\n[stations]\n"
        "[scheduling]\niterations = 2\npopulation = 6\n"
    )
    narrow.locator("button:has(.mdi-menu)").click()
    _load(narrow, file)
    expect(narrow.get_by_text("The scenario's [stations].")).to_be_attached()
    narrow.mouse.click(390, 700)
    narrow.wait_for_timeout(1000)
    narrow.get_by_role("button", name="Run", exact=True).click()
    narrow.get_by_role("button", name="Next slot").wait_for(timeout=60_000)
    expect(narrow.locator(".solara-echarts:has(canvas)")).to_have_count(5)
    assert narrow.evaluate("document.documentElement.scrollWidth") <= 400
    _shoot(narrow, "stations_narrow_dark")


@pytest.mark.slow
def test_compare_two_methods_and_download_the_result(tabs: Tabs) -> None:
    page = tabs.open()
    page.get_by_role("tab", name="Compare").click()
    page.wait_for_timeout(1000)  # a tab that was just opened may still be drawn anew, and lose a click meanwhile
    both, result = page.get_by_role("button", name="Run both"), page.get_by_role("cell", name="Peak [kW]")
    for _ in range(3):
        both.click()
        with suppress(PlaywrightTimeoutError):
            result.wait_for(timeout=25_000)
            break
    expect(result).to_be_visible()
    _shoot(page, "compare")
    page.get_by_role("tab", name="Download").click()
    _shoot(page, "download")
    with page.expect_download(timeout=60_000) as download:
        page.get_by_role("button", name="Download tables and figures").click()
    names = zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())).namelist()
    assert {"evswarm/summary.json", "evswarm/slots.parquet", "evswarm/figures/load.png"} <= set(names)
