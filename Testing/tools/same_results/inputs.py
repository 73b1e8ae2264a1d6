"""Makes the inputs of all steps once: phantoms, and models, datasets and studies that OLD wrote."""

import json
import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import nibabel as nib
import numpy as np
import yaml

from same_results.commands import Step
from same_results.running import Checkout, Runner

_ARMS = [{"name": "mri", "role": "t2w"}, {"name": "ultrasound", "role": "us", "real": False}]
_QUESTIONS = [
    {"id": "quality", "kind": "likert", "text": "How good is the image?", "labels": ["useless", "excellent"]},
    {"id": "origin", "kind": "turing", "text": "Is the image acquired or made by a computer?"},
    {"id": "lesion", "kind": "confidence", "text": "How sure are you that there is a lesion?", "truth": "case"},
]
_READERS = ("anna", "ben")


def make_inputs(runner: Runner, checkout: Checkout, steps: Sequence[Step]) -> None:
    """Fill ``runner.inputs``; what only steps that are not run need is left out. Ends the program on an error."""
    folder = runner.inputs
    folder.mkdir()
    used = " ".join(" ".join(step.commands) + " ".join(step.copies) for step in steps)

    def call(line: str) -> None:
        printed, _ = runner.call(checkout, line, folder)
        if "exit code 0" not in printed:
            raise SystemExit(f"{checkout.command} could not make the inputs:\n{printed}")

    call("cord phantom --out phantom")
    call("synth phantom --kind prostate --subjects 11 --size 16 --seed 3 --out prostate")
    call("synth phantom --kind head --subjects 4 --size 16 --seed 3 --out head")
    _cords(folder)
    _odd_images(folder)
    _tables(folder)
    if "models" in used or "corrections" in used:
        _models(folder, call)
    if "corrections" in used:
        _corrections(folder, call)
    if "reading" in used or "study" in used:
        _reading(folder, call)
    shutil.rmtree(folder / "home")


def _cords(folder: Path) -> None:
    """Two persons' cords: a box around the phantom's, and one that is mirrored, turned and thick-sliced."""
    for name in ("cord", "masks"):
        (folder / name).mkdir()
    truth = nib.load(folder / "phantom/truth/phantom_softseg.nii.gz")
    for contrast in ("T1w", "T2w"):
        image = nib.load(folder / f"phantom/phantom_{contrast}.nii.gz")
        for subject, person in (("01", _upright), ("02", _awkward)):
            name = f"sub-{subject}_{contrast}"
            nib.save(person(image), folder / f"cord/{name}.nii.gz")
            soft = person(truth)
            nib.save(soft, folder / f"masks/{name}_softseg.nii.gz")
            values = np.asarray(soft.dataobj)
            nib.save(_like((values >= 0.5).astype(np.uint8), soft), folder / f"masks/{name}_seg.nii.gz")
            corrected = (values >= 0.5) & (np.arange(values.shape[2]) % 7 > 0) | (np.roll(values, 2, 0) >= 0.9)
            nib.save(_like(corrected.astype(np.uint8), soft), folder / f"masks/{name}_corrected.nii.gz")
    for path in folder.glob("masks/*_T1w_corrected.nii.gz"):
        path.unlink()


def _upright(image: nib.Nifti1Image) -> nib.Nifti1Image:
    return image.slicer[22:74, 22:70, 30:70]


def _awkward(image: nib.Nifti1Image) -> nib.Nifti1Image:
    """Left-handed, axes exchanged, oblique, slices of 2 mm."""
    turned = nib.as_closest_canonical(image).slicer[22:74, 22:70, 20:80:2]
    turned = turned.as_reoriented(np.array([[1, -1], [0, 1], [2, -1]]))
    return nib.Nifti1Image(np.asarray(turned.dataobj), _tilt(8) @ turned.affine)


def _tilt(degrees: float) -> np.ndarray:
    angle = np.deg2rad(degrees)
    affine = np.eye(4)
    affine[1:3, 1:3] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return affine


def _like(values: np.ndarray, image: nib.Nifti1Image) -> nib.Nifti1Image:
    return nib.Nifti1Image(values, image.affine)


def _odd_images(folder: Path) -> None:
    """Noise without a cord, an oblique left-handed ultrasound of thick slices, discs, and a DICOM series."""
    noise = np.random.default_rng(1).normal(100, 20, (24, 28, 20)).astype(np.float32)
    nib.save(nib.Nifti1Image(noise, np.diag([1.5, 1.2, 2.0, 1.0])), folder / "noise.nii.gz")
    ultrasound = nib.load(folder / "prostate/sub-010_us.nii.gz")
    values = np.asarray(ultrasound.dataobj)[::-1, :, ::2].transpose(1, 0, 2)
    affine = _tilt(20) @ np.array([[0, -1.1, 0, 5], [-1, 0, 0, -9], [0, 0, 2.3, 4], [0, 0, 0, 1]])
    nib.save(nib.Nifti1Image(values, affine), folder / "awkward.nii.gz")
    image = nib.load(folder / "masks/sub-01_T2w_softseg.nii.gz")
    x, y, _ = nib.affines.apply_affine(image.affine, np.array(image.shape) / 2)
    heights = nib.affines.apply_affine(image.affine, [[0, 0, k] for k in (36, 24, 10)])[:, 2]
    lines = [f"{disc}\t{x:.2f}\t{y:.2f}\t{z:.2f}" for disc, z in zip((3, 4, 5), heights, strict=True)]
    (folder / "discs.tsv").write_text("disc\tx\ty\tz\n" + "\n".join(lines) + "\n")
    _dicom(nib.load(folder / "cord/sub-01_T2w.nii.gz"), folder / "dicom" / "sub-03_T2w")


def _dicom(image: nib.Nifti1Image, folder: Path) -> None:
    """Write sagittal slices as an MR series with fixed identifiers."""
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage

    folder.mkdir(parents=True)
    canonical = nib.as_closest_canonical(image)
    values = np.asarray(canonical.dataobj)
    values = np.round(1000 * (values - values.min()) / np.ptp(values)).astype(np.uint16)
    axes = np.diag([-1.0, -1.0, 1.0]) @ canonical.affine[:3]  # RAS to LPS
    spacing = nib.affines.voxel_sizes(canonical.affine)
    # Columns go to the back, rows down, slices from left to right; file k holds values[k].
    across, along, step = -axes[:, 1] / spacing[1], -axes[:, 2] / spacing[2], axes[:, 0]
    corner = axes @ [0, values.shape[1] - 1, values.shape[2] - 1, 1]
    for k, part in enumerate(values):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = MRImageStorage, f"2.25.7.3.{k + 1}"
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
        d.SOPClassUID, d.SOPInstanceUID = MRImageStorage, meta.MediaStorageSOPInstanceUID
        d.StudyInstanceUID, d.SeriesInstanceUID, d.FrameOfReferenceUID = "2.25.7.1", "2.25.7.2", "2.25.7.4"
        d.PatientName, d.PatientID, d.PatientBirthDate, d.PatientSex = "Test^Cord", "7", "19800101", "O"
        d.StudyDate, d.StudyTime, d.StudyID, d.AccessionNumber = "20260301", "120000", "1", ""
        d.ReferringPhysicianName, d.Modality, d.Manufacturer = "", "MR", "Phantom"
        d.SeriesDescription, d.SeriesNumber, d.InstanceNumber = "T2w", 3, k + 1
        d.ScanningSequence, d.SequenceVariant, d.ScanOptions, d.MRAcquisitionType = "SE", "NONE", "", "2D"
        d.EchoTime, d.RepetitionTime, d.EchoTrainLength = 80, 3000, 1
        d.ImageType, d.PositionReferenceIndicator = ["ORIGINAL", "PRIMARY", "OTHER"], ""
        pixels = np.ascontiguousarray(part[::-1, ::-1].T)
        d.Rows, d.Columns, d.SamplesPerPixel, d.PhotometricInterpretation = *pixels.shape, 1, "MONOCHROME2"
        d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 0
        d.PixelSpacing, d.SliceThickness = [float(spacing[2]), float(spacing[1])], float(spacing[0])
        d.ImageOrientationPatient = [round(float(x), 6) for x in (*across, *along)]
        d.ImagePositionPatient = [round(float(x), 4) for x in corner + step * k]
        d.PixelData = pixels.tobytes()
        d.save_as(folder / f"{(k * 5) % len(values):03}.dcm", enforce_file_format=True)


def _tables(folder: Path) -> None:
    """Cohort tables: the cords, and the prostates with three test subjects, without one target, and two of them."""
    (folder / "cohorts").mkdir()
    lines = ["subject\tsession\trole\timage\tmask\tsplit"]
    for path in sorted((folder / "cord").iterdir()):
        subject, role = path.name.removesuffix(".nii.gz").split("_")
        lines.append(f"{subject}\t\t{role}\t../cord/{path.name}\t../masks/{subject}_{role}_seg.nii.gz\ttrain")
    (folder / "cohorts/cord.tsv").write_text("\n".join(lines) + "\n")
    header, *rows = (folder / "prostate/cohort.tsv").read_text().splitlines()
    rows = [row.replace("\tsub-", "\t../prostate/sub-") for row in rows]
    place = header.split("\t").index("split")
    split = []
    for row in rows:
        cells = row.split("\t")
        cells[place] = "test" if cells[0] in ("sub-009", "sub-010", "sub-011") else "train"
        split.append("\t".join(cells))
    tables = {"prostate": split, "few": [row for row in rows if row.startswith(("sub-001", "sub-002"))]}
    tables["incomplete"] = [row for row in split if not row.startswith("sub-010\t\tt2w")]
    for name, lines in tables.items():
        (folder / f"cohorts/{name}.tsv").write_text("\n".join([header, *lines]) + "\n")


def _models(folder: Path, call) -> None:
    """A translator and a cord model that OLD trained, as bundles."""
    (folder / "models").mkdir()
    call(
        "synth train --cohort prostate/cohort.tsv --source us --target t2w --network pix2pix2d --steps 5"
        " --out run --device cpu"
    )
    shutil.move(next((folder / "run").glob("model-*")), folder / "models/translator")
    shutil.rmtree(folder / "run")
    arguments = {"in_channels": 1, "out_channels": 2, "channels": [4, 8]}
    settings = {"network": {"name": "CompactUNet", "arguments": arguments}, "patches": [[16, 16, 16]], "geometries": 2}
    settings |= {"steps": 30, "warmup": 2, "ema": 0.5, "learning_rate": 0.01, "validation_samples": 1, "seed": 1}
    (folder / "cord.json").write_text(json.dumps(settings))
    call("cord train --out run --config cord.json --device cpu")
    call("cord package run --out models/cord --name old-cord")
    shutil.rmtree(folder / "run")


def _corrections(folder: Path, call) -> None:
    """A dataset of three persons, one of them from DICOM and one frozen, each with a correction."""
    call("corrections init corrections --name 'Made before'")
    call(
        "corrections add corrections cord/sub-01_T2w.nii.gz cord/sub-02_T1w.nii.gz cord/sub-02_T2w.nii.gz"
        " dicom/sub-03_T2w --author Ada"
    )
    call("corrections predict corrections --model softcord@3 --no-uncertainty --device cpu")
    call("corrections save corrections sub-01_T2w masks/sub-01_T2w_corrected.nii.gz --author Ada --seconds 30")
    call(
        "corrections save corrections sub-02_T2w masks/sub-02_T2w_seg.nii.gz --author Ben"
        " --soft masks/sub-02_T2w_softseg.nii.gz"
    )
    predicted = next((folder / "corrections").rglob("sub-03_T2w_softseg.nii.gz"), None) or next(
        path for path in sorted((folder / "corrections").rglob("sub-03_T2w*.nii.gz")) if "label" in path.name
    )
    values = nib.load(predicted)
    nib.save(_like((np.asarray(values.dataobj) >= 0.5).astype(np.uint8), values), folder / "masks-03.nii.gz")
    call("corrections save corrections sub-03_T2w masks-03.nii.gz --author Ada")
    call("corrections freeze corrections --subject 02")


def _reading(folder: Path, call) -> None:
    """A reader study that OLD planned, and two kits with answers that we give in the readers' names."""
    study = {
        "title": "Which images are good enough?",
        "cohort": "../prostate/cohort.tsv",
        "arms": _ARMS,
        "readers": list(_READERS),
        "questions": _QUESTIONS,
        "truth": {"column": "outcome", "positive": "1"},
        "repeats": 0.2,
        "seed": 7,
    }
    (folder / "reading").mkdir()
    (folder / "reading/STUDY.yaml").write_text(yaml.safe_dump(study))
    call("reader plan reading/STUDY.yaml --out study")
    for reader in _READERS:
        call(f"reader kit study --reader {reader} --out kits/{reader}")
    for number, reader in enumerate(_READERS):
        call(f"reader collect study kits/{reader}")  # makes the kit's database, which has no answers yet
        kit = folder / "kits" / reader
        readings = json.loads((kit / "reader.json").read_text())["readings"]
        _answer(kit / "answers.sqlite", reader, [reading["id"] for reading in readings], number)
    (folder / "study/answers.sqlite").unlink()


def _answer(database: Path, reader: str, readings: Sequence[str], seed: int) -> None:
    generator = np.random.default_rng(seed)
    rows = []
    for number, reading in enumerate(readings):
        origin = "real" if generator.random() < 0.6 else "synthetic"
        values = {"quality": int(generator.integers(1, 6)), "origin": origin, "lesion": int(generator.integers(0, 101))}
        shown = 1_800_000_000.0 + 60 * number
        rows.append((reader, reading, json.dumps(values), f"nonce-{reading}", shown, shown + 9, 8.5, 0.5, "test"))
    columns = 'reader, reading, "values", nonce, shown, answered, active_seconds, paused_seconds, front_end'
    with sqlite3.connect(database) as connection:
        connection.executemany(f"INSERT INTO answers ({columns}) VALUES ({', '.join('?' * 9)})", rows)
    connection.close()
