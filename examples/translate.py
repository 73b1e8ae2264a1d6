"""Translate an image by a translator of one's own, and compare the answer with a real image where there is one.

python examples/translate.py
python examples/translate.py us.nii.gz --model runs/us-t2w --real t2w.nii.gz --out translated
"""

import argparse
from pathlib import Path

import crosscontrast as cc
from phantoms import results_folder, write_prostates


def trained_on_phantoms(folder: Path) -> tuple[Path, Path, Path]:
    """Train for a moment; returns the model, an image of a person it has not seen, and the real answer."""
    cohort = write_prostates(folder / "phantoms", subjects=12)
    done = cc.train_translator(
        cohort,
        folder / "run",
        network="pix2pix2d",
        source="us",
        target="t2w",
        steps=20,
        settings={"width": 8, "patch": (16, 16), "batch": 4, "validation_steps": 0},
    )
    table = cc.read_cohort(cohort)
    (us, t2w), *_ = table.pairs("us", "t2w", "test")
    return done.model, us.image, t2w.image


def main() -> None:
    """Translate, write, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("image", nargs="?", type=Path)
    parser.add_argument("--model", help="name in the library, or folder of a bundle or training")
    parser.add_argument("--real", type=Path, help="what the answer should be like, on the same grid")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    if given.image and not given.model:
        parser.error("give the model too")
    out = results_folder(given.out)

    model, path, real = (given.model, given.image, given.real) if given.image else trained_on_phantoms(out)
    for name, answer in cc.translate(cc.read_image(path), model, uncertainty=False).items():
        cc.write_image(answer, out / f"{path.name.split('.')[0]}_{name}.nii.gz")
        print(out / f"{path.name.split('.')[0]}_{name}.nii.gz")
        if real:
            found = cc.compare_images(cc.read_image(real), answer)
            ssim = "not defined" if found.ssim is None else f"{found.ssim:.2f}"
            print(f"{name}: mean absolute error {found.mae:.1f}, SSIM {ssim} (never judge by SSIM alone)")


if __name__ == "__main__":
    main()
