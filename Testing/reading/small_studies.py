"""Small reader studies with images that can be told apart, for the tests of this folder."""

from pathlib import Path

import numpy as np
import SimpleITK as sitk
import yaml

ARMS = [
    {"name": "mri", "role": "T1w"},
    {"name": "synthetic", "role": "synthT1w", "real": False},
    {"name": "ultrasound", "role": "us"},
]
QUESTIONS = [
    {"id": "quality", "kind": "likert", "text": "How good is the image?", "labels": ["useless", "excellent"]},
    {"id": "origin", "kind": "turing", "text": "Is the image acquired or made by a computer?"},
    {"id": "lesion", "kind": "confidence", "text": "How sure are you that there is a lesion?", "truth": "case"},
    {"id": "remark", "kind": "text", "text": "Remarks"},
]


def phantom(seed: int, arm: int, size=(16, 14, 12)) -> sitk.Image:
    """An ellipsoid with a bright spot; arms differ in brightness and noise, as real ones would."""
    generator = np.random.default_rng([seed, arm])
    k, j, i = np.meshgrid(*[np.linspace(-1, 1, n) for n in size[::-1]], indexing="ij")
    values = (100 + 400 * arm) * (i**2 + j**2 + k**2 < 0.8) + generator.normal(0, 5, i.shape)
    values[2:4, 3:6, 4:8] += 300
    image = sitk.GetImageFromArray(values.astype(np.float32))
    image.SetSpacing((1.5, 1.2, 2.0))
    image.SetOrigin((-10.0 + seed, 5.0, 20.0))
    return image


def write_study(folder: Path, subjects: int = 6, image=phantom, **changes) -> Path:
    """Write images, cohort table and STUDY.yaml; ``changes`` replace entries, ``None`` removes one."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["subject\trole\timage\tlesion"]
    for number in range(subjects):
        for arm, entry in enumerate(ARMS):
            name = f"sub-{number:02}_{entry['role']}.nii.gz"
            sitk.WriteImage(image(number, arm), str(folder / name))
            lines.append(f"sub-{number:02}\t{entry['role']}\t{name}\t{number % 2}")
    (folder / "cohort.tsv").write_text("\n".join(lines) + "\n")
    study = {
        "title": "Which images are good enough?",
        "cohort": "cohort.tsv",
        "arms": ARMS,
        "readers": ["anna", "ben"],
        "questions": QUESTIONS,
        "truth": {"column": "lesion", "positive": "1"},
        "seed": 7,
        **changes,
    }
    text = yaml.safe_dump({key: value for key, value in study.items() if value is not None})
    (folder / "STUDY.yaml").write_text(text)
    return folder / "STUDY.yaml"
