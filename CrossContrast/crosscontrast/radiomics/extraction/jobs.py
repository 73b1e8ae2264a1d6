"""Extraction as jobs: one per image, and the whole of a cohort."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from crosscontrast.errors import BadInputError
from crosscontrast.ground.cohort import CohortRow, read_cohort
from crosscontrast.jobs.job import Job, JobResult
from crosscontrast.jobs.mapping import map_jobs
from crosscontrast.progress import Progress, part
from crosscontrast.radiomics.extraction.settings import ExtractionSettings, Perturbation
from crosscontrast.radiomics.extraction.table import FeatureRow, FeatureTable, write_features

_log = logging.getLogger(__name__)


class CaseFeatures(JobResult):
    """The features of an image by name; ``reused`` where they had been computed before."""

    features: dict[str, float]
    reused: bool
    voxels: int | None = None


class ExtractCase(Job):
    """Compute the features of one image, or recall them from the folder ``cache``.

    ``perturbation`` moves the contour of the mask first, to see what a feature owes to the contour.
    """

    kind: ClassVar[str] = "radiomics.extract-case"

    image: Path
    mask: Path
    settings: ExtractionSettings
    cache: Path | None = None
    perturbation: Perturbation | None = None

    def run(self, progress: Progress) -> CaseFeatures:
        """Read, check, compute and keep; errors name the files."""
        from crosscontrast.radiomics.extraction.backend import backend_version
        from crosscontrast.radiomics.extraction.cache import cache_key, keep, recall

        version = backend_version(self.settings.backend)
        key = ""
        if self.cache:
            for path in (self.image, self.mask):
                if not path.exists():
                    raise BadInputError(f"{path} does not exist.")
            key = cache_key(self.image, self.mask, self.settings, version, self.perturbation)
            found = recall(self.cache, key)
            if found is not None:
                progress(1, 1, "done before")
                return CaseFeatures(features=found, reused=True)
        result = self._compute(progress)
        if self.cache:
            keep(self.cache, key, result.features)
        progress(1, 1, "done")
        return result

    def _compute(self, progress: Progress) -> CaseFeatures:
        from crosscontrast.ground.images import read_image
        from crosscontrast.radiomics.extraction.case import case_features

        progress(0, 1, f"reading {self.image.name}")
        image, mask = read_image(self.image), read_image(self.mask)
        progress(0.2, 1, f"features of {self.image.name}")
        try:
            found = case_features(image, mask, self.settings, self.perturbation)
        except BadInputError as error:
            raise BadInputError(f"{self.image.name} with {self.mask.name}: {error.message}", error.hint) from error
        return CaseFeatures(
            features=found.values,
            reused=False,
            voxels=found.voxels,
            warnings=[f"{self.image.name}: {remark}" for remark in found.remarks],
        )


class Extracted(JobResult):
    """The table and how the cases went."""

    table: Path
    images: int
    features: int
    reused: int
    failed: int


class ExtractCohort(Job):
    """Compute the features of all images of a cohort table that have a mask; writes ``features.tsv`` into ``out``.

    Features are kept in ``cache`` (by default a folder in ``out``), so that a run that was stopped goes on where it was
    and a second one is quick. ``roles`` limits the images. A case that fails is a line with its reason.
    """

    kind: ClassVar[str] = "radiomics.extract"

    cohort: Path
    out: Path
    settings: ExtractionSettings = ExtractionSettings()
    roles: tuple[str, ...] = ()
    cache: Path | None = None
    workers: int = 1
    scheduler: str | None = None

    def run(self, progress: Progress) -> Extracted:
        """Extract and write the table with its sidecar."""
        from crosscontrast.ground.case import write_results
        from crosscontrast.ground.files import make_folder
        from crosscontrast.ground.provenance import FileRecord, Provenance
        from crosscontrast.radiomics.extraction.backend import backend_version

        rows = cohort_rows(self.cohort, self.roles)
        version = backend_version(self.settings.backend)
        # Features alone are compared with nothing yet, so that what is uneven is said and not refused.
        said = check_rows(rows, self.settings, self.cohort, force=True, progress=part(progress, 0, 0.1))
        make_folder(self.out)
        cache = self.cache or self.out / "cache"
        to_do = (self.settings, cache, self.workers, self.scheduler, part(progress, 0.1, 0.98))
        table, reused, remarks = extract_rows(rows, *to_do)
        remarks = [*said, *remarks]
        provenance = Provenance(
            job=self.kind,
            parameters={"backend": version, **self.settings.model_dump(mode="json")},
            inputs=[FileRecord.of(self.cohort)],
            warnings=remarks,
        )
        with write_results(self.out, "features.json", provenance) as results:
            write_features(table, results.place("features.tsv"))
        progress(1, 1, "done")
        return Extracted(
            table=self.out / "features.tsv",
            images=len(rows),
            features=len(table.names),
            reused=reused,
            failed=sum(not row.done for row in table.rows),
            warnings=remarks,
        )


def cohort_rows(path: Path, roles: Sequence[str] = ()) -> list[CohortRow]:
    """Return the rows of the roles (none: all); raises :class:`BadInputError` for a role the table does not have."""
    cohort = read_cohort(path)
    known = list(dict.fromkeys(row.role for row in cohort.rows))
    absent = [role for role in roles if role not in known]
    if absent:
        raise BadInputError(f"{path} has no image of role {', '.join(absent)}, only {', '.join(known)}.")
    return [row for row in cohort.rows if not roles or row.role in roles]


def check_rows(
    rows: Sequence[CohortRow], settings: ExtractionSettings, source: Path, *, force: bool, progress: Progress
) -> list[str]:
    """Check the images of ``source`` against each other before features are computed.

    See :func:`crosscontrast.radiomics.extraction.checks.check_images`.
    """
    from crosscontrast.radiomics.extraction.checks import check_images

    found = [(row, row.mask or _shared_mask(row, rows)) for row in rows]
    return check_images(found, settings, source, force=force, progress=progress)


def extract_rows(
    rows: Sequence[CohortRow],
    settings: ExtractionSettings,
    cache: Path,
    workers: int,
    scheduler: str | None,
    progress: Progress,
    perturbation: Perturbation | None = None,
) -> tuple[FeatureTable, int, list[str]]:
    """Extract many images; returns the table, how many had been computed before, and what was unusual.

    A row without a mask takes that of another role of the same subject and session where all of those agree on one
    file, as a translated image shares the mask of its source. Raises :class:`BadInputError` for settings that the
    back-end does not know.
    """
    if settings.filters or settings.options:
        from crosscontrast.radiomics.extraction.backend import find_backend

        find_backend(settings.backend).check(settings)
    masks = {id(row): row.mask or _shared_mask(row, rows) for row in rows}
    jobs = [
        ExtractCase(image=row.image, mask=mask, settings=settings, cache=cache.resolve(), perturbation=perturbation)
        for row in rows
        if (mask := masks[id(row)])
    ]
    outcomes = iter(map_jobs(jobs, workers=workers, scheduler=scheduler, progress=progress))
    found, reused, remarks = [], 0, []
    for row in rows:
        if not masks[id(row)]:
            reason = f"{row.image.name} has no mask in the table."
            found.append(FeatureRow(row.subject, row.session, row.role, reason=reason))
            continue
        outcome = next(outcomes)
        if isinstance(outcome.result, CaseFeatures):
            reused += outcome.result.reused
            remarks += outcome.result.warnings
            found.append(FeatureRow(row.subject, row.session, row.role, outcome.result.features))
        else:
            assert outcome.error is not None
            _log.info("%s %s: %s", row.subject, row.role, outcome.error)
            found.append(FeatureRow(row.subject, row.session, row.role, reason=str(outcome.error)))
    return FeatureTable(tuple(found)), reused, remarks


def _shared_mask(row: CohortRow, rows: Sequence[CohortRow]) -> Path | None:
    masks = {
        other.mask for other in rows if other.mask and (other.subject, other.session) == (row.subject, row.session)
    }
    return masks.pop() if len(masks) == 1 else None
