"""The studies by name; a new one is one file and one line here."""

from runs.studies.asa import report as asa
from runs.studies.study import Study

STUDIES: dict[str, Study] = {
    "asa": asa.STUDY,
}
