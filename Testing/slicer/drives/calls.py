"""Every call of the modules into Slicer's Python is one that this Slicer takes."""

import ast
import inspect
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import slicer
from steps import check, drive

ROOT = Path(__file__).resolve().parents[3]
MODULES = ("CrossContrast", "SoftCordSeg", "SynthSeg", "RadiomicsCompare")


def calls():
    """Yield place, dotted name and call of what begins with ``slicer.util`` or ``slicer.app``."""
    for path in sorted(path for module in MODULES for path in (ROOT / module).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                if name.startswith(("slicer.util.", "slicer.app.")) and "(" not in name:
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", name, node


def calls_into_slicer():
    """Names exist, and arguments of Python functions bind."""
    count = 0
    for place, name, call in calls():
        _slicer, part, *rest = name.split(".")
        found = getattr(slicer, part)
        for word in rest:
            found = getattr(found, word, None)
        count += 1
        if found is None:
            check(f"{place}: {name} is there", False)
            continue
        if part == "app" or any(k.arg is None for k in call.keywords):
            continue
        try:
            inspect.signature(found).bind(*call.args, **{k.arg: k.value for k in call.keywords})
        except TypeError as error:
            check(f"{place}: {name}: {error}", False)
    check(f"{count} calls were looked at", count > 20)


drive([calls_into_slicer])
