"""A generated cohort and corrections of it, made once a session."""

import pytest
from cord_corrections import corrections_of

from crosscontrast.cord.ablation.cohort import make_cohort
from crosscontrast.corrections.dataset import CorrectionDataset
from crosscontrast.ground.cohort import Cohort
from crosscontrast.progress import silent


@pytest.fixture(scope="session")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    return make_cohort(tmp_path_factory.mktemp("cohort"), 1, silent)


@pytest.fixture(scope="session")
def small_corrections(tmp_path_factory: pytest.TempPathFactory, cohort: Cohort) -> CorrectionDataset:
    """Two subjects to train on and one frozen; to be read or copied, not to be changed."""
    wanted = {"sub-001": ["T1w", "T2w"], "sub-002": ["T1w"], "sub-003": ["T2w"]}
    return corrections_of(tmp_path_factory.mktemp("corrections") / "dataset", cohort, wanted, ["sub-001"])
