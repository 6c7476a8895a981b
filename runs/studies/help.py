"""What the help of ``evswarm study`` says of the studies and their options."""

from runs.studies.registry import STUDIES
from runs.studies.study import Study


def help_text() -> str:
    """Return what each study answers, and what it takes, as Markdown."""
    return "\n\n".join(f"`{name}`: {study.help}{_takes(study)}" for name, study in STUDIES.items())


def help_of(name: str) -> str:
    """Return what one study is, what it answers, and how to run it, as Markdown."""
    study = STUDIES[name]
    return f"{study.title}.\n\nIt shows {study.help}.\n\n`evswarm study {name} --quick --out results/{name}`"


def _takes(study: Study) -> str:
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
