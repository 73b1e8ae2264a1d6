"""Slicer's Segment Editor inside the panel."""

from collections.abc import Callable
from typing import Any

import slicer
import vtk
from slicer.util import VTKObservationMixin

#: What correcting a segment takes; the module Segment Editor has all others.
EFFECTS = ("Paint", "Erase", "Scissors", "Smoothing", "Fill between slices")


class Editor(VTKObservationMixin):
    """The widget and its own parameter node. Its keys are not installed: they hold its own undo.

    ``on_tool`` is called when the user takes a tool of the editor; ``tag`` names the node, one for each panel.
    """

    def __init__(self, frame: Any, on_tool: Callable[[], None], tag: str) -> None:
        VTKObservationMixin.__init__(self)
        self._tag = tag
        self._on_tool = on_tool
        self.widget = slicer.qMRMLSegmentEditorWidget()
        # It would undo its own strokes only, and not those of the soft brush between them.
        self.widget.undoEnabled = False
        self.widget.setMaximumNumberOfUndoStates(1)
        self.widget.setEffectNameOrder(list(EFFECTS))
        self.widget.unorderedEffectsVisible = False
        self.widget.segmentationNodeSelectorVisible = False
        self.widget.sourceVolumeNodeSelectorVisible = False
        self.widget.switchToSegmentationsButtonVisible = False
        self.widget.addRemoveSegmentButtonsVisible = False
        # The node first, so that what the widget chooses when it gets the scene is kept there.
        self._use_own_node()
        self.widget.setMRMLScene(slicer.mrmlScene)
        frame.layout().addWidget(self.widget)

    def edit(self, segmentation: Any, source: Any) -> None:
        """Edit a segmentation over a volume."""
        self._use_own_node()
        self.widget.setSegmentationNode(segmentation)
        if source is not None:
            self.widget.setSourceVolumeNode(source)
        # Where the same segmentation comes again with another segment, the widget would keep the one that is gone.
        self.widget.setCurrentSegmentID(segmentation.GetSegmentation().GetNthSegmentID(0))

    def take_tool(self, name: str) -> None:
        """Let one of :data:`EFFECTS` act on the mouse."""
        self.widget.setActiveEffectByName(name)

    def put_tool_down(self) -> None:
        """Let no effect act on the mouse."""
        self.widget.setActiveEffect(None)

    def enter(self) -> None:
        """The module is opened."""
        self._use_own_node()
        self.widget.setupViewObservations()
        self.widget.updateWidgetFromMRML()

    def leave(self) -> None:
        """The module is left, or the scene is closed."""
        self.put_tool_down()
        self.widget.removeViewObservations()

    def let_go(self) -> None:
        """Hold no node of a scene that is about to close."""
        self.leave()
        self.removeObservers()
        self.widget.setSegmentationNode(None)

    def start_import(self) -> None:
        """Hold no parameter node while a scene is read into this one: a tool in it would act half set up, and crash."""
        self.put_tool_down()
        self.widget.setMRMLSegmentEditorNode(None)

    def end_import(self) -> None:
        """Take the parameter node back, without the tool that it was saved with."""
        node = slicer.mrmlScene.GetSingletonNode(self._tag, "vtkMRMLSegmentEditorNode")
        if node is not None:
            node.SetActiveEffectName("")
        self._use_own_node()

    def _use_own_node(self) -> None:
        """A node of our own, so that the module Segment Editor keeps its choices."""
        scene = slicer.mrmlScene
        node = scene.GetSingletonNode(self._tag, "vtkMRMLSegmentEditorNode")
        if node is None:
            node = slicer.vtkMRMLSegmentEditorNode()
            node.SetSingletonTag(self._tag)
            node = scene.AddNode(node)
        # Slicer crashes where a scene is opened that was saved with a tool in the hand, and tells nobody that it saves.
        node.SetSaveWithScene(False)
        self.widget.setMRMLSegmentEditorNode(node)
        if not self.hasObserver(node, vtk.vtkCommand.ModifiedEvent, self._on_node):
            self.addObserver(node, vtk.vtkCommand.ModifiedEvent, self._on_node)

    def _on_node(self, caller: Any, event: Any) -> None:
        if caller.GetActiveEffectName():
            self._on_tool()
