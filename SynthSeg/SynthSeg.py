"""Module SynthSeg: translates images, segments with the help of translations, trains, and looks into networks."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import slicer
from slicer import vtkMRMLScalarVolumeNode
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.parameterNodeWrapper import Choice, WithinRange, parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
)

from crosscontrast.desk.reasons import BUSY
from crosscontrast.errors import BadInputError, ModelError
from crosscontrast.panels.choices import DEVICES
from crosscontrast.panels.image_selectors import ImagesOnly
from crosscontrast.panels.job_controls import JobControls
from crosscontrast.panels.scene_panel import ScenePanel
from crosscontrast.panels.synthesis.cleanse_page import CleansePage
from crosscontrast.panels.synthesis.features_page import FeaturesPage
from crosscontrast.panels.synthesis.gate_view import mark
from crosscontrast.panels.synthesis.page import Page
from crosscontrast.panels.synthesis.segment_page import SegmentPage
from crosscontrast.panels.synthesis.train_page import TrainPage
from crosscontrast.panels.synthesis.translate_page import TranslatePage
from crosscontrast.scene.comparison import import_label_map, show_alone
from crosscontrast.scene.results import first_image
from crosscontrast.scene.synthetic import mark_synthetic, may_be_replaced
from crosscontrast.scene.volumes import file_name, read_volume, write_volume

if TYPE_CHECKING:
    from crosscontrast.jobs.job import Job, JobResult
    from crosscontrast.synthesis.jobs import TranslateImageResult
    from crosscontrast.synthesis.segmentation.jobs import SegmentImageResult


class SynthSeg(ScriptedLoadableModule):
    """What Slicer shows about the module."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("Synthesis")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Filtering")]
        parent.dependencies = ["CrossContrast", "Colors", "Segmentations"]
        parent.contributors = ["CrossContrast contributors"]
        parent.helpText = _(
            "Translates an image into another contrast or modality with a model of the library, segments with the help"
            " of translations, trains translators and cleanses labels. A translated image can show what was never"
            " there. Not a medical device: for research only."
        )
        parent.acknowledgementText = _("Part of the extension CrossContrast.")


@parameterNodeWrapper
class SynthSegParameterNode:
    """The choices of the panel that belong to the scene."""

    inputVolume: vtkMRMLScalarVolumeNode
    model: str = ""  # empty: what suits the volume
    output: str = ""
    targetVolume: vtkMRMLScalarVolumeNode
    device: Annotated[str, Choice(list(DEVICES))] = "default"
    outputVolume: vtkMRMLScalarVolumeNode
    uncertaintyVolume: vtkMRMLScalarVolumeNode
    uncertainty: bool = False
    opacity: Annotated[float, WithinRange(0, 1)] = 0.5
    softMap: vtkMRMLScalarVolumeNode
    threshold: Annotated[float, WithinRange(0.01, 0.99)] = 0.5
    brushMode: Annotated[str, Choice(["raise", "lower"])] = "raise"
    brushRadius: Annotated[float, WithinRange(0.5, 15)] = 3.0
    brushStrength: Annotated[float, WithinRange(0.05, 1)] = 0.5


class SynthSegWidget(ScenePanel):
    """The panel: pages over one Run button, whose job is that of the page."""

    def setUpPanel(self) -> None:
        """Make the pages, in the order of their tabs, and connect them."""
        ui = self.ui
        self.logic = SynthSegLogic()
        needed = Path(self.resourcePath("Requirements/SynthSeg.txt"))
        self.controls = JobControls(
            ui, _("Synthesis"), needed, self.makeJob, self.takeResult, on_busy=self.onParametersChanged
        )
        self.segmenting = SegmentPage(ui, needed, self.logic, self.moduleName)
        self.pages: tuple[Page, ...] = (
            TranslatePage(ui, needed, self.logic, lambda: self.controls, self.onParametersChanged),
            self.segmenting,
            TrainPage(ui, lambda: self.controls.busy, self.onParametersChanged),
            FeaturesPage(ui, needed, self.logic),
            CleansePage(ui, self.onParametersChanged),
        )
        self.images = ImagesOnly(ui.inputSelector, ui.targetSelector)
        self.working = self.pages[0]  # the page whose job is under way
        ui.tabWidget.currentChanged.connect(self.onPageChanged)

    @property
    def page(self) -> Page:
        """The page that the user sees."""
        return self.pages[self.ui.tabWidget.currentIndex]

    def enter(self) -> None:
        """Become active."""
        super().enter()
        self.segmenting.enter()

    def exit(self) -> None:
        """Stop acting on the views; a correction under way stays as it is, and so does work under way."""
        self.segmenting.leave()
        super().exit()

    def cleanup(self) -> None:
        """End everything."""
        for page in self.pages:
            page.close()
        self.images.close()
        super().cleanup()

    def onSceneStartClose(self, caller, event) -> None:
        """Let go of the scene's nodes."""
        self.segmenting.forget()
        super().onSceneStartClose(caller, event)

    def onSceneEndClose(self, caller, event) -> None:
        """Begin anew if the module is open."""
        super().onSceneEndClose(caller, event)
        if self.parent.isEntered:
            self.segmenting.enter()

    def onSceneStartImport(self, caller, event) -> None:
        """Hold nothing that what is opened may replace."""
        super().onSceneStartImport(caller, event)
        self.segmenting.correcting.start_import()

    def onSceneEndImport(self, caller, event) -> None:
        """Show what was opened."""
        self.segmenting.correcting.end_import()
        super().onSceneEndImport(caller, event)

    def chooseDefaults(self, parameters: SynthSegParameterNode) -> None:
        """Take the first volume of the scene and the models that are there now."""
        if not parameters.inputVolume:
            parameters.inputVolume = first_image(slicer.mrmlScene)
        for page in self.pages:
            page.refresh(parameters)

    def onPageChanged(self, _page: int) -> None:
        """Name Run after what it does on this page."""
        self.ui.runButton.text = self.page.action
        self.onParametersChanged()

    def onParametersChanged(self, caller=None, event=None) -> None:
        """Show what is asked for, and allow Run where it can succeed."""
        parameters = self._parameterNode
        if parameters:
            for page in self.pages:
                page.update(parameters)
            reason = self.page.reason(parameters) or (BUSY if self.controls.busy else "")
            self.controls.allow(reason, _("Start the work of this page"))
            self.ui.reasonLabel.text = reason
            self.ui.reasonLabel.visible = bool(reason)
            self.ui.cancelButton.visible = self.controls.busy

    def makeJob(self, folder: Path) -> "Job":
        """Make the job of the page and its choices."""
        self.chooseDefaults(self._parameterNode)
        reason = self.page.reason(self._parameterNode)
        if reason:
            raise ModelError(reason)
        self.working = self.page
        return self.working.make_job(self._parameterNode, folder)

    def takeResult(self, result: "JobResult") -> None:
        """Show the result on the page that asked for it, wherever the user is by now."""
        parameters = self.logic.getParameterNode()
        self.working.take(parameters, result)
        self.chooseDefaults(parameters)
        self.onParametersChanged()


class SynthSegLogic(ScriptedLoadableModuleLogic):
    """From the scene to the jobs and back."""

    def getParameterNode(self) -> SynthSegParameterNode:
        """Return the module's parameter node in the scene."""
        return SynthSegParameterNode(super().getParameterNode())

    def writeInput(self, parameters: SynthSegParameterNode, folder: Path) -> Path:
        """Write the source volume to ``folder`` and return its file."""
        if not parameters.inputVolume:
            raise BadInputError(_("Choose a source volume."))
        image = folder / file_name(parameters.inputVolume)
        write_volume(parameters.inputVolume, image)
        return image

    def display(self, volume: vtkMRMLScalarVolumeNode) -> None:
        """Show a volume in all slice views, as large as it fits."""
        show_alone(slicer.mrmlScene, volume)
        slicer.app.layoutManager().resetSliceViews()

    def show(
        self,
        parameters: SynthSegParameterNode,
        source: vtkMRMLScalarVolumeNode | None,
        result: "TranslateImageResult",
    ) -> list[vtkMRMLScalarVolumeNode]:
        """Load the translated images, each marked as synthetic, the first one into the output volume.

        Where that holds another translation, there will be a new volume.
        """
        loaded = []
        for index, (path, output) in enumerate(zip(result.images, result.outputs, strict=True)):
            into = None if index else parameters.outputVolume
            loaded.append(self.load(path, source, into if into and may_be_replaced(into, output, source) else None))
            mark_synthetic(loaded[-1], output, result.model, source)
        maps = [self.load(path, source) for path in (*result.uncertainty, *([result.cycle] if result.cycle else []))]
        mark(loaded[0], result.verdict)
        parameters.outputVolume = loaded[0]
        parameters.uncertaintyVolume = maps[0] if maps else None
        return loaded

    def load(
        self, path: Path, source: vtkMRMLScalarVolumeNode | None, into: vtkMRMLScalarVolumeNode | None = None
    ) -> vtkMRMLScalarVolumeNode:
        """Read a result to where ``source`` is in the scene."""
        node = read_volume(slicer.mrmlScene, path, path.name.removesuffix(".nii.gz"), into)
        node.SetAndObserveTransformNodeID(source.GetTransformNodeID() if source else None)
        return node

    def loadLabels(self, source: vtkMRMLScalarVolumeNode | None, result: "SegmentImageResult") -> None:
        """Load the label map of all classes as a segmentation."""
        labels = self.load(result.labels, source)
        import_label_map(slicer.mrmlScene, labels, labels.GetName(), tuple(result.soft))


class SynthSegTest(ScriptedLoadableModuleTest):
    """The self-test that Slicer runs."""

    def setUp(self) -> None:
        """Begin with an empty scene."""
        slicer.mrmlScene.Clear()

    def runTest(self) -> None:
        """Check the module's part of the way without any package from pip."""
        self.setUp()
        self.test_outputVolumeIsFilled()

    def test_outputVolumeIsFilled(self) -> None:
        """A translated file goes into the output volume that was chosen, whose name says that it is synthetic."""
        from types import SimpleNamespace

        import numpy as np

        values = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
        source = slicer.util.addVolumeFromArray(values, name="Source")
        path = Path(slicer.util.tempDirectory()) / "Source_ct.nii.gz"
        write_volume(source, path)
        logic = SynthSegLogic()
        parameters = logic.getParameterNode()
        parameters.outputVolume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Mine")
        made = {"images": [path], "outputs": ["ct"], "model": "mr2ct@1", "uncertainty": [], "cycle": None}
        (output,) = logic.show(parameters, source, SimpleNamespace(**made, verdict=None))
        self.assertEqual(output.GetName(), "Mine SYNTHETIC")
        self.assertIn("not acquired: ct by mr2ct@1", output.GetDescription())
        np.testing.assert_array_equal(slicer.util.arrayFromVolume(output).max(), 59)
