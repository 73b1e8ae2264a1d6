"""The module ``qt`` as PythonQt makes it: properties are attributes, and an unknown attribute cannot be set."""

from types import ModuleType
from typing import Any

from PySide6 import QtCore, QtGui, QtUiTools, QtWidgets

#: Qt calls these itself when a Python class overrides them, so they must stay methods.
_VIRTUAL = {"sizeHint", "minimumSizeHint"}


def make_qt() -> ModuleType:
    """Dress PySide6 for the rest of this process and return the module ``qt``."""
    qt = ModuleType("qt")
    classes = set()
    for module in (QtCore, QtGui, QtWidgets, QtUiTools):
        for name in dir(module):  # not vars(): PySide6 makes its classes when they are asked for
            if name.startswith("_"):
                continue
            value = getattr(module, name)
            setattr(qt, name, value)
            if isinstance(value, type) and issubclass(value, QtCore.QObject):
                classes.add(value)
    for cls in classes:
        _expose_properties(cls)
        cls.__setattr__ = _set_known_attribute  # every class of PySide6 has one of its own
    QtCore.QObject.name = _attribute("objectName")
    QtCore.QObject.className = lambda self: self.metaObject().className()
    return qt


def _expose_properties(cls: type) -> None:
    meta = cls.staticMetaObject
    for index in range(meta.propertyOffset(), meta.propertyCount()):
        name = meta.property(index).name()
        if name not in _VIRTUAL:
            setattr(cls, name, _attribute(name))


def _attribute(name: str) -> property:
    return property(lambda self: self.property(name), lambda self, value: self.setProperty(name, value))


def _set_known_attribute(self: QtCore.QObject, name: str, value: Any) -> None:
    """Set a property, or a private attribute of a stand-in; anything else is a typing error."""
    known = next((vars(cls)[name] for cls in type(self).__mro__ if name in vars(cls)), None)
    if isinstance(known, QtCore.Property):
        self.setProperty(name, value)
    elif isinstance(known, property):
        known.__set__(self, value)
    elif isinstance(value, QtCore.QObject) and value.name == name:
        pass  # PySide6's loader of .ui files makes the widgets attributes of the outermost; PythonQt's does not
    elif isinstance(value, QtCore.SignalInstance) or (name.startswith("_") and not _is_qts(type(self))):
        vars(self)[name] = value  # PySide6 keeps signals there that were asked for
    else:
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r} that can be set")


def _is_qts(cls: type) -> bool:
    return cls.__module__.startswith("PySide6")
