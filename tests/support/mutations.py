"""Small inputs of every kind, and mutations of them: what a slip of the hand, a spreadsheet or another program makes of a file."""

import csv
import io
import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, Final, Literal, get_args, get_origin

import tomli_w
from power_grid_model.utils import json_serialize_to_file
from pydantic.fields import FieldInfo

from environment.feeders.cigre import CigreLvFeeder
from environment.feeders.power_flow import _components
from runs.parts import PARTS
from runs.scenario import COUNT_BESIDE, KNOWN_NAMES, sections, source_name

type Files = dict[str, bytes | None]
"""What a folder holds, by path; None: a folder of that name."""

SCENARIO: Final = "scenario.toml"
TREE: Final = Path(__file__).resolve().parents[2]
EXAMPLES: Final = TREE / "scenarios"


def example(name: str, files: tuple[str, ...] = (), **keys: dict[str, Any]) -> Files:
    """Return one of the scenarios that we ship, with its files and some keys that make it small."""
    content = tomllib.loads((EXAMPLES / f"{name}.toml").read_text(encoding="utf-8"))
    for section, values in keys.items():
        content.setdefault(section, {}).update(values)
    return {SCENARIO: tomli_w.dumps(content).encode(), **{file: (EXAMPLES / file).read_bytes() for file in files}}


def scenario(content: dict[str, dict[str, Any]], **files: str) -> Files:
    """Return a scenario and its files; a name's last underscore stands for the dot. Searches in it are short."""
    content = {"coordination": SHORT, **content}
    named = {".".join(name.rsplit("_", 1)): text.encode() for name, text in files.items()}
    return {SCENARIO: tomli_w.dumps(content).encode(), **named}


def first_lines(files: Files, name: str, most: int) -> Files:
    """Return files of which one is cut short."""
    return {**files, name: b"".join((files[name] or b"").splitlines(keepends=True)[:most])}


SHORT: Final = {"iterations": 2, "population": 6}
FEEDER: Final = tuple(f"data/my_feeder/{path.name}" for path in sorted((EXAMPLES / "data/my_feeder").iterdir()))
HOURS: Final = """vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw,capacity_kwh,soc_plug_in,efficiency,transformer,node
a,0,6,6,3.7,40,0.5,0.9,T1,Harbour
b,1,5.5,8,7.4,40,0.5,1,T1,Market
c,0.5,4,4,3.7,,,,T2,
d,2,6,9,11,60,0.2,0.95,T2,Mill
"""
LOAD: Final = "hour,load_kw\n0,2\n1,9.5\n2,5\n3,1\n4,-3\n5,1\n"
SIX: Final = {"slots": 6}
ITEM: Final = {
    "connectionTime": "Mon, 06 May 2019 13:38:13 GMT",
    "disconnectTime": "Mon, 06 May 2019 20:38:13 GMT",
    "kWhDelivered": 10.5,
    "userInputs": [{"kWhRequested": 20.0, "requestedDeparture": "Mon, 06 May 2019 21:00:00 GMT"}],
}


def acn_json() -> Files:
    items = [{**ITEM, "sessionID": f"s{i}"} for i in range(3)]
    del items[2]["userInputs"]
    day = {"start": "fleet", "timezone": "America/Los_Angeles", "slots": 48}
    fleet = {"source": "acn", "path": "acn.json", "energy": "requested"}
    return scenario({"horizon": day, "fleet": fleet}, acn_json=json.dumps({"_items": items}))


def pgm_json(folder: Path) -> Files:
    """Return EVs on the CIGRE low-voltage feeder as power-grid-model writes it."""
    lv = CigreLvFeeder(source="cigre_lv").read()
    parts = {str(name.value): rows for name, rows in _components(lv, 10_000).items() if rows.size}
    parts["sym_load"]["p_specified"], parts["sym_load"]["q_specified"] = 1e3 * lv.own_kw, 1e3 * lv.own_kvar
    json_serialize_to_file(folder / "grid.json", parts)
    fleet = HOURS.replace("Harbour", "3").replace("Market", "4").replace("Mill", "5")
    feeder = {"source": "pgm_json", "path": "grid.json"}
    text = (folder / "grid.json").read_text(encoding="utf-8")
    return scenario(
        {"horizon": SIX, "fleet": {"source": "csv", "path": "fleet.csv"}, "feeder": feeder},
        fleet_csv=fleet,
        grid_json=text,
    )


NAMES: Final = (
    "drawn fleet", "faults of the channel", "fleet and load", "actual load", "compiled, whole slots", "sessions", "sessions in JSON",
    "several stays", "peak shaving", "peak shaving, tariff", "peak shaving, available", "stations", "built-in stations", "feeder",
    "feeder in JSON", "built-in feeder",
)  # fmt: skip
"""Of `bases`."""


def bases(folder: Path) -> dict[str, Files]:
    """Return a small input of every kind by name.

    Parameters
    ----------
    folder
        Takes what another program writes.
    """
    own = {"source": "csv", "path": "fleet.csv"}
    base = {"source": "csv", "path": "load.csv"}
    store = {"peak_shaving": {"optimizer": "exact"}, "tariff": {"source": "csv", "path": "tariff.csv"}}
    tariff = "hour,yuan_per_kwh\n0,0.3\n1,0.4\n2,1.1\n3,-0.1\n4,0.6\n5,0.6\n"
    stations = first_lines(
        example(
            "my_stations",
            (*FEEDER, "data/my_stations.csv", "data/my_users.csv"),
            horizon={"slots": 8},
            scheduling=SHORT,
        ),
        "data/my_users.csv",
        14,
    )
    return {
        "drawn fleet": example("paper_a", fleet={"vehicles": 6}),
        "faults of the channel": scenario(
            {
                "horizon": SIX,
                "fleet": own,
                "load": base,
                "transformer": {"limit_kw": 14.0},
                "coordination": {**SHORT, "batch_size": 2, "rounds": 2},
                "channel": {
                    "loss": 0.2, "delay_s": 4.0, "duplication": 0.1, "timeout_s": 15.0, "resends": 2, "death": 0.05, "log": True,
                    "partitions": [{"from_h": 2.0, "to_h": 3.0, "transformer": "T1"}], "restarts": [{"at_h": 1.5}],
                },
            },
            fleet_csv=HOURS,
            load_csv=LOAD,
        ),
        "fleet and load": example("my_fleet", ("data/my_fleet.csv", "data/my_load.csv")),
        "actual load": scenario(
            {"horizon": SIX, "fleet": own, "load": {**base, "actual_path": "actual.csv", "fill": "hold"}},
            fleet_csv=HOURS,
            load_csv=LOAD,
            actual_csv=LOAD.replace("2,5\n", ""),
        ),
        "named loads": scenario(
            {
                "horizon": SIX,
                "fleet": own,
                "load": base,
                "loads": {
                    "path": "all.csv",
                    "fill": "hold",
                    "homes": {"peak_kw": 6.0, "fluctuation": 0.1},
                    "roofs": {"source": "pv", "peak_kw": 5.0, "path": "sun.csv"},
                },
            },
            fleet_csv=HOURS,
            load_csv=LOAD,
            all_csv="hour,shops,contract\n0,3.5,14\n1,-2,14\n3,4,11\n4,4,11\n5,4,11\n6,4,11\n",
            sun_csv="slot,irradiance_w_m2\n0,0\n1,120\n2,800\n3,990\n4,300\n5,0\n",
        ),
        "compiled, whole slots": scenario(
            {"horizon": SIX, "fleet": own, "coordination": {"energy": "whole_slots"}, "run": {"engine": "compiled"}},
            fleet_csv=HOURS,
        ),
        "sessions": first_lines(
            example("acn_caltech", ("data/acn_caltech_week.csv",)), "data/acn_caltech_week.csv", 12
        ),
        "sessions in JSON": acn_json(),
        "several stays": scenario(
            {"horizon": {"start": "2024-05-06T12:00:00", "slots": 48}, "fleet": own},
            fleet_csv="vehicle,plug_in,plug_out,energy_kwh,power_kw,capacity_kwh,soc_plug_in\n"
            "car,2024-05-06T18:00,2024-05-07T07:00,10,7.4,40,0.7\ncar,2024-05-07T18:00,2024-05-08T07:00,10,7.4,40,0.6\n"
            "van,2024-05-06T13:00,2024-05-06T19:00,30,11,,\n",
        ),
        "peak shaving": example(
            "paper_b", fleet={"vehicles": 5}, horizon={"slot_min": 60}, peak_shaving=SHORT, load={"peak_kw": 50.0, "valley_kw": 20.0}
        ),
        "peak shaving, tariff": scenario(
            {"horizon": SIX, "fleet": own, "load": base, "participation": {"end": "need"}, **store},
            fleet_csv=HOURS.replace("c,0.5,4,4,3.7,,,,T2,", "c,0.5,4,4,3.7,30,0.4,0.9,T2,"),
            load_csv=LOAD,
            tariff_csv=tariff,
        ),
        "peak shaving, available": scenario(
            {
                "horizon": SIX,
                "fleet": {"vehicles": 4},
                "peak_shaving": SHORT,
                "participation": {"available_path": "available.csv"},
            },
            available_csv="slot,vehicles\n0,4\n1,3\n2,2\n3,2\n4,0\n5,4\n",
        ),
        "stations": stations,
        "built-in stations": example(
            "paper_c", horizon={"slots": 2, "start": "2023-07-12T18:00:00"}, users={"users": 300, "charging_a_day": 300}, scheduling=SHORT
        ),
        "feeder": {
            **scenario(
                {"horizon": SIX, "fleet": own, "load": base, "feeder": {"source": "simbench", "path": "data/my_feeder"}},
                fleet_csv=HOURS,
                load_csv=LOAD,
            ),
            **{file: (EXAMPLES / file).read_bytes() for file in FEEDER},
        },
        "feeder in JSON": pgm_json(folder),
        "built-in feeder": example("feeder_cigre", fleet={"vehicles": 5}, horizon={"slot_min": 60, "slots": 4}),
    }  # fmt: skip


ODD_NUMBERS: Final = (
    0,
    -1,
    1,
    2,
    3,
    0.5,
    -0.25,
    1e-300,
    1e308,
    -1e308,
    float("nan"),
    float("inf"),
    2**31,
    2**63,
    10**30,
    1e9,
)
ODD_TEXTS: Final = ("", " ", "x", "x" * 5000, "EV ☃ ü", "../x", "/dev/zero", ".", "data", "fleet.csv", "[red]", "\x00", "\n", "=1+1",
    "1e309", "nan", "-inf", "T1", "24:00", "2024-02-30", "2024-05-06T18:00:00+05:00", "Europe/Berlin", "../../etc", "none", "true")  # fmt: skip
ODD_CELLS: Final = (*map(str, ODD_NUMBERS), *ODD_TEXTS, "1,5", "1.234,5", "1_000", "0x10", "\u0661", '"', ";", "NULL", "-0", "+3",
    "2026-01-14T18:00", "2026-01-14T18:00Z", "2019-05-06 06:38:13-07:00", "2024-05-07", "9999-12-31T23:59", "0001-01-01T00:00",
    "Harbour", "Busbar", "L1", "a")  # fmt: skip


def odd_value(rng: Random, depth: int = 0) -> Any:
    """Draw a TOML value that is seldom the right one."""
    moment, day = tomllib.loads("a = 2024-05-06T18:00:00\nb = 2024-05-06\nc = 18:00:00").values(), [True, False]
    pools: list[Callable[[], Any]] = [
        *[lambda: rng.choice(ODD_NUMBERS)] * 4,
        *[lambda: rng.choice(ODD_TEXTS)] * 3,
        lambda: rng.choice([*moment, *day]),
    ]
    if depth < 2:
        pools.append(lambda: [odd_value(rng, depth + 1) for _ in range(rng.randrange(4))])
        pools.append(lambda: {rng.choice(["", "x", "from_h", "at_h", "name"]): odd_value(rng, depth + 1)})
    return rng.choice(pools)()


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return every container of nested lists and tables, with each of its keys or positions."""
    keys = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    return [place for key in keys for place in [(value, key), *places(value[key])]]


def near(value: Any, rng: Random) -> Any:
    """Return a number near another, or far from it; other values as they are."""
    if isinstance(value, bool):
        return not value
    if not isinstance(value, (int, float)):
        return value
    if isinstance(value, int) and rng.random() < 0.8:
        return round(value * rng.choice([0, -1, 0.5, 1, 2, 3])) + rng.choice([0, 0, 1, -1])
    return value * rng.choice([0.0, -1.0, 0.1, 0.5, 1.001, 2.0, 7.0, 100.0, 1000.0])


def likely(section: str, key: str, field: FieldInfo, rng: Random) -> Any:
    """Draw a value that a key may have: one of its names, or a number at or within its bounds; whole ones are small."""
    names = [*KNOWN_NAMES.get(section, {}).get(key, ()), *choices(field.annotation)]
    if names:
        return rng.choice(names)
    bounds = [getattr(mark, end) for mark in field.metadata for end in ("ge", "gt", "le", "lt") if hasattr(mark, end)]
    whole = int in (field.annotation, *get_args(field.annotation))
    if bounds and whole:
        return rng.choice([int(bounds[0]), 1, 2, 3, 7, 20])
    if bounds:
        return rng.choice([*bounds, max(bounds[0], 1e-300), max(bounds[0], 1e-6), 0.3, 1.0, 30.0, 1e4])
    return near(field.default, rng) if isinstance(field.default, (int, float)) else odd_value(rng)


def choices(kind: Any) -> list[Any]:
    """Return the values of a literal type, or of those within a union."""
    kind = getattr(kind, "__value__", kind)
    if get_origin(kind) is Literal:
        return list(get_args(kind))
    return [True, False] if kind is bool else [value for each in get_args(kind) for value in choices(each)]


SECTIONS: Final = tuple(part.section for part in PARTS.values() if part.section)
"""Sections that ask for a part of a run."""


def other_key(content: dict[str, Any], rng: Random) -> str:
    """Set a key that a scenario may have, mostly one that counts there; return which and to what."""
    of_all = sections()
    kind = section_of(content)
    there = [name for name in of_all if kind in COUNT_BESIDE.get(name, (kind,)) and name not in SECTIONS]
    section = rng.choice([*there, kind] if kind in of_all else there)  # another kind of run is another, larger input
    table = content.setdefault(section, {})
    if not isinstance(table, dict):
        return "no key"
    classes = [cls for cls in of_all[section] if source_name(cls) == table.get("source", "")] or of_all[section]
    cls = rng.choice(classes)
    key = rng.choice(list(cls.model_fields))
    table[key] = likely(section, key, cls.model_fields[key], rng) if rng.random() < 0.8 else odd_value(rng)
    return f"{section}.{key} = {str(table[key])[:80]!r}"


def section_of(content: dict[str, Any]) -> str:
    """Return the section that asks for the part of a run, or homes."""
    return next((name for name in SECTIONS if name in content), "homes")


def mutate_toml(content: dict[str, Any], rng: Random) -> str:
    """Change something in a scenario and return what was changed."""
    spots = places(content)
    kind = rng.randrange(12)
    if kind < 4 and spots:
        owner, key = rng.choice(spots)
        owner[key] = near(owner[key], rng) if rng.random() < 0.5 else odd_value(rng)
        return f"{key} = {str(owner[key])[:80]!r}"
    if kind < 10 or not spots:
        return other_key(content, rng)
    owner, key = rng.choice(spots)
    if kind == 10:
        del owner[key]
        return f"{key} removed"
    value = owner[key]
    if isinstance(owner, list):
        owner.append(value)
        return "an entry doubled"
    owner[rng.choice([str(key) + "s", "", "speed", str(key).upper()])] = value
    return f"{key} under another name"


def mutate_text(text: bytes, rng: Random) -> bytes:
    """Delete, insert, double or swap a few bytes."""
    for _ in range(rng.choice([1, 1, 2, 5])):
        at, size = rng.randrange(len(text) + 1), rng.choice([1, 1, 1, 3, 20])
        piece = text[at : at + size]
        inserted = rng.choice(
            [
                b"[",
                b"]",
                b'"',
                b",",
                b";",
                b"=",
                b"\n",
                b"\r",
                b"-",
                b"9",
                b".",
                b"\x00",
                b"\xff",
                b"{",
                b"'",
                b"e",
                b"\t",
                b"#",
            ]
        )
        text = rng.choice([
            text[:at] + text[at + size :],
            text[:at] + inserted + text[at:],
            text[:at] + piece + text[at:],
            text[:at],
        ])  # fmt: skip
    return text


def mutate_csv(text: str, rng: Random) -> tuple[str, str]:
    """Change cells, rows or the header of a CSV file; return it and what was changed."""
    mark = ";" if text.partition("\n")[0].count(";") else ","
    rows = list(csv.reader(io.StringIO(text), delimiter=mark))
    if not rows or not any(rows):
        return text + "x,y\n1,2\n", "rows appended"
    kind, at = rng.randrange(13), rng.randrange(len(rows))
    row = rows[at]
    cell = rng.randrange(len(row)) if row else 0
    if kind < 7 and row:
        row[cell] = near_cell(row[cell], rng) if rng.random() < 0.5 else rng.choice(ODD_CELLS)
        said = f"row {at}, cell {cell} {row[cell][:60]!r}"
    elif kind == 7:
        del row[cell : cell + 1]
        said = f"row {at}, cell {cell} removed"
    elif kind == 8:
        row[cell:cell] = row[cell : cell + 1]
        said = f"row {at}, cell {cell} doubled"
    elif kind == 9:
        rows.insert(rng.randrange(len(rows) + 1), list(row))
        said = f"row {at} doubled"
    elif kind == 10:
        del rows[at]
        said = f"row {at} removed"
    elif kind == 11:
        body = rows[1:]
        rng.shuffle(body)
        rows[1:] = body
        said = "rows shuffled"
    else:
        column = rng.randrange(len(rows[0])) if rows[0] else 0
        zone = rng.choice(["+02:00", "Z", " "])
        for each in rows[1:] if rng.random() < 0.5 else rows[1:3]:
            if column < len(each):
                each[column] += zone
        said = f"{zone!r} after column {column}"
    stream = io.StringIO()
    csv.writer(stream, delimiter=mark, lineterminator="\n").writerows(rows)
    return stream.getvalue(), said


def near_cell(text: str, rng: Random) -> str:
    """Return a number near that of a cell, or far from it; another text as it is."""
    try:
        return str(near(json.loads(text), rng))
    except ValueError:
        return text


def mutate_json(text: str, rng: Random) -> tuple[str, str]:
    """Change something in a JSON file; return it and what was changed."""
    content = json.loads(text)
    spots = places(content)
    if not spots:
        return "[]", "an empty list"
    owner, key = rng.choice(spots)
    kind = rng.randrange(5)
    if kind < 3:
        odd = [*ODD_NUMBERS, *ODD_TEXTS, None, True, [], {}, [[]]]
        owner[key] = near(owner[key], rng) if rng.random() < 0.5 else rng.choice(odd)
        said = f"{key} = {str(owner[key])[:60]!r}"
    elif kind == 3:
        del owner[key]
        said = f"{key} removed"
    elif isinstance(owner, list):
        owner.append(owner[key])
        said = "an entry doubled"
    else:
        owner["x"] = owner.pop(key)
        said = f"{key} renamed"
    return json.dumps(content), said


def mutate_file(files: Files, name: str, rng: Random) -> str:
    """Make a file missing, empty, binary, of another encoding, or a folder; return which."""
    text = files[name] or b""
    kind = rng.choice(["missing", "empty", "binary", "UTF-16", "a folder", "of other line ends", "cut"])
    if kind == "missing":
        del files[name]
        return kind
    files[name] = {
        "empty": b"",
        "binary": rng.randbytes(300),
        "UTF-16": text.decode("utf-8", "replace").encode("utf-16"),
        "a folder": None,
        "of other line ends": text.replace(b"\n", b"\r\n"),
        "cut": text[: rng.randrange(len(text) + 1)],
    }[kind]
    return kind


def mutated(files: Files, rng: Random) -> tuple[Files, str]:
    """Return files with one to three mutations, and what these are, in words."""
    files, said = dict(files), []
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        name = SCENARIO if rng.random() < 0.5 or not files else rng.choice(list(files))
        if files.get(name) is None:
            continue
        said.append(f"{name}: {mutate(files, name, rng)}")
    return files, "; ".join(said)


def mutate(files: Files, name: str, rng: Random) -> str:
    """Change one file in one way that suits it, and return how."""
    draw = rng.random()
    if draw < 0.06:
        return mutate_file(files, name, rng)
    if draw < 0.16:
        files[name] = mutate_text(files[name] or b"", rng)
        return "a few bytes"
    text = (files[name] or b"").decode("utf-8", "replace")
    try:
        if name.endswith(".toml"):
            content = tomllib.loads(text)
            said = mutate_toml(content, rng)
            files[name] = tomli_w.dumps(content).encode("utf-8", "replace")
            return said
        new, said = (mutate_json if name.endswith(".json") else mutate_csv)(text, rng)
    except (ValueError, csv.Error, RecursionError):  # no such file any more
        files[name] = mutate_text(files[name] or b"", rng)
        return "a few bytes"
    files[name] = new.encode("utf-8", "replace")
    return said


def write(files: Files, folder: Path) -> Path:
    """Write files into a folder and return the path of the scenario."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.mkdir(exist_ok=True)
        else:
            path.write_bytes(content)
    return folder / SCENARIO
