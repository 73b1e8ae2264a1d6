"""Sample data to try everything with: drawn on this computer, without a network and without anybody's image."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from crosscontrast.errors import BadInputError, OutputError
from crosscontrast.ground.files import new_folder
from crosscontrast.progress import Progress, silent
from crosscontrast.version import __version__


@dataclass(frozen=True)
class Sample:
    """What a sample is called, what is in it, which of its files a viewer opens, and how it is drawn into a folder."""

    title: str
    content: str
    shown: tuple[str, ...]
    draw: Callable[[Path, Progress], None]


def make_sample(name: str, folder: Path, progress: Progress = silent) -> tuple[Path, ...]:
    """Draw a sample into ``folder``, which is new or empty, and return the images that a viewer opens.

    The folder appears whole or not at all. Raises :class:`BadInputError` for a name that is none of :data:`SAMPLES`
    and :class:`OutputError` where the folder holds something or cannot be written.
    """
    if name not in SAMPLES:
        raise BadInputError(f"There is no sample {name!r}.", f"there are {', '.join(SAMPLES)}")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(f"{folder} is there already.", "give a new folder")
    with new_folder(folder, "The sample") as staged:
        SAMPLES[name].draw(staged, progress)
    return tuple(folder / file for file in SAMPLES[name].shown)


def kept_sample(name: str, progress: Progress = silent) -> tuple[Path, ...]:
    """Return the images of a sample that lies in the user's cache folder, drawn there the first time.

    For viewers, which copy what they change; a dataset to work on is made by :func:`make_sample`.
    """
    folder = _kept() / name
    files = tuple(folder / file for file in SAMPLES[name].shown) if name in SAMPLES else ()
    if files and all(path.is_file() for path in files):
        return files
    shutil.rmtree(folder, ignore_errors=True)
    return make_sample(name, folder, progress)


def sample_at(path: Path) -> str:
    """Return the name of the sample that a file of the user's cache folder belongs to; empty for any other file."""
    return path.relative_to(_kept()).parts[0] if path.is_relative_to(_kept()) else ""


def _kept() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("CrossContrast", appauthor=False) / "samples" / __version__


def _cord(folder: Path, progress: Progress) -> None:
    from crosscontrast.cord.phantom import write_cord_phantom

    write_cord_phantom(folder, progress=progress)


def _phantoms(folder: Path, progress: Progress, **drawn: object) -> None:
    from crosscontrast.synthesis.phantom.write import write_phantoms

    write_phantoms(folder=folder, progress=progress, **drawn)  # type: ignore[arg-type]


def _corrections(folder: Path, progress: Progress) -> None:
    """Draw a dataset of two persons whose first case is corrected: the truth stands for the person's hand."""
    from crosscontrast.cord.phantom import CordPhantom
    from crosscontrast.corrections.dataset import CorrectionDataset
    from crosscontrast.ground.images import write_image

    persons = {"01": CordPhantom(seed=1), "02": CordPhantom(seed=2, semi_axes=(6.0, 4.0), bend=3.0)}
    dataset = CorrectionDataset.create(folder, name="Sample corrections")
    truth = persons["01"].soft_truth()
    with TemporaryDirectory() as drawn:
        for number, (person, body) in enumerate(persons.items()):
            for contrast in ("T1w", "T2w"):
                progress(number, len(persons), f"person {person}, {contrast}")
                image = Path(drawn) / f"sub-{person}_{contrast}.nii.gz"
                write_image(body.image(contrast), image)
                dataset.add(image, author="sample")
    dataset.save("sub-01_T2w", truth, truth >= 0.5, author="sample", note="the phantom's truth")


def _reading(folder: Path, progress: Progress) -> None:
    """Draw a study in which prostates are judged in MRI and in ultrasound."""
    _phantoms(folder, progress, kind="prostate", subjects=8, size=48, seed=11)
    (folder / "STUDY.yaml").write_text(_STUDY, encoding="utf-8")


_STUDY = """# A small reader study on phantoms. Then:
#   crosscontrast reader plan STUDY.yaml --out ../study
#   crosscontrast reader serve ../study
title: Prostate phantoms
instructions: Judge every image by itself. They are phantoms.
cohort: cohort.tsv
arms:
  - {name: mri, role: t2w}
  - {name: ultrasound, role: us}
truth: {column: outcome, positive: "1"}
readers: [reader-1, reader-2]
design: crossed
sessions: 2
washout_days: 0
seed: 1
questions:
  - id: realism
    kind: likert
    text: How clear is the anatomy?
    labels: [not at all, fully]
  - id: cancer
    kind: confidence
    text: How sure are you that there is a lesion? (0 surely not, 100 surely)
    truth: case
"""

SAMPLES: Mapping[str, Sample] = {
    "cord": Sample(
        "Cord phantom",
        "a neck in T1w, T2w, T2*w and without magnetisation transfer, whose cord has 85.8 mm², with its truth",
        tuple(f"phantom_{contrast}.nii.gz" for contrast in ("T1w", "T2w", "T2star", "MToff")),
        _cord,
    ),
    "prostate": Sample(
        "Prostate phantoms",
        "eight persons in ultrasound and T2w MRI, with zones, masks, an outcome and the cohort table",
        ("sub-001_us.nii.gz", "sub-001_t2w.nii.gz"),
        lambda folder, progress: _phantoms(folder, progress, kind="prostate", subjects=8, size=64),
    ),
    "head": Sample(
        "Head phantoms",
        "four persons in heavily T2-weighted MRI and MR angiography, with labels and the cohort table",
        ("sub-001_heavyT2.nii.gz", "sub-001_mra.nii.gz"),
        lambda folder, progress: _phantoms(folder, progress, kind="head", subjects=4, size=64),
    ),
    "corrections": Sample(
        "Correction dataset",
        "two persons in T1w and T2w, one case corrected, three to be corrected",
        ("sub-01/anat/sub-01_T2w.nii.gz",),
        _corrections,
    ),
    "reader-study": Sample(
        "Reader study",
        "eight prostate phantoms in MRI and ultrasound, two readers, two questions, ready to be planned",
        ("sub-001_t2w.nii.gz", "sub-001_us.nii.gz"),
        _reading,
    ),
}
