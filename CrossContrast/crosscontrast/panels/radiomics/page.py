"""Radiomic features in Slicer: a box in the panel for two volumes, a cohort, or the quality gate."""

import csv
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import ctk
import qt
import slicer
from slicer.i18n import tr as _

from crosscontrast.errors import BadInputError
from crosscontrast.panels.job_controls import JobControls
from crosscontrast.scene.plots import show_scatter
from crosscontrast.scene.volumes import file_name, read_volume, write_mask, write_volume

if TYPE_CHECKING:
    from crosscontrast.jobs.job import Job, JobResult

#: What most features' names begin with.
_PREFIX = "original_"
#: What can be run, by the number of its entry in the box of choices.
_VOLUMES, _COHORT, _GATE = range(3)
_COLOURS = {"yes": "#d8f0dc", "no": "#fbe3e0", "go": "#d8f0dc", "caution": "#fff2cc", "stop": "#fbe3e0"}


class FeaturePage:
    """The page. ``choices`` gives the panel's parameters: the two volumes and the mask chosen above."""

    def __init__(self, needed: Path, title: str, choices: Callable[[], Any]) -> None:
        self._choices = choices
        self._cohort: tuple[Path, str] | None = None
        self._map_of = ""
        self._mapped: Any = None
        self._build()
        ui = SimpleNamespace(
            runButton=self.runButton,
            cancelButton=self.cancelButton,
            progressBar=self.progressBar,
            statusLabel=self.statusLabel,
        )
        self.controls = JobControls(ui, title, needed, self._make_job, self._take_result, torch=False)
        self.refresh()

    def close(self) -> None:
        """Stop what is under way, and the worker."""
        self.controls.close()

    def cancel(self) -> None:
        """Stop what is under way."""
        self.controls.cancel()

    def refresh(self, *_arguments: Any) -> None:
        """Allow Run where it can succeed, and show what the choice needs."""
        mode, parameters = self.modeBox.currentIndex, self._choices()
        for widget, modes in self._rows:
            for part in (widget, self._form.labelForField(widget)):
                part.visible = mode in modes
        ready = bool(parameters and parameters.referenceVolume and parameters.testVolume)
        reason = ""
        if mode != _COHORT and not ready:
            reason = _("Choose a reference and a test volume above.")
        elif mode == _VOLUMES and not parameters.mask:
            reason = _("Choose a mask above: features are those of a region.")
        elif mode == _COHORT and not (self.cohortPath.currentPath and self.outPath.currentPath):
            reason = _("Choose a cohort table and a folder for the results.")
        elif mode == _GATE and not self.profilePath.currentPath:
            reason = _("Choose the profile of the model's training images.")
        self.controls.allow(reason, _("Run"))
        self.mapButton.enabled = mode == _VOLUMES and bool(self._selected()) and not reason

    def _build(self) -> None:
        self.widget = ctk.ctkCollapsibleButton()
        self.widget.text = _("Radiomic features")
        layout = qt.QVBoxLayout(self.widget)
        self._form = qt.QFormLayout()
        self._form.setRowWrapPolicy(qt.QFormLayout.WrapLongRows)
        layout.addLayout(self._form)
        self._rows: list[tuple[Any, tuple[int, ...]]] = []
        self.modeBox = qt.QComboBox()
        self.modeBox.setSizeAdjustPolicy(qt.QComboBox.AdjustToMinimumContentsLengthWithIcon)
        self.modeBox.setMinimumContentsLength(8)
        self.modeBox.addItems([_("The two volumes above"), _("A cohort"), _("Quality gate: test made from reference")])
        self._form.addRow(_("Compare:"), self.modeBox)
        self.cohortPath = self._path(_("Cohort table:"), _("TSV with subject, role, image, mask"), (_COHORT,))
        self.referenceRole = self._line(_("Reference role:"), _("Role of the real images"), "mri")
        self.testRoles = self._line(_("Test roles:"), _("Roles of the translated images, with commas"), "synthetic")
        self.outPath = self._path(_("Results:"), _("Folder for report and tables"), (_COHORT,))
        self.outPath.filters = ctk.ctkPathLineEdit.Dirs
        self.forceBox = qt.QCheckBox(_("Even if images do not fit"))
        self.forceBox.toolTip = _("Go on although images are in another unit, have other voxels, or are missing")
        self._form.addRow(_("Uneven cohort:"), self.forceBox)
        self._rows.append((self.forceBox, (_COHORT,)))
        self.profilePath = self._path(_("Profile:"), _("File of `crosscontrast radiomics gate-profile`"), (_GATE,))
        self.settingsPath = self._path(_("Settings:"), _("YAML file; may stay empty"), (_VOLUMES, _COHORT))
        buttons = qt.QHBoxLayout()
        layout.addLayout(buttons)
        self.runButton, self.cancelButton = qt.QPushButton(_("Run")), qt.QPushButton(_("Cancel"))
        self.mapButton = qt.QPushButton(_("Map of the feature"))
        self.mapButton.toolTip = _("Show the chosen feature's value around every voxel of the test volume")
        for button in (self.runButton, self.cancelButton):
            buttons.addWidget(button)
        layout.addWidget(self.mapButton)
        self.progressBar, self.statusLabel, self.table = qt.QProgressBar(), qt.QLabel(), qt.QTableWidget()
        self.statusLabel.wordWrap = True
        self.table.minimumHeight = 240
        for widget in (self.progressBar, self.statusLabel, self.table):
            layout.addWidget(widget)
        self.mapButton.clicked.connect(self._run_map)
        self.table.cellClicked.connect(self._on_cell_clicked)
        self.modeBox.currentIndexChanged.connect(self.refresh)
        for path in (self.cohortPath, self.outPath, self.profilePath):
            path.currentPathChanged.connect(self.refresh)

    def _path(self, label: str, tool_tip: str, modes: tuple[int, ...]) -> Any:
        path = ctk.ctkPathLineEdit()
        path.toolTip = tool_tip
        self._form.addRow(label, path)
        self._rows.append((path, modes))
        return path

    def _line(self, label: str, tool_tip: str, text: str) -> Any:
        line = qt.QLineEdit(text)
        line.toolTip = tool_tip
        self._form.addRow(label, line)
        self._rows.append((line, (_COHORT,)))
        return line

    def _make_job(self, folder: Path) -> "Job":
        if self.modeBox.currentIndex == _COHORT:
            return self._cohort_job()
        parameters = self._choices()
        reference, test, mask = parameters.referenceVolume, parameters.testVolume, parameters.mask
        paths = [folder / role / file_name(node) for role, node in (("reference", reference), ("test", test))]
        for node, path in zip((reference, test), paths, strict=True):
            path.parent.mkdir()
            write_volume(node, path, world=True)
        region = folder / file_name(mask) if mask else None
        if region:
            write_mask(mask, reference, region)
        if self.modeBox.currentIndex == _GATE:
            from crosscontrast.radiomics.gate.jobs import GateImage

            return GateImage(
                image=paths[0], translated=(paths[1],), mask=region, profile=Path(self.profilePath.currentPath)
            )
        assert region is not None
        from crosscontrast.radiomics.jobs import CompareFeatures, MapFeature

        settings = self._extraction()
        if self._map_of:
            feature, self._map_of = self._map_of, ""
            return MapFeature(
                image=paths[1], mask=region, feature=feature, out=folder / "map.nii.gz", settings=settings
            )
        return CompareFeatures(
            reference=paths[0], test=paths[1], mask=region, out=folder / "features.tsv", settings=settings
        )

    def _extraction(self) -> Any:
        from crosscontrast.radiomics.extraction.settings import ExtractionSettings
        from crosscontrast.radiomics.settings_file import SettingsFile

        path = self.settingsPath.currentPath
        return SettingsFile(Path(path) if path else None).section("extraction", ExtractionSettings)

    def _cohort_job(self) -> "Job":
        from crosscontrast.radiomics.preservation.jobs import ComparePreservation
        from crosscontrast.radiomics.preservation.settings import PreservationSettings
        from crosscontrast.radiomics.settings_file import SettingsFile

        path = self.settingsPath.currentPath
        file = SettingsFile(Path(path) if path else None)
        return ComparePreservation(
            cohort=Path(self.cohortPath.currentPath),
            reference=self.referenceRole.text.strip(),
            tests=tuple(role.strip() for role in self.testRoles.text.split(",")),
            out=Path(self.outPath.currentPath),
            force=bool(self.forceBox.checked),
            extraction=self._extraction(),
            settings=file.section("preservation", PreservationSettings),
        )

    def _take_result(self, result: "JobResult") -> None:
        kind = type(result).__name__
        if kind == "CompareFeaturesResult":
            self._show_pairs(result)
        elif kind == "FeatureMapResult":
            self._show_map(result)
        elif kind == "Compared":
            self._show_cohort(result)
        else:
            self._show_verdict(result)
        self.refresh()

    def _show_pairs(self, result: Any) -> None:
        rows = [
            [pair.feature, _number(pair.reference), _number(pair.test), _number(pair.difference)]
            for pair in result.pairs
        ]
        self._fill([_("Feature"), _("Reference"), _("Test"), _("Difference (%)")], rows)

    def _show_cohort(self, result: Any) -> None:
        self._cohort = (result.features_table, self.referenceRole.text.strip())
        with result.preservation_table.open(newline="", encoding="utf-8") as stream:
            lines = list(csv.DictReader(stream, delimiter="\t"))
        lines.sort(key=lambda line: -1e9 if line["icc"] == "n/a" else float(line["icc"]))
        words = {"true": _("yes"), "false": _("no")}
        rows = [
            [v["feature"], v["role"], words[v["preserved"]], v["icc"], v["icc_low"], v["spearman"], v["reason"]]
            for v in lines
        ]
        self._fill([_("Feature"), _("Role"), _("Preserved"), "ICC", _("ICC from"), "rho", _("Reason")], rows, colour=2)

    def _show_verdict(self, result: Any) -> None:
        verdict = result.verdict
        rows = [[check.name, check.decision, check.reason] for check in verdict.checks]
        rows += [["", "-", sentence] for sentence in verdict.missing]
        self._fill([_("Check"), verdict.decision, _("Reason")], rows, colour=1)

    def _show_map(self, result: Any) -> None:
        self._mapped = read_volume(slicer.mrmlScene, result.written, f"{self._selected()} map")
        layers = getattr(slicer.util, "setSliceViewerLayers", None)
        if layers and slicer.app.layoutManager():
            layers(background=self._choices().testVolume, foreground=self._mapped, foregroundOpacity=0.5)

    def _fill(self, columns: list[str], rows: list[list[str]], colour: int | None = None) -> None:
        self.table.setColumnCount(len(columns))
        self.table.setHorizontalHeaderLabels(columns)
        self.table.setRowCount(len(rows))
        for row, texts in enumerate(rows):
            for column, text in enumerate(texts):
                # Narrow panels show the middle of a name; the whole one is in the tool tip.
                item = qt.QTableWidgetItem(text.removeprefix(_PREFIX))
                item.setToolTip(text)
                if column == colour and text in _COLOURS:
                    item.setBackground(qt.QBrush(qt.QColor(_COLOURS[text])))
                self.table.setItem(row, column, item)
        self.table.horizontalHeader().setStretchLastSection(True)
        self.table.resizeColumnsToContents()

    def _selected(self) -> str:
        item = self.table.item(self.table.currentRow(), 0)
        return str(item.toolTip()) if item else ""

    def _on_cell_clicked(self, row: int, column: int) -> None:
        """Show the scatter plot of the feature, where it is one of a cohort."""
        self.refresh()
        if self._cohort is None or self.modeBox.currentIndex != _COHORT:
            return
        from crosscontrast.radiomics.extraction.read_table import read_features
        from crosscontrast.radiomics.preservation.measure import pair_up

        path, reference = self._cohort
        feature, role = (self.table.item(row, number).toolTip() for number in (0, 1))
        pairs = pair_up(read_features(path), reference, role)
        number = pairs.names.index(feature)
        x, y = pairs.reference[:, number].tolist(), pairs.test[:, number].tolist()
        labels = [pairs.subjects[number] for number in pairs.groups.tolist()]
        chart = show_scatter(slicer.mrmlScene, "Radiomic feature", x, y, f"{feature} ({role})", labels)
        if hasattr(slicer.modules, "plots"):
            slicer.modules.plots.logic().ShowChartInLayout(chart)

    def _run_map(self) -> None:
        feature = self._selected()
        if not feature:
            raise BadInputError(_("Choose a feature in the table."))
        self._map_of = feature
        self.controls.run()


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.5g}"
