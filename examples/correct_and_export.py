"""Put an image and its hand-corrected mask into a correction dataset and export it for nnU-Net.

python examples/correct_and_export.py
python examples/correct_and_export.py sub-01_T2w.nii.gz corrected_mask.nii.gz --dataset my-dataset --out exported
"""

import argparse
from pathlib import Path

import crosscontrast as cc
from crosscontrast.corrections.layout import Layout
from crosscontrast.corrections.soft_merge import soft_merge
from phantoms import results_folder, write_cords


def main() -> None:
    """Predict, merge the correction softly, save it as a revision, export."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("image", nargs="?", type=Path)
    parser.add_argument("mask", nargs="?", type=Path, help="the corrected mask, on the image's grid")
    parser.add_argument("--dataset", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--author", default="example")
    given = parser.parse_args()
    if given.image and not given.mask:
        parser.error("give the corrected mask too")
    out = results_folder(given.out)
    path = given.image or write_cords(out / "phantoms").with_name("sub-01_T2w.nii.gz")

    predicted = cc.segment_cord(cc.read_image(path))
    if given.mask:
        corrected = cc.read_image(given.mask)
    else:  # here a hand would have painted: the lowest four slices are erased
        corrected = predicted.mask + 0
        corrected[:, :, :4] = 0
    # Soft values stay where nothing was changed, and follow the edit where it was: no hard edges to learn from.
    soft = soft_merge(predicted.soft, predicted.mask, corrected)

    folder = given.dataset or out / "dataset"
    there = Layout(folder).settings.exists()
    dataset = cc.CorrectionDataset.open(folder) if there else cc.CorrectionDataset.create(folder)
    case = dataset.add(path, author=given.author)
    saved = dataset.save(case.name, soft, corrected, author=given.author, before=predicted.mask)
    removed, added = saved.record.voxels_removed, saved.record.voxels_added
    print(f"{case.name}: revision {saved.record.revision}, {added} voxels added, {removed} removed")

    done = cc.run_job("corrections.export", dataset=folder, out=out / "nnUNet_raw", form="nnunet")
    print(f"{done.cases} case(s) in {done.folder}")


if __name__ == "__main__":
    main()
