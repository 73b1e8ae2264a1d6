from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from crosscontrast.cord.generator.draw import Draw
from crosscontrast.cord.generator.estimate import with_relative
from crosscontrast.cord.generator.grid import Grid
from crosscontrast.cord.teaching.config import TrainingConfig
from crosscontrast.cord.teaching.real import draw_real_sample, read_cases
from crosscontrast.cord.teaching.stream import generate_group, read_sources
from crosscontrast.errors import BadInputError

GRID = Grid((24, 32, 32))


def _write(folder: Path, name: str, values: np.ndarray, spacing: tuple[float, float, float]) -> str:
    image = sitk.GetImageFromArray(values.astype(np.float32))
    image.SetSpacing(spacing)
    image.SetDirection((1, 0, 0, 0, -1, 0, 0, 0, 1))  # left-handed, as clinical files often are: to the left, the front
    sitk.WriteImage(image, str(folder / name))
    return name


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """One subject, 0.5 x 0.5 x 4 mm: bright cord of 8 x 8 mm in a dim body that is bright on one side."""
    image, mask = np.full((10, 80, 80), 50.0), np.zeros((10, 80, 80))
    mask[:, 32:48, 40:56] = 1
    image += 100 * mask
    image[:, :, :10] += 60
    first = _write(tmp_path, "a.nii.gz", image, (0.5, 0.5, 4)), _write(tmp_path, "a_seg.nii.gz", mask, (0.5, 0.5, 4))
    rows = ["subject\trole\timage\tmask\tsplit", "\t".join(["01", "T2w", *first, "train"])]
    rows.append("\t".join(["02", "T2w", _write(tmp_path, "b.nii.gz", image, (0.5, 0.5, 4)), "", "test"]))
    path = tmp_path / "cohort.tsv"
    path.write_text("\n".join(rows) + "\n")
    return path


def test_a_case_lies_at_one_millimetre_with_its_volume_and_its_sides_kept(table: Path):
    (case,) = read_cases(table)
    assert float(case.image[:, :, -3:].mean()) > 105  # the file begins with the bright side, at the right
    assert float(case.image[:, :, :3].mean()) < 55
    assert case.image.shape == case.cord.shape == (40, 40, 40)
    assert float(case.cord.sum()) == pytest.approx(8 * 8 * 40, rel=0.02)


def test_image_and_mask_are_turned_bent_and_mirrored_together(table: Path):
    (case,) = read_cases(table)
    agreeing = 0
    for seed in range(20):
        sample = draw_real_sample(case, GRID, Draw(seed))
        cord, known = sample.target[0], sample.weight[0] > 0
        inside, outside = sample.image[0][(cord > 0.95) & known], sample.image[0][(cord < 0.01) & known]
        if inside.numel() > 50 and outside.numel() > 50:
            agreeing += bool(inside.median() > outside.median())
    assert agreeing >= 14


def test_without_augmentation_a_patch_as_large_as_the_image_is_the_image_or_its_mirror(table: Path):
    (case,) = read_cases(table)
    mirrored = []
    for seed in range(8):
        sample = draw_real_sample(case, Grid((40, 40, 40)), Draw(seed), strength=0)
        mirrored.append(not np.allclose(sample.target[0], case.cord, atol=1e-3))
        assert np.allclose(sample.target[0], case.cord.flip(-1) if mirrored[-1] else case.cord, atol=1e-3)
        assert float(sample.weight[0].min()) == 1
    assert 0 < sum(mirrored) < 8


def test_the_canal_is_that_of_a_map_and_a_ring_about_the_cord_where_the_map_has_none(table: Path):
    (ringed,) = read_cases(table)
    assert 8 + 2 * 2 < float((ringed.canal[20] > 0.5).any(0).sum()) < 8 + 2 * 4, "3 mm about a cord 8 mm wide"
    canal = np.zeros((10, 80, 80))
    canal[5:, 30:60, 30:60] = 1
    name = _write(table.parent, "a_canal.nii.gz", canal, (0.5, 0.5, 4))
    head, first, *_ = table.read_text().splitlines()
    table.write_text(f"{head}\tcanal\n{first}\t{name}\n")
    (case,) = read_cases(table)
    assert float((case.canal[30] > 0.5).sum()) == pytest.approx(15 * 15, rel=0.02)
    assert np.array_equal(case.canal[8], ringed.canal[8])
    assert np.all(case.canal.numpy() >= case.cord.numpy())


@pytest.mark.parametrize("flipped", [False, True])
def test_by_a_ring_about_the_cord_the_fluid_of_a_real_image_is_found(tmp_path: Path, flipped: bool):
    y, x = np.meshgrid(np.arange(48) - 23.5, np.arange(48) - 23.5, indexing="ij")
    radius = np.broadcast_to(np.hypot(y, x), (32, 48, 48))
    cord = (4.5 - radius).clip(0, 1)
    image = 5 + cord * (-1 if flipped else 1) + (radius > 10) * (-2 if flipped else 2)
    files = _write(tmp_path, "c.nii.gz", image, (1, 1, 1)), _write(tmp_path, "c_seg.nii.gz", cord, (1, 1, 1))
    table = tmp_path / "round.tsv"
    table.write_text("subject\trole\timage\tmask\tsplit\n" + "\t".join(["01", "T2w", *files, "train"]) + "\n")
    (case,) = read_cases(table)
    grid = Grid((32, 32, 32))
    near, fluid = [], []
    for seed in range(8):
        sample = draw_real_sample(case, grid, Draw(seed), 0.0, centred=True)
        relative = with_relative(sample, grid, Draw(seed), (6.0, 2.5)).image[1]
        known = sample.weight[0] > 0
        within = (sample.target[1] > 0.99) & (sample.target[0] < 0.01) & known
        if int(within.sum()) > 500 and float(relative.abs().max()) > 0:
            near.append(float(relative[(sample.target[0] > 0.99) & known].mean()))
            fluid.append(float(relative[within].mean()))
    assert len(near) >= 4
    assert np.median(near) == pytest.approx(1, abs=0.2)
    assert np.median(fluid) == pytest.approx(0, abs=0.2)


def test_the_hardly_known_canal_and_what_lies_outside_the_image_do_not_count(table: Path):
    (case,) = read_cases(table)
    samples = [draw_real_sample(case, GRID, Draw(seed)) for seed in range(10)]
    assert all(float(s.weight[1].abs().max()) == 0 for s in samples)
    assert any(float(s.weight[0].min()) == 0 for s in samples)
    assert all(float((s.target[0] * (1 - s.weight[0])).sum()) == 0 for s in samples)


def test_a_group_mixes_generated_and_real_bodies(table: Path):
    config = TrainingConfig(patches=((16, 16, 16),), geometries=8, appearances=1, cohort=table, real_share=0.5)
    weights = [batch[2] for group in range(3) for batch in generate_group(config, group, sources=read_sources(config))]
    real = sum(int(weight[body, 1].max() == 0) for weight in weights for body in range(2))
    assert 5 <= real <= 19


@pytest.mark.parametrize(
    ("line", "complaint"),
    [("02\tT2w\ta.nii.gz\t\ttrain", "has a mask"), ("02\tT2w\ta.nii.gz\ta.nii.gz\ttrain", "0 to 1")],
)
def test_a_table_that_cannot_teach_is_refused(table: Path, line: str, complaint: str):
    table.write_text(f"subject\trole\timage\tmask\tsplit\n{line}\n")
    with pytest.raises(BadInputError, match=complaint):
        read_cases(table)


def test_centred_patches_have_the_cord_about_their_middle_as_windows_that_follow_it(table: Path):
    (case,) = read_cases(table)
    grid = Grid((32, 24, 24))
    distances, reach = [], []
    for seed in range(40):
        sample = draw_real_sample(case, grid, Draw(seed), 0.0, centred=True)
        cord = np.argwhere(sample.target[0].numpy() > 0.5)
        distances.append(np.abs(cord.mean(0) - np.array([15.5, 11.5, 11.5]))[1:].max() if len(cord) else np.inf)
        reach.append(float(sample.weight[0].min()))
    assert np.median(distances) < 5  # they are moved by 3 mm (SD) to each side
    assert np.mean(np.array(distances) > 8) < 0.15  # and seldom are elsewhere
    assert min(reach) == 0, "such windows reach beyond the image"
