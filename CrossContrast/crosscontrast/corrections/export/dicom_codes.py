"""What structures are called in DICOM (SNOMED CT)."""

from typing import NamedTuple


class Structure(NamedTuple):
    """A structure's name and its code."""

    name: str
    code: str


#: By the label of the dataset, as in ``label-SC``.
STRUCTURES = {
    "SC": Structure("Spinal cord", "2748008"),
    "brain": Structure("Brain", "12738006"),
}
ANATOMICAL_STRUCTURE = Structure("Anatomical Structure", "123037004")
TISSUE = Structure("Tissue", "85756007")
