"""Module CrossContrast: the model library, the compute device, and the state of the installation."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import ctk
import qt
import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)

from crosscontrast.errors import CrossContrastError
from crosscontrast.panels import requirements
from crosscontrast.panels.choices import DEVICES, default_device, set_default_device
from crosscontrast.panels.messages import show_error
from crosscontrast.panels.samples import register_samples

if TYPE_CHECKING:
    from crosscontrast.models.library import ModelEntry


class CrossContrast(ScriptedLoadableModule):
    """What Slicer shows about the module."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("CrossContrast")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Utilities")]
        parent.dependencies = []
        parent.contributors = ["CrossContrast contributors"]
        parent.helpText = _(
            "Keeps the models that the modules Soft Cord Segmentation and Synthesis run, chooses where they run, and"
            " says what this installation lacks."
        )
        parent.acknowledgementText = _("Part of the extension CrossContrast.")
        thumbnails = Path(__file__).parent / "Resources" / "Samples"
        slicer.app.connect("startupCompleted()", lambda: register_samples(thumbnails))


class CrossContrastWidget(ScriptedLoadableModuleWidget):
    """The panel. It has no parameter node: models and device belong to the user, not to a scene."""

    def setup(self) -> None:
        """Build the panel; Slicer calls this once, when the module is first opened."""
        ScriptedLoadableModuleWidget.setup(self)
        widget = slicer.util.loadUI(self.resourcePath("UI/CrossContrast.ui"))
        self.layout.addWidget(widget)
        self.ui = slicer.util.childWidgetVariables(widget)
        self.logic = CrossContrastLogic(Path(self.resourcePath("Requirements/CrossContrast.txt")))
        self.entries: list[ModelEntry] = []
        self.checked: dict[str, str] = {}  # model -> what verifying said about it
        path = ctk.ctkPathLineEdit
        self.ui.sourcePathLineEdit.filters = path.Files | path.Dirs | path.Readable
        self.ui.deviceComboBox.addItems(DEVICES[1:])
        self.ui.deviceComboBox.setCurrentIndex(max(0, self.ui.deviceComboBox.findText(default_device())))
        self.ui.deviceLabel.text = _("decided when a job starts")
        self.ui.installButton.clicked.connect(self.onInstall)
        self.ui.modelTable.itemSelectionChanged.connect(self.updateButtons)
        self.ui.verifyButton.clicked.connect(self.onVerify)
        self.ui.rollBackButton.clicked.connect(self.onRollBack)
        self.ui.sourcePathLineEdit.currentPathChanged.connect(self.updateButtons)
        self.ui.addButton.clicked.connect(self.onAdd)
        self.ui.deviceComboBox.currentIndexChanged.connect(self.onDeviceChosen)
        self.ui.checkButton.clicked.connect(self.onCheck)
        self.refresh()

    def enter(self) -> None:
        """Show what is there now; Slicer calls this each time the module is opened."""
        self.refresh()

    def refresh(self) -> None:
        """Fill the table from the library, or say that packages are missing."""
        ready = self.logic.isReady()
        self.ui.packagesLabel.text = (
            _("All Python packages are installed.") if ready else _("Python packages are missing.")
        )
        self.ui.installButton.visible = not ready
        for part in (self.ui.modelsCollapsibleButton, self.ui.deviceCollapsibleButton, self.ui.checkCollapsibleButton):
            part.enabled = ready
        self.entries = self.logic.entries() if ready else []
        self.fillTable()
        self.updateButtons()

    def fillTable(self) -> None:
        """Write one row per version of each model."""
        titles = [_("Model"), _("Version"), _("Current"), _("Verified"), _("Shipped"), _("Task")]
        table = self.ui.modelTable
        table.setColumnCount(len(titles))
        table.setHorizontalHeaderLabels(titles)
        table.setRowCount(len(self.entries))
        for row, entry in enumerate(self.entries):
            state = self.checked.get(str(entry), entry.problem or _("not yet"))
            shipped, current = (_("yes") if mark else "" for mark in (entry.shipped, entry.current))
            texts = (entry.name, str(entry.version), current, state, shipped, entry.task)
            origin = _("{source}, format {format}").format(source=entry.source, format=entry.format)
            for column, text in enumerate(texts):
                item = qt.QTableWidgetItem(text)
                item.setToolTip(state if text is state else origin)
                table.setItem(row, column, item)
        table.verticalHeader().hide()
        table.resizeColumnsToContents()
        table.horizontalHeader().setStretchLastSection(True)

    def selected(self) -> "ModelEntry | None":
        """Return the version whose row is selected."""
        row = self.ui.modelTable.currentRow()
        return self.entries[row] if 0 <= row < len(self.entries) else None

    def updateButtons(self) -> None:
        """Allow what can be done, and say what it would do."""
        entry = self.selected()
        target = self.logic.rollBackTarget(self.entries, entry) if entry else None
        self.ui.rollBackButton.enabled = target is not None
        self.ui.rollBackButton.text = _("Make current") if self.logic.isNewer(self.entries, target) else _("Roll back")
        if entry is None:
            tip = _("Select a version of a model.")
        elif target is None:
            tip = _("{model} is the oldest version.").format(model=entry)
        else:
            tip = _("Make {model} the current version").format(model=target)
        self.ui.rollBackButton.toolTip = tip
        self.ui.verifyButton.enabled = bool(self.entries)
        self.ui.addButton.enabled = bool(self.ui.sourcePathLineEdit.currentPath)

    def onInstall(self) -> None:
        """Install the packages of the whole extension."""
        with self.showingErrors():
            requirements.install(self.logic.requirements, _("CrossContrast"), torch=True)
        self.refresh()

    def onVerify(self) -> None:
        """Verify every model and write the outcome into the table."""
        with self.showingErrors():
            self.checked = {str(entry): self.logic.verify(entry) for entry in self.entries}
        self.refresh()

    def onRollBack(self) -> None:
        """Make another version the current one."""
        with self.showingErrors():
            self.logic.makeCurrent(self.logic.rollBackTarget(self.entries, self.selected()))
        self.refresh()

    def onAdd(self) -> None:
        """Add the model whose path was given."""
        with self.showingErrors():
            self.logic.add(
                Path(self.ui.sourcePathLineEdit.currentPath), self.ui.nameLineEdit.text, self.ui.trustCheckBox.checked
            )
            self.ui.sourcePathLineEdit.currentPath = ""
            self.ui.nameLineEdit.text = ""
            self.ui.trustCheckBox.checked = False  # trust is given to one model, not to the next one too
        self.refresh()

    def onDeviceChosen(self) -> None:
        """Keep the choice and say what it means on this machine."""
        with self.showingErrors():
            set_default_device(self.ui.deviceComboBox.currentText)
            self.ui.deviceLabel.text = self.logic.describeDevice(default_device())

    def onCheck(self) -> None:
        """Write the report on this installation."""
        with self.showingErrors():
            self.ui.reportText.plainText = self.logic.report()
            self.ui.deviceLabel.text = self.logic.describeDevice(default_device())

    @contextmanager
    def showingErrors(self) -> Iterator[None]:
        """Wait with a wait cursor and show in a message what the user can act on."""
        try:
            with slicer.util.WaitCursor():
                yield
        except CrossContrastError as error:
            show_error(error, _("CrossContrast"))


class CrossContrastLogic(ScriptedLoadableModuleLogic):
    """The library and the device behind the panel, for programs too. ``requirements`` is the file of packages."""

    def __init__(self, requirements: Path) -> None:
        ScriptedLoadableModuleLogic.__init__(self)
        self.requirements = requirements

    def isReady(self) -> bool:
        """Whether all packages are installed; the other methods need them."""
        return requirements.are_installed(self.requirements, torch=True)

    def entries(self) -> "list[ModelEntry]":
        """Return every version of every model."""
        return self._library().entries()

    def verify(self, entry: "ModelEntry") -> str:
        """Compare a model's files with their SHA-256 and say how that came out."""
        try:
            self._library().verify(entry)
        except CrossContrastError as error:
            return error.message
        return _("unchanged")

    def rollBackTarget(self, entries: "list[ModelEntry]", entry: "ModelEntry") -> "ModelEntry | None":
        """Return what rolling back from ``entry`` makes current: itself, or the one before where it is current."""
        older = [other for other in entries if other.name == entry.name and other.version < entry.version]
        return (older[-1] if older else None) if entry.current else entry

    def isNewer(self, entries: "list[ModelEntry]", entry: "ModelEntry | None") -> bool:
        """Whether a version is newer than the current one of its model."""
        current = next((e.version for e in entries if entry and e.current and e.name == entry.name), None)
        return entry is not None and current is not None and entry.version > current

    def makeCurrent(self, entry: "ModelEntry") -> None:
        """Let the bare name of the model mean this version."""
        self._library().rollback(entry.name, entry.version)

    def add(self, source: Path, name: str, trust: bool) -> "ModelEntry":
        """Copy or convert a model into the library as the next version of ``name`` (empty: made of the file's name)."""
        return self._library().add(source, name.strip() or None, trust=trust)

    def describeDevice(self, name: str) -> str:
        """Say what a choice of device means on this machine."""
        import warnings

        from crosscontrast.ground.device import choose_device, describe_device

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            described = describe_device(choose_device(name))
        return "\n".join([described, *(str(warning.message) for warning in caught)])

    def report(self) -> str:
        """Say what this installation has and lacks, one line each."""
        from crosscontrast.cli.doctor import examine

        lines = []
        for finding in examine():
            mark = _("ok") if finding.ok else _("MISSING") if finding.needed else _("absent")
            lines.append(f"{finding.name}: {finding.value} [{mark}]")
            if finding.hint and not finding.ok:
                lines.append(f"    {finding.hint}")
        return "\n".join(lines)

    def _library(self):
        from crosscontrast.models.library import ModelLibrary

        return ModelLibrary()


class CrossContrastTest(ScriptedLoadableModuleTest):
    """The self-test that Slicer runs."""

    def setUp(self) -> None:
        """Begin with an empty scene."""
        slicer.mrmlScene.Clear()

    def runTest(self) -> None:
        """Check the module's rules without any package from pip."""
        self.setUp()
        self.test_rollingBack()

    def test_rollingBack(self) -> None:
        """From the current version it goes to the one before, from another to that one, from the oldest nowhere."""
        from types import SimpleNamespace

        entries = [SimpleNamespace(name="softcord", version=v, current=v == 2) for v in (1, 2, 3)]
        target = CrossContrastLogic(Path()).rollBackTarget
        self.assertIs(target(entries, entries[1]), entries[0])
        self.assertIs(target(entries, entries[2]), entries[2])
        self.assertIsNone(target([entries[1]], entries[1]))
