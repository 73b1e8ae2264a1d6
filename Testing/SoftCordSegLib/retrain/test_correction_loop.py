"""The whole loop with real training: a model that never saw one contrast, ten corrected images, and the gate.

``CROSSCONTRAST_LOOP_SEED`` draws other persons and other trainings, to see that the verdicts do not hang on luck.
"""

import json
import os

import numpy as np
import pytest
from cord_corrections import corrections_of, spec, train_model
from scipy import ndimage

from CrossContrastLib.models.library import ModelLibrary
from CrossContrastLib.progress import silent
from SoftCordSegLib.ablation.cohort import SHAPE, make_cohort
from SoftCordSegLib.retrain.jobs import RetrainCord
from SoftCordSegLib.retrain.settings import RetrainSettings

SEED = int(os.environ.get("CROSSCONTRAST_LOOP_SEED", "1"))
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
    seed=SEED,
)


def moved_sideways(soft):
    """Masks that lie 5 mm too far to one side, as after a broken import."""
    return np.roll(soft, 5, axis=2)


def swapped(soft):
    """Left and right exchanged."""
    return soft[:, :, ::-1]


def shrunken(soft):
    """A voxel taken off all around."""
    return ndimage.grey_erosion(soft, (1, 3, 3))


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_ten_corrections_mend_a_model_and_corrupted_ones_are_refused(tmp_path, model_home):
    cohort = make_cohort(tmp_path / "cohort", 4, silent, first=1000 * SEED)
    train_model(tmp_path, cohort, KNOWN, spec((16, 32, 64)), steps=1200, seed=SEED)
    test, train = cohort.subjects("test"), cohort.subjects("train")
    wanted = {subject: [LEFT_OUT, KNOWN[0]] for subject in train[:5]}
    wanted |= {subject: [LEFT_OUT, *KNOWN] for subject in test}

    def retrained(name, spoil=None):
        dataset = corrections_of(tmp_path / name, cohort, wanted, test, spoil)
        out = tmp_path / f"retrained-{name}"
        job = RetrainCord(dataset=dataset.folder, out=out, base="cordtest", settings=SETTINGS, device="cpu")
        done = job.run(silent)
        verdict = json.loads((out / "verdict.json").read_text())
        print(json.dumps({"corrections": name} | verdict, indent=1), flush=True)
        return done

    for spoil in (moved_sideways, swapped, shrunken):
        refused = retrained(spoil.__name__, spoil)
        assert not refused.passed
        assert refused.model is None
        assert ModelLibrary().find("cordtest").version == 1

    mended = retrained("good")
    assert mended.passed, mended.reasons
    assert mended.model == "cordtest@2"
    changes = mended.figures.changes
    assert changes["soft_dice"].difference > 0.05
    assert changes["csa_error_mm2"].difference < 0
    assert changes["csa_sd_mm2"].difference < 0
