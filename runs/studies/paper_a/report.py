"""The study of paper A: its runs once, then claims, tables, figures and a page from them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from runs.progress import Progress
from runs.studies.claim import Claim
from runs.studies.markdown import claims_table
from runs.studies.output import outcomes, write_figures, write_tables
from runs.studies.paper_a.cases import SEEDS, paper_runs
from runs.studies.paper_a.claims import claims
from runs.studies.paper_a.tables import ants_and_swarms, tables
from runs.studies.parts import Parts
from runs.studies.study import StudyOptions

QUICK_SEEDS = SEEDS[:3]


def run(folder: Path, asked: StudyOptions, progress: Progress, _parts: Parts) -> str:
    """Write everything; see `runs.studies.study.Run`."""
    from runs.studies.paper_a.figures import figures  # noqa: PLC0415  (matplotlib only where a figure is drawn)

    seeds = QUICK_SEEDS if asked.quick else SEEDS
    runs = paper_runs(seeds, lambda part: progress(0.8 * part))
    held = claims(runs)
    write_tables(folder, held, tables(runs))
    drawn = write_figures(folder, figures(runs), asked.figures)
    (folder / "paper_a.md").write_text(page(held, ants_and_swarms(runs), seeds) + _links(drawn), encoding="utf-8")
    progress(1.0)
    return outcomes(held)


def page(results: Iterable[Claim], table5: pd.DataFrame, seeds: Sequence[int] = SEEDS) -> str:
    """Return the reproduction page as Markdown, from claims and Table 5."""
    return f"""# Paper A, reproduced

Claims of the ant-based swarm algorithm, each held against {len(seeds)} fleets (seeds {seeds[0]} to {seeds[-1]}). The case is the paper's where
its text gives it (500 or 1000 EVs, 24 x 1 h from noon, 1615 kW, rated power in whole slots) and a stated default where
its tables are lost: load of ERCOT's North Central zone scaled to 1400 kW, 24 kWh, 4 kW, efficiency 0.9, fluctuation 5 %.
So directions can be tested, the paper's own numbers cannot. Nothing was tuned but 24 kWh and 4 kW, which make the 7 types of A-2:
3.3 kW would make 9, the paper's 0.2 C 6.

{claims_table(results)}

Table 5, for A-7, beside the exact optimum: mean of the fleets (least to most). Ripple is the largest less the smallest load
from 22 to 10 h, and so is the standard deviation of these hours; seconds are of the plan alone, compiled, on the machine that
wrote this page. The swarms have 50 particles and settings of their own (`coordination/optimizers/pso.py`), since the paper names
none; what they search and what is repaired stands in `coordination/valley_filling/particle_swarm.py`. By type, EVs
begin between 22 and 10 h if their stays allow it, so what the optimum puts around the valley stays in it: nearly all of that
method's gap, since its valley is flat.

{_table5(table5)}

On A-9 the paper also gives the cost of a choice as O(J log J) for J slots, by sorting. Ours picks the strongest slot m
times, O(J m): at J = 24 and 96 that was the faster of the two (a heap took 1.5 times as long), and m is at most 7 here.
"""


def _table5(table: pd.DataFrame) -> str:
    heads = {
        "wall_s": "time [s]", "ripple_kw": "ripple [kW]", "std_kw": "standard deviation [kW]",
        "peak_valley_difference_kw": "peak less valley [kW]", "optimality_gap": "gap to the optimum [%]",
    }  # fmt: skip
    lines = [f"| method | iterations | {' | '.join(heads.values())} |", "|---" * (2 + len(heads)) + "|"]
    for (title, iterations), part in table.groupby(["title", "iterations"], sort=False):
        cells = part.set_index("figure")[["mean", "min", "max"]]
        cells.loc["optimality_gap"] *= 100
        texts = [
            f"{_short(mean)} ({_short(least)} to {_short(most)})"
            for mean, least, most in cells.loc[list(heads)].to_numpy()
        ]
        lines.append(f"| {title} | {iterations or ''} | {' | '.join(texts)} |")
    return "\n".join(lines)


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.2g}"


def _links(pictures: Iterable[Path]) -> str:
    shown = "\n".join(f"![{path.stem}]({path.as_posix()})\n" for path in pictures)
    return f"""
## Tables

[Table 1](table1_charging_modes.csv), [Table 3](table3_parameters.csv), [Table 4](table4_free_and_coordinated.csv) and
[Table 5](table5_ants_and_swarms.csv) hold our numbers; what the paper printed in Tables 3 to 5 is lost, so they cannot be compared. [Claims](claims.csv) as above.

## Figures

{shown}"""
