"""The job that measures one segmentation and leaves a table, a picture and a record of how they were made."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from crosscontrast.errors import BadInputError
from crosscontrast.ground.files import image_stem
from crosscontrast.jobs.job import Job, JobResult
from crosscontrast.progress import Progress

if TYPE_CHECKING:
    import SimpleITK as sitk

    from crosscontrast.cord.csa.levels import Discs
    from crosscontrast.cord.csa.table import CsaTable
    from crosscontrast.ground.provenance import Provenance


class CsaSummary(JobResult):
    """The files, and what people look at first: areas in mm² over all slices with cord, ``None`` where there are none.

    ``slices`` is the number of slices with cord, ``levels`` the mean true soft area of each vertebral level.
    """

    table: Path
    plot: Path
    sidecar: Path
    slices: int
    mean_area_true: float | None
    sd_area_true: float | None
    mean_area_sct: float | None
    sd_area_sct: float | None
    levels: dict[int, float | None] = Field(default_factory=dict)


class MeasureCsa(Job):
    """Measure the cross-sectional area in the segmentation ``seg``; write ``<stem>_csa.csv``, ``.png`` and ``.json``.

    ``levels`` is a label map of vertebral levels; ``discs`` are points at the discs, see
    :func:`~crosscontrast.cord.csa.levels.read_discs`. ``per`` chooses the lines of the table: one per slice, or
    aggregated, which is one per level where levels are known and one for all slices where not. The files are
    called ``stem``, by default as the segmentation. Earlier results are replaced, those of another segmentation with
    ``overwrite`` only.
    """

    kind: ClassVar[str] = "cord.csa"

    seg: Path
    out: Path
    stem: str = ""
    levels: Path | None = None
    discs: Path | None = None
    threshold: Annotated[float, Field(gt=0, le=1)] = 0.5
    per: Literal["slice", "aggregate"] = "slice"
    overwrite: bool = False

    def run(self, progress: Progress) -> CsaSummary:
        """Read, measure and write; the three files appear together or not at all."""
        from crosscontrast.cord.csa.plot import plot_csa
        from crosscontrast.cord.csa.report import write_csv
        from crosscontrast.cord.outputs import NAMING
        from crosscontrast.ground.case import check_same_input, write_results

        progress(0, 1, "reading")
        if not self.overwrite:
            check_same_input(self.seg, self.out / f"{self._stem}_csa.json", NAMING)
        table, remarks = self._measure(progress)
        progress(0.8, 1, "writing")
        summary = self._summary(table, remarks)
        by_level: Literal["level", "all"] = "level" if summary.levels else "all"
        with write_results(self.out, summary.sidecar, self._provenance(summary)) as results:
            per = "slice" if self.per == "slice" else by_level
            write_csv(table, results.place(summary.table), name=str(self.seg), per=per)
            plot_csa(table, results.place(summary.plot), title=summary.table.stem.removesuffix("_csa"))
        progress(1, 1, "done")
        return summary

    @property
    def _stem(self) -> str:
        return self.stem or image_stem(self.seg)

    def _measure(self, progress: Progress) -> tuple["CsaTable", list[str]]:
        from crosscontrast.cord.csa.measure import measure_csa
        from crosscontrast.ground.case import our_warnings
        from crosscontrast.ground.images import read_image

        with our_warnings() as said:
            soft = read_image(self.seg)
            levels, discs = read_level_files(self.levels, self.discs)
            progress(0.2, 1, "measuring")
            try:
                table = measure_csa(soft, levels=levels, discs=discs, threshold=self.threshold)
            except BadInputError as error:
                raise BadInputError(f"{self.seg} cannot be measured: {error.message}", error.hint) from error
        return table, said

    def _summary(self, table: "CsaTable", remarks: list[str]) -> CsaSummary:
        stem = self._stem
        slices = sum(math.isfinite(area) for area in table.values("area_true"))
        if not slices:
            remarks = [*remarks, f"{self.seg.name} holds no cord; every area is nan"]
        return CsaSummary(
            table=self.out / f"{stem}_csa.csv",
            plot=self.out / f"{stem}_csa.png",
            sidecar=self.out / f"{stem}_csa.json",
            slices=slices,
            mean_area_true=_known(table.mean("area_true")),
            sd_area_true=_known(table.sd("area_true")),
            mean_area_sct=_known(table.mean("area_sct")),
            sd_area_sct=_known(table.sd("area_sct")),
            levels={level: _known(part.mean("area_true")) for level, part in table.per_level().items()},
            warnings=remarks,
        )

    def _provenance(self, summary: CsaSummary) -> "Provenance":
        from crosscontrast.ground.provenance import FileRecord, Provenance

        return Provenance(
            job=self.kind,
            parameters={"threshold": self.threshold, "per": self.per},
            inputs=[FileRecord.of(path) for path in (self.seg, self.levels, self.discs) if path],
            measures=summary.model_dump(mode="json", exclude={"table", "plot", "sidecar", "warnings"}),
            warnings=summary.warnings,
        )


def read_level_files(levels: Path | None, discs: Path | None) -> tuple["sitk.Image | None", "Discs | None"]:
    """Read a label map of levels or disc points; raises :class:`BadInputError` for bad files or for both at once."""
    from crosscontrast.cord.csa.levels import read_discs
    from crosscontrast.ground.images import read_image

    if levels and discs:
        raise BadInputError("Levels come from a label map or from disc points, not from both.")
    return read_image(levels) if levels else None, read_discs(discs) if discs else None


def _known(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None
