"""The tissues that a generated body is made of."""

from enum import IntEnum


class Tissue(IntEnum):
    """Index of a tissue in :class:`~crosscontrast.cord.generator.anatomy.Anatomy`'s fractions."""

    AIR = 0
    FAT = 1
    EPIDURAL_FAT = 2
    MUSCLE = 3
    DEEP_MUSCLE = 4
    MARROW = 5
    CORTICAL = 6
    DISC = 7
    NUCLEUS = 8
    LIGAMENT = 9
    DURA = 10
    CSF = 11
    WHITE = 12
    GREY = 13
    LESION = 14
    SYRINX = 15
    ROOT = 16
    VEIN = 17
    VESSEL = 18
    FLOW = 19
    BRAIN_WHITE = 20
    BRAIN_GREY = 21
    MUCOSA = 22
    ORGAN = 23
    SECOND_ORGAN = 24
    LUNG = 25
    PIA = 26


#: What counts as spinal cord: everything inside its pia.
CORD = (Tissue.WHITE, Tissue.GREY, Tissue.LESION, Tissue.SYRINX)

#: What lies inside the dura but is not cord.
THECAL = (Tissue.CSF, Tissue.ROOT, Tissue.PIA)
