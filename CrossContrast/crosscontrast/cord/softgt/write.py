"""Writing the soft ground truth of a subject: masks, records and the report, all at once."""

from pathlib import Path
from typing import Any

import SimpleITK as sitk

from crosscontrast.cord.softgt.files import ContrastFiles, SubjectFiles
from crosscontrast.cord.softgt.fuse import FusedContrast, SoftGroundTruth
from crosscontrast.cord.softgt.records import ContrastResult
from crosscontrast.cord.softgt.registration import mean_move, rotation_angle
from crosscontrast.cord.softgt.report import write_report
from crosscontrast.ground.case import remove_superseded
from crosscontrast.ground.files import make_folder, staging_folder
from crosscontrast.ground.images import write_image
from crosscontrast.ground.provenance import FileRecord, Provenance

#: Soft value from which a voxel belongs to the binary mask.
_THRESHOLD = 0.5


def write_results(
    found: SoftGroundTruth,
    files: SubjectFiles,
    stems: list[str],
    sources: list[Path],
    *,
    inputs: list[Path],
    parameters: dict[str, Any],
    remarks: list[str],
) -> list[ContrastResult]:
    """Write the masks of every contrast that was kept, a sidecar beside each, and the subject's report and sidecar.

    ``stems`` name the results of each contrast, ``sources`` are the files on whose grids they lie. What an earlier run
    recorded in the same sidecar and this one does not make any more is removed. Returns what is told of each contrast,
    with the paths of its files. Raises :class:`crosscontrast.errors.OutputError` with nothing written.
    """
    provenance = Provenance(
        job="cord.soft-gt", parameters=parameters, inputs=[FileRecord.of(path) for path in inputs], warnings=remarks
    )
    results = [_result(found, fused, files.contrast(stem)) for fused, stem in zip(found.contrasts, stems, strict=True)]
    earlier = Provenance.read(files.sidecar)
    make_folder(files.folder)
    with staging_folder(files.folder) as staging:
        staged = SubjectFiles(staging, files.subject)
        for fused, stem, source, told in zip(found.contrasts, stems, sources, results, strict=True):
            if fused.kept:
                _write_contrast(fused.soft, staged.contrast(stem), source, provenance, told)
        write_report(found, results, staged.report, subject=files.subject, remarks=remarks)
        provenance.outputs = [FileRecord.of(path, relative=True) for path in sorted(staging.iterdir())]
        provenance.measures = {"reference": found.reference, "contrasts": [_measures(told) for told in results]}
        provenance.write(staged.sidecar)
    remove_superseded(files.folder, earlier, provenance)
    return results


def _result(found: SoftGroundTruth, fused: FusedContrast, files: ContrastFiles) -> ContrastResult:
    reference = next(other.contrast for other in found.contrasts if other.role == found.reference)
    transform = fused.registration.transform
    return ContrastResult(
        role=fused.role,
        kept=fused.kept,
        step=fused.registration.step,
        moved_mm=round(mean_move(reference, transform), 3),
        rotated_deg=round(rotation_angle(transform), 3),
        before=fused.before,
        after=fused.after,
        faults=fused.faults,
        softseg=files.softseg if fused.kept else None,
        seg=files.seg if fused.kept else None,
    )


def _write_contrast(
    soft: sitk.Image, files: ContrastFiles, source: Path, whole: Provenance, told: ContrastResult
) -> None:
    write_image(soft, files.softseg, like=source)
    write_image(sitk.Cast(sitk.GreaterEqual(soft, _THRESHOLD), sitk.sitkUInt8), files.seg, like=source)
    outputs = [FileRecord.of(path, relative=True) for path in (files.softseg, files.seg)]
    whole.model_copy(update={"outputs": outputs, "measures": _measures(told)}).write(files.sidecar)


def _measures(told: ContrastResult) -> dict[str, Any]:
    return told.model_dump(mode="json", exclude={"softseg", "seg"})
