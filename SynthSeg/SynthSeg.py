"""Module SynthSeg: translates images, segments with the help of translations, trains, and looks into networks."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import qt
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

from CrossContrastLib.errors import BadInputError, CrossContrastError, ModelError
from CrossContrastLib.scene.comparison import import_label_map, set_overlay, set_overlay_opacity, show_side_by_side
from CrossContrastLib.scene.soft_map import show_soft_map
from CrossContrastLib.scene.volumes import file_name, read_volume, write_volume
from CrossContrastLib.widgets.choices import DEVICES, ModelChoice, device_of
from CrossContrastLib.widgets.job_controls import JobControls
from CrossContrastLib.widgets.messages import show_error
from CrossContrastLib.widgets.scene_panel import ScenePanel
from SynthSegLib.objectives.catalogue import CATALOGUE
from SynthSegLib.widgets.gate_view import GateView, mark

if TYPE_CHECKING:
    from CrossContrastLib.jobs.job import Job, JobResult
    from SynthSegLib.jobs import FeatureMapsResult, TranslateImageResult
    from SynthSegLib.segmentation.jobs import CleanseLabelsResult, SegmentImageResult
    from SynthSegLib.training.job import TrainTranslatorResult

#: The pages in their order, with what Run is called there.
TRANSLATE, SEGMENT, TRAIN, FEATURES, CLEANSE = range(5)
_BLINK_MS, _CURVES_MS = 700, 2000


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
    model: str = ""
    device: Annotated[str, Choice(list(DEVICES))] = "default"
    outputVolume: vtkMRMLScalarVolumeNode
    uncertaintyVolume: vtkMRMLScalarVolumeNode
    uncertainty: bool = False
    opacity: Annotated[float, WithinRange(0, 1)] = 0.5


class SynthSegWidget(ScenePanel):
    """The panel: pages of choices over one Run button, whose job is that of the page."""

    def setUpPanel(self) -> None:
        """Connect the widgets."""
        ui = self.ui
        self.logic = SynthSegLogic()
        self.source = ""  # ID of the volume that the job under way works on
        self.page = TRANSLATE  # the page whose job is under way
        self.softMaps: dict[str, vtkMRMLScalarVolumeNode] = {}
        needed = Path(self.resourcePath("Requirements/SynthSeg.txt"))
        self.models = ModelChoice(ui.modelComboBox, "translation", needed)
        self.others = [
            ModelChoice(box, "translation", needed)
            for box in (ui.translatorComboBox, ui.featureModelComboBox, ui.otherModelComboBox)
        ]
        self.segmenters = ModelChoice(ui.segmentModelComboBox, "segmentation", needed)
        for name, entry in CATALOGUE.items():
            ui.networkComboBox.addItem(entry.title, name)
        self.gateView = GateView(ui.translateTab)
        self.controls = JobControls(ui, _("Synthesis"), needed, self.makeJob, self.takeResult)
        ui.modelComboBox.currentIndexChanged.connect(self.onModelChosen)
        ui.tabWidget.currentChanged.connect(self.onPageChanged)
        ui.blinkButton.toggled.connect(self.onBlink)
        ui.sideBySideButton.clicked.connect(self.onSideBySide)
        ui.classComboBox.currentIndexChanged.connect(self.onClassChosen)
        ui.editButton.clicked.connect(self.onEdit)
        ui.listLayersButton.clicked.connect(self.onListLayers)
        for line in (ui.sourceRoleLineEdit, ui.targetRoleLineEdit, ui.imageRoleLineEdit, ui.labelRoleLineEdit):
            line.textChanged.connect(self.onParametersChanged)
        ui.classesLineEdit.textChanged.connect(self.onParametersChanged)
        for line in (
            ui.cohortPathLineEdit,
            ui.trainingPathLineEdit,
            ui.labelCohortPathLineEdit,
            ui.proposalPathLineEdit,
        ):
            line.currentPathChanged.connect(self.onParametersChanged)
        self.blinkTimer, self.curvesTimer = qt.QTimer(), qt.QTimer()
        self.blinkTimer.setInterval(_BLINK_MS)
        self.blinkTimer.timeout.connect(self.onBlinkTimer)
        self.curvesTimer.setInterval(_CURVES_MS)
        self.curvesTimer.timeout.connect(self.showCurves)

    def cleanup(self) -> None:
        """Stop the timers too."""
        self.blinkTimer.stop()
        self.curvesTimer.stop()
        ScenePanel.cleanup(self)

    def chooseDefaults(self, parameters: SynthSegParameterNode) -> None:
        """Take the first volume of the scene and the models that are there now."""
        if not parameters.inputVolume:
            parameters.inputVolume = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLScalarVolumeNode")
        self.models.refresh(parameters.model)
        for choice in (*self.others, self.segmenters):
            choice.refresh("")
        parameters.model = self.models.model

    def onModelChosen(self) -> None:
        """Keep the model with the other choices."""
        if self._parameterNode:
            self._parameterNode.model = self.models.model

    def onPageChanged(self, page: int) -> None:
        """Name Run after what it does on this page."""
        names = (_("Translate"), _("Segment"), _("Train"), _("Show feature maps"), _("Cleanse labels"))
        self.ui.runButton.text = names[page]
        self.onParametersChanged()

    def onParametersChanged(self, caller=None, event=None) -> None:
        """Allow Run where it can succeed, and show the translation as it is asked for."""
        parameters = self._parameterNode
        if not parameters:
            return
        if parameters.outputVolume and not self.ui.blinkButton.checked:
            set_overlay_opacity(slicer.mrmlScene, parameters.outputVolume, parameters.opacity)
        self.ui.blinkButton.enabled = self.ui.sideBySideButton.enabled = bool(parameters.outputVolume)
        self.ui.editButton.enabled = bool(self.softMaps)
        self.gateView.show(parameters.outputVolume)
        self.controls.allow(self.reason(), _("Start the work of this page"))

    def reason(self) -> str:
        """Say why the page's work cannot start; empty where it can."""
        parameters, ui, page = self._parameterNode, self.ui, self.ui.tabWidget.currentIndex
        if page in (TRANSLATE, SEGMENT, FEATURES) and not parameters.inputVolume:
            return _("Choose a source volume.")
        if page == TRANSLATE and parameters.inputVolume == parameters.outputVolume:
            return _("Choose an output volume other than the source.")
        if page in (TRANSLATE, FEATURES):
            return self.models.problem
        if page == SEGMENT:
            return self.segmenters.problem
        if page == TRAIN:
            filled = ui.cohortPathLineEdit.currentPath and ui.sourceRoleLineEdit.text and ui.targetRoleLineEdit.text
            return "" if filled and ui.trainingPathLineEdit.currentPath else _("Fill in cohort, roles and folder.")
        filled = ui.labelCohortPathLineEdit.currentPath and ui.imageRoleLineEdit.text and ui.labelRoleLineEdit.text
        filled = filled and ui.classesLineEdit.text and ui.proposalPathLineEdit.currentPath
        return "" if filled else _("Fill in cohort, roles, classes and folder.")

    def makeJob(self, folder: Path) -> "Job":
        """Make the job of the page and its choices."""
        self.chooseDefaults(self._parameterNode)
        reason = self.reason()
        if reason:
            raise ModelError(reason)
        self.page = self.ui.tabWidget.currentIndex
        makers = (self.translateJob, self.segmentJob, self.trainJob, self.featuresJob, self.cleanseJob)
        volume = self._parameterNode.inputVolume
        self.source = volume.GetID() if volume else ""
        return makers[self.page](folder)

    def translateJob(self, folder: Path) -> "Job":
        """Make the job of the page Translate."""
        return self.logic.makeJob(self._parameterNode, folder)

    def segmentJob(self, folder: Path) -> "Job":
        """Make the job of the page Segment; the translator is used where the model needs a second input."""
        from SynthSegLib.segmentation.jobs import SegmentImage
        from SynthSegLib.segmentation.needs import translators_needed

        model, translator = self.segmenters.model, self.others[0].model
        count = translators_needed(model)
        if count and not translator:
            raise ModelError(_("The model needs a translator, and the library has none."))
        image = self.logic.writeInput(self._parameterNode, folder)
        device = device_of(self._parameterNode.device)
        return SegmentImage(image=image, out=folder, model=model, translators=(translator,) * count, device=device)

    def trainJob(self, folder: Path) -> "Job":
        """Make the job of the page Train; a training that lies in the folder goes on."""
        from SynthSegLib.training.config import TrainingConfig, make_config
        from SynthSegLib.training.job import TrainTranslator
        from SynthSegLib.training.state import CHECKPOINT

        ui, out = self.ui, Path(self.ui.trainingPathLineEdit.currentPath)
        device = device_of(self._parameterNode.device)
        self.curvesTimer.start()
        if (out / CHECKPOINT).exists():
            return TrainTranslator(out=out, resume=True, more={"steps": ui.stepsSpinBox.value}, device=device)
        settings = {
            "cohort": ui.cohortPathLineEdit.currentPath,
            "source": ui.sourceRoleLineEdit.text,
            "target": ui.targetRoleLineEdit.text,
            "network": ui.networkComboBox.currentData,
            "steps": ui.stepsSpinBox.value,
        }
        return TrainTranslator(out=out, settings=make_config(TrainingConfig, settings), device=device)

    def featuresJob(self, folder: Path) -> "Job":
        """Make the job of the page Feature maps."""
        from SynthSegLib.jobs import ShowFeatureMaps

        models = [self.others[1].model]
        if self.others[2].model != models[0]:
            models.append(self.others[2].model)
        image = self.logic.writeInput(self._parameterNode, folder)
        layer = str(self.ui.layerComboBox.currentData or "")
        device = device_of(self._parameterNode.device)
        return ShowFeatureMaps(image=image, out=folder, models=tuple(models), layer=layer, device=device)

    def cleanseJob(self, folder: Path) -> "Job":
        """Make the job of the page Cleanse."""
        from SynthSegLib.segmentation.config import CLEANSING, SegmentationConfig, parse_classes
        from SynthSegLib.segmentation.jobs import CleanseLabels
        from SynthSegLib.training.config import make_config

        ui = self.ui
        settings = {
            "cohort": ui.labelCohortPathLineEdit.currentPath,
            "inputs": (ui.imageRoleLineEdit.text,),
            "labels": ui.labelRoleLineEdit.text,
            "classes": parse_classes(ui.classesLineEdit.text.split()),
            "steps": ui.cleanseStepsSpinBox.value,
        }
        return CleanseLabels(
            settings=make_config(SegmentationConfig, settings | CLEANSING),
            labelling=ui.labellingComboBox.currentText,
            out=Path(ui.proposalPathLineEdit.currentPath),
            device=device_of(self._parameterNode.device),
        )

    def takeResult(self, result: "JobResult") -> None:
        """Show the result of the page that asked for it, wherever the user is by now."""
        takers = (self.takeTranslation, self.takeSegmentation, self.takeTraining, self.takeFeatures, self.takeProposals)
        takers[self.page](result)
        self.onParametersChanged()

    def takeTranslation(self, result: "TranslateImageResult") -> None:
        """Show the translated image over its source."""
        self.logic.show(self.logic.getParameterNode(), slicer.mrmlScene.GetNodeByID(self.source), result)

    def takeSegmentation(self, result: "SegmentImageResult") -> None:
        """Load soft maps and segmentation, and show the first class."""
        self.softMaps = self.logic.loadSegmentation(slicer.mrmlScene.GetNodeByID(self.source), result)
        blocked = self.ui.classComboBox.blockSignals(True)
        self.ui.classComboBox.clear()
        for name in self.softMaps:
            self.ui.classComboBox.addItem(name)
        self.ui.classComboBox.blockSignals(blocked)
        self.onClassChosen()

    def takeTraining(self, result: "TrainTranslatorResult") -> None:
        """Add the trained model to the library where it was given a name."""
        self.curvesTimer.stop()
        self.showCurves()
        name = self.ui.nameLineEdit.text.strip()
        if name:
            from CrossContrastLib.models.library import ModelLibrary

            ModelLibrary().add(result.model, name)
            if result.back:
                ModelLibrary().add(result.back, f"{name}-back")
            self.chooseDefaults(self.logic.getParameterNode())

    def takeFeatures(self, result: "FeatureMapsResult") -> None:
        """Load the first model's maps as volumes, show the first over the source, and the picture of all."""
        source = slicer.mrmlScene.GetNodeByID(self.source)
        paths = next(iter(result.maps.values()))
        nodes = [read_volume(slicer.mrmlScene, p, f"{result.layer} {n}") for n, p in enumerate(paths, 1)]
        set_overlay(slicer.mrmlScene, source, nodes[0], 0.7)
        self.ui.featuresLabel.setPixmap(qt.QPixmap(str(result.picture)))

    def takeProposals(self, result: "CleanseLabelsResult") -> None:
        """Load the first proposal as a segmentation that the user can accept, correct or throw away."""
        volume = read_volume(slicer.mrmlScene, result.proposals[0], result.proposals[0].name)
        import_label_map(slicer.mrmlScene, volume, result.proposals[0].name.removesuffix(".nii.gz"))

    def showCurves(self) -> None:
        """Draw the losses so far and the newest samples of the training in the folder."""
        from SynthSegLib.training.curves import draw_curves, newest_picture

        if not self.controls.busy:
            self.curvesTimer.stop()
        folder, picture = Path(self.ui.trainingPathLineEdit.currentPath), Path(slicer.app.temporaryPath) / "curves.png"
        if draw_curves(folder, picture):
            self.ui.curvesLabel.setPixmap(qt.QPixmap(str(picture)))
        samples = newest_picture(folder)
        if samples:
            self.ui.samplesLabel.setPixmap(qt.QPixmap(str(samples)))

    def onBlink(self, on: bool) -> None:
        """Start or stop showing source and translation in turn."""
        (self.blinkTimer.start if on else self.blinkTimer.stop)()
        self.onParametersChanged()

    def onBlinkTimer(self) -> None:
        """Show the other of the two."""
        parameters = self._parameterNode
        if parameters and parameters.outputVolume:
            self.blinked = not getattr(self, "blinked", False)
            set_overlay_opacity(slicer.mrmlScene, parameters.outputVolume, float(self.blinked))

    def onSideBySide(self) -> None:
        """Show source, translation and, where it is known, uncertainty in linked views."""
        parameters = self._parameterNode
        volumes = [parameters.inputVolume, parameters.outputVolume, parameters.uncertaintyVolume]
        show_side_by_side(slicer.mrmlScene, [volume for volume in volumes if volume])

    def onClassChosen(self) -> None:
        """Show the soft map of the class over the source."""
        node = self.softMaps.get(self.ui.classComboBox.currentText)
        if node and self._parameterNode:
            source = slicer.mrmlScene.GetNodeByID(self.source)
            show_soft_map(slicer.mrmlScene, node, source, 0.5, self._parameterNode.opacity)

    def onEdit(self) -> None:
        """Open Slicer's own editor, which finds the segmentation in the scene."""
        slicer.util.selectModule("SegmentEditor")

    def onListLayers(self) -> None:
        """Fill in the layers of the model."""
        from SynthSegLib.feature_maps import layers
        from SynthSegLib.models import find_translator

        try:
            known = layers(find_translator(self.others[1].model))
        except CrossContrastError as error:
            show_error(error, _("Synthesis"))
            return
        self.ui.layerComboBox.clear()
        for name, count in known.items():
            self.ui.layerComboBox.addItem(f"{name} ({count})", name)


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

    def makeJob(self, parameters: SynthSegParameterNode, folder: Path) -> "Job":
        """Write the source volume to ``folder`` and return the job that leaves its results there too."""
        from SynthSegLib.jobs import TranslateImage

        return TranslateImage(
            image=self.writeInput(parameters, folder),
            out=folder,
            model=parameters.model,
            device=device_of(parameters.device),
            uncertainty=parameters.uncertainty,
        )

    def show(
        self,
        parameters: SynthSegParameterNode,
        source: vtkMRMLScalarVolumeNode | None,
        result: "TranslateImageResult",
    ) -> list[vtkMRMLScalarVolumeNode]:
        """Load the translated images, the first one into the output volume, and show it over ``source``."""
        loaded = []
        for index, path in enumerate(result.images):
            loaded.append(self.load(path, source, None if index else parameters.outputVolume))
        maps = [self.load(path, source) for path in (*result.uncertainty, *([result.cycle] if result.cycle else []))]
        mark(loaded[0], result.verdict)
        parameters.outputVolume = loaded[0]
        parameters.uncertaintyVolume = maps[0] if maps else None
        set_overlay(slicer.mrmlScene, source, loaded[0], parameters.opacity)
        return loaded

    def load(
        self, path: Path, source: vtkMRMLScalarVolumeNode | None, into: vtkMRMLScalarVolumeNode | None = None
    ) -> vtkMRMLScalarVolumeNode:
        """Read a result to where ``source`` is in the scene."""
        node = read_volume(slicer.mrmlScene, path, path.name.removesuffix(".nii.gz"), into)
        node.SetAndObserveTransformNodeID(source.GetTransformNodeID() if source else None)
        return node

    def loadSegmentation(
        self, source: vtkMRMLScalarVolumeNode | None, result: "SegmentImageResult"
    ) -> dict[str, vtkMRMLScalarVolumeNode]:
        """Load the soft map of each class and the label map as a segmentation; return the soft maps."""
        labels = self.load(result.labels, source)
        import_label_map(slicer.mrmlScene, labels, labels.GetName())
        return {name: self.load(path, source) for name, path in result.soft.items()}


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
        (output,) = logic.show(
            parameters, source, SimpleNamespace(images=[path], uncertainty=[], cycle=None, verdict=None)
        )
        self.assertEqual(output.GetName(), "Mine")
        np.testing.assert_array_equal(slicer.util.arrayFromVolume(output).max(), 59)
