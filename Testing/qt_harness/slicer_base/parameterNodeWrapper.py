"""Stand-in for ``slicer.parameterNodeWrapper``: typed parameters kept in a node and tied to widgets.

It knows the types and widgets that our panels use, and refuses others.
"""

import json
import types
import typing
from dataclasses import dataclass

import vtk


@dataclass(frozen=True)
class Choice:
    choices: list


@dataclass(frozen=True)
class WithinRange:
    minimum: float
    maximum: float


@dataclass(frozen=True)
class _Parameter:
    name: str
    kind: typing.Any  # a plain type, or a tuple of node classes
    limit: Choice | WithinRange | None
    default: typing.Any

    @property
    def is_node(self):
        return isinstance(self.kind, tuple)

    def read(self, node):
        if self.is_node:
            return node.GetNodeReference(self.name)
        text = node.GetParameter(self.name)
        return json.loads(text) if text else self.default

    def write(self, node, value):
        if self.is_node:
            if value is not None and not isinstance(value, self.kind):
                raise TypeError(f"{self.name} cannot be a {value.GetClassName()}")
            node.SetNodeReferenceID(self.name, value.GetID() if value else None)
            return
        value = float(value) if self.kind is float and isinstance(value, int) else value
        if not isinstance(value, self.kind):
            raise TypeError(f"{self.name} is a {self.kind.__name__}, not {value!r}")
        if isinstance(self.limit, Choice) and value not in self.limit.choices:
            raise ValueError(f"{self.name} cannot be {value!r}")
        if isinstance(self.limit, WithinRange) and not self.limit.minimum <= value <= self.limit.maximum:
            raise ValueError(f"{self.name} cannot be {value!r}")
        node.SetParameter(self.name, json.dumps(value))


def _parameter(name, hint, default):
    limit = None
    if typing.get_origin(hint) is typing.Annotated:
        hint, limit = typing.get_args(hint)
    union = typing.get_args(hint) if isinstance(hint, types.UnionType) else ()
    if union and types.NoneType not in union:
        raise TypeError(f"{name}: Slicer cannot write None to a union of nodes that does not name None")
    classes = tuple(cls for cls in union if cls is not types.NoneType) or (hint,)
    if all(issubclass(cls, vtk.vtkObject) for cls in classes):
        return _Parameter(name, classes, None, None)
    if hint not in (str, float, bool):
        raise TypeError(f"{name}: no stand-in for parameters of type {hint}")
    return _Parameter(name, hint, limit, hint(default))


class _Tie:
    """One widget that shows and changes one parameter."""

    def __init__(self, widget, parameter):
        self.widget, self.parameter = widget, parameter
        kind = type(widget).__name__
        if parameter.is_node and kind == "qMRMLNodeComboBox":
            widget.nodeTypes = [cls.__name__ for cls in parameter.kind]
            self.changed = widget.currentNodeChanged
            self.get, self.set = widget.currentNode, widget.setCurrentNode
        elif parameter.kind is str and kind == "QComboBox":
            widget.clear()
            widget.addItems(parameter.limit.choices)
            self.changed = widget.currentIndexChanged
            self.get, self.set = lambda: widget.currentText, widget.setCurrentText
        elif parameter.kind is float and kind in ("ctkSliderWidget", "QDoubleSpinBox"):
            widget.minimum, widget.maximum = parameter.limit.minimum, parameter.limit.maximum
            self.changed = widget.valueChanged
            self.get, self.set = lambda: widget.value, lambda value: setattr(widget, "value", value)
        elif parameter.kind is bool and kind == "QCheckBox":
            self.changed = widget.toggled
            self.get, self.set = lambda: widget.checked, lambda value: setattr(widget, "checked", value)
        else:
            raise TypeError(f"{parameter.name} cannot be tied to a {kind}")


def parameterNodeWrapper(cls):
    """Turn a class of annotations into a wrapper of a parameter node."""
    hints = typing.get_type_hints(cls, include_extras=True)
    parameters = {name: _parameter(name, hint, getattr(cls, name, None)) for name, hint in hints.items()}

    class Wrapper:
        def __init__(self, node):
            object.__setattr__(self, "parameterNode", node)
            object.__setattr__(self, "_ties", {})
            for parameter in parameters.values():
                if not parameter.is_node and not node.GetParameter(parameter.name):
                    parameter.write(node, parameter.default)

        def __getattr__(self, name):
            if name not in parameters:
                raise AttributeError(f"{cls.__name__} has no parameter {name!r}")
            return parameters[name].read(self.parameterNode)

        def __setattr__(self, name, value):
            if name not in parameters:
                raise AttributeError(f"{cls.__name__} has no parameter {name!r}")
            parameters[name].write(self.parameterNode, value)

        def AddObserver(self, event, method, priority=0.0):
            return self.parameterNode.AddObserver(event, method, priority)

        def RemoveObserver(self, tag):
            self.parameterNode.RemoveObserver(tag)

        def connectGui(self, ui):
            tied = [w for w in vars(ui).values() if w.property("SlicerParameterName")]
            ties = [_Tie(w, parameters[w.property("SlicerParameterName")]) for w in tied]
            showing = False

            def show(*_):
                nonlocal showing
                if not showing:
                    showing = True
                    for tie in ties:
                        tie.set(tie.parameter.read(self.parameterNode))
                    showing = False

            def slot_of(tie):
                return lambda *_: showing or tie.parameter.write(self.parameterNode, tie.get())

            show()
            slots = [slot_of(tie) for tie in ties]
            for tie, slot in zip(ties, slots, strict=True):
                tie.changed.connect(slot)
            tag = self.AddObserver(vtk.vtkCommand.ModifiedEvent, show)
            self._ties[tag] = list(zip(ties, slots, strict=True))
            return tag

        def disconnectGui(self, tag):
            for tie, slot in self._ties.pop(tag, ()):
                tie.changed.disconnect(slot)
            self.RemoveObserver(tag)

    Wrapper.__name__ = cls.__name__
    return Wrapper
