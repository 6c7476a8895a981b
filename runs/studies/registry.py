"""The studies by name; a new one is one file and one line here."""

from runs.studies.acso import report as acso
from runs.studies.asa import report as asa
from runs.studies.batch import report as batch
from runs.studies.igeo import report as igeo
from runs.studies.optimizers import report as optimizers
from runs.studies.study import Study

STUDIES: dict[str, Study] = {
    "acso": acso.STUDY,
    "asa": asa.STUDY,
    "batch": batch.STUDY,
    "igeo": igeo.STUDY,
    "optimizers": optimizers.STUDY,
}
