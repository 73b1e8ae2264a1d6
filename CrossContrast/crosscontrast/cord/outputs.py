"""The files that a segmentation leaves, and the rule that a person's work is never overwritten."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from crosscontrast.errors import OutputError
from crosscontrast.ground.provenance import Provenance


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
        """See the function :func:`check_replaceable`."""
        check_replaceable(self.folder, self.results(), self.sidecar)


def check_replaceable(folder: Path, results: Iterable[Path], sidecar: Path) -> None:
    """Raise :class:`OutputError` if one of the ``results`` exists and is not an unchanged result of ours.

    Manual masks are called ``_seg`` too, and a result may have been corrected by hand since. What is ours stands in
    the ``sidecar``, a :class:`Provenance` of files in ``folder``.
    """
    ours = Provenance.read(sidecar)
    recorded = {record.path for record in ours.outputs} if ours else set()
    foreign = [p.name for p in results if p.exists() and p.name not in recorded]
    if foreign:
        raise OutputError(
            f"{folder / foreign[0]} exists already and was not made by this program.",
            "choose another --out, or --overwrite to replace it",
        )
    changed = ours.changed_since(folder) if ours else []
    if changed:
        raise OutputError(
            f"{folder / changed[0]} was changed by someone since it was made.",
            "choose another --out, or --overwrite to replace it",
        )
