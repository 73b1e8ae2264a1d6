import numpy as np
import pytest
import SimpleITK as sitk
from support import centre_of_mass, oblique_direction

from crosscontrast.cord.jobs import SegmentCord
from crosscontrast.cord.phantom import CONTRASTS, CordPhantom
from crosscontrast.cord.segment import cord_output
from crosscontrast.errors import ModelError, OutputError
from crosscontrast.ground.geometry import same_grid
from crosscontrast.ground.images import read_image, write_image
from crosscontrast.ground.provenance import Provenance
from crosscontrast.progress import silent

SMALL = CordPhantom(size=(64, 64, 48), origin=(-32.0, 32.0, -24.0))


@pytest.fixture(scope="module")
def segmented(tmp_path_factory):
    folder = tmp_path_factory.mktemp("phantom")
    image = folder / "phantom_T2w.nii.gz"
    write_image(SMALL.image("T2w"), image)
    return SegmentCord(image=image, out=folder / "out", device="cpu").run(silent)


def test_the_phantom_has_the_area_it_says():
    area = sitk.GetArrayFromImage(CordPhantom(bend=0).soft_truth()).sum(axis=(1, 2))
    assert np.allclose(area, CordPhantom().area(), rtol=0.01)


@pytest.mark.parametrize("contrast", CONTRASTS)
def test_every_contrast_of_the_phantom_lies_on_the_same_grid(contrast):
    assert same_grid(SMALL.image(contrast), SMALL.soft_truth(), 0)


def test_the_cord_of_the_phantom_is_found_where_it_is(segmented):
    soft, truth = read_image(segmented.softseg), SMALL.soft_truth()
    assert np.abs(centre_of_mass(soft) - centre_of_mass(truth)).max() < 1.0
    a, b = sitk.GetArrayFromImage(read_image(segmented.seg)) > 0, sitk.GetArrayFromImage(truth) >= 0.5
    assert 2 * (a & b).sum() / (a.sum() + b.sum()) > 0.8


def test_results_have_their_types_and_the_grid_of_the_image(segmented):
    image, soft, binary = (read_image(p) for p in (segmented.image, segmented.softseg, segmented.seg))
    assert same_grid(soft, image, 1e-6)
    assert same_grid(binary, image, 1e-6)
    assert soft.GetPixelID() == sitk.sitkFloat32
    assert binary.GetPixelID() == sitk.sitkUInt8
    values = sitk.GetArrayFromImage(soft)
    assert values.min() >= 0
    assert values.max() <= 1
    assert ((values > 0.05) & (values < 0.95)).sum() > 500
    assert np.array_equal(sitk.GetArrayFromImage(binary), values >= 0.5)


def test_the_sidecar_names_model_input_and_outputs(segmented):
    provenance = Provenance.read(segmented.sidecar)
    assert provenance.model.name == "softcord"
    assert len(provenance.model.sha256) == 64
    assert {record.path for record in provenance.outputs} == {
        p.name for p in (segmented.softseg, segmented.seg, segmented.csa, segmented.overlay)
    }
    assert provenance.changed_since(segmented.softseg.parent) == []


def test_left_handed_oblique_input_gives_the_cord_at_the_same_place(tmp_path):
    """The phantom sits off-centre, so a swapped side would move the cord by 24 mm."""
    base = CordPhantom(size=(64, 64, 24), spacing=(1.0, 1.0, 2.0), shift=(12.0, 0.0), bend=2.0)
    for left_handed in (False, True):
        image, truth = base.image("T2w"), base.soft_truth()
        if left_handed:
            image, truth = sitk.Flip(image, [True, False, False]), sitk.Flip(truth, [True, False, False])
        turn = np.array(oblique_direction(False)).reshape(3, 3)
        for volume in (image, truth):
            volume.SetDirection((turn @ np.array(volume.GetDirection()).reshape(3, 3)).ravel().tolist())
        path = tmp_path / f"{left_handed}.nii.gz"
        write_image(image, path)
        result = SegmentCord(image=path, out=tmp_path / "out", device="cpu").run(silent)
        moved = centre_of_mass(read_image(result.softseg)) - centre_of_mass(truth)
        assert np.abs(moved).max() < 2.0, f"left-handed: {left_handed}"


def test_a_mask_that_someone_else_made_is_never_overwritten(tmp_path, segmented):
    (tmp_path / "phantom_T2w_seg.nii.gz").write_bytes(b"manual mask")
    job = SegmentCord(image=segmented.image, out=tmp_path, device="cpu")
    with pytest.raises(OutputError, match=r"_seg\.nii\.gz exists already and was not made by this program"):
        job.run(silent)
    assert [p.name for p in tmp_path.iterdir()] == ["phantom_T2w_seg.nii.gz"]


def test_a_result_corrected_by_hand_is_kept_and_an_untouched_one_replaced(tmp_path, segmented):
    job = SegmentCord(image=segmented.image, out=tmp_path, device="cpu")
    first = job.run(silent)
    job.run(silent)
    first.seg.write_bytes(first.seg.read_bytes() + b"edited")
    with pytest.raises(OutputError, match="was changed by someone since"):
        job.run(silent)
    job.model_copy(update={"overwrite": True}).run(silent)
    assert Provenance.read(first.sidecar).changed_since(tmp_path) == []


class WithOutputs:
    def __init__(self, *outputs):
        self.outputs = outputs


def test_the_cord_output_is_found_by_name_or_because_it_is_alone():
    assert cord_output(WithOutputs("canal", "cord")) == "cord"
    assert cord_output(WithOutputs("soft")) == "soft"
    with pytest.raises(ModelError, match="none is called 'cord'"):
        cord_output(WithOutputs("a", "b"))
