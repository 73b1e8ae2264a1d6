"""Module SynthSeg: translates an image into another contrast or modality."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import slicer
from slicer import vtkMRMLScalarVolumeNode
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.parameterNodeWrapper import Choice, parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
)

from CrossContrastLib.errors import ModelError
from CrossContrastLib.scene.volumes import file_name, read_volume, write_volume
from CrossContrastLib.widgets.choices import DEVICES, ModelChoice, device_of
from CrossContrastLib.widgets.job_controls import JobControls
from CrossContrastLib.widgets.scene_panel import ScenePanel

if TYPE_CHECKING:
    from SynthSegLib.jobs import TranslateImage, TranslateImageResult


class SynthSeg(ScriptedLoadableModule):
    """What Slicer shows about the module."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("Synthesis")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Filtering")]
        parent.dependencies = ["CrossContrast"]
        parent.contributors = ["CrossContrast contributors"]
        parent.helpText = _(
            "Translates an image into another contrast or modality with a model of the library. A translated image can"
            " show what was never there. Not a medical device: for research only."
        )
        parent.acknowledgementText = _("Part of the extension CrossContrast.")


@parameterNodeWrapper
class SynthSegParameterNode:
    """The choices of the panel."""

    inputVolume: vtkMRMLScalarVolumeNode
    model: str = ""
    device: Annotated[str, Choice(list(DEVICES))] = "default"
    outputVolume: vtkMRMLScalarVolumeNode


class SynthSegWidget(ScenePanel):
    """The panel."""

    def setUpPanel(self) -> None:
        """Connect the widgets."""
        self.logic = SynthSegLogic()
        self.source = ""  # ID of the volume that the job under way translates
        needed = Path(self.resourcePath("Requirements/SynthSeg.txt"))
        self.models = ModelChoice(self.ui.modelComboBox, "translation", needed)
        self.controls = JobControls(self.ui, _("Synthesis"), needed, self.makeJob, self.takeResult)
        self.ui.modelComboBox.currentIndexChanged.connect(self.onModelChosen)

    def chooseDefaults(self, parameters: SynthSegParameterNode) -> None:
        """Take the first volume of the scene and the models that are there now."""
        if not parameters.inputVolume:
            parameters.inputVolume = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLScalarVolumeNode")
        self.models.refresh(parameters.model)
        parameters.model = self.models.model

    def onModelChosen(self) -> None:
        """Keep the model with the other choices."""
        if self._parameterNode:
            self._parameterNode.model = self.models.model

    def onParametersChanged(self, caller=None, event=None) -> None:
        """Allow Run where it can succeed."""
        parameters = self._parameterNode
        reason = self.models.problem
        if not parameters.inputVolume:
            reason = _("Choose a source volume.")
        elif parameters.inputVolume == parameters.outputVolume:
            reason = _("Choose an output volume other than the source.")
        self.controls.allow(reason, _("Translate the source volume"))

    def makeJob(self, folder: Path) -> "TranslateImage":
        """Make the job of the choices."""
        self.chooseDefaults(self._parameterNode)
        if self.models.problem:
            raise ModelError(self.models.problem)
        self.source = self._parameterNode.inputVolume.GetID()
        return self.logic.makeJob(self._parameterNode, folder)

    def takeResult(self, result: "TranslateImageResult") -> None:
        """Show the translated image over its source, wherever the user is by now."""
        self.logic.show(self.logic.getParameterNode(), slicer.mrmlScene.GetNodeByID(self.source), result)


class SynthSegLogic(ScriptedLoadableModuleLogic):
    """From the scene to the job ``image.translate`` and back."""

    def getParameterNode(self) -> SynthSegParameterNode:
        """Return the module's parameter node in the scene."""
        return SynthSegParameterNode(super().getParameterNode())

    def makeJob(self, parameters: SynthSegParameterNode, folder: Path) -> "TranslateImage":
        """Write the source volume to ``folder`` and return the job that leaves its results there too."""
        from SynthSegLib.jobs import TranslateImage

        image = folder / file_name(parameters.inputVolume)
        write_volume(parameters.inputVolume, image)
        return TranslateImage(image=image, out=folder, model=parameters.model, device=device_of(parameters.device))

    def show(
        self,
        parameters: SynthSegParameterNode,
        source: vtkMRMLScalarVolumeNode | None,
        result: "TranslateImageResult",
    ) -> list[vtkMRMLScalarVolumeNode]:
        """Load the translated images, the first one into the output volume, and show it over ``source``."""
        loaded = []
        for index, path in enumerate(result.images):
            into = None if index else parameters.outputVolume
            node = read_volume(slicer.mrmlScene, path, path.name.removesuffix(".nii.gz"), into)
            node.SetAndObserveTransformNodeID(source.GetTransformNodeID() if source else None)
            loaded.append(node)
        parameters.outputVolume = loaded[0]
        background = {"background": source} if source else {}
        slicer.util.setSliceViewerLayers(foreground=loaded[0], foregroundOpacity=0.5, **background)
        return loaded


class SynthSegTest(ScriptedLoadableModuleTest):
    """The self-test that Slicer runs."""

    def runTest(self) -> None:
        """Check the module's part of the way without any package from pip."""
        slicer.mrmlScene.Clear()
        self.test_outputVolumeIsFilled()

    def test_outputVolumeIsFilled(self) -> None:
        """A translated file goes into the output volume that was chosen, which keeps its name."""
        from types import SimpleNamespace

        import numpy as np

        values = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
        source = slicer.util.addVolumeFromArray(values, name="Source")
        path = Path(slicer.util.tempDirectory()) / "Source_ct.nii.gz"
        write_volume(source, path)
        logic = SynthSegLogic()
        parameters = logic.getParameterNode()
        parameters.outputVolume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Mine")
        (output,) = logic.show(parameters, source, SimpleNamespace(images=[path]))
        self.assertEqual(output.GetName(), "Mine")
        np.testing.assert_array_equal(slicer.util.arrayFromVolume(output).max(), 59)
