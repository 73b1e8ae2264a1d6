"""The jobs of RadiomicsCompare."""

import math
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel

from crosscontrast.errors import BadInputError
from crosscontrast.ground.files import atomic_write, make_folder
from crosscontrast.ground.images import read_image
from crosscontrast.ground.tables import TableWriter
from crosscontrast.jobs.job import Job, JobResult
from crosscontrast.metrics.similarity import Similarity, compare_images
from crosscontrast.progress import Progress, part
from crosscontrast.radiomics.extraction.settings import ExtractionSettings


class CompareImagesResult(JobResult):
    """The measures, and the table that holds them as one row."""

    table: Path
    similarity: Similarity


class CompareImages(Job):
    """Measure how alike ``test`` is to ``reference`` and write the measures to the TSV file ``out``.

    The table names the images by their files' names. ``mask``, ``data_range`` and ``resample`` are those of
    :func:`crosscontrast.metrics.similarity.compare_images`.
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
            writer = TableWriter(stream)
            writer.writerow(row)
            writer.writerow("n/a" if value is None else value for value in row.values())


class FeaturePair(BaseModel):
    """A feature of two images; ``difference`` is 200 (test - reference) / (|test| + |reference|) in per cent."""

    feature: str
    reference: float | None
    test: float | None
    difference: float | None


class CompareFeaturesResult(JobResult):
    """The features, those that differ most first, and the table that holds them."""

    table: Path
    pairs: list[FeaturePair]


class CompareFeatures(Job):
    """Compute the features of two images in one mask and write them side by side to the TSV file ``out``.

    Two images say how much a feature changed in this one patient; whether it is preserved takes a cohort.
    """

    kind: ClassVar[str] = "images.compare-features"

    reference: Path
    test: Path
    mask: Path
    out: Path
    settings: ExtractionSettings = ExtractionSettings()

    def run(self, progress: Progress) -> CompareFeaturesResult:
        """Extract, compare and write."""
        from crosscontrast.radiomics.extraction.jobs import ExtractCase

        if not self.out.name.endswith(".tsv"):
            raise BadInputError(f"{self.out} does not end in .tsv.")
        make_folder(self.out.parent)
        found = []
        for number, image in enumerate((self.reference, self.test)):
            case = ExtractCase(image=image, mask=self.mask, settings=self.settings)
            found.append(case.run(part(progress, number / 2, (number + 1) / 2)).features)
        pairs = [_pair(name, value, found[1].get(name, math.nan)) for name, value in found[0].items()]
        pairs.sort(key=lambda pair: -abs(pair.difference or 0.0))
        with atomic_write(self.out) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
            writer = TableWriter(stream)
            writer.writerow(FeaturePair.model_fields)
            for pair in pairs:
                writer.writerow("n/a" if value is None else value for value in pair.model_dump().values())
        return CompareFeaturesResult(table=self.out, pairs=pairs)


def _pair(name: str, reference: float, test: float) -> FeaturePair:
    known = [value if math.isfinite(value) else None for value in (reference, test)]
    size = abs(reference) + abs(test)
    difference = 200 * (test - reference) / size if math.isfinite(size) and size > 0 else None
    return FeaturePair(feature=name, reference=known[0], test=known[1], difference=difference)


class FeatureMapResult(JobResult):
    """The map."""

    written: Path


class MapFeature(Job):
    """Compute a feature around every voxel of the mask (PyRadiomics' voxel-based extraction) and write it to ``out``.

    The map lies on the image's grid and is 0 outside the mask. Only features of grey values have one, not shape.
    """

    kind: ClassVar[str] = "radiomics.map"

    image: Path
    mask: Path
    feature: str
    out: Path
    settings: ExtractionSettings = ExtractionSettings()
    radius: int = 1

    def run(self, progress: Progress) -> FeatureMapResult:
        """Compute and write."""
        from crosscontrast.ground.images import write_image
        from crosscontrast.radiomics.extraction.voxel_map import feature_map

        progress(0, 1, f"map of {self.feature}")
        image = feature_map(read_image(self.image), read_image(self.mask), self.feature, self.settings, self.radius)
        make_folder(self.out.parent)
        write_image(image, self.out, like=self.image)
        progress(1, 1, "done")
        return FeatureMapResult(written=self.out)
