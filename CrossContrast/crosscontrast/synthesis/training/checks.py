"""The pairs that a translator is to learn from, or to be measured on, checked against each other before it begins."""

from collections.abc import Sequence

from crosscontrast.ground.cohort import CohortRow, read_cohort
from crosscontrast.ground.consistency import (
    Findings,
    Look,
    incomplete,
    look_at,
    other_spacings,
    other_units,
    uncovered,
)
from crosscontrast.ground.images import read_image
from crosscontrast.progress import Progress, silent
from crosscontrast.synthesis.training.config import TrainingConfig


def check_pairs(
    config: TrainingConfig, splits: Sequence[str], *, force: bool = False, progress: Progress = silent
) -> list[str]:
    """Return what is unusual about the images of some splits, as sentences.

    An image of an unusual unit spoils what is learned wherever intensities are taken as they are, and for targets
    always: the translator answers in their unit. Voxels count as they are where nothing is resampled. Raises
    :class:`crosscontrast.errors.BadInputError` naming subjects and files for what would spoil the training, unless
    ``force``.
    """
    cohort, roles = read_cohort(config.cohort), (config.source, config.target)
    rows = [row for row in cohort.rows if row.role in roles and row.split in splits]
    findings = Findings(incomplete(rows, roles))
    if findings.refused:
        return findings.settle(config.cohort, force=force)
    looks: dict[str, list[Look]] = {role: [] for role in roles}
    for number, row in enumerate(rows):
        progress(number, len(rows), f"checking {row.image.name}")
        looks[row.role].append(look_at(row, read_image(row.image)))
    sources, targets = looks.values()
    if config.source_normalisation == "none":
        findings.refused += other_units(sources)
    findings.refused += other_units(targets)
    if config.spacing is None:
        findings.refused += [*other_spacings(sources), *other_spacings(targets)]
    partners = {_visit(look.row): look for look in targets}
    pairs = [(look, partners[_visit(look.row)]) for look in sources if _visit(look.row) in partners]
    if config.resample:
        cover = uncovered(pairs)
        findings.refused += cover.refused
        findings.said += cover.said
    return findings.settle(config.cohort, force=force)


def _visit(row: CohortRow) -> tuple[str, str]:
    return row.subject, row.session
