"""The jobs of RadiomicsCompare."""

import csv
from pathlib import Path
from typing import ClassVar

from CrossContrastLib.errors import BadInputError
from CrossContrastLib.ground.files import atomic_write, make_folder
from CrossContrastLib.ground.images import read_image
from CrossContrastLib.jobs.job import Job, JobResult
from CrossContrastLib.progress import Progress
from CrossContrastLib.similarity import Similarity, compare_images


class CompareImagesResult(JobResult):
    """The measures, and the table that holds them as one row."""

    table: Path
    similarity: Similarity


class CompareImages(Job):
    """Measure how alike ``test`` is to ``reference`` and write the measures to the TSV file ``out``.

    The table names the images by their files' names. ``mask``, ``data_range`` and ``resample`` are those of
    :func:`CrossContrastLib.similarity.compare_images`.
    """

    kind: ClassVar[str] = "images.compare"

    reference: Path
    test: Path
    out: Path
    mask: Path | None = None
    data_range: float | None = None
    resample: bool = False

    def run(self, progress: Progress) -> CompareImagesResult:
        """Read, compare and write."""
        if not self.out.name.endswith(".tsv"):
            raise BadInputError(f"{self.out} does not end in .tsv.")
        make_folder(self.out.parent)
        progress(0, 1, "reading")
        reference, test = read_image(self.reference), read_image(self.test)
        mask = read_image(self.mask) if self.mask else None
        progress(0.3, 1, "comparing")
        similarity = compare_images(reference, test, mask, self.data_range, self.resample)
        self._write(similarity)
        progress(1, 1, "done")
        return CompareImagesResult(table=self.out, similarity=similarity)

    def _write(self, similarity: Similarity) -> None:
        files = {"reference": self.reference, "test": self.test, "mask": self.mask}
        names = {role: path.name if path else None for role, path in files.items()}
        row = names | similarity.model_dump()
        with atomic_write(self.out) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
            writer.writerow(row)
            writer.writerow("n/a" if value is None else value for value in row.values())
