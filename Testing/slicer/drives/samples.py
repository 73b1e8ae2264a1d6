"""The samples stand in Slicer's module Sample Data with their pictures, and load."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import qt
import slicer
from steps import check, drive, no_errors, open_module, picture, pump

#: Title -> images that it loads.
SAMPLES = {"Cord phantom": 4, "Prostate phantoms": 2, "Head phantoms": 2, "Correction dataset": 1, "Reader study": 2}


def samples():
    """Press every sample's button as a person does."""
    registered = {source.sampleName for source in slicer.modules.sampleDataSources.get("CrossContrast", [])}
    check(f"all samples are registered: {sorted(registered)}", registered == set(SAMPLES))
    widget = open_module("SampleData")
    buttons = {button.toolTip: button for button in widget.parent.findChildren(qt.QToolButton)}
    texts = {button.text: button for button in widget.parent.findChildren(qt.QToolButton)}
    for title, images in SAMPLES.items():
        slicer.mrmlScene.Clear(0)
        button = texts.get(title) or buttons.get(title)
        check(f"{title}: has a button with a picture", button is not None and not button.icon.isNull())
        button.click()
        pump(0.5)
        loaded = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
        check(f"{title}: loads {images} images ({len(loaded)})", len(loaded) == images)
    picture(widget.parent, "samples")
    no_errors("loading samples")


drive([samples])
