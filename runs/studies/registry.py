"""The studies by name; a new one is one folder and one line here."""

from runs.studies import acso, asa, batch, igeo, optimizers
from runs.studies.study import Study

STUDIES: dict[str, Study] = {
    "acso": acso.STUDY,
    "asa": asa.STUDY,
    "batch": batch.STUDY,
    "igeo": igeo.STUDY,
    "optimizers": optimizers.STUDY,
}
