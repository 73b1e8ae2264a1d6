"""What a model made of a case, as the job ``cord.segment`` leaves it in the derivative ``predictions``."""

from dataclasses import dataclass
from pathlib import Path

import SimpleITK as sitk

from crosscontrast.corrections.layout import Layout
from crosscontrast.ground.images import read_image
from crosscontrast.ground.provenance import ModelRecord, Provenance


@dataclass(frozen=True)
class Prediction:
    """Files of a prediction; ``uncertainty`` (each voxel's standard deviation) and ``model`` where they are known."""

    softseg: Path
    uncertainty: Path | None
    model: ModelRecord | None

    def soft(self) -> sitk.Image:
        """Read the soft mask as float32."""
        return sitk.Cast(read_image(self.softseg), sitk.sitkFloat32)


def find_prediction(layout: Layout, case: str, stem: str) -> Prediction | None:
    """Return what there is for the image called ``stem``; ``None`` where nothing was predicted."""
    folder = layout.prediction(case)
    softseg, uncertainty = (folder / f"{stem}_{kind}.nii.gz" for kind in ("softseg", "uncertainty"))
    if not softseg.exists():
        return None
    provenance = Provenance.read(folder / f"{stem}_softseg.json")
    return Prediction(softseg, uncertainty if uncertainty.exists() else None, provenance.model if provenance else None)
