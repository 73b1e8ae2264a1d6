"""The whole loop with real training: a model that never saw one contrast, ten corrected images, and the gate."""

import json

import numpy as np
import pytest
from cord_corrections import corrections_of, spec, train_model

from CrossContrastLib.models.library import ModelLibrary
from CrossContrastLib.progress import silent
from SoftCordSegLib.ablation.cohort import SHAPE, make_cohort
from SoftCordSegLib.retrain.jobs import RetrainCord
from SoftCordSegLib.retrain.settings import RetrainSettings

LEFT_OUT, KNOWN = "T1w", ("T2w", "MToff")
SETTINGS = RetrainSettings(
    steps=400,
    patches=(SHAPE,),
    appearances=1,
    learning_rate=2e-3,
    corrected_share=0.8,
    augmentation=0.2,
    ema=0.98,
    validation_samples=2,
)


def shifted(soft):
    """What someone draws who is off by 5 mm to the side."""
    return np.roll(soft, 5, axis=2)


@pytest.mark.slow
@pytest.mark.timeout(5400)
def test_ten_corrections_mend_a_model_and_corrupted_ones_are_refused(tmp_path, model_home):
    cohort = make_cohort(tmp_path / "cohort", 4, silent)
    train_model(tmp_path, cohort, KNOWN, spec((16, 32, 64)), steps=1200)
    test, train = cohort.subjects("test"), cohort.subjects("train")
    wanted = {subject: [LEFT_OUT, KNOWN[0]] for subject in train[:5]}
    wanted |= {subject: [LEFT_OUT, *KNOWN] for subject in test}
    good = corrections_of(tmp_path / "good", cohort, wanted, test)
    bad = corrections_of(tmp_path / "bad", cohort, wanted, test, spoil=shifted)

    refused = RetrainCord(
        dataset=bad.folder, out=tmp_path / "r2", base="cordtest", settings=SETTINGS, device="cpu"
    ).run(silent)
    assert not refused.passed
    assert refused.model is None
    assert ModelLibrary().find("cordtest").version == 1

    mended = RetrainCord(
        dataset=good.folder, out=tmp_path / "r1", base="cordtest", settings=SETTINGS, device="cpu"
    ).run(silent)
    print(json.dumps({"mended": mended.model_dump(mode="json"), "refused": refused.model_dump(mode="json")}, indent=1))
    assert mended.passed, mended.reasons
    assert mended.model == "cordtest@2"
    changes = mended.figures.changes
    assert changes["soft_dice"].difference > 0.05
    assert changes["csa_error_mm2"].difference < 0
    assert changes["csa_sd_mm2"].difference < 0
