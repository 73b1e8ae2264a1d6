"""Running jobs from commands: what every command that runs one job, or one per image, does alike."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

from crosscontrast.cli.console import BAD_INPUT, Console
from crosscontrast.ground.files import output_folder
from crosscontrast.jobs.job import Job, JobResult
from crosscontrast.jobs.mapping import map_jobs
from crosscontrast.progress import Progress

Result = TypeVar("Result", bound=JobResult)


def run_job(console: Console, run: Callable[[Progress], Result], label: str, out: Path | None = None) -> Result:
    """Run one job, print its warnings and, for programs, its result; the command then tells people about it.

    A folder ``out`` that nothing was written to is removed again.
    """
    with _work(console, label, out) as progress:
        result = run(progress)
    console.warn(result.warnings)
    console.result(result.model_dump(mode="json"))
    return result


def run_batch(
    console: Console,
    jobs: Sequence[Job],
    images: Sequence[Path],
    out: Path,
    *,
    label: str,
    tell: Callable[[Path, Any], None],
    workers: int = 1,
    scheduler: str | None = None,
    noun: str = "image",
) -> None:
    """Run the job of every image; ``tell`` says an image's result to people.

    ``noun`` is what ``images`` are, where a job takes something else than one image, such as all those of a subject.
    An image that cannot be used is one sentence on stderr, the others are done, and the program then exits with code 2.
    With ``--json`` the results stand in one list in the order of the images, errors among them.
    """
    documents: list[dict[str, Any]] = []
    failed = 0
    with _work(console, label, out) as progress:
        outcomes = map_jobs(jobs, workers=workers, scheduler=scheduler, progress=progress)
        for image, outcome in zip(images, outcomes, strict=True):
            if outcome.error is not None:
                failed += 1
                console.error(outcome.error, image)
                documents.append({noun: str(image), "error": outcome.error.as_data()})
                continue
            assert outcome.result is not None
            console.warn(outcome.result.warnings, image)
            tell(image, outcome.result)
            documents.append({noun: str(image), **outcome.result.model_dump(mode="json")})
    console.result(documents)
    if len(images) > 1:
        console.note(f"{len(images) - failed} of {len(images)} {noun}s done")
    if failed:
        console.code = BAD_INPUT


@contextmanager
def _work(console: Console, label: str, out: Path | None) -> Iterator[Progress]:
    with output_folder(out) if out else nullcontext(), console.progress(label) as progress:
        yield progress
