"""Writes down what Python can reach of the ctk and qMRML widgets that the Qt harness stands in for.

PythonQt reaches properties, slots, signals, Q_INVOKABLE methods and enumerations of these classes, and nothing else
that C++ could. ``python Testing/tools/read_interfaces.py SLICER_SOURCES CTK_SOURCES`` reads the headers and writes
``Testing/qt_harness/interfaces.json``, against which a test holds the stand-ins. What the functions of ``slicer.util``
take comes from its source; a test holds every call of ours against that.
"""

import ast
import json
import re
import sys
from pathlib import Path

TARGET = Path(__file__).parents[1] / "qt_harness" / "interfaces.json"
CLASSES = (
    "ctkCollapsibleButton",
    "ctkSliderWidget",
    "ctkPathLineEdit",
    "qMRMLWidget",
    "qMRMLNodeComboBox",
    "qMRMLCheckableNodeComboBox",
    "qMRMLSegmentEditorWidget",
    "qMRMLAbstractViewWidget",
    "qMRMLPlotWidget",
    "qMRMLLayoutManager",
    "qMRMLSliceWidget",
)
#: What follows "public slots:" or "signals:" until the next kind of members.
_SECTION = re.compile(
    r"(?:public slots|public Q_SLOTS|signals|Q_SIGNALS)\s*:(.*?)(?=\n\s*(?:public|protected|private)\b|\Z)", re.DOTALL
)


def read(header: str, name: str) -> dict[str, object]:
    """Return the base class and the reachable names of class ``name`` in the text of its header."""
    header = re.sub(r"//.*", "", header)
    header = re.sub(r"/\*.*?\*/", "", header, flags=re.DOTALL)
    found = re.search(rf"class\s+\w+\s+{name}\s*:\s*public\s+(\w+)[^{{]*{{", header)
    if not found:
        raise SystemExit(f"no class {name} in its header")
    end = header.find("\n};", found.end())
    body = header[found.end() : end]
    names = set(re.findall(r"Q_PROPERTY\(\s*[\w:<>]+[\s*&]+(\w+)", body))
    names |= set(re.findall(r"Q_INVOKABLE[^(;]*?(\w+)\s*\(", body))
    for section in _SECTION.findall(body):
        names |= set(re.findall(r"(\w+)\s*\([^()]*\)\s*(?:const)?\s*(?:override)?\s*[;{]", section))
    for enumeration in re.findall(r"enum\s+\w+\s*{(.*?)}", body, re.DOTALL):
        names |= set(re.findall(r"(?:^|,)\s*(\w+)", enumeration))
    return {"base": found[1], "names": sorted(names)}


def signatures(source: str) -> dict[str, str]:
    """Return what functions and classes of a Python file take, such as ``"(text, parent=None)"``, by their names."""
    found = {}
    for part in ast.parse(source).body:
        if isinstance(part, ast.FunctionDef):
            found[part.name] = f"({ast.unparse(part.args)})"
        elif isinstance(part, ast.ClassDef):
            made = next((m for m in part.body if isinstance(m, ast.FunctionDef) and m.name == "__init__"), None)
            if made:
                made.args.args.pop(0)  # self
                found[part.name] = f"({ast.unparse(made.args)})"
    return {name: found[name] for name in sorted(found) if not name.startswith("_")}


def main(*folders: str) -> None:
    """Find the headers in the folders and write the table."""
    table: dict[str, dict[str, object]] = {}
    for name in CLASSES:
        (header,) = (path for folder in folders for path in Path(folder).rglob(f"{name}.h"))
        table[name] = read(header.read_text(encoding="utf-8"), name)
    (util,) = (path for folder in folders for path in Path(folder).glob("Base/Python/slicer/util.py"))
    table["slicer.util"] = {"base": "", "names": [], "signatures": signatures(util.read_text(encoding="utf-8"))}
    TARGET.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
