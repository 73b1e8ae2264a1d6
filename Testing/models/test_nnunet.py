"""nnU-Net folders are run by nnU-Net itself, on positions that stay, and without its unpickling."""

import json
import os
import sys

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from crosscontrast.errors import BadInputError, MissingPackageError, ModelError
from crosscontrast.models.foreign.nnunet import class_names, is_known_class, output_channels

pytest.importorskip("nnunetv2", reason="the extra nnunet")

from crosscontrast.inference.nnunet_predictor import NnunetPredictor, build_network

CPU = torch.device("cpu")

ARCHITECTURE = {
    "network_class_name": "dynamic_network_architectures.architectures.unet.PlainConvUNet",
    "arch_kwargs": {
        "n_stages": 2,
        "features_per_stage": [2, 2],
        "conv_op": "torch.nn.modules.conv.Conv3d",
        "kernel_sizes": [[3, 3, 3], [3, 3, 3]],
        "strides": [[1, 1, 1], [2, 2, 2]],
        "n_conv_per_stage": [1, 1],
        "n_conv_per_stage_decoder": [1],
        "conv_bias": True,
        "norm_op": "torch.nn.modules.instancenorm.InstanceNorm3d",
        "norm_op_kwargs": {"eps": 1e-05, "affine": True},
        "dropout_op": None,
        "dropout_op_kwargs": None,
        "nonlin": "torch.nn.LeakyReLU",
        "nonlin_kwargs": {"inplace": True},
    },
    "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
}
RESAMPLING = {"is_seg": False, "order": 1, "order_z": 0, "force_separate_z": None}
CONFIGURATION = {
    "data_identifier": "nnUNetPlans_3d_fullres",
    "preprocessor_name": "DefaultPreprocessor",
    "batch_size": 2,
    "patch_size": [32, 32, 32],
    "median_image_size_in_voxels": [30.0, 20.0, 25.0],
    "spacing": [0.9, 1.5, 1.2],
    "normalization_schemes": ["ZScoreNormalization"],
    "use_mask_for_norm": [False],
    "resampling_fn_data": "resample_data_or_seg_to_shape",
    "resampling_fn_data_kwargs": RESAMPLING,
    "resampling_fn_seg": "resample_data_or_seg_to_shape",
    "resampling_fn_seg_kwargs": RESAMPLING | {"is_seg": True},
    "resampling_fn_probabilities": "resample_data_or_seg_to_shape",
    "resampling_fn_probabilities_kwargs": RESAMPLING,
    "batch_dice": False,
    "architecture": ARCHITECTURE,
}
PLANS = {
    "dataset_name": "Dataset001_Cord",
    "plans_name": "nnUNetPlans",
    "image_reader_writer": "SimpleITKIO",
    "transpose_forward": [2, 0, 1],
    "transpose_backward": [1, 2, 0],
    "configurations": {"3d_fullres": CONFIGURATION},
    "experiment_planner_used": "ExperimentPlanner",
    "label_manager": "LabelManager",
    "foreground_intensity_properties_per_channel": {"0": {"mean": 100.0, "std": 50.0}},
}
DATASET = {"channel_names": {"0": "MR"}, "labels": {"background": 0, "cord": 1}, "file_ending": ".nii.gz"}


def bright_finder():
    """A network of that architecture whose cord score grows with the brightness of the voxel itself."""
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

    network = build_network(PlansManager(PLANS).get_configuration("3d_fullres"), 1, 2)
    with torch.no_grad():
        for layer in network.modules():
            for weights in layer.parameters(recurse=False):
                weights.fill_(0.0)
            if isinstance(layer, torch.nn.InstanceNorm3d):
                layer.weight.fill_(1.0)
        network.encoder.stages[0][0].convs[0].conv.weight[:, 0, 1, 1, 1] = 1
        # The decoder reads the upsampled features (0, 1) and the skipped ones (2, 3).
        network.decoder.stages[0].convs[0].conv.weight[[0, 1], [2, 3], 1, 1, 1] = 1
        network.decoder.seg_layers[0].weight[:, 0, 0, 0, 0] = torch.tensor([-2.0, 2.0])
        network.decoder.seg_layers[0].bias[:] = torch.tensor([2.0, -2.0])
    return network


@pytest.fixture
def folder(tmp_path):
    """What nnU-Net leaves after training, with its records of NumPy numbers."""
    folder = tmp_path / "nnUNetTrainer__nnUNetPlans__3d_fullres"
    (folder / "fold_0").mkdir(parents=True)
    (folder / "plans.json").write_text(json.dumps(PLANS))
    (folder / "dataset.json").write_text(json.dumps(DATASET))
    (folder / "fold_0/progress.png").write_bytes(b"a picture")
    network = bright_finder()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.99)
    checkpoint = {
        "network_weights": network.state_dict(),
        "optimizer_state": optimizer.state_dict(),
        "grad_scaler_state": None,
        "logging": {"mean_fg_dice": [np.float64(0.5)], "train_losses": [np.float32(-0.5)]},
        "_best_ema": np.float64(0.8),
        "current_epoch": 1,
        "init_args": {"plans": PLANS, "configuration": "3d_fullres", "fold": 0, "device": torch.device("cuda")},
        "trainer_name": "nnUNetTrainer",
        "inference_allowed_mirroring_axes": (0, 1, 2),
    }
    torch.save(checkpoint, folder / "fold_0/checkpoint_final.pth")
    return folder


def edit_plans(folder, **architecture):
    plans = json.loads((folder / "plans.json").read_text())
    plans["configurations"]["3d_fullres"]["architecture"] |= architecture
    (folder / "plans.json").write_text(json.dumps(plans))


@pytest.mark.parametrize("mirror", [False, True])
def test_the_structure_is_found_where_it_is_in_space(library, folder, oblique_image, block_centre, centre_of, mirror):
    predictor = NnunetPredictor(library.add(folder, "cord"), CPU, mirror=mirror)
    cord = predictor.predict([oblique_image])["cord"]
    assert predictor.outputs == ("cord",)
    assert cord.GetPixelID() == sitk.sitkFloat32
    assert cord.IsSameImageGeometryAs(oblique_image)
    assert np.abs(centre_of(cord > 0.5) - block_centre).max() < 0.6


def test_probabilities_are_those_of_nnunet_itself(library, folder, oblique_image):
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

    checkpoint = torch.load(folder / "fold_0/checkpoint_final.pth", weights_only=False)
    generator = torch.Generator().manual_seed(0)
    for value in checkpoint["network_weights"].values():
        value.normal_(generator=generator)
    torch.save(checkpoint, folder / "fold_0/checkpoint_final.pth")
    original = nnUNetPredictor(use_mirroring=False, device=CPU, allow_tqdm=False)
    original.initialize_from_trained_model_folder(str(folder), (0,))
    values = sitk.GetArrayFromImage(oblique_image)[None]
    _, expected = original.predict_single_npy_array(values, {"spacing": [2.0, 1.1, 0.8]}, None, None, True)
    cord = NnunetPredictor(library.add(folder, "cord"), CPU).predict([oblique_image])["cord"]
    assert expected[1].std() > 0.01
    np.testing.assert_array_equal(sitk.GetArrayFromImage(cord), expected[1])


def test_only_what_prediction_needs_is_kept(library, folder):
    entry = library.add(folder, "cord")
    assert set(library.verify(entry).files) == {"plans.json", "dataset.json", "fold_0/checkpoint_final.pth"}
    kept = torch.load(entry.folder / "fold_0/checkpoint_final.pth", weights_only=True)
    assert "optimizer_state" not in kept
    assert (entry.format, entry.outputs, entry.trusted) == ("nnunet", ("cord",), False)


def test_a_tampered_checkpoint_is_refused_by_name(library, folder):
    entry = library.add(folder, "cord")
    with (entry.folder / "fold_0/checkpoint_final.pth").open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(ModelError, match=r"fold_0/checkpoint_final.pth of cord@1 does not match"):
        NnunetPredictor(entry, CPU)


def test_a_program_in_a_checkpoint_is_refused_and_does_not_run(library, folder, tmp_path):
    class Payload:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "ran"),)

    torch.save({"network_weights": {}, "logging": Payload()}, folder / "fold_0/checkpoint_final.pth")
    with pytest.raises(ModelError, match=r"checkpoint_final.pth holds more than weights"):
        library.add(folder, trust=True)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "name",
    [
        "subprocess.Popen",
        "dynamic_network_architectures.architectures.unet.torch.hub.load",
        "my_networks.unet.Special",
    ],
)
def test_plans_that_name_other_classes_need_trust(library, folder, name):
    edit_plans(folder, network_class_name=name)
    with pytest.raises(ModelError, match=rf"its plans.json names {name}.*--trust"):
        library.add(folder, "cord")
    entry = library.add(folder, "cord", trust=True)
    assert entry.trusted
    with pytest.raises(ModelError, match="is no network or layer"):
        NnunetPredictor(entry, CPU)


def test_layers_are_checked_like_networks(library, folder):
    edit_plans(folder, arch_kwargs=ARCHITECTURE["arch_kwargs"] | {"nonlin": "os.system"})
    with pytest.raises(ModelError, match=r"its plans.json names os.system"):
        library.add(folder, "cord")


def test_classes_named_in_an_unusual_way_are_not_imported_either(library, folder, tmp_path, monkeypatch):
    (tmp_path / "evil_module.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    monkeypatch.syspath_prepend(tmp_path)
    hidden = ARCHITECTURE["arch_kwargs"] | {"n": "evil_module.Layer"}
    edit_plans(folder, arch_kwargs=hidden, _kw_requires_import="n")
    with pytest.raises(ModelError, match=r"plans.json of cord@1 cannot be used: evil_module.Layer is no network"):
        NnunetPredictor(library.add(folder, "cord"), CPU)
    assert not (tmp_path / "ran").exists()


def test_known_classes_are_those_of_nnunet_and_pytorch():
    assert all(is_known_class(name) for name in class_names(PLANS))
    assert is_known_class("dynamic_network_architectures.building_blocks.residual.BottleneckD")
    assert not is_known_class("torch.nn.modules.conv.torch.hub.load")
    assert not is_known_class("dynamic_network_architectures_evil.architectures.unet.Net")


def test_regions_and_labels_give_the_channels_that_nnunet_gives_them(tmp_path):
    from nnunetv2.utilities.label_handling.label_handling import LabelManager

    labels = {"background": 0, "grey": 2, "cord": 1, "ignore": 3}
    assert output_channels({"labels": labels}, tmp_path) == {"cord": 1, "grey": 2}
    regions = {"background": 0, "whole": [1, 2], "grey": 2}
    assert output_channels({"labels": regions}, tmp_path) == {"whole": 0, "grey": 1}
    assert LabelManager(regions, [1, 2]).foreground_regions == [(1, 2), 2]
    for labels in (None, {}, {"0": "background", "1": "cord"}):
        with pytest.raises(ModelError, match="no labels"):
            output_channels({"labels": labels}, tmp_path)


def test_wrong_images_are_named(library, folder, oblique_image):
    predictor = NnunetPredictor(library.add(folder, "cord"), CPU)
    with pytest.raises(BadInputError, match=r"needs 1 image\(s\) \(MR\), got 2"):
        predictor.predict([oblique_image, oblique_image])
    with pytest.raises(BadInputError, match="0 everywhere"):
        predictor.predict([oblique_image * 0])


def test_incomplete_folders_say_what_is_missing(library, folder):
    (folder / "fold_0/checkpoint_final.pth").unlink()
    with pytest.raises(ModelError, match=r"no fold_\*/checkpoint_final.pth"):
        library.add(folder)


def test_without_nnunet_the_message_says_how_to_get_it(library, folder, monkeypatch):
    entry = library.add(folder, "cord")
    monkeypatch.setitem(sys.modules, "nnunetv2.inference.predict_from_raw_data", None)
    with pytest.raises(MissingPackageError, match=r"nnunetv2.*pip install nnunetv2"):
        NnunetPredictor(entry, CPU)


def test_nnunets_own_messages_stay_off_standard_output(library, folder, oblique_image, capsys):
    NnunetPredictor(library.add(folder, "cord"), CPU).predict([oblique_image])
    assert capsys.readouterr().out == ""
