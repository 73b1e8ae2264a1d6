"""The cases of a study checked against each other before anybody reads."""

from collections.abc import Sequence

from crosscontrast.ground.cohort import read_cohort
from crosscontrast.ground.consistency import Findings, Look, incomplete, look_at, other_spacings, other_units
from crosscontrast.ground.images import read_image
from crosscontrast.progress import Progress
from crosscontrast.reading.cases import Case
from crosscontrast.reading.study import Study


def check_cases(study: Study, cases: Sequence[Case], *, force: bool, progress: Progress) -> list[str]:
    """Return what is unusual about the cases, as sentences.

    Who lacks the image of an arm drops out of a study that names no cases, and voxels of another size show a reader
    which images are alike: both are refused unless ``force``, with the files. Another unit is only said, because every
    image is shown in a window of its own.
    """
    rows, roles = read_cohort(study.cohort).rows, [arm.role for arm in study.arms]
    # A case is a subject, whichever visits its arms are of.
    subjects = [row.model_copy(update={"session": ""}) for row in rows]
    findings = Findings(incomplete(subjects, roles) if study.cases is None else [])
    if findings.refused and not force:
        return findings.settle(study.cohort, force=False)
    files = {file for case in cases for file in case.images.values()}
    read = [row for row in rows if row.role in roles and row.image in files]
    looks: dict[str, list[Look]] = {role: [] for role in roles}
    for number, row in enumerate(read):
        progress(number, len(read), f"checking {row.image.name}")
        looks[row.role].append(look_at(row, read_image(row.image)))
    for seen in looks.values():
        if study.display.spacing is None:
            findings.refused += other_spacings(seen)
        findings.said += other_units(seen)
    if study.truth is not None and all(case.positive for case in cases if not case.training):
        findings.said.append("every case is positive, so that no specificity and no ROC curve can be measured")
    return findings.settle(study.cohort, force=force)
