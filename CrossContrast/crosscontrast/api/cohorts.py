"""Whole cohorts of cords: compare models, retrain one on corrections."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crosscontrast.api.jobs import made
from crosscontrast.progress import Progress, silent

if TYPE_CHECKING:
    from crosscontrast.cord.evaluation.jobs import EvaluationResult
    from crosscontrast.cord.retrain.jobs import RetrainResult


def evaluate_cord(
    cohort: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    models: Sequence[str] = ("softcord",),
    reference_mask: bool = False,
    levels: tuple[int, int] | None = None,
    slices: tuple[int, int] | None = None,
    device: str = "auto",
    workers: int = 1,
    scheduler: str | None = None,
    progress: Progress = silent,
) -> "EvaluationResult":
    """Segment a cohort's cords by one or several models and compare them: areas across contrasts, errors against masks.

    Parameters
    ----------
    cohort : str or path
        Cohort table (see :func:`read_cohort`); the role is the contrast, the mask may be missing.
    out : str or path
        Folder for tables, pictures, report and segmentations; what is in it already is not segmented again.
    models : sequence of str, default ("softcord",)
        Names in the model library.
    reference_mask : bool, default False
        Measure the table's masks like one more method.
    levels, slices : (int, int), optional
        First and last vertebral level, or slice from the bottom, to average areas over. Levels need the table's column
        ``levels`` or ``discs``. Default: the whole cord in the image.
    device : str, default "auto"
        ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
    workers : int, default 1
        Processes of this machine.
    scheduler : str, optional
        Address of a Dask scheduler to work on instead, ``tcp://host:8786``.
    progress : callable, optional
        Called as ``progress(done, total, message)``.

    Returns
    -------
    EvaluationResult
        The files, and how many cases were measured, taken over and failed.

    Raises
    ------
    CrossContrastError
        For a table, model or region that cannot be used. An image that cannot be used is a row with its reason.

    References
    ----------
    Standard deviation of CSA across contrasts: Bédard et al. 2023, arXiv 2310.15402.

    Examples
    --------
    >>> from crosscontrast.cord.phantom import CordPhantom
    >>> phantom = CordPhantom(size=(40, 40, 24), spacing=(2.0, 2.0, 3.0))
    >>> write_image(phantom.image("T2w"), "sub-01_T2w.nii.gz")
    >>> write_image(phantom.soft_truth(), "sub-01_mask.nii.gz")
    >>> row = CohortRow(subject="sub-01", role="T2w", image=Path("sub-01_T2w.nii.gz"), mask=Path("sub-01_mask.nii.gz"))
    >>> write_cohort(Path("cords.tsv"), [row])
    >>> found = evaluate_cord("cords.tsv", "evaluated", device="cpu")
    >>> found.cases, found.failed, found.report.exists()
    (1, 0, True)
    """
    from crosscontrast.cord.evaluation.jobs import EvaluateCohort
    from crosscontrast.cord.evaluation.region import Region

    job = made(
        EvaluateCohort,
        cohort=Path(cohort),
        out=Path(out),
        models=tuple(models),
        reference_mask=reference_mask,
        region=Region(levels=levels, slices=slices),
        device=device,
        workers=workers,
        scheduler=scheduler,
    )
    return job.run(progress)


def retrain_cord(
    dataset: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    base: str = "softcord",
    settings: Mapping[str, Any] | None = None,
    accept: bool = True,
    freeze: bool = False,
    max_minutes: float | None = None,
    device: str = "auto",
    workers: int = 1,
    progress: Progress = silent,
) -> "RetrainResult":
    """Retrain a cord model on the corrections of a dataset and judge the candidate on subjects that it never saw.

    Parameters
    ----------
    dataset : str or path
        A :class:`CorrectionDataset` with corrections of two subjects or more, and with test subjects
        (``freeze_test_subjects``).
    out : str or path
        Folder of the retraining; the same call on the same folder goes on where it was stopped.
    base : str, default "softcord"
        Model of the library to begin with.
    settings : mapping, optional
        Fields of :class:`crosscontrast.cord.retrain.settings.RetrainSettings`, such as ``{"steps": 800}``. Default:
        those of the retraining in ``out``, or the defaults, which take ten to twenty minutes on one CPU core.
    accept : bool, default True
        Make a candidate that passes the gate the next version of ``base``. Otherwise it is kept aside in ``out``.
    freeze : bool, default False
        Where the dataset has no test subjects yet, fix a fifth of its subjects for good, by lot.
    max_minutes : float, optional
        Stop training after so many minutes; the result then says ``finished=False``.
    device : str, default "auto"
        ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
    workers : int, default 1
        Processes of this machine to measure with.
    progress : callable, optional
        Called as ``progress(done, total, message)``.

    Returns
    -------
    RetrainResult
        ``passed`` and ``reasons`` are the gate's verdict, ``model`` the accepted version, ``report`` the HTML report.

    Raises
    ------
    CrossContrastError
        For too few corrections, a model that cannot be retrained, and wrong settings.

    Examples
    --------
    >>> dataset = CorrectionDataset.create(Path("corrections"))
    >>> retrain_cord("corrections", "retrained")
    Traceback (most recent call last):
    crosscontrast.errors.BadInputError: ...
    """
    from crosscontrast.cord.retrain.jobs import RetrainCord
    from crosscontrast.cord.retrain.settings import RetrainSettings
    from crosscontrast.radiomics.settings_file import SettingsFile

    job = made(
        RetrainCord,
        dataset=Path(dataset),
        out=Path(out),
        base=base,
        settings=None if settings is None else SettingsFile(None).section("retraining", RetrainSettings, settings),
        accept=accept,
        freeze=freeze,
        max_minutes=max_minutes,
        device=device,
        workers=workers,
    )
    return job.run(progress)
