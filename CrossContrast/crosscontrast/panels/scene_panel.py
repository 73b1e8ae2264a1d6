"""The panel of a module whose choices are kept in the scene."""

from typing import Any

import slicer
import vtk
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleWidget
from slicer.util import VTKObservationMixin

from crosscontrast.panels.job_controls import JobControls


class ScenePanel(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """Builds the panel from ``Resources/UI/<Module>.ui`` and ties it to the module's parameter node.

    A subclass sets up ``self.logic`` and ``self.controls`` in :meth:`setUpPanel` and overrides what else it needs. Work
    under way is cancelled when the scene is closed or the module goes, because its result would have no place to go.
    """

    ui: Any
    logic: Any
    controls: JobControls

    def __init__(self, parent: Any = None) -> None:
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self._parameterNode: Any = None
        self._guiTag: Any = None

    def setUpPanel(self) -> None:
        """Make ``self.logic`` and ``self.controls`` and connect the widgets of ``self.ui``."""
        raise NotImplementedError

    def onParametersChanged(self, caller: Any = None, event: Any = None) -> None:
        """React to a change of any parameter, whether the user or a program made it."""

    def chooseDefaults(self, parameters: Any) -> None:
        """Fill in what the user has not chosen yet."""

    def setup(self) -> None:
        """Build the panel; Slicer calls this once, when the module is first opened."""
        ScriptedLoadableModuleWidget.setup(self)
        widget = slicer.util.loadUI(self.resourcePath(f"UI/{self.moduleName}.ui"))
        self.layout.addWidget(widget)
        self.ui = slicer.util.childWidgetVariables(widget)
        widget.setMRMLScene(slicer.mrmlScene)
        self.setUpPanel()
        for event, method in (
            (slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose),
            (slicer.mrmlScene.EndCloseEvent, self.onSceneEndClose),
            (slicer.mrmlScene.StartImportEvent, self.onSceneStartImport),
            (slicer.mrmlScene.EndImportEvent, self.onSceneEndImport),
        ):
            self.addObserver(slicer.mrmlScene, event, method)
        self.initializeParameterNode()

    def cleanup(self) -> None:
        """End everything; Slicer calls this when the module is unloaded or reloaded."""
        self.controls.close()
        self.setParameterNode(None)
        self.removeObservers()

    def enter(self) -> None:
        """Become active; Slicer calls this each time the module is opened."""
        self.initializeParameterNode()

    def exit(self) -> None:
        """Stop following the parameters; work under way goes on."""
        self.setParameterNode(None)

    def onSceneStartClose(self, caller: Any, event: Any) -> None:
        """Let go of the scene's nodes."""
        self.controls.cancel()
        self.setParameterNode(None)

    def onSceneEndClose(self, caller: Any, event: Any) -> None:
        """Begin anew if the module is open."""
        if self.parent.isEntered:
            self.initializeParameterNode()

    def onSceneStartImport(self, caller: Any, event: Any) -> None:
        """Let go of the parameters, which what is opened replaces one by one."""
        self.setParameterNode(None)

    def onSceneEndImport(self, caller: Any, event: Any) -> None:
        """Show what was opened if the module is open."""
        if self.parent.isEntered:
            self.initializeParameterNode()

    def initializeParameterNode(self) -> None:
        """Take the scene's parameter node of this module, which is made where there is none."""
        parameters = self.logic.getParameterNode()
        self.chooseDefaults(parameters)
        self.setParameterNode(parameters)

    def setParameterNode(self, parameters: Any) -> None:
        """Tie the panel to ``parameters``, or with ``None`` to nothing."""
        if self._parameterNode is not None:
            self._parameterNode.disconnectGui(self._guiTag)
            self.removeObserver(self._parameterNode, vtk.vtkCommand.ModifiedEvent, self.onParametersChanged)
        self._parameterNode = parameters
        if parameters is not None:
            self._guiTag = parameters.connectGui(self.ui)
            self.addObserver(parameters, vtk.vtkCommand.ModifiedEvent, self.onParametersChanged)
            self.onParametersChanged()
