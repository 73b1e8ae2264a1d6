"""Stand-in for ``slicer.ScriptedLoadableModule``: the four classes that a scripted module consists of."""

import unittest
from pathlib import Path

import qt
import slicer


def _resource(module: str, name: str) -> str:
    return str(Path(slicer.util.modulePath(module)).parent / "Resources" / name)


class ScriptedLoadableModule:
    def __init__(self, parent):
        self.parent = parent
        self.moduleName = type(self).__name__
        parent.icon = qt.QIcon(_resource(self.moduleName, f"Icons/{self.moduleName}.svg"))


class ScriptedLoadableModuleWidget:
    def __init__(self, parent):
        super().__init__()
        self.moduleName = type(self).__name__.removesuffix("Widget")
        self.parent = parent
        self.layout = parent.layout()

    def resourcePath(self, name):
        return _resource(self.moduleName, name)

    def setup(self):
        pass

    def cleanup(self):
        pass


class ScriptedLoadableModuleLogic:
    def __init__(self, parent=None):
        self.moduleName = type(self).__name__.removesuffix("Logic")

    def getParameterNode(self):
        found = slicer.mrmlScene.GetSingletonNode(self.moduleName, "vtkMRMLScriptedModuleNode")
        if found:
            return found
        node = slicer.vtkMRMLScriptedModuleNode()
        node.SetSingletonTag(self.moduleName)
        node.SetName(self.moduleName)
        return slicer.mrmlScene.AddNode(node)


class ScriptedLoadableModuleTest(unittest.TestCase):
    def runTest(self):
        """Slicer runs all methods called test..., which a module may leave to it."""
