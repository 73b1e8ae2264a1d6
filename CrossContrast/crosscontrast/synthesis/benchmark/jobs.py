"""The job that compares translators."""

from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from crosscontrast.jobs.job import Job, JobResult
from crosscontrast.progress import Progress, part
from crosscontrast.synthesis.objectives.catalogue import NAMES
from crosscontrast.synthesis.training.config import TrainingConfig
from crosscontrast.training.settings import make_config

#: Where the settings of single networks lie among those of all.
OWN = "networks"


class BenchmarkResult(JobResult):
    """The files of a benchmark, and the methods from best to worst mean rank."""

    report: Path
    cases: Path
    summary: Path
    data_range: float
    ranking: list[str]


class BenchmarkTranslators(Job):
    """Train or load translators and compare them on the split ``test``.

    ``settings`` are those of every training, for :class:`TrainingConfig`; under the key ``networks`` they may hold
    settings of single networks by name. With ``labels`` (a role of label maps) and
    ``classes`` a segmentation network judges the translations, trained for ``judge_steps``. A cohort that does not fit
    together is refused before anything is learned, unless ``force``.
    """

    kind: ClassVar[str] = "synth.benchmark"

    cohort: Path
    source: str
    target: str
    out: Path
    networks: tuple[str, ...] = NAMES
    settings: dict[str, Any] = Field(default={})
    data_range: float | None = None
    labels: str = ""
    classes: dict[str, tuple[int, ...]] = Field(default={})
    judge_steps: int = 300
    force: bool = False
    device: str = "auto"

    def run(self, progress: Progress) -> BenchmarkResult:
        """Compare, and write tables, translated images and the report."""
        import numpy as np
        import SimpleITK as sitk

        from crosscontrast.ground.case import Case
        from crosscontrast.ground.files import make_folder
        from crosscontrast.ground.provenance import FileRecord
        from crosscontrast.synthesis.benchmark.report import picture, write_report
        from crosscontrast.synthesis.benchmark.results import summarise, write_tables
        from crosscontrast.synthesis.benchmark.run import run_benchmark
        from crosscontrast.synthesis.training.checks import check_pairs

        case = Case(self.kind, inputs=[FileRecord.of(self.cohort)])
        device = case.compute_on(self.device)
        configs = [self._config(network) for network in self.networks]
        said = check_pairs(configs[0], ("train", "validation", "test"), force=self.force)
        for sentence in said:
            progress(0, 1, sentence)
        case.warnings += said
        folder = make_folder(self.out)
        judge = self._judge(folder, device)
        found, subjects = run_benchmark(
            configs, folder, judge=judge, data_range=self.data_range, device=device, progress=part(progress, 0, 0.95)
        )
        pictures = {}
        for subject in subjects[:3]:
            outline = sitk.GetArrayFromImage(subject.mask) > 0
            middle = int(np.flatnonzero(outline.any((1, 2))).mean())
            made = {n: sitk.GetArrayFromImage(image)[middle] for n, image in found.images[subject.name].items()}
            source, target = (sitk.GetArrayFromImage(i)[middle] for i in (subject.source, subject.target))
            caption = f"{subject.name}: translations above, their errors below (red: too bright); mask in yellow"
            pictures[caption] = picture(source, target, made, outline[middle])
        lead = [
            f"{self.source} to {self.target} on {len(subjects)} test subjects of {self.cohort.name}, measured inside"
            f" the mask with a data range of {found.data_range:.4g}; {case.device}.",
            *said,
        ]
        measures = {"data_range": found.data_range, "cost": {n: c.model_dump() for n, c in found.costs.items()}}
        parameters = self.model_dump(mode="json", exclude={"out"})
        with case.results(folder, "benchmark.json", parameters=parameters, measures=measures) as results:
            write_tables(found.rows, results.place("cases.tsv"), results.place("summary.tsv"))
            write_report(results.place("report.html"), lead, found.rows, found.costs, pictures)
        progress(1, 1, "done")
        return BenchmarkResult(
            report=folder / "report.html",
            cases=folder / "cases.tsv",
            summary=folder / "summary.tsv",
            data_range=found.data_range,
            ranking=list(summarise(found.rows)),
            warnings=case.warnings,
        )

    def _config(self, network: str) -> TrainingConfig:
        shared = {key: value for key, value in self.settings.items() if key != OWN}
        given = {"cohort": self.cohort, "source": self.source, "target": self.target, "network": network}
        return make_config(TrainingConfig, shared | self._own(network) | given)

    def _own(self, network: str) -> dict[str, Any]:
        """Return the settings of one network; raises :class:`BadInputError` where they name others."""
        from crosscontrast.errors import BadInputError

        found = self.settings.get(OWN, {})
        if not isinstance(found, dict) or not all(isinstance(value, dict) for value in found.values()):
            raise BadInputError(f"The settings' {OWN!r} must hold an object of settings for each network.")
        unknown = [name for name in found if name not in NAMES]
        if unknown:
            raise BadInputError(f"The settings name a network {unknown[0]!r}.", f"there are: {', '.join(NAMES)}")
        own: dict[str, Any] = found.get(network, {})
        return own

    def _judge(self, folder: Path, device: Any) -> Any:
        if not self.labels:
            return None
        from crosscontrast.synthesis.benchmark.downstream import Judge
        from crosscontrast.synthesis.segmentation.config import SegmentationConfig

        shared = {key: self.settings[key] for key in ("orientation", "spacing", "seed") if key in self.settings}
        given = {"cohort": self.cohort, "inputs": (self.target,), "labels": self.labels, "classes": self.classes}
        config = make_config(SegmentationConfig, shared | given | {"steps": self.judge_steps, "loss": "dice"})
        return Judge(config, folder / "judge", device)
