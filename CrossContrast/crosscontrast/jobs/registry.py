"""Which class does the work of which kind of job.

The table names classes without importing them, so a program that only lists or forwards jobs stays light. More jobs
come from the environment variable ``CROSSCONTRAST_JOBS``, written ``kind=module:Class,kind=module:Class``: worker
processes and local clusters inherit it, so another extension (or a test) adds jobs without editing this file. The
module must be importable there, which for a worker means: on ``sys.path`` of the program that starts it.
"""

import importlib
import os
from typing import Any, get_type_hints

from pydantic import ValidationError

from crosscontrast.errors import BadInputError, MissingPackageError, faults_of
from crosscontrast.jobs.job import Job, JobResult

MORE_JOBS = "CROSSCONTRAST_JOBS"

JOBS = {
    "cord.segment": "crosscontrast.cord.jobs:SegmentCord",
    "cord.segment-contrasts": "crosscontrast.cord.jobs:SegmentContrasts",
    "cord.open-case": "crosscontrast.cord.jobs:OpenCase",
    "cord.ablation": "crosscontrast.cord.ablation.jobs:Ablation",
    "cord.ablation-network": "crosscontrast.cord.ablation.jobs:TrainNetwork",
    "cord.csa": "crosscontrast.cord.csa.jobs:MeasureCsa",
    "cord.soft-gt": "crosscontrast.cord.softgt.jobs:MakeSoftGroundTruth",
    "cord.retrain": "crosscontrast.cord.retrain.jobs:RetrainCord",
    "cord.evaluate": "crosscontrast.cord.evaluation.jobs:EvaluateCohort",
    "cord.evaluate-case": "crosscontrast.cord.evaluation.jobs:EvaluateCase",
    "corrections.export": "crosscontrast.corrections.jobs:ExportCorrections",
    "corrections.save": "crosscontrast.corrections.jobs:SaveCorrection",
    "corrections.worklist": "crosscontrast.corrections.jobs:OrderWorklist",
    "reader.analyze": "crosscontrast.reading.jobs:AnalyzeStudy",
    "reader.plan": "crosscontrast.reading.jobs:PlanStudy",
    "images.compare": "crosscontrast.radiomics.jobs:CompareImages",
    "radiomics.compare": "crosscontrast.radiomics.preservation.jobs:ComparePreservation",
    "radiomics.extract": "crosscontrast.radiomics.extraction.jobs:ExtractCohort",
    "radiomics.extract-case": "crosscontrast.radiomics.extraction.jobs:ExtractCase",
    "radiomics.outcome": "crosscontrast.radiomics.outcome.jobs:PredictOutcome",
    "radiomics.outcome-arm": "crosscontrast.radiomics.outcome.arm:ScoreArm",
    "radiomics.study": "crosscontrast.study.jobs:RunStudy",
    "radiomics.gate": "crosscontrast.radiomics.gate.jobs:GateImage",
    "radiomics.gate-profile": "crosscontrast.radiomics.gate.jobs:ProfileTraining",
    "images.compare-features": "crosscontrast.radiomics.jobs:CompareFeatures",
    "radiomics.map": "crosscontrast.radiomics.jobs:MapFeature",
    "image.translate": "crosscontrast.synthesis.jobs:TranslateImage",
    "synth.train": "crosscontrast.synthesis.training.jobs:TrainTranslator",
    "synth.features": "crosscontrast.synthesis.jobs:ShowFeatureMaps",
    "synth.error-map": "crosscontrast.synthesis.error_map:MapError",
    "synth.segment-train": "crosscontrast.synthesis.segmentation.jobs:TrainSegmentation",
    "synth.segment": "crosscontrast.synthesis.segmentation.jobs:SegmentImage",
    "synth.cleanse": "crosscontrast.synthesis.segmentation.jobs:CleanseLabels",
    "synth.benchmark": "crosscontrast.synthesis.benchmark.jobs:BenchmarkTranslators",
    "synth.ablation": "crosscontrast.synthesis.ablation.jobs:RadiomicsAblation",
}


def known_jobs() -> dict[str, str]:
    """Kind -> ``module:Class`` of every job: the table's and those named in ``CROSSCONTRAST_JOBS``.

    Raises :class:`BadInputError` where the variable is not written as ``kind=module:Class,...``.
    """
    jobs = dict(JOBS)
    for entry in filter(None, os.environ.get(MORE_JOBS, "").split(",")):
        kind, _, place = entry.strip().partition("=")
        module, _, name = place.partition(":")
        if not (kind and module and name):
            raise BadInputError(f"{MORE_JOBS} holds {entry!r}, which is not written kind=module:Class.")
        jobs[kind] = place
    return jobs


def find_job(kind: str) -> type[Job]:
    """Import and return the class that does jobs of this kind.

    Raises :class:`BadInputError` for an unknown kind or a class that is not a job of that kind, and
    :class:`MissingPackageError` where its module cannot be imported.
    """
    jobs = known_jobs()
    if kind not in jobs:
        raise BadInputError(f"There is no job {kind!r}.", hint=f"Known jobs: {', '.join(sorted(jobs))}")
    place = jobs[kind]
    module, _, name = place.partition(":")
    try:
        found = getattr(importlib.import_module(module), name, None)
    except ImportError as error:
        raise MissingPackageError(f"The job {kind!r} cannot be loaded from {place}: {error}.") from error
    if not (isinstance(found, type) and issubclass(found, Job) and found.kind == kind):
        raise BadInputError(f"The job {kind!r} is said to be {place}, which is not a job of that kind.")
    return found


def parse_job(kind: str, parameters: dict[str, Any]) -> Job:
    """Make the job of this kind with these parameters, as they came from JSON.

    Raises what :func:`find_job` raises, and :class:`BadInputError` naming every parameter that does not fit.
    """
    job_class = find_job(kind)
    try:
        return job_class.model_validate(parameters)
    except ValidationError as error:
        raise BadInputError(f"The parameters of the job {kind!r} do not fit: {faults_of(error)}.") from error


def result_class(job_class: type[Job]) -> type[JobResult]:
    """Return the class of the job's results, which is what its ``run`` is annotated to return."""
    found: type[JobResult] = get_type_hints(job_class.run)["return"]
    return found
