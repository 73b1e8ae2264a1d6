"""Making a folder a correction dataset."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from crosscontrast.corrections.documents import write_document, write_text
from crosscontrast.corrections.exclusions import FILE as EXCLUSIONS
from crosscontrast.corrections.layout import Layout
from crosscontrast.corrections.publish import describe_dataset
from crosscontrast.corrections.records import Settings
from crosscontrast.corrections.storage import dataset_lock, make_synced_folder
from crosscontrast.errors import BadInputError
from crosscontrast.ground.files import make_folder

_README = """# {name}

Images with masks of the structure "{label}" that were corrected by hand, kept by CrossContrast.

* `derivatives/labels` and `derivatives/labels_softseg` hold the newest correction of every image, binary and soft.
* `.crosscontrast` holds every revision of every correction. Do not edit it.
* `exclude_from_training.yml` lists what must not be trained on, and why.
"""


_OF_PART = {
    "labels": """# {name}: labels

The newest correction of every image as a binary mask of the structure "{label}", on the image's grid. The JSON file
beside each says who made it, when and from which prediction.
""",
    "labels_softseg": """# {name}: soft labels

The newest correction of every image as a soft mask of the structure "{label}" (0 to 1, the share of each voxel that
it fills), on the image's grid. The JSON file beside each says who made it, when and from which prediction.
""",
    "predictions": """# {name}: predictions

What a model made of the images, before anybody corrected it: soft and binary masks of the structure "{label}", areas
and pictures. The JSON file beside each names the model.
""",
}

#: The names that spine-generic's datasets have put the label behind the suffix, which BIDS does not know.
_IGNORED = "*_label-*\n*_softseg.*\n*_seg.*\n*_csa.csv\n*_overlay.png\n*_uncertainty.*\n"


#: Cases are single volumes. BIDS wants gradients of a ``_dwi``, which a mean of diffusion images does not have.
_NAMELESS = "*_dwi.nii.gz"


def create_dataset(folder: Path, name: str, label: str, authors: Sequence[str] = ()) -> None:
    """Write what an empty correction dataset consists of; see :meth:`CorrectionDataset.create`."""
    layout = Layout(folder, label)
    if layout.settings.exists():
        raise BadInputError(f"{folder} is a correction dataset already.")
    _check_folder(folder, layout)
    try:
        settings = Settings(label=label)
    except ValidationError as error:
        raise BadInputError(f"The label {label!r} has signs other than letters and digits.") from error
    make_folder(folder)
    make_synced_folder(layout.own)
    title = name or folder.name
    with dataset_lock(layout.lock):
        describe_dataset(folder, title, authors, derivative=False)
        for part in (layout.labels, layout.labels_softseg, layout.predictions):
            describe_dataset(part, f"{title}: {part.name}", authors, derivative=True)
            _write_new(part / ".bidsignore", _IGNORED)
            _write_new(part / "README.md", _OF_PART[part.name].format(name=title, label=label))
        _write_new(folder / "README.md", _README.format(name=title, label=label))
        _write_new(folder / ".bidsignore", f"{EXCLUSIONS}\n{_NAMELESS}\n")
        write_document(layout.settings, settings)  # last: without it the folder is no dataset yet


def _check_folder(folder: Path, layout: Layout) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise BadInputError(f"{folder} is not a folder.")
    if (folder / "dataset_description.json").exists() or layout.own.exists():
        return
    if any(folder.iterdir()):
        raise BadInputError(f"{folder} is neither empty nor a BIDS dataset (no dataset_description.json).")


def _write_new(path: Path, text: str) -> None:
    if not path.exists():
        write_text(path, text)
