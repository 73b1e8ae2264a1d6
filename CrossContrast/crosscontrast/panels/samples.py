"""The samples of this extension in Slicer's module Sample Data."""

from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

from crosscontrast.desk.samples import SAMPLES, kept_sample
from crosscontrast.errors import CrossContrastError
from crosscontrast.panels.messages import show_error

CATEGORY = "CrossContrast"


def register_samples(thumbnails: Path) -> None:
    """Tell Sample Data what there is; Slicer calls this when it has started. Pictures are ``thumbnails / NAME.png``."""
    try:
        from SampleData import SampleDataLogic
    except ImportError:  # a Slicer that was started without it
        return
    for name, sample in SAMPLES.items():
        SampleDataLogic.registerCustomSampleDataSource(
            category=CATEGORY,
            sampleName=sample.title,
            uris="", fileNames="", nodeNames="",
            thumbnailFileName=str(thumbnails / f"{name}.png"),
            customDownloader=lambda _source, name=name: load_sample(name),
        )  # fmt: skip


def load_sample(name: str) -> list:
    """Draw a sample the first time, load its images, and return their nodes; a failure is shown as a message."""
    dialog = qt.QProgressDialog(_("Drawing the sample"), "", 0, 0, slicer.util.mainWindow())
    dialog.setCancelButton(None)
    dialog.setWindowModality(qt.Qt.WindowModal)
    dialog.setMinimumDuration(300)

    def progress(done: float, total: float, message: str) -> None:
        dialog.setMaximum(100)
        dialog.setValue(int(100 * done / total) if total else 0)
        dialog.setLabelText(message)
        slicer.app.processEvents()

    try:
        return [slicer.util.loadVolume(str(path)) for path in kept_sample(name, progress)]
    except CrossContrastError as error:
        show_error(error, _("Sample data"))
        return []
    finally:
        dialog.close()
