"""The benchmark itself: train or load each translator, translate the test subjects, measure."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
import torch

from crosscontrast.errors import BadInputError
from crosscontrast.ground.coverage import cover, covered
from crosscontrast.ground.images import read_image, write_image
from crosscontrast.ground.placement import bring_onto
from crosscontrast.models.find import newest_bundle, open_bundle
from crosscontrast.models.load import load_model
from crosscontrast.progress import Progress, part, silent
from crosscontrast.synthesis.benchmark.baselines import baselines
from crosscontrast.synthesis.benchmark.downstream import Judge
from crosscontrast.synthesis.benchmark.measures import measure
from crosscontrast.synthesis.benchmark.memory import PeakMemory
from crosscontrast.synthesis.benchmark.results import DICE, Cost, Row, Subject
from crosscontrast.synthesis.predict import open_predictor
from crosscontrast.synthesis.training.cases import read_pairs
from crosscontrast.synthesis.training.config import TrainingConfig
from crosscontrast.synthesis.training.export import export
from crosscontrast.synthesis.training.translator import train
from crosscontrast.training.settings import make_config
from crosscontrast.training.state import CHECKPOINT, read_checkpoint

#: Settings that decide nothing of what is learned, and the steps, which may be raised later.
_MAY_DIFFER = {"steps", "workers", "checkpoint_minutes", "validation_steps", "validation_minutes", "log_steps"}


@dataclass
class Found:
    """What a benchmark found so far."""

    rows: list[Row] = field(default_factory=list)
    costs: dict[str, Cost] = field(default_factory=dict)
    images: dict[str, dict[str, sitk.Image]] = field(default_factory=dict)
    data_range: float = 0.0


def run_benchmark(
    configs: Sequence[TrainingConfig],
    folder: Path,
    *,
    judge: Judge | None = None,
    data_range: float | None = None,
    device: torch.device | str = "cpu",
    progress: Progress = silent,
) -> tuple[Found, list[Subject]]:
    """Compare the translators of ``configs``, which differ in their network only, on the split ``test``.

    A network that is trained already in ``folder/networks/<name>`` is loaded, one that was interrupted goes on; one
    that was trained with other settings is refused.
    ``data_range`` is by default the range of the training targets inside their masks, one number for all subjects.
    Raises :class:`BadInputError` there, and where there is no test subject.
    """
    seen, subjects = (list(read_subjects(configs[0], split)) for split in ("train", "test"))
    if not subjects:
        raise BadInputError(f"{configs[0].cohort} has no pair in the split 'test'.")
    found = Found(data_range=data_range or _range(seen))
    for name, baseline in baselines(seen).items():
        for subject in subjects:
            _take(found, name, subject, baseline(subject.source, subject.target, subject.mask), judge)
    if judge is not None:
        for subject in subjects:
            found.rows.append(Row(method="real target", subject=subject.name, measures={DICE: judge.dice(subject)}))
    for number, config in enumerate(configs):
        report = part(progress, number / len(configs), (number + 1) / len(configs))
        _network(found, config, folder, subjects, judge, torch.device(device), report)
    return found, subjects


def read_subjects(config: TrainingConfig, split: str) -> Iterator[Subject]:
    """Yield the pairs of a split as they are on disk; without masks the whole image counts, where it was measured."""
    for row, partner in read_pairs(config, split):
        first, second = (covered(read_image(r.image), r.image.name) for r in (row, partner))
        target, source = second.image, cover(first, second.image, row.image.name)
        path = None if config.whole_image else partner.mask or row.mask
        mask = sitk.Cast(read_image(path) > 0, sitk.sitkUInt8) if path else _ones(target)
        mask = bring_onto(mask, target, linear=False)
        if source.resampled and not config.resample:
            raise BadInputError(f"{config.cohort}: the images of {row.subject} lie on different grids.")
        if source.everywhere and second.everywhere:
            yield Subject(row.subject, source.image, target, mask)
            continue
        measured = sitk.And(source.measured, second.measured)
        mask = sitk.And(mask, measured)
        if not sitk.GetArrayViewFromImage(mask).any():
            raise BadInputError(
                f"{config.cohort}: {row.image.name} was not measured anywhere in the mask of {row.subject}."
            )
        yield Subject(row.subject, source.image, target, mask, measured)


def _check_same(config: TrainingConfig, before: dict[str, Any], place: Path) -> None:
    trained = make_config(TrainingConfig, before, f"The settings of the training in {place}")
    compared = TrainingConfig.model_fields.keys() - _MAY_DIFFER
    changed = sorted(name for name in compared if getattr(trained, name) != getattr(config, name))
    if changed:
        raise BadInputError(
            f"The training in {place} had other settings: {', '.join(changed)}.", "give another folder, or remove it"
        )


def _network(
    found: Found,
    config: TrainingConfig,
    folder: Path,
    subjects: Sequence[Subject],
    judge: Judge | None,
    device: torch.device,
    progress: Progress,
) -> None:
    place = folder / "networks" / config.network
    trained = False
    with PeakMemory(device.type == "cuda") as memory:
        stored = read_checkpoint(place) if (place / CHECKPOINT).exists() else None
        if stored is not None:
            _check_same(config, stored["config"], place)
        if stored is None or stored["step"] < config.steps or newest_bundle(place) is None:

            def show(done: float, total: float, message: str) -> None:
                progress(0.9 * done / total, 1, f"{config.network}: {message}")

            state = train(config, place, resume=stored is not None, device=device, progress=show)
            export(config, state, place)
            trained = True
    entry = open_bundle(place)
    predictor = open_predictor(entry, device, "average" if config.slice_axis == "all" else "model")
    seconds = []
    for subject in subjects:
        started = time.perf_counter()
        (answer,) = predictor.predict([subject.source]).values()
        seconds.append(time.perf_counter() - started)
        answer = bring_onto(answer, subject.target)
        _take(found, config.network, subject, answer, judge)
        (folder / "images").mkdir(parents=True, exist_ok=True)
        write_image(answer, folder / "images" / f"{subject.name}_{config.network}.nii.gz")
    stored = read_checkpoint(place)
    found.costs[config.network] = Cost(
        train_minutes=stored["minutes"],
        seconds_per_volume=float(np.median(seconds)),
        peak_mib=_peak(place, memory.mib if trained else None),
        parameters=sum(value.numel() for value in load_model(entry).network.parameters()),
        steps=stored["step"],
    )


def _peak(place: Path, measured: float | None) -> float | None:
    """Keep the peak of a training beside it, so that it is known when the network is only loaded later."""
    path = place / "peak_mib.txt"
    if measured is not None:
        path.write_text(f"{measured:.1f}\n")
    return float(path.read_text()) if path.exists() else None


def _take(found: Found, method: str, subject: Subject, answer: sitk.Image, judge: Judge | None) -> None:
    """Measure one answer and keep it for the pictures."""
    measures = measure(subject.target, answer, subject.mask, found.data_range, subject.measured)
    if judge is not None:
        measures[DICE] = judge.dice(subject, answer)
    found.rows.append(Row(method=method, subject=subject.name, measures=measures))
    found.images.setdefault(subject.name, {})[method] = answer


def _range(subjects: Sequence[Subject]) -> float:
    """Return the range of the targets inside their masks, without a thousandth of the voxels at either end."""
    values = [sitk.GetArrayFromImage(s.target)[sitk.GetArrayViewFromImage(s.mask) > 0] for s in subjects]
    low, high = np.quantile(np.concatenate(values), [0.001, 0.999])
    return float(high - low)


def _ones(image: sitk.Image) -> sitk.Image:
    ones = sitk.Image(image.GetSize(), sitk.sitkUInt8) + 1
    ones.CopyInformation(image)
    return ones
