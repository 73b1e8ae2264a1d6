"""Module SoftCordSeg: soft segmentation of the spinal cord on any contrast, shown over its image."""

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

from CrossContrastLib.scene.soft_map import SOFT_MAP, set_opacity, set_threshold, show_soft_map
from CrossContrastLib.scene.volumes import file_name, read_volume, write_volume
from CrossContrastLib.widgets.choices import DEVICES, ModelChoice, device_of
from CrossContrastLib.widgets.job_controls import JobControls
from CrossContrastLib.widgets.scene_panel import ScenePanel

if TYPE_CHECKING:
    from SoftCordSegLib.jobs import SegmentCord, SegmentCordResult


class SoftCordSeg(ScriptedLoadableModule):
    """What Slicer shows about the module."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("Soft Cord Segmentation")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        parent.dependencies = ["CrossContrast"]
        parent.contributors = ["CrossContrast contributors"]
        parent.helpText = _(
            "Finds the spinal cord on an image of any contrast as a soft map, whose values say how much of a voxel is"
            " cord. Not a medical device: for research only."
        )
        parent.acknowledgementText = _("The method follows Bédard et al., arXiv 2310.15402.")


@parameterNodeWrapper
class SoftCordSegParameterNode:
    """The choices of the panel: what to segment and with what, and how the soft map is shown."""

    inputVolume: vtkMRMLScalarVolumeNode
    model: str = "softcord"
    device: Annotated[str, Choice(list(DEVICES))] = "default"
    softMap: vtkMRMLScalarVolumeNode
    threshold: Annotated[float, WithinRange(0.01, 0.99)] = 0.5
    opacity: Annotated[float, WithinRange(0, 1)] = 0.6


class SoftCordSegWidget(ScenePanel):
    """The panel."""

    def setUpPanel(self) -> None:
        """Connect the widgets."""
        self.logic = SoftCordSegLogic()
        self.segmented = ""  # ID of the volume that the job under way segments
        needed = Path(self.resourcePath("Requirements/SoftCordSeg.txt"))
        self.models = ModelChoice(self.ui.modelComboBox, "segmentation", needed)
        self.controls = JobControls(self.ui, _("Soft Cord Segmentation"), needed, self.makeJob, self.takeResult)
        self.ui.softMapSelector.addAttribute("vtkMRMLScalarVolumeNode", SOFT_MAP, "1")
        self.ui.modelComboBox.currentIndexChanged.connect(self.onModelChosen)

    def chooseDefaults(self, parameters: SoftCordSegParameterNode) -> None:
        """Take the first volume of the scene and the models that are there now."""
        if not parameters.inputVolume:
            parameters.inputVolume = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLScalarVolumeNode")
        self.models.refresh(parameters.model)

    def onModelChosen(self) -> None:
        """Keep the model with the other choices."""
        if self._parameterNode:
            self._parameterNode.model = self.models.model

    def onParametersChanged(self, caller=None, event=None) -> None:
        """Show the soft map as it is asked for, and allow Run where it can succeed."""
        parameters = self._parameterNode
        if parameters.softMap:
            set_threshold(parameters.softMap, parameters.threshold)
            set_opacity(slicer.mrmlScene, parameters.softMap, parameters.opacity)
        reason = "" if parameters.inputVolume else _("Choose an input volume.")
        self.controls.allow(reason or self.models.problem, _("Segment the cord on the input volume"))

    def makeJob(self, folder: Path) -> "SegmentCord":
        """Make the job of the choices."""
        self.models.refresh(self._parameterNode.model)
        self.segmented = self._parameterNode.inputVolume.GetID()
        return self.logic.makeJob(self._parameterNode, folder)

    def takeResult(self, result: "SegmentCordResult") -> None:
        """Show the soft map over the volume that it was made from, wherever the user is by now."""
        self.logic.show(self.logic.getParameterNode(), slicer.mrmlScene.GetNodeByID(self.segmented), result)


class SoftCordSegLogic(ScriptedLoadableModuleLogic):
    """From the scene to the job ``cord.segment`` and back."""

    def getParameterNode(self) -> SoftCordSegParameterNode:
        """Return the module's parameter node in the scene."""
        return SoftCordSegParameterNode(super().getParameterNode())

    def makeJob(self, parameters: SoftCordSegParameterNode, folder: Path) -> "SegmentCord":
        """Write the input volume to ``folder`` and return the job that leaves its results there too."""
        from SoftCordSegLib.jobs import SegmentCord

        image = folder / file_name(parameters.inputVolume)
        write_volume(parameters.inputVolume, image)
        return SegmentCord(
            image=image,
            out=folder,
            model=parameters.model,
            device=device_of(parameters.device),
            threshold=parameters.threshold,
        )

    def show(
        self,
        parameters: SoftCordSegParameterNode,
        segmented: vtkMRMLScalarVolumeNode | None,
        result: "SegmentCordResult",
    ) -> vtkMRMLScalarVolumeNode:
        """Load the soft map, show it over ``segmented`` (which may be gone), and return its node."""
        name = _("{volume} soft cord").format(volume=segmented.GetName() if segmented else result.image.stem)
        softMap = read_volume(slicer.mrmlScene, result.softseg, name)
        if segmented:
            softMap.SetAndObserveTransformNodeID(segmented.GetTransformNodeID())
        show_soft_map(slicer.mrmlScene, softMap, segmented, parameters.threshold, parameters.opacity)
        parameters.softMap = softMap
        return softMap


class SoftCordSegTest(ScriptedLoadableModuleTest):
    """The self-test that Slicer runs."""

    def runTest(self) -> None:
        """Check the module's part of the way without any package from pip."""
        slicer.mrmlScene.Clear()
        self.test_softMapLiesOverItsVolume()

    def test_softMapLiesOverItsVolume(self) -> None:
        """A volume that went through a file comes back to its place, and the sliders' values reach the display."""
        import numpy as np

        slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSliceCompositeNode")
        values = np.linspace(0, 1, 6 * 7 * 8, dtype=np.float32).reshape(6, 7, 8)
        volume = slicer.util.addVolumeFromArray(values, ijkToRAS=np.diag([-0.5, -0.7, 3, 1]), name="Test volume")
        path = Path(slicer.util.tempDirectory()) / file_name(volume)
        write_volume(volume, path)
        softMap = read_volume(slicer.mrmlScene, path, "Soft map")
        np.testing.assert_array_equal(slicer.util.arrayFromVolume(softMap), values)
        show_soft_map(slicer.mrmlScene, softMap, volume, 0.4, 0.8)
        view = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSliceCompositeNode")
        self.assertEqual(view.GetForegroundVolumeID(), softMap.GetID())
        self.assertAlmostEqual(softMap.GetDisplayNode().GetLowerThreshold(), 0.4)
