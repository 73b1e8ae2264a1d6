"""Opens the unmodified modules without Slicer: PySide6 dressed as PythonQt around the real MRML of ``slicer-core``.

What it proves is wiring and state: which widget is tied to which parameter, when a button is enabled, what a job gets
and what becomes of its result. It does not prove looks, and it knows only as much of Slicer as its stand-ins: those
refuse every attribute that they do not have, as PythonQt does.

Slicer's own ``ScriptedLoadableModule`` and ``parameterNodeWrapper`` are not in the wheel. By default the small ones in
``slicer_base/`` take their place; the environment variable ``SLICER_BASE_PYTHON``, set to the folder ``Base/Python`` of
Slicer's sources, puts the real ones there.
"""
