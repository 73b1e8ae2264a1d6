"""Module SoftCordSeg: soft segmentation of the spinal cord on any contrast: see it, correct it, measure it."""

from pathlib import Path
from typing import Annotated, Any

import qt
import slicer
import vtk
from slicer import vtkMRMLScalarVolumeNode
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.parameterNodeWrapper import Choice, WithinRange, parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
)

from crosscontrast.desk.segment import Segmented
from crosscontrast.errors import BadInputError
from crosscontrast.panels import requirements
from crosscontrast.panels.choices import DEVICES, device_of
from crosscontrast.panels.cord.csa_page import CsaPage
from crosscontrast.panels.cord.dataset_page import DatasetPage
from crosscontrast.panels.cord.difference import DifferenceBox
from crosscontrast.panels.cord.display_page import DisplayPage
from crosscontrast.panels.cord.retrain_page import RetrainPage
from crosscontrast.panels.cord.segment_page import SegmentPage
from crosscontrast.panels.cord.shortcuts import Shortcuts
from crosscontrast.panels.cord.steps import CORRECT, NEXT, SAVE, Steps, advice, is_empty
from crosscontrast.panels.cord.views_box import ViewsBox
from crosscontrast.panels.correct_page import CorrectPage
from crosscontrast.panels.image_selectors import ImagesOnly
from crosscontrast.panels.scene_panel import ScenePanel
from crosscontrast.scene.cord.inputs import SEQUENCE, VOLUME, InputVolume, is_input, write_inputs
from crosscontrast.scene.cord.marks import ENDS, HERE, points_of
from crosscontrast.scene.results import first_image, remove_soft_map, soft_maps, source_of
from crosscontrast.scene.soft_map import SOFT_MAP, show_soft_map
from crosscontrast.scene.volumes import file_name, read_volume, write_volume

#: Reference of the parameter node to the further contrasts of the patient.
_CONTRASTS = "contrasts"


class SoftCordSeg(ScriptedLoadableModule):
    """What Slicer shows about the module."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("Soft Cord Segmentation")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        parent.dependencies = ["CrossContrast", "Colors", "Segmentations", "Sequences"]
        parent.contributors = ["CrossContrast contributors"]
        parent.helpText = _(
            "Finds the spinal cord on images of any contrast as soft maps, whose values say how much of a voxel is"
            " cord, lets you correct them and keeps the corrections as a dataset. Not a medical device: for research"
            " only."
        )
        parent.acknowledgementText = _("The method follows Bédard et al., arXiv 2310.15402.")


@parameterNodeWrapper
class SoftCordSegParameterNode:
    """The choices of the panel that belong to the scene; dataset and author belong to the user."""

    inputVolume: vtkMRMLScalarVolumeNode
    model: str = "softcord"
    device: Annotated[str, Choice(list(DEVICES))] = "default"
    uncertainty: bool = False
    softMap: vtkMRMLScalarVolumeNode
    threshold: Annotated[float, WithinRange(0.01, 0.99)] = 0.5
    opacity: Annotated[float, WithinRange(0, 1)] = 0.6
    shown: bool = True
    allMaps: bool = False
    showUncertainty: bool = False
    difference: bool = False
    legends: bool = True
    brushMode: Annotated[str, Choice(["raise", "lower"])] = "raise"
    brushRadius: Annotated[float, WithinRange(0.5, 15)] = 3.0
    brushStrength: Annotated[float, WithinRange(0.05, 1)] = 0.5


class SoftCordSegWidget(ScenePanel):
    """The panel: ties its pages to the parameters and to each other."""

    def setUpPanel(self) -> None:
        """Make the pages and connect them."""
        self.logic = SoftCordSegLogic()
        self.steps = Steps(self.ui)
        self.input: Any = None  # the input volume that is shown
        needed = Path(self.resourcePath("Requirements/SoftCordSeg.txt"))
        self.display, self.csa = DisplayPage(self.ui, self.logic.contrasts), CsaPage(self.ui)
        self.views = ViewsBox(self.ui, self.csa.ruler)
        self.correcting = CorrectPage(self.ui, self.onMapEdited, self.moduleName, "spinal cord")
        self.segmenting = SegmentPage(
            self.ui,
            needed,
            self.correcting,
            self.logic.getParameterNode,
            lambda folder: self.logic.writeInputs(self.logic.getParameterNode(), folder),
            self.takeResult,
            self.allowRun,
        )
        self.controls, self.models, self.marks = self.segmenting.controls, self.segmenting.models, self.segmenting.marks
        self.difference = DifferenceBox(self.ui, self.correcting.desk)
        self.dataset = DatasetPage(self.ui, needed, self.correcting, self.showCase, self.jobSettings)
        self.retrain = RetrainPage(self.ui, needed, self.jobSettings, self.onModelsChanged)
        self.dataset.onFolder = self.retrain.use
        self.correcting.onState = self.onCorrectionChanged
        self.correcting.onBegun = self.onCorrectionBegun
        self.dataset.onSaved = self.onSaved
        self.shortcuts = Shortcuts(
            {
                "Ctrl+Shift+S": self.dataset.save,
                "Ctrl+Shift+N": self.ui.nextButton.click,
                "Ctrl+Shift+B": self.ui.brushButton.click,
                "Ctrl+Shift+D": self.ui.differenceCheckBox.click,
                "D": self.views.next_doubtful,
                **self.correcting.keys(),
            }
        )
        self.images = ImagesOnly(self.ui.inputSelector, self.ui.contrastsComboBox)
        self.ui.softMapSelector.addAttribute("vtkMRMLScalarVolumeNode", SOFT_MAP, "1")
        self.ui.modelComboBox.currentIndexChanged.connect(self.onModelChosen)
        self.ui.contrastsComboBox.checkedNodesChanged.connect(self.onContrastsChosen)

    def chooseDefaults(self, parameters: SoftCordSegParameterNode) -> None:
        """Take the first volume of the scene and the models that are there now."""
        if not parameters.inputVolume:
            parameters.inputVolume = first_image(slicer.mrmlScene)
        self.models.refresh(parameters.model)
        self.showContrasts(parameters)

    def enter(self) -> None:
        """Become active."""
        super().enter()
        self.correcting.enter()
        self.dataset.refresh()
        self.shortcuts.install()

    def exit(self) -> None:
        """Stop acting on the views; a correction under way stays as it is, and so does work under way."""
        self.shortcuts.remove()
        self.marks.put_down()
        self.correcting.leave()
        super().exit()

    def cleanup(self) -> None:
        """End everything."""
        self.shortcuts.remove()
        self.marks.close()
        self.correcting.shut()
        self.csa.close()
        self.images.close()
        self.dataset.close()
        self.retrain.close()
        super().cleanup()

    def onSceneStartClose(self, caller, event) -> None:
        """Let go of the scene's nodes."""
        self.dataset.controls.cancel()
        self.marks.close()
        self.correcting.close()
        self.views.use(None)
        self.csa.close()
        self.display.forget()
        self.setInput(None)
        super().onSceneStartClose(caller, event)

    def onSceneEndClose(self, caller, event) -> None:
        """Begin anew if the module is open."""
        super().onSceneEndClose(caller, event)
        if self.parent.isEntered:
            self.correcting.enter()

    def onSceneStartImport(self, caller, event) -> None:
        """Hold nothing that what is opened may replace."""
        super().onSceneStartImport(caller, event)
        self.correcting.start_import()

    def onSceneEndImport(self, caller, event) -> None:
        """Show what was opened."""
        self.correcting.end_import()
        self.display.forget()
        self.setInput(None)
        super().onSceneEndImport(caller, event)
        if not self.parent.isEntered and soft_maps(slicer.mrmlScene):
            # A scene keeps no opacity of any layer but the lowest.
            self.display.show(self.logic.getParameterNode())

    def onModelChosen(self) -> None:
        """Keep the model with the other choices."""
        if self._parameterNode:
            self._parameterNode.model = self.models.model
            self.retrain.update()

    def onModelsChanged(self) -> None:
        """Show which versions there are now."""
        self.models.refresh(self.logic.getParameterNode().model)

    def onContrastsChosen(self) -> None:
        """Keep the contrasts with the other choices."""
        if self._parameterNode:
            checked = [
                node
                for kind in (VOLUME, SEQUENCE)
                for node in slicer.util.getNodesByClass(kind)
                if is_input(node) and self.ui.contrastsComboBox.checkState(node) == qt.Qt.Checked
            ]
            self.logic.setContrasts(self._parameterNode, checked)

    def onParametersChanged(self, caller=None, event=None) -> None:
        """Show what is asked for, and allow Run where it can succeed."""
        parameters = self._parameterNode
        self.followInput(parameters)
        self.showContrasts(parameters)
        self.display.show(parameters)
        self.csa.use(self.display.maps(parameters))
        self.views.use(parameters.softMap)
        self.correcting.use(parameters)
        self.onCorrectionChanged()
        self.allowRun()

    def followInput(self, parameters: SoftCordSegParameterNode) -> None:
        """Show another input volume when one is chosen, with the newest soft map that was made of it."""
        image, before = parameters.inputVolume, self.input
        self.setInput(image)
        if before is None or image is None or image is before:
            return
        if parameters.softMap is None or source_of(parameters.softMap) is not image:
            own = [soft for soft in soft_maps(slicer.mrmlScene) if source_of(soft) is image]
            self.display.show_image(image)
            parameters.softMap = own[-1] if own else None

    def setInput(self, image: vtkMRMLScalarVolumeNode | None) -> None:
        """Follow this volume: it may get its voxels, or a transform, after it was chosen."""
        if image is not self.input:
            if self.input is not None:
                self.removeObserver(self.input, vtk.vtkCommand.ModifiedEvent, self.allowRun)
            self.input = image
            if image is not None:
                self.addObserver(image, vtk.vtkCommand.ModifiedEvent, self.allowRun)

    def showContrasts(self, parameters: SoftCordSegParameterNode) -> None:
        """Tick the further contrasts that are chosen and no others; the input is not offered as one of them."""
        box, chosen = self.ui.contrastsComboBox, self.logic.contrasts(parameters)
        self.images.leave_out(box, parameters.inputVolume)
        blocked = box.blockSignals(True)
        for kind in (VOLUME, SEQUENCE):
            for node in slicer.util.getNodesByClass(kind):
                wanted = qt.Qt.Checked if node in chosen else qt.Qt.Unchecked
                if is_input(node) and box.checkState(node) != wanted:
                    box.setCheckState(node, wanted)
        box.blockSignals(blocked)

    def allowRun(self, caller=None, event=None) -> None:
        """Allow Run where it can succeed, and say why it cannot."""
        if self._parameterNode:
            self.segmenting.update()
            self.advise()

    def advise(self) -> None:
        """Say what to do next."""
        if self._parameterNode:
            text = advice(
                self._parameterNode,
                self.correcting.desk,
                busy=self.controls.busy or self.dataset.controls.busy,
                marked=bool(self.marks.here),
                waiting=self.ui.nextButton.enabled,
            )
            self.steps.advise(text)

    def onCorrectionChanged(self) -> None:
        """Follow the beginning, the end and the state of a correction."""
        parameters, correction = self._parameterNode, self.correcting.correction
        self.difference.show(bool(parameters and parameters.difference), bool(parameters and parameters.legends))
        self.marks.use(
            parameters.inputVolume if parameters else None, source_of(correction.soft) if correction else None
        )
        self.dataset.update()
        self.advise()

    def onCorrectionBegun(self) -> None:
        """Bring the views to the cord."""
        self.views.use(self.correcting.correction.soft)
        self.views.begin()

    def onSaved(self) -> None:
        """Go on to the next case, where the user is about to."""
        if self.steps.now == SAVE and self.ui.nextButton.enabled:
            self.steps.go(NEXT)

    def onMapEdited(self, box) -> None:
        """Follow an edit of the soft map."""
        self.csa.change(self.correcting.desk.soft, box)
        self.difference.follow()

    def takeResult(self, results: list[Segmented]) -> None:
        """Show the soft maps over the volumes that they were made from, wherever the user is by now."""
        parameters = self.logic.getParameterNode()
        self.logic.load(parameters, results)
        self.display.show(parameters)  # the panel may not follow the parameters now
        if self.steps.now < CORRECT and not is_empty(parameters.softMap):
            self.steps.go(CORRECT)

    def showCase(self, image: vtkMRMLScalarVolumeNode, softMap: vtkMRMLScalarVolumeNode) -> None:
        """Show a case of the dataset."""
        parameters = self.logic.getParameterNode()
        parameters.inputVolume = image
        parameters.softMap = softMap
        self.display.show(parameters)
        self.steps.go(CORRECT)

    def jobSettings(self) -> dict[str, Any]:
        """Return with what a case that has no prediction is segmented."""
        parameters = self.logic.getParameterNode()
        return {
            "model": parameters.model,
            "device": device_of(parameters.device),
            "threshold": parameters.threshold,
        }


class SoftCordSegLogic(ScriptedLoadableModuleLogic):
    """From the scene to what is segmented, and back."""

    def getParameterNode(self) -> SoftCordSegParameterNode:
        """Return the module's parameter node in the scene."""
        return SoftCordSegParameterNode(super().getParameterNode())

    def contrasts(self, parameters: SoftCordSegParameterNode) -> list[Any]:
        """Return the further contrasts of the patient: volumes, and sequences of volumes."""
        node = parameters.parameterNode
        count = node.GetNumberOfNodeReferences(_CONTRASTS)
        return [node.GetNthNodeReference(_CONTRASTS, index) for index in range(count)]

    def setContrasts(self, parameters: SoftCordSegParameterNode, nodes: list[Any]) -> None:
        """Choose the further contrasts of the patient."""
        node = parameters.parameterNode
        node.RemoveNodeReferenceIDs(_CONTRASTS)
        for contrast in nodes:
            node.AddNodeReferenceID(_CONTRASTS, contrast.GetID())

    def writeInputs(self, parameters: SoftCordSegParameterNode, folder: Path) -> list[InputVolume]:
        """Write the input volume and the further contrasts to ``folder``."""
        image = parameters.inputVolume
        others = [node for node in self.contrasts(parameters) if node and node is not image]
        if points_of(image, HERE) or points_of(image, ENDS):
            moved = next((n.GetName() for n in others if _transform(n) is not _transform(image)), "")
            if moved:
                text = _("The marks are set on {image}, and {other} has another transform: segment it by itself.")
                raise BadInputError(text.format(image=image.GetName(), other=moved))
        return write_inputs([image, *others], folder)

    def load(self, parameters: SoftCordSegParameterNode, results: list[Segmented]) -> list[vtkMRMLScalarVolumeNode]:
        """Load the soft maps, choose that of the first image, and return their nodes; an image may be gone by now."""
        title = _("{volume} soft cord")
        before = parameters.softMap
        maps = [one.load(slicer.mrmlScene, title.format(volume=one.given.name)) for one in results]
        parameters.softMap = maps[0]
        image = source_of(maps[0])
        if image is not None and before is not None and is_empty(before) and source_of(before) is image:
            remove_soft_map(slicer.mrmlScene, before)  # it said that there is no cord
        parameters.allMaps = len(maps) > 1
        return maps


def _transform(node: Any) -> Any:
    """Return the transform of a volume; a sequence has none."""
    return node.GetParentTransformNode() if node.IsA(VOLUME) else None


class SoftCordSegTest(ScriptedLoadableModuleTest):
    """The self-test that Slicer runs."""

    def setUp(self) -> None:
        """Begin with an empty scene."""
        slicer.mrmlScene.Clear()

    def runTest(self) -> None:
        """Check the module's part of the way; the correction only where the packages from pip are installed."""
        self.setUp()
        self.test_softMapLiesOverItsVolume()
        if self.isReady():
            self.setUp()
            self.test_correctionsReachTheSoftMap()

    def isReady(self) -> bool:
        """Whether the packages from pip are installed."""
        folder = Path(slicer.util.modulePath("SoftCordSeg")).parent
        return requirements.are_installed(folder / "Resources" / "Requirements" / "SoftCordSeg.txt")

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

    def test_correctionsReachTheSoftMap(self) -> None:
        """The brush and an edit of the segment change the map, undo brings it back, and the area follows."""
        if not self.isReady():
            self.skipTest("the packages from pip are not installed")
        import numpy as np

        from crosscontrast.cord.csa.live import LiveCsa
        from crosscontrast.scene.correction import Correction
        from crosscontrast.scene.images import image_of, voxels
        from crosscontrast.scene.segments import segment_voxels, set_segment

        k, j, i = np.indices((10, 40, 40))
        tube = np.clip(8.5 - np.hypot(i - 20, j - 20), 0, 1).astype(np.float32) + np.float32(0) * k
        matrix = np.diag([-1.0, -1.0, 2.0, 1.0])
        softMap = slicer.util.addVolumeFromArray(tube.astype(np.float32), ijkToRAS=matrix, name="Soft map")
        correction, live = Correction(slicer.mrmlScene, softMap, 0.5, "cord"), LiveCsa(image_of(softMap))
        area = live.curve().areas[5]
        self.assertAlmostEqual(area, np.pi * 64, delta=3)
        correction.start_stroke(4.0, 1.0, False)
        box = correction.stroke_to((-20.0, -20.0, 10.0))
        live.change(box, voxels(softMap)[box])
        correction.end_stroke()
        self.assertLess(live.curve().areas[5], area - 10)
        self.assertFalse(segment_voxels(correction.segmentation, softMap)[5, 20, 20])
        correction.undo()
        np.testing.assert_array_equal(voxels(softMap), tube)
        inside = segment_voxels(correction.segmentation, softMap)
        inside[5, 20, 28:34] = True
        set_segment(correction.segmentation, softMap, inside)
        correction.take_segment()
        np.testing.assert_array_equal(voxels(softMap) >= 0.5, inside)
