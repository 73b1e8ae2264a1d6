"""Where everything of a correction dataset lies.

::

    dataset_description.json  README.md  exclude_from_training.yml
    sub-01/anat/sub-01_T2w.nii.gz                                             the image
    derivatives/predictions/sub-01/anat/sub-01_T2w_softseg.nii.gz             what a model made of it
    derivatives/labels_softseg/sub-01/anat/sub-01_T2w_label-SC_softseg.nii.gz the newest correction, soft
    derivatives/labels/sub-01/anat/sub-01_T2w_label-SC_seg.nii.gz             and binary
    .crosscontrast/settings.json
    .crosscontrast/cases/sub-01_T2w/case.json
    .crosscontrast/cases/sub-01_T2w/revisions/3/{softseg.nii.gz,seg.nii.gz,record.json}

The revisions are the truth: each appears by one rename and is never changed. What lies in ``derivatives`` is a copy of
the newest one for all programs that read BIDS, and is made again where it is behind.
"""

from dataclasses import dataclass
from pathlib import Path

from crosscontrast.corrections.bids import CaseName

SOFTSEG, SEG, RECORD = "softseg.nii.gz", "seg.nii.gz", "record.json"


@dataclass(frozen=True)
class Layout:
    """Paths of the dataset in ``folder``, whose masks are of ``label``."""

    folder: Path
    label: str = "SC"

    @property
    def own(self) -> Path:
        """What only this program reads; validators of BIDS pass over names that begin with a dot."""
        return self.folder / ".crosscontrast"

    @property
    def settings(self) -> Path:
        """The file whose presence makes the folder a correction dataset."""
        return self.own / "settings.json"

    @property
    def lock(self) -> Path:
        """The lock of all writers."""
        return self.own / "lock"

    @property
    def staging(self) -> Path:
        """Where folders are filled before they appear."""
        return self.own / "staging"

    @property
    def cases(self) -> Path:
        """One folder per case."""
        return self.own / "cases"

    @property
    def labels(self) -> Path:
        """The derivative with binary masks."""
        return self.folder / "derivatives" / "labels"

    @property
    def labels_softseg(self) -> Path:
        """The derivative with soft masks."""
        return self.folder / "derivatives" / "labels_softseg"

    @property
    def predictions(self) -> Path:
        """The derivative with what models made."""
        return self.folder / "derivatives" / "predictions"

    def case(self, name: str) -> Path:
        """The case's record."""
        return self.cases / name / "case.json"

    def revisions(self, name: str) -> Path:
        """Folder of the case's revisions."""
        return self.cases / name / "revisions"

    def revision(self, name: str, number: int) -> Path:
        """Folder of one revision."""
        return self.revisions(name) / str(number)

    def outside(self, name: str) -> Path:
        """Where masks are kept that another program wrote over ours."""
        return self.cases / name / "outside"

    def seg(self, name: str) -> Path:
        """The newest binary mask."""
        return self.labels / CaseName.parse(name).folder / f"{name}_label-{self.label}_seg.nii.gz"

    def softseg(self, name: str) -> Path:
        """The newest soft mask."""
        return self.labels_softseg / CaseName.parse(name).folder / f"{name}_label-{self.label}_softseg.nii.gz"

    def prediction(self, name: str) -> Path:
        """Folder with what a model made of the case."""
        return self.predictions / CaseName.parse(name).folder


def sidecar(image: Path) -> Path:
    """Return the JSON file beside an image."""
    return image.with_name(image.name.removesuffix(".nii.gz") + ".json")
