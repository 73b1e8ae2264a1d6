"""The whole loop with real training: a model that never saw one contrast, ten corrected images, and the gate.

The corrections are of all contrasts that the model is for: with none of a contrast it forgets some of it, and the gate
refuses it for the person whose cord it no longer finds there. The limits are those that everybody gets.

``CROSSCONTRAST_LOOP_SEED`` draws other persons and other trainings, to see that the verdicts do not hang on luck.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from cord_corrections import corrections_of
from forgetful import KNOWN, LEFT_OUT, add_forgetful_model, visible_cohort
from scipy import ndimage

from crosscontrast.cord.retrain.jobs import RetrainCord
from crosscontrast.cord.retrain.settings import RetrainSettings
from crosscontrast.ground.cohort import Cohort
from crosscontrast.models.library import ModelLibrary
from crosscontrast.progress import silent

SEED = int(os.environ.get("CROSSCONTRAST_LOOP_SEED", "1"))
#: The default recipe, shorter.
SETTINGS = RetrainSettings(steps=800, validation_samples=2, seed=SEED)


def moved_sideways(soft):
    """Masks that lie 5 mm too far to one side, as after a broken import."""
    return np.roll(soft, 5, axis=2)


def swapped(soft):
    """Left and right exchanged."""
    return soft[:, :, ::-1]


def shrunken(soft):
    """A voxel taken off all around."""
    return ndimage.grey_erosion(soft, (1, 3, 3))


def dice_of_the_left_out(images):
    """Mean Dice by the base model and by the candidate in the contrast that the base model never saw."""
    return np.mean([(moved.before_dice, moved.after_dice) for moved in images if moved.contrast == LEFT_OUT], 0)


def area_errors(images, *, left_out):
    """Mean absolute error of the area by the base model and by the candidate, in one contrast or in the others."""
    chosen = [moved for moved in images if (moved.contrast == LEFT_OUT) == left_out]
    errors = [(moved.before_mm2 - moved.reference_mm2, moved.after_mm2 - moved.reference_mm2) for moved in chosen]
    return np.abs(errors).mean(0)


@dataclass(frozen=True)
class Clinic:
    """The persons, and the correction datasets and retrainings that are made of them in ``folder``."""

    folder: Path
    cohort: Cohort

    def retrained(self, name, spoil=None):
        """Retrain on ten corrections of five subjects, which ``spoil`` may corrupt, and tell the figures."""
        test, train = self.cohort.subjects("test"), self.cohort.subjects("train")
        wanted = {subject: [LEFT_OUT, KNOWN[number % 2]] for number, subject in enumerate(train)}
        wanted |= {subject: [LEFT_OUT, *KNOWN] for subject in test}
        dataset = corrections_of(self.folder / name, self.cohort, wanted, test, spoil)
        out = self.folder / f"retrained-{name}"
        job = RetrainCord(dataset=dataset.folder, out=out, base="cordtest", settings=SETTINGS, device="cpu")
        done = job.run(silent)
        verdict = json.loads((out / "verdict.json").read_text())
        print(json.dumps({"corrections": name} | verdict, indent=1), flush=True)
        return done


@pytest.fixture(scope="module")
def clinic(tmp_path_factory):
    """Persons, and in a model library of its own a model that never saw one of their contrasts."""
    folder = tmp_path_factory.mktemp("clinic")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CROSSCONTRAST_HOME", str(folder / "home"))
        cohort = visible_cohort(folder / "cohort", test=4, train=5, first=1000 * SEED)
        add_forgetful_model(folder, steps=600, seed=SEED)
        yield Clinic(folder, cohort)


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_corrupted_corrections_are_refused(clinic):
    for spoil in (moved_sideways, swapped, shrunken):
        refused = clinic.retrained(spoil.__name__, spoil)
        assert not refused.passed
        assert refused.model is None
        assert ModelLibrary().find("cordtest").version == 1


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_ten_corrections_teach_the_contrast_that_was_left_out_and_the_gate_passes(clinic):
    mended = clinic.retrained("good")
    assert mended.passed, mended.reasons
    assert mended.model == "cordtest@2"
    changes = mended.figures.changes
    assert changes["dice"].low > 0
    assert changes["dice"].difference > 0.005
    assert changes["soft_dice"].low > 0
    assert changes["soft_dice"].difference > 0.002
    assert changes["csa_error_mm2"].difference < -0.5
    assert changes["csa_sd_mm2"].difference < -1
    unseen, learnt = dice_of_the_left_out(mended.figures.areas)
    assert learnt > unseen + 0.01
    (before, after), (others, _) = (area_errors(mended.figures.areas, left_out=wanted) for wanted in (True, False))
    assert before > 2 * others, "the base model was made worse in this contrast"
    assert after < 0.8 * before
