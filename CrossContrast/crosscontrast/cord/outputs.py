"""The files that a segmentation leaves."""

from dataclasses import dataclass
from pathlib import Path

from crosscontrast.ground.case import check_replaceable


@dataclass(frozen=True)
class SegmentationFiles:
    """Paths of one case's results: ``<stem>_softseg.nii.gz`` and its companions in one folder."""

    folder: Path
    stem: str

    @property
    def softseg(self) -> Path:
        """Soft segmentation, float32 in [0, 1]."""
        return self.folder / f"{self.stem}_softseg.nii.gz"

    @property
    def seg(self) -> Path:
        """Binary segmentation, uint8."""
        return self.folder / f"{self.stem}_seg.nii.gz"

    @property
    def csa(self) -> Path:
        """Cross-sectional area per slice."""
        return self.folder / f"{self.stem}_csa.csv"

    @property
    def overlay(self) -> Path:
        """Picture of the soft map over the image."""
        return self.folder / f"{self.stem}_overlay.png"

    @property
    def uncertainty(self) -> Path:
        """Standard deviation of the soft value, float32; on request only."""
        return self.folder / f"{self.stem}_uncertainty.nii.gz"

    @property
    def sidecar(self) -> Path:
        """Provenance of all of them."""
        return self.folder / f"{self.stem}_softseg.json"

    def results(self) -> tuple[Path, ...]:
        """All files but the sidecar."""
        return self.softseg, self.seg, self.csa, self.overlay, self.uncertainty

    def check_replaceable(self) -> None:
        """See :func:`crosscontrast.ground.case.check_replaceable`."""
        check_replaceable(self.folder, self.results(), self.sidecar)
