"""The job that makes the soft ground truth of one subject and leaves masks, records and a report."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from crosscontrast.cord.softgt.records import ContrastInput, ContrastResult
from crosscontrast.errors import BadInputError
from crosscontrast.jobs.job import Job, JobResult
from crosscontrast.progress import Progress, part

if TYPE_CHECKING:
    from crosscontrast.cord.softgt.fuse import SoftGroundTruth


class SoftGroundTruthResult(JobResult):
    """The subject's report, the reference that was used, and its contrasts in the order given."""

    subject: str
    reference: str
    report: Path
    sidecar: Path
    contrasts: list[ContrastResult]


class MakeSoftGroundTruth(Job):
    """Make one soft mask out of the masks of several contrasts of ``subject``, on every contrast's own grid.

    ``reference``, ``keep_all`` and ``drop_ends`` are those of :func:`crosscontrast.cord.softgt.fuse.fuse`; ``subject``
    names the report. Files of these names that are not unchanged results of ours are replaced only with ``overwrite``.
    """

    kind: ClassVar[str] = "cord.soft-gt"

    subject: Annotated[str, Field(pattern=r"^[^/\\]+$")]
    contrasts: Annotated[list[ContrastInput], Field(min_length=1)]
    out: Path
    reference: str | None = None
    keep_all: bool = False
    drop_ends: bool = False
    overwrite: bool = False

    def run(self, progress: Progress) -> SoftGroundTruthResult:
        """Read, fuse and write; all files appear together or not at all."""
        from crosscontrast.cord.softgt.files import SubjectFiles
        from crosscontrast.cord.softgt.write import write_results

        files = SubjectFiles(self.out, self.subject)
        stems = self._stems()
        if not self.overwrite:
            files.check_replaceable(stems)
        found, remarks = self._fuse(part(progress, 0, 0.85))
        progress(0.85, 1, "writing")
        inputs = [path for given in self.contrasts for path in (given.image, given.mask) if path]
        parameters = self.model_dump(mode="json", include={"reference", "keep_all", "drop_ends"})
        sources = [given.image or given.mask for given in self.contrasts]
        told = write_results(found, files, stems, sources, inputs=inputs, parameters=parameters, remarks=remarks)
        progress(1, 1, "done")
        return SoftGroundTruthResult(
            subject=self.subject,
            reference=found.reference,
            report=files.report,
            sidecar=files.sidecar,
            contrasts=told,
            warnings=remarks,
        )

    def _stems(self) -> list[str]:
        from crosscontrast.cord.softgt.files import contrast_stem

        roles = [given.role for given in self.contrasts]
        twice = next((role for role in roles if roles.count(role) > 1), None)
        if twice:
            raise BadInputError(f"{self.subject}: the contrast {twice!r} is given twice.")
        stems = [contrast_stem(given.image, given.mask) for given in self.contrasts]
        # Disks of Windows and macOS take X.nii and x.nii for the same file.
        same = next((s for s in stems if [t.lower() for t in stems].count(s.lower()) > 1), None)
        if same:
            raise BadInputError(f"{self.subject}: two contrasts would both give results called {same}.")
        return stems

    def _fuse(self, progress: Progress) -> tuple["SoftGroundTruth", list[str]]:
        from crosscontrast.cord.softgt.contrast import read_contrast
        from crosscontrast.cord.softgt.fuse import fuse
        from crosscontrast.ground.case import our_warnings

        progress(0, 1, "reading")
        with our_warnings() as unusual:
            contrasts = [read_contrast(given.role, given.mask, given.image) for given in self.contrasts]
        try:
            found = fuse(
                contrasts,
                reference=self.reference,
                keep_all=self.keep_all,
                drop_ends=self.drop_ends,
                progress=part(progress, 0.1, 1),
            )
        except BadInputError as error:
            raise BadInputError(f"{self.subject}: {error.message}", error.hint) from error
        return found, [*unusual, *(f"{self.subject}: {remark}" for remark in found.remarks)]
