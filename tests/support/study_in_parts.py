"""A study in parts, for the tests."""

from pathlib import Path

from runs.cli import app
from runs.optimizing.comparison import crew_of
from runs.progress import Progress
from runs.studies.parts import Parts
from runs.studies.registry import STUDIES
from runs.studies.study import Option, Study, StudyOptions
from tests.support.work_in_parts import add, draw

LAST = 20


def run(folder: Path, asked: StudyOptions, progress: Progress, parts: Parts) -> str:
    with crew_of(1 if asked.quick else 2) as crew:
        draws = parts.carry_out(
            "draws", draw, {f"seed {n}": n for n in range(asked.shots or LAST)}, crew, lambda part: progress(0.9 * part)
        )
        pairs = {f"to {n}": list(draws.values())[:n] for n in (2, 4)}
        sums = parts.carry_out("sums", add, pairs, crew, lambda part: progress(0.9 + 0.1 * part))
    (folder / "parted.txt").write_text("".join(f"{key} {figures}\n" for key, figures in (draws | sums).items()))
    return f"{len(draws)} draws by {asked.evaluator or 'coefficients'}"


STUDY = Study(
    title="In parts",
    help="what the tests ask",
    run=run,
    options={
        "evaluator": Option(("coefficients", "powerflow"), "who evaluates"),
        "shots": Option(range(1, 101), "how many draws"),
    },
    settings=lambda asked: {"last": asked.shots or LAST},
)


def main() -> None:
    """Be the command line, with this study among the others."""
    STUDIES["parted"] = STUDY
    app()
