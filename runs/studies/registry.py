"""The studies by name; a new one is one folder and one line here."""

from typing import TYPE_CHECKING, Final

from environment.registry import Registry

if TYPE_CHECKING:
    from runs.studies.study import Study

STUDIES: "Final[Registry[Study]]" = Registry(
    {
        "acso": "runs.studies.acso:STUDY",
        "asa": "runs.studies.asa:STUDY",
        "batch": "runs.studies.batch:STUDY",
        "igeo": "runs.studies.igeo:STUDY",
        "optimizers": "runs.studies.optimizers:STUDY",
    }
)
