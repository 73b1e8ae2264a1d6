"""Jobs by their names: everything that the command line does to files, from Python."""

from typing import Any, TypeVar

from pydantic import ValidationError

from crosscontrast.errors import BadInputError, faults_of
from crosscontrast.jobs.job import Job, JobResult
from crosscontrast.jobs.registry import parse_job
from crosscontrast.progress import Progress, silent

JobT = TypeVar("JobT", bound=Job)


def make_job(kind: str, **parameters: Any) -> Job:
    """Make a job, for :func:`map_jobs` or to run it later with ``job.run(progress)``.

    Parameters
    ----------
    kind : str
        Such as ``"cord.segment"``, ``"cord.csa"``, ``"image.translate"``; :data:`crosscontrast.jobs.registry.JOBS` has
        all.
    **parameters
        The job's own, as its class documents them; paths may be strings.

    Returns
    -------
    Job
        Frozen, and checked.

    Raises
    ------
    CrossContrastError
        For an unknown kind, and naming every parameter that does not fit.

    Examples
    --------
    >>> make_job("cord.segment", image="sub-01_T2w.nii.gz", out="results").threshold
    0.5
    >>> make_job("cord.segment", image="sub-01_T2w.nii.gz")
    Traceback (most recent call last):
    crosscontrast.errors.BadInputError: The parameters of the job 'cord.segment' do not fit: out: field required.
    """
    return parse_job(kind, parameters)


def run_job(kind: str, *, progress: Progress = silent, **parameters: Any) -> JobResult:
    """Run a job here and return its result; its files appear together or not at all, with a provenance sidecar.

    Parameters
    ----------
    kind : str
        As of :func:`make_job`.
    progress : callable, optional
        Called as ``progress(done, total, message)``.
    **parameters
        The job's own, as its class documents them; paths may be strings.

    Returns
    -------
    JobResult
        Paths and numbers; ``warnings`` say what was unusual.

    Raises
    ------
    CrossContrastError
        What :func:`make_job` raises, and what the job raises, naming the file and the reason.

    Examples
    --------
    >>> from crosscontrast.cord.phantom import CordPhantom
    >>> write_image(CordPhantom(size=(48, 48, 24), spacing=(1.0, 1.0, 2.0)).soft_truth(), "truth.nii.gz")
    >>> done = run_job("cord.csa", seg="truth.nii.gz", out="areas")
    >>> done.table.name, done.slices
    ('truth_csa.csv', 24)
    """
    return make_job(kind, **parameters).run(progress)


def made(kind: type[JobT], **parameters: Any) -> JobT:
    """Make a job of this class; raises :class:`BadInputError` naming every parameter that does not fit."""
    try:
        return kind(**parameters)
    except ValidationError as error:
        raise BadInputError(f"The arguments do not fit: {faults_of(error)}.") from error
