"""Persons whose cord can be seen, and a model that is made of a shipped one and never sees one contrast of them."""

from pathlib import Path

import pytest
import torch
from cord_corrections import add_model

from crosscontrast.cord.ablation.cohort import (
    FINDER_SHAPE,
    Person,
    draw_person,
    is_usual,
    patient_image,
    write_images,
    write_table,
)
from crosscontrast.cord.generator import contrast as generator_contrast
from crosscontrast.cord.generator.tissues import Tissue
from crosscontrast.cord.teaching.config import TrainingConfig
from crosscontrast.cord.teaching.loop import train
from crosscontrast.ground.cohort import Cohort, read_cohort
from crosscontrast.ground.files import make_folder
from crosscontrast.ground.images import write_image
from crosscontrast.models.bundle import FINDER, WEIGHTS, load_networks, read_spec
from crosscontrast.models.library import ModelEntry, ModelLibrary

LEFT_OUT, KNOWN = "T1w", ("T2w", "T2starw")
#: Families of the generator in which fluid may be darker than cord, as it is in T1w.
_LIKE_LEFT_OUT = ("T1", "MT", "PD", "diffusion", "random")
#: Mean thickness of the pia in mm. No image shows how much of what looks like cord it is: of all thicknesses that the
#: generator draws, persons to learn from and those to test on would differ by up to a tenth of the area, by lot.
_USUAL_PIA = (0.36, 0.5)


def visible_cohort(folder: Path, test: int, train: int, first: int) -> Cohort:
    """Write persons in the contrast that is left out and in those that are known, with the true share of cord."""
    make_folder(folder)
    rows, number = [], first
    while len(rows) < (test + train) * (1 + len(KNOWN)):
        person, subject = draw_person(number, FINDER_SHAPE), f"sub-{number}"
        number += 1
        if not (is_usual(person) and _has_usual_pia(person)):
            continue
        split = "test" if len(rows) < test * (1 + len(KNOWN)) else "train"
        rows += _write(person, subject, split, folder)
    write_table(folder / "cohort.tsv", ["subject", "role", "image", "mask", "split"], rows)
    return read_cohort(folder / "cohort.tsv")


def _has_usual_pia(person: Person) -> bool:
    area = person.anatomy.cord.sum((1, 2))
    # Mean thickness, as of a ring about a round cord.
    pia = person.anatomy.fractions[Tissue.PIA].sum() / (2 * (torch.pi * area).sqrt()).sum()
    return bool(_USUAL_PIA[0] < pia < _USUAL_PIA[1])


def _write(person: Person, subject: str, split: str, folder: Path) -> list[list[str]]:
    soft = f"{subject}_softseg.nii.gz"
    write_image(patient_image(person.anatomy.cord), folder / soft)
    images = write_images(person, subject, folder, (LEFT_OUT, *KNOWN))
    return [[subject, contrast, image, soft, split] for contrast, image in images.items()]


def add_forgetful_model(folder: Path, steps: int, seed: int) -> ModelEntry:
    """Train the shipped model on, on generated images with bright fluid only, and put it into the library.

    It is first made blind to its channel that looks the same in all contrasts, which would hide what is left out.
    """
    shipped = ModelLibrary().find("softcord@10")
    model = read_spec(shipped.folder)
    assert model.localisation is not None
    finder = load_networks(shipped.folder, model)[FINDER]
    weights = torch.load(shipped.folder / WEIGHTS, weights_only=True)
    weights["stem.weight"][:, 1] = 0
    torch.save(weights, folder / "start.pt")
    config = TrainingConfig(
        network=model.network,
        initial_weights=folder / "start.pt",
        patches=(model.windowing.size,),
        centred=True,
        relative=True,
        reaches=model.localisation.reaches,
        appearances=2,
        steps=steps,
        warmup=20,
        learning_rate=2e-3,
        ema=0.98,
        validation_samples=2,
        seed=seed,
    )
    with pytest.MonkeyPatch.context() as patch:
        for family in _LIKE_LEFT_OUT:
            patch.delitem(generator_contrast.WEIGHTINGS, family)
        state = train(config, folder / "training")
    return add_model(folder, model, state.average.state_dict(), finder=finder.state_dict())
