"""The files that a soft ground truth leaves, with names as BIDS derivatives have them."""

import re
from dataclasses import dataclass
from pathlib import Path

from crosscontrast.cord.outputs import check_replaceable
from crosscontrast.errors import OutputError
from crosscontrast.ground.files import image_stem, sha256
from crosscontrast.ground.provenance import Provenance

#: What masks have behind the name of their image: ``_seg``, ``_seg-manual``, ``_label-SC_seg``, ``_softseg``.
_MASK_WORDS = re.compile(r"(_desc-[a-zA-Z0-9]+)?(_label-[a-zA-Z0-9]+)?_(soft)?seg(-[a-zA-Z0-9]+)?$")


@dataclass(frozen=True)
class ContrastFiles:
    """The results of one contrast in ``folder``, named after its image."""

    folder: Path
    stem: str

    @property
    def softseg(self) -> Path:
        """Soft ground truth, float32 in [0, 1]."""
        return self.folder / f"{self.stem}_label-SC_softseg.nii.gz"

    @property
    def seg(self) -> Path:
        """The same from 0.5 on, uint8."""
        return self.folder / f"{self.stem}_desc-softseg_label-SC_seg.nii.gz"

    @property
    def sidecar(self) -> Path:
        """Provenance of the two."""
        return self.folder / f"{self.stem}_label-SC_softseg.json"

    def all(self) -> tuple[Path, Path, Path]:
        """All three."""
        return self.softseg, self.seg, self.sidecar


@dataclass(frozen=True)
class SubjectFiles:
    """The files of one subject: those of its contrasts, one report, and a sidecar that knows them all."""

    folder: Path
    subject: str

    @property
    def report(self) -> Path:
        """Quality report, one HTML file."""
        return self.folder / f"{self.subject}_softgt.html"

    @property
    def sidecar(self) -> Path:
        """Provenance of every file of the subject."""
        return self.folder / f"{self.subject}_softgt.json"

    def contrast(self, stem: str) -> ContrastFiles:
        """Return the files of a contrast."""
        return ContrastFiles(self.folder, stem)

    def check_replaceable(self, stems: list[str]) -> None:
        """Raise :class:`OutputError` where a file exists that is not an unchanged result of ours."""
        results = [self.report, *(path for stem in stems for path in self.contrast(stem).all())]
        check_replaceable(self.folder, results, self.sidecar)
        if self.sidecar.exists() and Provenance.read(self.sidecar) is None:
            raise OutputError(
                f"{self.sidecar} exists already and was not made by this program.",
                "choose another --out, or --overwrite to replace it",
            )

    def remove_superseded(self, earlier: Provenance | None, now: Provenance) -> None:
        """Remove what an earlier run made and this one did not, such as the mask of a contrast now left out."""
        made = {record.path for record in now.outputs}
        for record in earlier.outputs if earlier else []:
            path = self.folder / Path(record.path).name  # a sidecar from elsewhere must not point out of the folder
            if path.name not in made and path.is_file() and sha256(path) == record.sha256:
                path.unlink()


def contrast_stem(image: Path | None, mask: Path) -> str:
    """Return the name of a contrast's results: that of its image, else of its mask without what marks it as a mask."""
    return image_stem(image) if image else _MASK_WORDS.sub("", image_stem(mask))


def subject_name(stems: list[str]) -> str:
    """Return the words that all stems begin with: ``sub-01_ses-2`` of ``sub-01_ses-2_T2w`` and others."""
    if len(stems) == 1:
        return stems[0]
    common = []
    for words in zip(*(stem.split("_") for stem in stems), strict=False):
        if len(set(words)) > 1:
            break
        common.append(words[0])
    return "_".join(common) or "subject"
