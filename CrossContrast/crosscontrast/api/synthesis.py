"""Translators: train one on a cohort, translate an image that is in memory."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from crosscontrast.api.jobs import made
from crosscontrast.errors import BadInputError
from crosscontrast.ground.arrays import ImageT, as_image, like
from crosscontrast.ground.images import clean_intensities
from crosscontrast.progress import Progress, silent

if TYPE_CHECKING:
    from crosscontrast.synthesis.training.jobs import TrainTranslatorResult


def train_translator(
    cohort: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    network: str,
    source: str,
    target: str,
    steps: int = 2000,
    settings: Mapping[str, Any] | None = None,
    resume: bool = False,
    force: bool = False,
    max_minutes: float | None = None,
    device: str = "auto",
    progress: Progress = silent,
) -> "TrainTranslatorResult":
    """Train a network that translates images of one role of a cohort into another.

    Parameters
    ----------
    cohort : str or path
        Cohort table (see :func:`read_cohort`); its splits ``train`` and ``validation`` are used.
    out : str or path
        Folder of the training: log, checkpoint, pictures and the model's bundle.
    network : str
        ``pix2pix2d``, ``unet3d``, ...: ``crosscontrast synth train --help`` names all.
    source, target : str
        Roles of the cohort, such as ``"us"`` and ``"t2w"``.
    steps : int, default 2000
        Optimiser steps.
    settings : mapping, optional
        Further fields of :class:`crosscontrast.synthesis.training.config.TrainingConfig`, such as ``{"batch": 4}``.
    resume : bool, default False
        Go on with the training in ``out`` with its own settings, up to ``steps``; begin one where there is none.
    force : bool, default False
        Train even where images of the cohort do not fit together: another unit, other voxels, a missing partner.
    max_minutes : float, optional
        Stop after so many minutes; the training can be resumed.
    device : str, default "auto"
        ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
    progress : callable, optional
        Called as ``progress(done, total, message)``.

    Returns
    -------
    TrainTranslatorResult
        ``model`` is the bundle's folder, which :func:`translate` takes, ``step`` the step reached.

    Raises
    ------
    CrossContrastError
        Naming the table, file or setting that cannot be used, and for a training that is there already.

    Examples
    --------
    >>> from crosscontrast.synthesis.phantom.write import write_phantoms
    >>> table = write_phantoms("prostate", Path("phantoms"), subjects=12, size=16)
    >>> small = {"patch": (16, 16, 16), "width": 4, "batch": 2, "validation_steps": 0}
    >>> done = train_translator(table, "run", network="unet3d", source="us", target="t2w", steps=1, device="cpu",
    ...                         settings=small)
    >>> done.step
    1
    """
    from crosscontrast.synthesis.training.config import TrainingConfig
    from crosscontrast.synthesis.training.jobs import TrainTranslator
    from crosscontrast.training.settings import make_config

    given = {"cohort": Path(cohort), "network": network, "source": source, "target": target, "steps": steps}
    config = make_config(TrainingConfig, given | dict(settings or {}))
    job = made(
        TrainTranslator,
        out=Path(out),
        settings=config,
        resume=resume,
        force=force,
        more={"steps": steps} if resume else {},
        max_minutes=max_minutes,
        device=device,
    )
    return job.run(progress)


def translate(
    image: ImageT,
    model: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    device: str = "auto",
    axis: str = "model",
    uncertainty: bool = False,
    samples: int = 8,
    progress: Progress = silent,
) -> dict[str, ImageT]:
    """Translate an image into another contrast or modality, on its own grid.

    The quality gate is not asked here: the job ``image.translate`` (:func:`run_job`) and the command ask it.

    Parameters
    ----------
    image : SimpleITK.Image or ArrayImage
        A 3-D image of any orientation and spacing; as an array ``[i, j, k]`` with an affine to RAS+ millimetres.
    model : str or path, or several
        Name in the model library, folder of a bundle, or folder of a training. The answers of several are averaged.
    device : str, default "auto"
        ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
    axis : str, default "model"
        For networks of slices, the array axis to slide along: ``0`` (k), ``1`` (j), ``2`` (i), ``average`` of all
        three, or the model's own; the model's orientation comes first.
    uncertainty : bool, default False
        Add maps of how far answers spread (of ``samples`` passes with dropout, or of several models), and the cycle
        error where the model has a way back.
    samples : int, default 8
        Passes with dropout, two or more.
    progress : callable, optional
        Called as ``progress(done, total, message)``.

    Returns
    -------
    dict of str to SimpleITK.Image or ArrayImage
        Output of the model -> image, float32, in the kind of image that was given; with ``uncertainty`` also
        ``<output>_uncertainty`` (standard deviation in the output's unit) and ``cycle``.

    Raises
    ------
    CrossContrastError
        For an image that is constant or not 3-D, a model that is not there or no translator, and an ``uncertainty``
        that the model cannot give.

    References
    ----------
    Dropout as uncertainty: Gal and Ghahramani, ICML 2016.

    Examples
    --------
    >>> from crosscontrast.synthesis.phantom.write import write_phantoms
    >>> table = write_phantoms("prostate", Path("pairs"), subjects=12, size=16)
    >>> small = {"patch": (16, 16, 16), "width": 4, "batch": 2, "validation_steps": 0}
    >>> done = train_translator(table, "translator", network="unet3d", source="us", target="t2w", steps=1, device="cpu",
    ...                         settings=small)
    >>> us = read_image("pairs/sub-001_us.nii.gz")
    >>> answer = translate(us, done.model, device="cpu")
    >>> {name: image.GetSize() for name, image in answer.items()}
    {'t2w': (16, 16, 16)}
    """
    from crosscontrast.ground.device import choose_device
    from crosscontrast.models.find import find_model
    from crosscontrast.synthesis.predict import Axis
    from crosscontrast.synthesis.translate import Request, translate_image

    if axis not in get_args(Axis):
        raise BadInputError(f"There is no axis {axis!r}.", f"use {', '.join(get_args(Axis))}")
    models = [str(name) for name in ([model] if isinstance(model, str | os.PathLike) else model)]
    if not models:
        raise BadInputError("No model is given.")
    volume = clean_intensities(as_image(image), "The image")
    request = Request(models, device, axis, uncertainty, samples)  # type: ignore[arg-type]
    found = translate_image(
        volume, [find_model(name, "translation") for name in models], choose_device(device), request, progress
    )
    return {name: like(made, image) for name, made in found.items()}
