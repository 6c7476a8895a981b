"""The studies by name; a new one is one folder and one line here."""

from typing import TYPE_CHECKING, Final

from environment.registry import Registry

if TYPE_CHECKING:
    from runs.studies.study import Study

STUDIES: "Final[Registry[Study]]" = Registry(
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
