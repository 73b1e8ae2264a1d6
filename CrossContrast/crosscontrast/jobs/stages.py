"""Long work in stages: what was done before from the same input is not done again."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from crosscontrast.ground.files import atomic_write, make_folder, sha256
from crosscontrast.jobs.job import Job, JobResult
from crosscontrast.jobs.registry import result_class
from crosscontrast.progress import Progress
from crosscontrast.version import __version__

#: How a job is run, which its result does not depend on.
_HOW = {"workers", "scheduler"}


class Stages:
    """Keeps the results of finished jobs in a folder, so that work that was killed goes on where it was.

    A stage is known again by its name, the job's parameters, the content of its input files and our version, and only
    while the files that its result names exist.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def run(self, name: str, job: Job, inputs: Sequence[Path], progress: Progress) -> JobResult:
        """Return the kept result of a job, or run it and keep its result."""
        found = self.recall(name, job, inputs)
        if found is None:
            found = job.run(progress)
            self.keep(name, job, inputs, found)
        progress(1, 1, f"{name} done")
        return found

    def recall(self, name: str, job: Job, inputs: Sequence[Path]) -> JobResult | None:
        """Return the kept result; ``None`` where there is none, it is damaged, or it came from something else."""
        try:
            kept = json.loads(self._file(name).read_text(encoding="utf-8"))
            if kept["key"] != stage_key(job, inputs):
                return None
            result = result_class(type(job)).model_validate(kept["result"])
        except (OSError, ValueError, KeyError, TypeError, ValidationError):
            return None
        return result if all(path.exists() for path in _paths(result.model_dump())) else None

    def keep(self, name: str, job: Job, inputs: Sequence[Path], result: JobResult) -> None:
        """Keep a result; raises :class:`crosscontrast.errors.OutputError`."""
        make_folder(self._folder)
        content = {"key": stage_key(job, inputs), "result": result.model_dump(mode="json")}
        with atomic_write(self._file(name)) as temporary:
            temporary.write_text(json.dumps(content, indent=1), encoding="utf-8")

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.json"


def stage_key(job: Job, inputs: Sequence[Path]) -> str:
    """Return the SHA-256 of all that a job's result depends on; ``inputs`` are files or folders, by their content."""
    parts = {
        "version": __version__,
        "kind": job.kind,
        "parameters": job.model_dump(mode="json", exclude=_HOW),
        "inputs": [sha256(path) for path in inputs],
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _paths(value: Any) -> Iterator[Path]:
    if isinstance(value, Path):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _paths(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _paths(part)
