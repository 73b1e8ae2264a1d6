"""Running one request to its answer: the same in a worker process and on a cluster."""

from crosscontrast.jobs.protocol import ErrorMessage, Request, ResultMessage, error_from
from crosscontrast.jobs.registry import parse_job, result_class
from crosscontrast.progress import Progress


def answer(request: Request, progress: Progress) -> ResultMessage | ErrorMessage:
    """Run the job that is asked for. Whatever goes wrong becomes an error message; only KeyboardInterrupt is raised."""
    try:
        job = parse_job(request.job, request.parameters)
        result = job.run(progress)
        expected = result_class(type(job))
        if type(result) is not expected:
            raise TypeError(f"{type(job).__name__}.run returned {type(result).__name__}, not {expected.__name__}")
        return ResultMessage(id=request.id, outputs=result.model_dump(mode="json"))
    except (Exception, SystemExit) as error:
        return error_from(error, request.id)
