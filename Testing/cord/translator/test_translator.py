"""The cord translator: what it learns from, that it learns, and that a model of it can be used."""

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from crosscontrast.cord.generator.tissues import Tissue
from crosscontrast.cord.translator.bodies import kept_body
from crosscontrast.cord.translator.config import TranslatorConfig
from crosscontrast.cord.translator.contrasts import KINDS, LEVELS, OUTPUTS, clean_images, shares_of
from crosscontrast.cord.translator.evaluate import line
from crosscontrast.cord.translator.examples import draw_example
from crosscontrast.cord.translator.learner import TranslatorLearner
from crosscontrast.cord.translator.package import package_translator
from crosscontrast.cord.translator.pairs import Pairs, weigh
from crosscontrast.cord.translator.train import train
from crosscontrast.models.library import ModelLibrary
from crosscontrast.models.networks import build_network
from crosscontrast.models.spec import NetworkSpec
from crosscontrast.progress import silent
from crosscontrast.synthesis.jobs import TranslateImage
from crosscontrast.training.log import read_log


@pytest.fixture
def config(tmp_path):
    """A training of some seconds on small patches."""
    inner = {"in_channels": 1, "out_channels": len(KINDS), "channels": [8, 12], "fine": 4, "dropout": 0.1}
    network = NetworkSpec(
        name="TissueTranslator", arguments={"network": "CompactUNet", "arguments": inner, "levels": list(LEVELS)}
    )
    return TranslatorConfig(
        network=network, patch=(16, 32, 32), bodies=3, steps=12, warmup=1, ema=0.0, log_steps=4, validation_samples=2
    )


def test_a_tissue_has_one_intensity_in_each_clean_contrast():
    assert sorted(tissue for kind in KINDS.values() for tissue in kind.tissues) == list(Tissue)
    fractions = torch.zeros(len(Tissue), 2, 2, 2)
    fractions[Tissue.CSF, 0], fractions[Tissue.EPIDURAL_FAT, 1] = 1, 1
    fractions[Tissue.CSF, 0, 0, 0], fractions[Tissue.EPIDURAL_FAT, 0, 0, 0] = 0.25, 0.75
    made = dict(zip(OUTPUTS, clean_images(shares_of(fractions)), strict=True))
    for name, fluid, fat in (("T2w", 1.0, 0.65), ("T1w", 0.14, 1.0)):
        assert made[name][0, 1, 1] == pytest.approx(fluid)
        assert made[name][1, 0, 0] == pytest.approx(fat)
        assert float(made[name][0, 0, 0]) == pytest.approx(0.25 * fluid + 0.75 * fat)


def test_a_body_is_the_same_from_the_store_as_drawn(config, tmp_path):
    kept = config.model_copy(update={"store": tmp_path})
    drawn, first, again = (kept_body(c, 1) for c in (config, kept, kept))
    assert len(list(tmp_path.iterdir())) == 1
    for other in (first, again):
        assert torch.equal(drawn.fractions, other.fractions)
        assert torch.equal(drawn.canal, other.canal)
    assert float((drawn.fractions.sum(0) - 1).abs().max()) < 1e-5
    assert float((drawn.cord - drawn.canal).max()) < 0.02, "cord lies outside the canal"


def test_one_body_comes_in_many_contrasts_and_has_one_truth(config):
    only = Pairs(config.model_copy(update={"bodies": 1, "batch": 6}))[0]
    again = Pairs(config.model_copy(update={"bodies": 1, "batch": 6}))[0]
    assert all(torch.equal(only[key], again[key]) for key in only)
    image, target = only["image"], only["shares"]
    assert not torch.allclose(image[0], image[1])
    plain, mirrored = target[0], target[0].flip(-1)
    # Echo-planar images are bent, and their truth with them; the others show the body as it is, or its mirror image.
    alike = [min(float((t - p).abs().max()) for p in (plain, mirrored)) for t in target]
    assert sum(value < 1e-6 for value in alike) >= 4
    assert float(only["weight"].mean((1, 2, 3, 4)).sub(1).abs().max()) < 1e-4


def test_voxels_that_the_image_does_not_show_have_no_say(config):
    pairs = Pairs(config.model_copy(update={"bodies": 2}))
    cut = next(p for p in (pairs._pair(step, 0) for step in range(60)) if float(p.inside.min()) == 0)
    assert float(weigh(cut, 4.0)[cut.inside == 0].max()) == 0
    learner, batch = TranslatorLearner(config).eval(), pairs[0]
    batch["weight"][..., :16] = 0

    def losses():
        with torch.inference_mode():
            return learner("network", batch)

    before = losses()
    batch["shares"][..., :16] = batch["shares"][..., :16].flip(1)
    torch.testing.assert_close(losses(), before)
    batch["shares"][..., 16:] = batch["shares"][..., 16:].flip(1)
    after = losses()
    assert all(abs(float(after[name] - before[name])) > 1e-3 for name in ("tissues", "images"))


def test_certain_tissues_are_painted_in_their_own_intensities():
    network = build_network("TissueTranslator", network="CompactUNet", levels=[[0.0, 1.0], [0.5, 0.2]],
                            arguments={"in_channels": 1, "out_channels": 2, "channels": [4, 4]})  # fmt: skip
    shares = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]]).T[None, :, None, None]
    painted = network.paint(shares)[0, :, 0, 0]
    torch.testing.assert_close(painted, torch.tensor([[0.0, 1.0, 0.5], [0.5, 0.2, 0.35]]))
    answer = network.eval()(torch.randn(2, 1, 16, 16, 16))
    assert answer.shape == (2, 2, 16, 16, 16)
    assert float(answer[:, 0].min()) > 0
    assert float(answer[:, 0].max()) < 1


def test_a_training_learns_goes_on_and_becomes_a_model_that_translates(config, tmp_path, model_home):
    state = train(config, tmp_path / "run", max_minutes=0.0)
    assert state.step == 0
    state = train(config, tmp_path / "run", resume=True)
    rows = [row for row in read_log(tmp_path / "run") if row["name"] in ("tissues", "images")]
    total = [sum(float(r["value"]) for r in rows if int(r["step"]) == step) for step in (4, 12)]
    assert state.step == 12
    assert total[1] < total[0]
    scores = package_translator(tmp_path / "run", tmp_path / "model", name="small", images=0)
    assert {"T2w_mae", "T2w_line", "T1w_mae", "T1w_line"} <= set(scores)
    ModelLibrary().add(tmp_path / "model", "small")
    example = draw_example(3, (24, 32, 32))
    sitk.WriteImage(example.image, str(tmp_path / "image.nii.gz"))
    job = TranslateImage(image=tmp_path / "image.nii.gz", out=tmp_path / "out", model="small", uncertainty=True)
    made = job.model_copy(update={"samples": 2}).run(silent)
    assert [path.name for path in made.images] == ["image_T2w.nii.gz", "image_T1w.nii.gz"]
    assert sitk.GetArrayFromImage(sitk.ReadImage(str(made.uncertainty[0]))).max() > 0


def test_an_example_shows_the_body_where_its_truth_lies():
    example = draw_example(11, (56, 64, 64))
    image, truth = example.image, example.targets["T2w"]
    ends = [np.array(i.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in i.GetSize()]))
            for i in (image, truth)]  # fmt: skip
    assert np.abs(ends[0] - ends[1]).max() < 0.01, "the two fields of view have other middles"
    canal = sitk.GetArrayFromImage(example.shares["canal"])
    assert 0 <= canal.min() <= canal.max() <= 1.001


def test_the_best_line_is_the_best():
    random = np.random.default_rng(0)
    x = random.normal(size=500)
    y = 3 - 2 * x + random.normal(size=500)
    assert np.square(line(x, y) - y).mean() < np.square(3.1 - 2 * x - y).mean()
    assert np.allclose(line(np.full(5, 2.0), np.arange(5.0)), 2)
