"""One job per image: what every command over many images does alike."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from crosscontrast.cli.console import BAD_INPUT, Console
from crosscontrast.ground.files import output_folder
from crosscontrast.jobs.job import Job
from crosscontrast.jobs.mapping import map_jobs


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
    with output_folder(out), console.progress(label) as progress:
        outcomes = map_jobs(jobs, workers=workers, scheduler=scheduler, progress=progress)
        for image, outcome in zip(images, outcomes, strict=True):
            if outcome.error is not None:
                failed += 1
                console.error(outcome.error)
                documents.append({noun: str(image), "error": outcome.error.as_data()})
                continue
            assert outcome.result is not None
            for warning in outcome.result.warnings:
                console.note(f"warning: {warning}")
            tell(image, outcome.result)
            documents.append({noun: str(image), **outcome.result.model_dump(mode="json")})
    console.result(documents)
    if len(images) > 1:
        console.note(f"{len(images) - failed} of {len(images)} {noun}s done")
    if failed:
        sys.exit(BAD_INPUT)
