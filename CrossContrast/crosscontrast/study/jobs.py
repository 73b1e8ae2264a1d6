"""The study as a job, made of other jobs."""

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from crosscontrast.errors import BadInputError
from crosscontrast.ground.cohort import Cohort, CohortRow, read_cohort, write_cohort
from crosscontrast.ground.files import make_folder, sha256
from crosscontrast.jobs.job import Job, JobResult
from crosscontrast.jobs.stages import Stages
from crosscontrast.progress import Progress, part
from crosscontrast.radiomics.extraction.settings import ExtractionSettings
from crosscontrast.radiomics.outcome.jobs import Predicted, PredictOutcome
from crosscontrast.radiomics.outcome.settings import OutcomeSettings
from crosscontrast.radiomics.preservation.jobs import Compared, ComparePreservation
from crosscontrast.radiomics.preservation.settings import PreservationSettings
from crosscontrast.study.plan import Share, cross_fit, folder_name, frozen_split, pairs_of, unseen, visit_name
from crosscontrast.study.translations import Translation, measure, write_translations
from crosscontrast.synthesis.jobs import TranslateImage, TranslateImageResult
from crosscontrast.synthesis.training.config import TrainingConfig
from crosscontrast.synthesis.training.jobs import TrainTranslator, TrainTranslatorResult
from crosscontrast.training.settings import make_config

if TYPE_CHECKING:
    from crosscontrast.radiomics.outcome.samples import Labels

#: The shares of the whole at which the stages end.
_CHECKED, _TRANSLATED, _COMPARED, _PREDICTED = 0.02, 0.6, 0.8, 0.97


class Studied(JobResult):
    """The report, the table of all images with the translated ones, what the parts found, and the gate's counts."""

    report: Path
    cohort: Path
    translations: Path
    summary: Path
    preservation: Compared
    outcome: Predicted
    gate: dict[str, int]
    images: int
    failed: int


class RunStudy(Job):
    """Translate the role ``source`` of a cohort, and say what of the role ``target`` is preserved and what it helps.

    Either ``network`` is trained (``training``: further settings of the job ``synth.train``) in ``folds`` folds of
    subjects, so that each is translated by a translator that never saw it; with ``frozen`` once, on the table's split
    ``train``, for its split ``test``. Or ``model`` translates the split ``test`` (``all_unseen``: everybody). The
    translated images get the role ``synthetic`` and the source's mask. ``arms`` are those of the outcome, by default
    source, synthetic, target, and source and synthetic together. A cohort that does not fit together is refused before
    anything is learned, unless ``force``. Everything lands in ``out``; a study that was killed
    goes on where it was.
    """

    kind: ClassVar[str] = "radiomics.study"

    cohort: Path
    source: str
    target: str
    outcome: str
    out: Path
    model: str | None = None
    network: str | None = None
    training: dict[str, Any] = Field(default={})
    folds: int = 3
    frozen: bool = False
    all_unseen: bool = False
    synthetic: str = "synthetic"
    positive: str | None = None
    arms: tuple[str, ...] = ()
    batch: str | None = None
    force: bool = False
    extraction: ExtractionSettings = ExtractionSettings()
    preservation: PreservationSettings = PreservationSettings()
    prediction: OutcomeSettings = OutcomeSettings()
    seed: int = 0
    device: str = "auto"
    workers: int = 1
    scheduler: str | None = None

    def run(self, progress: Progress) -> Studied:
        """Check everything that can be checked, then translate, compare, predict and write the report."""
        progress(0, 1, "checking the table")
        shares = self._shares()
        jobs = [self._training(share) for share in shares]
        said = self._look_through(part(progress, 0, _CHECKED))
        make_folder(self.out)
        stages = Stages(self.out.absolute() / "stages")
        translations: list[Translation] = []
        for number, (share, job) in enumerate(zip(shares, jobs, strict=True)):
            ends = [_CHECKED + (_TRANSLATED - _CHECKED) * (number + done) / len(shares) for done in (0, 1)]
            translations += self._translate(share, job, stages, part(progress, *ends))
        made = [t for t in translations if t.image]
        if not made:
            raise BadInputError(f"No image could be translated: {translations[0].reason}")
        table = self._write_table(made)
        compared = self._compare(table, stages, part(progress, _TRANSLATED, _COMPARED))
        predicted = self._predict(table, stages, part(progress, _COMPARED, _PREDICTED))
        progress(_PREDICTED, 1, "writing the report")
        return self._write(translations, table, compared, predicted, said)

    def _shares(self) -> list[Share]:
        from crosscontrast.radiomics.outcome.samples import check_classes, read_labels

        if (self.model is None) == (self.network is None):
            raise BadInputError("Give a model that translates or a network to train, one of them.")
        cohort = read_cohort(self.cohort)
        if self.synthetic in {row.role for row in cohort.rows}:
            raise BadInputError(
                f"{self.cohort} has images of role {self.synthetic!r} already.", "give another name for --synthetic"
            )
        pairs = pairs_of(cohort, self.source, self.target)
        if self.model is not None:
            shares = unseen(pairs, str(self.cohort), all_unseen=self.all_unseen)
        elif self.frozen:
            shares = frozen_split(pairs, str(self.cohort))
        else:
            shares = cross_fit(pairs, self.folds, self.seed, str(self.cohort))
        visits = [(row.subject, row.session) for share in shares for row, _ in share.translate]
        labels: Labels = read_labels(cohort, self.outcome, self.positive).keep(visits)
        self._check_parts(cohort, labels)
        check_classes(labels, self.prediction.folds, str(self.cohort))
        return shares

    def _check_parts(self, cohort: Cohort, labels: "Labels") -> None:
        """Find now what would otherwise end the study after hours of training."""
        from crosscontrast.radiomics.extraction.backend import find_backend
        from crosscontrast.radiomics.outcome.batches import read_batches
        from crosscontrast.radiomics.outcome.samples import Arm

        known = (self.source, self.synthetic, self.target)
        for role in (role for arm in self.arms for role in Arm(arm).roles):
            if role not in known:
                raise BadInputError(f"The arms have a role {role!r}; a study has {', '.join(known)}.")
        if self.batch and not any(self.batch in row.outcomes for row in cohort.rows):
            raise BadInputError(f"{self.cohort} has no column {self.batch!r}.")
        if self.batch:
            read_batches(cohort, self.batch, labels)
        if self.training.get("outcome"):
            raise BadInputError("The translators of a study must not learn an outcome: it is what they are judged by.")
        find_backend(self.extraction.backend).check(self.extraction)

    def _training(self, share: Share) -> TrainTranslator | None:
        """Return the job that trains a share's translator; made before any work, so that faults show at once."""
        if self.network is None:
            return None
        settings = {"seed": self.seed} | self.training | {"source": self.source, "target": self.target}
        settings |= {"network": self.network}
        # The outcomes are no part of this table: a translator cannot learn them.
        who = [[str(row.image.absolute()), row.split, *map(sha256, _files(row))] for row in share.rows()]
        mark = hashlib.sha256(json.dumps([settings, who], sort_keys=True, default=str).encode()).hexdigest()[:8]
        folder = self.out.absolute() / "translators" / f"{share.name}-{mark}"
        given = make_config(TrainingConfig, settings | {"cohort": str(folder / "cohort.tsv")})
        # What is wrong with the whole cohort has been said; a fold of it has fewer images to compare.
        return TrainTranslator(out=folder, settings=given, resume=True, force=True, device=self.device)

    def _look_through(self, progress: Progress) -> list[str]:
        """Check the images to be translated and those they are compared with against each other."""
        from crosscontrast.radiomics.extraction.jobs import check_rows, cohort_rows

        rows = cohort_rows(self.cohort, (self.source, self.target))
        return check_rows(rows, self.extraction, self.cohort, force=self.force, progress=progress)

    def _translate(
        self, share: Share, job: TrainTranslator | None, stages: Stages, progress: Progress
    ) -> list[Translation]:
        model = self._finished_model() if job is None else self._train(share, job, stages, part(progress, 0, 0.9))
        begin = 0.0 if job is None else 0.9
        found = []
        for number, (source, target) in enumerate(share.translate):
            ends = [begin + (1 - begin) * (number + done) / len(share.translate) for done in (0, 1)]
            found.append(self._one(share, model, (number, source, target), stages, part(progress, *ends)))
        return found

    def _finished_model(self) -> str:
        from crosscontrast.models.find import find_model

        assert self.model is not None
        # With its version, so that another current one is not taken for this one.
        return find_model(self.model, "translation").request

    def _train(self, share: Share, job: TrainTranslator, stages: Stages, progress: Progress) -> str:
        assert job.settings
        table = job.settings.cohort
        make_folder(table.parent)
        write_cohort(table, share.rows())
        images = [file for pair in share.learn for row in pair for file in _files(row)]

        def report(done: float, total: float, message: str) -> None:
            progress(done, total, f"{share.name}: {message}")

        result = stages.run(table.parent.name, job, [table, *images], report)
        assert isinstance(result, TrainTranslatorResult)
        return str(result.model)

    def _one(
        self, share: Share, model: str, visit: tuple[int, CohortRow, CohortRow], stages: Stages, progress: Progress
    ) -> Translation:
        number, source, target = visit
        name = f"{share.name}-{folder_name(number, source)}"
        mask = source.mask.absolute() if source.mask else None
        out = self.out.absolute() / "translated" / name
        job = TranslateImage(
            image=source.image.absolute(), mask=mask, model=model, device=self.device, out=out, overwrite=True
        )
        inputs = [file for file in (source.image, source.mask, Path(model)) if file and file.exists()]

        def report(done: float, total: float, message: str) -> None:
            progress(done, total, f"{visit_name(source)}: {message}")

        try:
            result = stages.run(name, job, inputs, report)
        except BadInputError as error:
            return Translation(source, target, share.name, reason=str(error))
        assert isinstance(result, TranslateImageResult)
        image = result.images[0]
        similarity = measure(source, target, image)
        # Where the gate answered, its reasons stand in the report anyway.
        remarks = () if result.verdict else tuple(result.warnings)
        return Translation(source, target, share.name, image, result.verdict, similarity, remarks=remarks)

    def _write_table(self, made: list[Translation]) -> Path:
        """Write the table of the images studied; masks of translated images are their sources'."""
        rows = []
        for t in made:
            role = {"role": self.synthetic, "image": t.image, "mask": t.source.mask or t.target.mask}
            rows += [t.source, t.source.model_copy(update=role), t.target]
        path = self.out.absolute() / "cohort.tsv"
        write_cohort(path, [row.model_copy(update={"split": ""}) for row in rows])
        return path

    def _compare(self, table: Path, stages: Stages, progress: Progress) -> Compared:
        """Compare the features of synthetic images with the target's; the source's show what not to translate gives."""
        job = ComparePreservation(
            cohort=table,
            reference=self.target,
            tests=(self.synthetic, self.source),
            out=self.out.absolute() / "preservation",
            force=True,  # nobody wants to lose trainings now; what is uneven is named
            extraction=self.extraction,
            settings=self.preservation,
            cache=self.out.absolute() / "cache",
            workers=self.workers,
            scheduler=self.scheduler,
        )
        result = stages.run("preservation", job, _files_of(table), progress)
        assert isinstance(result, Compared)
        return result

    def _predict(self, table: Path, stages: Stages, progress: Progress) -> Predicted:
        from crosscontrast.ground.device import choose_device

        together = f"{self.source}+{self.synthetic}"
        job = PredictOutcome(
            cohort=table,
            outcome=self.outcome,
            positive=self.positive,
            arms=self.arms or (self.source, self.synthetic, self.target, together),
            batch=self.batch,
            out=self.out.absolute() / "outcome",
            force=True,
            extraction=self.extraction,
            settings=self.prediction,
            cache=self.out.absolute() / "cache",
            device=str(choose_device(self.device)) if "cnn" in self.prediction.models else "cpu",
            workers=self.workers,
            scheduler=self.scheduler,
        )
        result = stages.run("outcome", job, _files_of(table), progress)
        assert isinstance(result, Predicted)
        return result

    def _write(
        self,
        translations: list[Translation],
        table: Path,
        compared: Compared,
        predicted: Predicted,
        said: list[str],
    ) -> Studied:
        from crosscontrast.ground.case import write_results
        from crosscontrast.ground.provenance import FileRecord, Provenance
        from crosscontrast.study.report import Findings, design_sentence, write_report

        failed = sum(not t.image for t in translations)
        remarks = [f"{failed} of {len(translations)} images could not be translated."] if failed else []
        remarks = [*said, *remarks]
        remarks += [f"{visit_name(t.source)}: {remark}" for t in translations for remark in t.remarks]
        decisions: list[str] = [t.decision for t in translations if t.image]
        counts: dict[str, int] = {
            name: decisions.count(name) for name in ("go", "caution", "stop", "not judged") if name in decisions
        }
        if "stop" in counts:
            remarks.append(
                f"{counts['stop']} of {len(decisions)} translated images are not usable, the quality gate says stop; "
                "they are counted in all results."
            )
        how = design_sentence(self.source, self.target, self.model, self.network, len(translations), self.how())
        provenance = Provenance(
            job=self.kind,
            parameters=self.model_dump(mode="json", exclude={"out", "workers", "scheduler"}),
            inputs=[FileRecord.of(self.cohort)],
            measures={
                "gate": counts,
                "preservation": [count.model_dump(exclude={"warnings"}) for count in compared.roles],
                "outcome": [found.model_dump() for found in predicted.performances],
            },
            warnings=[*remarks, *compared.warnings, *predicted.warnings],
        )
        with write_results(self.out, "study.json", provenance) as results:
            write_translations(translations, results.place("translations.tsv"))
            findings = Findings(how, remarks, translations, counts, compared, predicted, self.out)
            write_report(findings, results.place("report.html"))
        return Studied(
            report=self.out / "report.html",
            cohort=table,
            translations=self.out / "translations.tsv",
            summary=self.out / "study.json",
            preservation=compared,
            outcome=predicted,
            gate=counts,
            images=len(translations),
            failed=failed + compared.failed,
            warnings=[*remarks, *dict.fromkeys([*compared.warnings, *predicted.warnings])],
        )

    def how(self) -> str:
        """Say how it was kept from translating what its translator had learned from."""
        if self.model is not None:
            whom = "none of these subjects, as the user states" if self.all_unseen else "other splits than 'test'"
            return f"the finished model was trained on {whom}"
        if self.frozen:
            return "one translator learned from the split 'train' and translated the split 'test'"
        return (
            f"{self.folds} translators, each of which learned from the other folds' subjects only: nobody was "
            "translated by one that had learned from them"
        )


def _files(row: CohortRow) -> list[Path]:
    return [file for file in (row.image, row.mask) if file]


def _files_of(table: Path) -> list[Path]:
    return [table, *dict.fromkeys(file for row in read_cohort(table).rows for file in _files(row))]
