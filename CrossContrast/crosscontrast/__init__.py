"""Soft cord segmentation, translation and radiomic comparison of images across contrasts.

``import crosscontrast`` costs next to nothing: every name is imported when it is first used. Functions take images as
``SimpleITK.Image`` or as an array ``[i, j, k]`` with its 4 x 4 affine to RAS+ millimetres, as nibabel has them, and
return the kind that they were given. The examples in the docstrings begin with ``from crosscontrast import *`` and
``from pathlib import Path``.
"""

# Only the standard library is imported here (PEP 562; not the package lazy_loader): Slicer's panels import this package
# before anything is installed, and offer to install what is missing.
import importlib
from typing import TYPE_CHECKING, Any

from crosscontrast.version import __version__

if TYPE_CHECKING:
    from crosscontrast.api.cohorts import evaluate_cord, retrain_cord
    from crosscontrast.api.cord import measure_csa, segment_cord, soft_ground_truth
    from crosscontrast.api.images import compare_images, read_image, segmentation_scores, write_image
    from crosscontrast.api.jobs import make_job, run_job
    from crosscontrast.api.radiomics import compare_features, extract_features
    from crosscontrast.api.reading import analyze_study, plan_study
    from crosscontrast.api.synthesis import train_translator, translate
    from crosscontrast.corrections.dataset import CorrectionDataset
    from crosscontrast.errors import CrossContrastError
    from crosscontrast.ground.arrays import ArrayImage, as_array, as_image
    from crosscontrast.ground.cohort import CohortRow, read_cohort, write_cohort
    from crosscontrast.jobs.mapping import map_jobs
    from crosscontrast.models.library import ModelLibrary

#: The same names for the interpreter as above for type checkers; a test compares.
_PLACES = {
    "ArrayImage": "ground.arrays",
    "CohortRow": "ground.cohort",
    "CorrectionDataset": "corrections.dataset",
    "CrossContrastError": "errors",
    "ModelLibrary": "models.library",
    "analyze_study": "api.reading",
    "as_array": "ground.arrays",
    "as_image": "ground.arrays",
    "compare_features": "api.radiomics",
    "compare_images": "api.images",
    "evaluate_cord": "api.cohorts",
    "extract_features": "api.radiomics",
    "make_job": "api.jobs",
    "map_jobs": "jobs.mapping",
    "measure_csa": "api.cord",
    "plan_study": "api.reading",
    "read_cohort": "ground.cohort",
    "read_image": "api.images",
    "retrain_cord": "api.cohorts",
    "run_job": "api.jobs",
    "segment_cord": "api.cord",
    "segmentation_scores": "api.images",
    "soft_ground_truth": "api.cord",
    "train_translator": "api.synthesis",
    "translate": "api.synthesis",
    "write_cohort": "ground.cohort",
    "write_image": "api.images",
}

__all__ = [
    "ArrayImage",
    "CohortRow",
    "CorrectionDataset",
    "CrossContrastError",
    "ModelLibrary",
    "__version__",
    "analyze_study",
    "as_array",
    "as_image",
    "compare_features",
    "compare_images",
    "evaluate_cord",
    "extract_features",
    "make_job",
    "map_jobs",
    "measure_csa",
    "plan_study",
    "read_cohort",
    "read_image",
    "retrain_cord",
    "run_job",
    "segment_cord",
    "segmentation_scores",
    "soft_ground_truth",
    "train_translator",
    "translate",
    "write_cohort",
    "write_image",
]


def __getattr__(name: str) -> Any:
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"{__name__}.{place}"), name)
    globals()[name] = found  # the next time it is found without coming here
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
