"""The studies by name, and the help of ``evswarm study`` on them; a new study is one folder and one line here."""

from typing import Final

from environment.registry import Registry
from runs.studies.study import Study

STUDIES: Final[Registry[Study]] = Registry(
    {
        "batch": "runs.studies.batch:STUDY",
        "optimizers": "runs.studies.optimizers:STUDY",
        "paper_a": "runs.studies.paper_a:STUDY",
        "paper_b": "runs.studies.paper_b:STUDY",
        "paper_c": "runs.studies.paper_c:STUDY",
    }
)

OLD_NAMES: Final = {"acso": "paper_c", "asa": "paper_a", "igeo": "paper_b"}
"""Names that studies had until they were called as their pages are; the command line still takes them."""


def help_text() -> str:
    """Return what each study answers, and what it takes, as Markdown."""
    return "\n\n".join(f"`{name}`: {study.help}{_takes(study)}" for name, study in STUDIES.items())


def help_of(name: str) -> str:
    """Return what one study is, what it answers, and how to run it, as Markdown."""
    study = STUDIES[name]
    return f"{study.title}.\n\nIt shows {study.help}.\n\n`evswarm study {name} --quick --out results/{name}`"


def _takes(study: "Study") -> str:
    return "".join(f"; `--{name}`, {option.values}" for name, option in study.options.items())


def option_help(name: str) -> str:
    """Return what an option does in the studies that take it, as Markdown."""
    said = [
        f"`{each}`: {study.options[name].help} ({study.options[name].values})."
        for each, study in STUDIES.items()
        if name in study.options
    ]
    return "In " + " In ".join(said) if said else "No study takes it."


def metavar(name: str) -> str:
    """Return the form of an option's values for the help: all values that any study allows, or N for whole numbers."""
    allowed = [study.options[name].allowed for study in STUDIES.values() if name in study.options]
    if any(isinstance(values, range) for values in allowed):
        return "N"
    return "|".join(dict.fromkeys(str(value) for values in allowed for value in values)) or "VALUE"
