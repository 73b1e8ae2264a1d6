"""How many synthetic channels a segmentation model of the library needs."""

from crosscontrast.models.bundle import read_spec
from crosscontrast.synthesis.models import find_translator


def translators_needed(model: str) -> int:
    """Return how many of the model's inputs are translations; 0 for models that are not our bundles."""
    entry = find_translator(model, "segmentation")
    if entry.format != "crosscontrast":
        return 0
    return sum(name.startswith("synthetic ") for name in read_spec(entry.folder).inputs)
