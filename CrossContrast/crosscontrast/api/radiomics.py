"""Radiomic features: of an image that is in memory, and which of them survive a translation."""

import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crosscontrast.api.jobs import made
from crosscontrast.ground.arrays import ImageLike, as_image
from crosscontrast.ground.images import ImageWarning
from crosscontrast.progress import Progress, silent

if TYPE_CHECKING:
    from crosscontrast.radiomics.preservation.jobs import Compared


def extract_features(
    image: ImageLike,
    mask: ImageLike,
    *,
    label: int | None = None,
    threshold: float | None = None,
    settings: Mapping[str, Any] | None = None,
) -> dict[str, float]:
    """Compute the radiomic features of a region of an image.

    Parameters
    ----------
    image : SimpleITK.Image or ArrayImage
        A 3-D image; as an array ``[i, j, k]`` with an affine to RAS+ millimetres.
    mask : SimpleITK.Image or ArrayImage
        The region, on the image's grid (axes in another order or direction are brought into the image's).
    label : int, optional
        The value of the region in a mask with several labels.
    threshold : float, optional
        The value from which on a voxel of a soft mask belongs to the region.
    settings : mapping, optional
        Further fields of :class:`crosscontrast.radiomics.extraction.settings.ExtractionSettings`: ``backend``
        (``ibsi``, default, ``pyradiomics`` or ``mirp``), ``classes``, ``bin_count`` (default 32) or ``bin_width``,
        ``spacing`` (mm along i, j, k), ``resegment`` (lowest and highest intensity), ``outliers`` (standard
        deviations), ``aggregation`` (``3D``, ``2.5D`` or ``2D``), ``normalise`` (``none`` or ``zscore``), ``filters``.

    Returns
    -------
    dict of str to float
        Feature -> value, named ``<image>_<class>_<feature>``.

    Raises
    ------
    CrossContrastError
        For a mask on another grid, soft or with several labels where nothing says what is meant, empty, or of a single
        voxel; a region that is constant or not finite; settings that do not fit; a library that is not installed.

    Warns
    -----
    ImageWarning
        Where voxels outside the region are NaN or infinite (they take the smallest value).

    References
    ----------
    PyRadiomics: van Griethuysen et al., Cancer Res 77:e104, 2017. IBSI: Zwanenburg et al., Radiology 295:328, 2020.

    Examples
    --------
    >>> import numpy as np
    >>> values = np.random.default_rng(0).normal(100, 10, (12, 12, 12))
    >>> ball = np.linalg.norm(np.indices(values.shape) - 5.5, axis=0).reshape(values.shape) < 4
    >>> found = extract_features((values, np.eye(4)), (ball, np.eye(4)), settings={"classes": ("statistics",)})
    >>> bool(np.isclose(found["original_statistics_mean"], values[ball].mean()))
    True
    """
    from crosscontrast.radiomics.extraction.backend import find_backend
    from crosscontrast.radiomics.extraction.case import case_features
    from crosscontrast.radiomics.extraction.settings import ExtractionSettings
    from crosscontrast.radiomics.settings_file import SettingsFile

    chosen = {"label": label, "threshold": threshold}
    fitting = SettingsFile(None).section("extraction", ExtractionSettings, dict(settings or {}) | chosen)
    if fitting.filters or fitting.options:
        find_backend(fitting.backend).check(fitting)
    found = case_features(as_image(image), as_image(mask), fitting)
    for remark in found.remarks:
        warnings.warn(f"The image: {remark}", ImageWarning, stacklevel=2)
    return found.values


def compare_features(
    cohort: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    reference: str,
    tests: Sequence[str],
    extraction: Mapping[str, Any] | None = None,
    settings: Mapping[str, Any] | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    progress: Progress = silent,
) -> "Compared":
    """Say which radiomic features of real images survive in translated ones, over a cohort.

    Parameters
    ----------
    cohort : str or path
        Cohort table (see :func:`read_cohort`) with images of the roles and masks.
    out : str or path
        Folder for ``report.html``, ``preservation.tsv`` and ``.json``, ``features.tsv`` and ``checklists.tsv``.
        Extracted features are kept in it, so that a run that was stopped goes on.
    reference : str
        Role of the real images.
    tests : sequence of str
        Roles of the translated images.
    extraction : mapping, optional
        Settings of the extraction, as ``settings`` of :func:`extract_features`; ``label`` and ``threshold`` too.
    settings : mapping, optional
        Fields of :class:`crosscontrast.radiomics.preservation.settings.PreservationSettings`, the rule among them.
    workers : int, default 1
        Processes of this machine to extract with.
    scheduler : str, optional
        Address of a Dask scheduler to extract on instead, ``tcp://host:8786``.
    progress : callable, optional
        Called as ``progress(done, total, message)``.

    Returns
    -------
    Compared
        The files, ``rule`` in words, and per role how many features were preserved of how many.

    Raises
    ------
    CrossContrastError
        For a table or settings that cannot be used, and where no subject has features of both roles. An image that
        cannot be used is a row with its reason instead, counted in ``failed``.

    References
    ----------
    ICC: Koo and Li, J Chiropr Med 15:155, 2016. False discovery rate: Benjamini and Hochberg, J R Stat Soc B 57:289,
    1995.

    Examples
    --------
    >>> from crosscontrast.synthesis.phantom.write import write_phantoms
    >>> table = write_phantoms("prostate", Path("prostates"), subjects=4, size=16)
    >>> found = compare_features(table, "compared", reference="t2w", tests=["us"],
    ...                          extraction={"classes": ("statistics",)}, settings={"resamples": 100})
    >>> found.images, found.roles[0].subjects, found.report.exists()
    (8, 4, True)
    """
    from crosscontrast.radiomics.extraction.settings import ExtractionSettings
    from crosscontrast.radiomics.preservation.jobs import ComparePreservation
    from crosscontrast.radiomics.preservation.settings import PreservationSettings
    from crosscontrast.radiomics.settings_file import SettingsFile

    file = SettingsFile(None)
    job = made(
        ComparePreservation,
        cohort=Path(cohort),
        out=Path(out),
        reference=reference,
        tests=tuple(tests),
        extraction=file.section("extraction", ExtractionSettings, extraction),
        settings=file.section("preservation", PreservationSettings, settings),
        workers=workers,
        scheduler=scheduler,
    )
    return job.run(progress)
