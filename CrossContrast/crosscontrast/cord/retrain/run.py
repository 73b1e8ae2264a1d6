"""A retraining from its start to its verdict; every part that is done is not done again."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from crosscontrast.cord.evaluation.measures import CaseScores
from crosscontrast.cord.retrain.candidate import check_base, train_candidate
from crosscontrast.cord.retrain.figures import compare
from crosscontrast.cord.retrain.files import Outcome, Plan, RetrainFiles
from crosscontrast.cord.retrain.gate import judge
from crosscontrast.cord.retrain.material import TEST, TRAINING, collect
from crosscontrast.cord.retrain.report import write_report
from crosscontrast.cord.retrain.settings import RetrainSettings
from crosscontrast.corrections.dataset import CorrectionDataset
from crosscontrast.corrections.documents import read_document, write_document
from crosscontrast.errors import BadInputError, ModelError
from crosscontrast.ground.cohort import read_cohort
from crosscontrast.ground.files import make_folder, staging_folder
from crosscontrast.models.find import find_model
from crosscontrast.models.library import ModelEntry, ModelLibrary
from crosscontrast.progress import Progress


def find_base(request: str, out: Path, library: ModelLibrary) -> ModelEntry:
    """Return the model that is asked for; a bare name means the version that a retraining in ``out`` began with.

    The current version may be another one by now: the candidate itself, once it was accepted.
    """
    files = RetrainFiles(out)
    if files.plan.exists():
        begun = read_document(Plan, files.plan).base
        if request == begun.name:
            return library.find(f"{begun.name}@{begun.version}")
    entry = find_model(request, "segmentation", library=library)
    if not entry.version:
        raise BadInputError(
            f"{request} is in no model library, so its retrained model could not become its next version.",
            f"crosscontrast models add {request} --name NAME, and begin with NAME",
        )
    return entry


def prepare(
    dataset: CorrectionDataset,
    base: ModelEntry,
    settings: RetrainSettings | None,
    out: Path,
    *,
    freeze: bool = False,
) -> Plan:
    """Decide what the retraining in ``out`` learns from, or return what was decided there earlier.

    ``freeze`` is that of :func:`~crosscontrast.cord.retrain.material.collect`.

    Raises :class:`BadInputError` where ``out`` is a retraining of something else, with other settings, or in use.
    """
    files = RetrainFiles(out)
    record = base.record()
    if files.plan.exists():
        plan = read_document(Plan, files.plan)
        other = (plan.dataset, plan.base) != (dataset.folder, record) or settings not in (None, plan.settings)
        if other:
            raise BadInputError(
                f"{out} holds a retraining of {plan.base.name}@{plan.base.version} on {plan.dataset}, begun with other "
                "settings or another model.",
                "give a new folder",
            )
        return plan
    # What a call leaves that was killed before its plan was written is made anew.
    begun = {TRAINING, TEST, files.models.name}
    if out.exists() and any(p.name not in begun and not p.name.startswith(".part-") for p in out.iterdir()):
        raise BadInputError(f"{out} is neither empty nor a retraining.", "give a new folder")
    check_base(base)
    settings = settings or RetrainSettings()
    with staging_folder(make_folder(out)) as staging:
        material = collect(dataset, staging, seed=settings.seed, freeze=freeze)
    _copy_base(base, files)
    plan = Plan(
        dataset=dataset.folder,
        base=record,
        settings=settings,
        training=material.training,
        test=material.test,
        revisions=material.revisions,
    )
    write_document(files.plan, plan)
    return plan


def learn(plan: Plan, out: Path, *, device: str, max_minutes: float | None, progress: Progress) -> bool:
    """Train the candidate; return whether that is finished."""
    files = RetrainFiles(out)
    table = out / TRAINING
    return train_candidate(
        _base_copy(plan, files),
        table,
        (len(plan.training), len(read_cohort(table).subjects())),
        plan.settings,
        files.training,
        files.candidate,
        device=device,
        max_minutes=max_minutes,
        progress=progress,
    )


def conclude(
    plan: Plan, out: Path, cases: Sequence[CaseScores], learnt: Sequence[CaseScores], pictures: Mapping[str, Path]
) -> Outcome:
    """Judge both models and write verdict and report.

    ``cases`` are the test images by both models, ``learnt`` those of the training; ``pictures`` are by caption.
    """
    files = RetrainFiles(out)
    limits = plan.settings.limits
    figures = compare(cases, limits.right_within_mm2, limits.right_dice, learnt)
    outcome = Outcome(verdict=judge(figures, limits), figures=figures)
    if files.outcome.exists():
        decided = read_document(Outcome, files.outcome)
        outcome = outcome.model_copy(update={"model": decided.model, "kept_aside": decided.kept_aside})
    write_report(plan, outcome, cases, pictures, files.training / "log.csv", files.report)
    write_document(files.outcome, outcome)
    return outcome


def accept(out: Path, *, anyway: bool = False, library: ModelLibrary | None = None) -> ModelEntry:
    """Make the candidate in ``out`` the next and current version of its base model in the library, once.

    Raises :class:`ModelError` with the reasons where the gate refused it, unless ``anyway``, and
    :class:`BadInputError` where there is no finished retraining.
    """
    files, library = RetrainFiles(out), library or ModelLibrary()
    outcome, plan = _finished(files), read_document(Plan, files.plan)
    if outcome.model:
        return library.find(outcome.model)
    if not (outcome.verdict.passed or anyway):
        raise ModelError(f"The candidate in {out} is kept aside: {' '.join(outcome.verdict.reasons)}")
    entry = library.add(files.candidate, plan.base.name)
    write_document(files.outcome, outcome.model_copy(update={"model": str(entry), "kept_aside": False}))
    return entry


def keep_aside(out: Path) -> None:
    """Remember that the candidate in ``out`` shall not come into the library; :func:`accept` can still change that.

    Raises :class:`BadInputError` where there is no finished retraining.
    """
    files = RetrainFiles(out)
    outcome = _finished(files)
    if outcome.model is None:
        write_document(files.outcome, outcome.model_copy(update={"kept_aside": True}))


def _finished(files: RetrainFiles) -> Outcome:
    if not files.outcome.exists():
        raise BadInputError(f"{files.folder} holds no finished retraining.")
    return read_document(Outcome, files.outcome)


def _copy_base(base: ModelEntry, files: RetrainFiles) -> None:
    """Keep the base model with the retraining, so that figures can be made again when the library has moved on."""
    shutil.copytree(base.folder, files.base, dirs_exist_ok=True)


def _base_copy(plan: Plan, files: RetrainFiles) -> ModelEntry:
    """The copied base model under its own name."""
    return ModelEntry(
        plan.base.name, plan.base.version, files.base, shipped=False, current=False, format="crosscontrast"
    )
