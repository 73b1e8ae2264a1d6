"""Module RadiomicsCompare: how alike two images are, for instance a translated one and the real one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import qt
import slicer
from slicer import vtkMRMLLabelMapVolumeNode, vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
)

from crosscontrast.errors import BadInputError
from crosscontrast.panels.job_controls import JobControls
from crosscontrast.panels.radiomics.page import FeaturePage
from crosscontrast.panels.reading.page import ReadingPage
from crosscontrast.panels.scene_panel import ScenePanel
from crosscontrast.scene.volumes import file_name, write_mask, write_volume

if TYPE_CHECKING:
    from crosscontrast.metrics.similarity import Similarity
    from crosscontrast.radiomics.jobs import CompareImages, CompareImagesResult


class RadiomicsCompare(ScriptedLoadableModule):
    """What Slicer shows about the module."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("Radiomics Compare")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Quantification")]
        parent.dependencies = ["CrossContrast", "Plots", "Segmentations"]
        parent.contributors = ["CrossContrast contributors"]
        parent.helpText = _(
            "Measures how alike two images are, inside a mask and with a stated data range. High similarity does not"
            " mean that an image is fit for a clinical task. Not a medical device: for research only."
        )
        parent.acknowledgementText = _("Part of the extension CrossContrast.")


@parameterNodeWrapper
class RadiomicsCompareParameterNode:
    """The choices of the panel; ``dataRange`` 0 stands for the range of the reference."""

    referenceVolume: vtkMRMLScalarVolumeNode
    testVolume: vtkMRMLScalarVolumeNode
    mask: vtkMRMLSegmentationNode | vtkMRMLLabelMapVolumeNode | None
    dataRange: Annotated[float, WithinRange(0, 1e6)] = 0.0
    resample: bool = False


class RadiomicsCompareWidget(ScenePanel):
    """The panel."""

    def setUpPanel(self) -> None:
        """Connect the widgets."""
        self.logic = RadiomicsCompareLogic()
        needed = Path(self.resourcePath("Requirements/RadiomicsCompare.txt"))
        self.controls = JobControls(self.ui, _("Radiomics Compare"), needed, self.makeJob, self.takeResult, torch=False)
        self.ui.tablePathLineEdit.nameFilters = [_("Tables") + " (*.tsv)"]
        self.ui.resultTable.setHorizontalHeaderLabels([_("Measure"), _("Value")])
        self.ui.resultTable.horizontalHeader().setStretchLastSection(True)
        self.featurePage = FeaturePage(needed, _("Radiomics Compare"), lambda: self._parameterNode)
        self.layout.addWidget(self.featurePage.widget)
        self.readingPage = ReadingPage(needed, _("Radiomics Compare"))
        self.layout.addWidget(self.readingPage.widget)

    def cleanup(self) -> None:
        """End everything, work on features and a reading too; the reader's place is kept."""
        self.featurePage.close()
        self.readingPage.close()
        ScenePanel.cleanup(self)

    def onSceneStartClose(self, caller, event) -> None:
        """Let go of the scene's nodes."""
        self.readingPage.close()
        self.featurePage.cancel()
        ScenePanel.onSceneStartClose(self, caller, event)

    def onParametersChanged(self, caller=None, event=None) -> None:
        """Allow Run where it can succeed."""
        parameters = self._parameterNode
        reason = ""
        if not parameters.referenceVolume or not parameters.testVolume:
            reason = _("Choose a reference and a test volume.")
        elif parameters.referenceVolume == parameters.testVolume:
            reason = _("Choose two different volumes.")
        self.controls.allow(reason, _("Compare the test volume with the reference"))
        self.featurePage.refresh()

    def makeJob(self, folder: Path) -> "CompareImages":
        """Make the job of the choices."""
        table = self.ui.tablePathLineEdit.currentPath
        return self.logic.makeJob(self._parameterNode, folder, Path(table) if table else None)

    def takeResult(self, result: "CompareImagesResult") -> None:
        """Fill the table."""
        rows = self.logic.rows(result.similarity)
        self.ui.resultTable.setRowCount(len(rows))
        for row, texts in enumerate(rows):
            for column, text in enumerate(texts):
                self.ui.resultTable.setItem(row, column, qt.QTableWidgetItem(text))


class RadiomicsCompareLogic(ScriptedLoadableModuleLogic):
    """From the scene to the job ``images.compare`` and back."""

    def getParameterNode(self) -> RadiomicsCompareParameterNode:
        """Return the module's parameter node in the scene."""
        return RadiomicsCompareParameterNode(super().getParameterNode())

    def makeJob(
        self, parameters: RadiomicsCompareParameterNode, folder: Path, table: Path | None = None
    ) -> "CompareImages":
        """Write the volumes to ``folder`` as they lie in the world, transforms applied, and return the job."""
        from crosscontrast.radiomics.jobs import CompareImages

        reference, test, mask = parameters.referenceVolume, parameters.testVolume, parameters.mask
        paths = [folder / role / file_name(node) for role, node in (("reference", reference), ("test", test))]
        for node, path in zip((reference, test), paths, strict=True):
            path.parent.mkdir()
            write_volume(node, path, world=True)
        if mask:
            write_mask(mask, reference, folder / file_name(mask))
        if table and table.suffix != ".tsv":
            raise BadInputError(_("The table {path} does not end in .tsv.").format(path=table))
        return CompareImages(
            reference=paths[0],
            test=paths[1],
            out=table or folder / "similarity.tsv",
            mask=folder / file_name(mask) if mask else None,
            data_range=parameters.dataRange or None,
            resample=parameters.resample,
        )

    def rows(self, similarity: "Similarity") -> list[tuple[str, str]]:
        """Name and value of what was measured, and of what it depends on, for people."""
        origin = {
            "given": _("given"),
            "reference": _("the reference's"),
            "reference in mask": _("the reference's in the mask"),
        }[similarity.data_range_from]
        measures = {
            "MAE": similarity.mae,
            "MSE": similarity.mse,
            "RMSE": similarity.rmse,
            "NMSE": similarity.nmse,
            "PSNR (dB)": similarity.psnr,
            "SSIM": similarity.ssim,
            "Pearson r": similarity.pearson,
        }
        return [
            *((name, _("not defined") if value is None else f"{value:.5g}") for name, value in measures.items()),
            (_("Data range"), f"{similarity.data_range:.5g} ({origin})"),
            (_("Voxels"), str(similarity.voxels)),
            (_("Resampled"), _("yes") if similarity.resampled else _("no")),
        ]


class RadiomicsCompareTest(ScriptedLoadableModuleTest):
    """The self-test that Slicer runs."""

    def setUp(self) -> None:
        """Begin with an empty scene."""
        slicer.mrmlScene.Clear()

    def runTest(self) -> None:
        """Check the module's part of the way without any package from pip."""
        self.setUp()
        self.test_measuresAreNamedWithWhatTheyDependOn()

    def test_measuresAreNamedWithWhatTheyDependOn(self) -> None:
        """The table says the data range and where it comes from, and names what has no value."""
        from types import SimpleNamespace

        values = dict.fromkeys(("mae", "mse", "rmse", "nmse", "ssim", "pearson"), 0.25)
        similarity = SimpleNamespace(
            **values, psnr=None, data_range=100.0, data_range_from="given", voxels=8, resampled=False
        )
        rows = dict(RadiomicsCompareLogic().rows(similarity))
        self.assertEqual(rows["MAE"], "0.25")
        self.assertEqual(rows["PSNR (dB)"], _("not defined"))
        self.assertIn("100", rows[_("Data range")])
