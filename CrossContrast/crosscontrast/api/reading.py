"""Reader studies: plan one, analyse its answers. Readers answer in the browser or in Slicer."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from crosscontrast.api.jobs import made
from crosscontrast.progress import Progress, silent

if TYPE_CHECKING:
    from crosscontrast.reading.jobs import AnalysisResult, PlanResult


def plan_study(
    study: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    force: bool = False,
    progress: Progress = silent,
) -> "PlanResult":
    """Plan a reader study: who reads what when, and blinded copies of all images.

    Parameters
    ----------
    study : str or path
        ``STUDY.yaml``: arms, readers, design and questions (``crosscontrast reader example`` writes one to change).
    out : str or path
        New folder for the plan and the blinded images. It holds the key: keep ``plan.json`` from readers.
    force : bool, default False
        Plan even where subjects lack the image of an arm, or have voxels of another size than the others.
    progress : callable, optional
        Called as ``progress(done, total, message)``.

    Returns
    -------
    PlanResult
        The plan file, its SHA-256 fingerprint, and how many readings each reader has in each session.

    Raises
    ------
    CrossContrastError
        Naming the line of the study or cohort that cannot be used, and for a folder that is not empty; where no case
        is positive.

    Examples
    --------
    >>> from crosscontrast.synthesis.phantom.write import write_phantoms
    >>> table = write_phantoms("prostate", Path("cases"), subjects=2, size=16)
    >>> _ = Path("STUDY.yaml").write_text('''
    ... title: Two arms
    ... seed: 7
    ... cohort: cases/cohort.tsv
    ... arms: [{name: mri, role: t2w}, {name: ultrasound, role: us}]
    ... readers: [a]
    ... questions: [{id: realism, kind: likert, text: 'How realistic?', labels: [not, fully]}]
    ... ''')
    >>> plan_study("STUDY.yaml", "planned").readings
    4
    """
    from crosscontrast.reading.jobs import PlanStudy

    return PlanStudy(study=Path(study).resolve(), out=Path(out).resolve(), force=force).run(progress)


def analyze_study(
    study: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    database: str | None = None,
    resamples: int = 1000,
    progress: Progress = silent,
) -> "AnalysisResult":
    """Analyse the answers of a reader study: distributions, agreement, Turing test, ROC curves, comparison of arms.

    Parameters
    ----------
    study : str or path
        Folder that :func:`plan_study` made.
    out : str or path
        Folder for the report, tables and plots.
    database : str, optional
        SQLAlchemy URL of the answers. Default: ``answers.sqlite`` in the study's folder.
    resamples : int, default 1000
        Bootstrap samples behind every interval, 100 or more.
    progress : callable, optional
        Called as ``progress(done, total, message)``.

    Returns
    -------
    AnalysisResult
        The report, the files beside it, and how many of the readings were answered.

    Raises
    ------
    CrossContrastError
        For a folder without a plan, a plan that was changed since, and where there are no answers.

    References
    ----------
    DeLong et al., Biometrics 44:837, 1988; Obuchowski and Rockette, Commun Stat Simul Comput 24:285, 1995.

    Examples
    --------
    >>> analyze_study("nowhere", "results")
    Traceback (most recent call last):
    crosscontrast.errors.BadInputError: ...
    """
    from crosscontrast.reading.jobs import AnalyzeStudy

    return made(AnalyzeStudy, study=Path(study), out=Path(out), database=database, resamples=resamples).run(progress)
