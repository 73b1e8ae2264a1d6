"""Reads any file that the program writes as dictionaries, lists, texts, numbers and arrays, which can be compared."""

import base64
import csv
import hashlib
import io
import json
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import yaml
from PIL import Image

from same_results.normalising import MEASURED, Words

_SETTINGS = re.compile(r"^```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_EMBEDDED = re.compile(r"data:image/(?:png|jpeg);base64,([A-Za-z0-9+/=\s]+)")


def read(path: Path, words: Words) -> Any:
    """Return the content of a file by its suffix; what is unknown is a text if it is UTF-8, else bytes."""
    for suffix, reader in _READERS.items():
        if path.name.endswith(suffix):
            return reader(path, words)
    return _text(path, words)


def _text(path: Path, words: Words) -> Any:
    if path.stem in MEASURED:
        return "<measured>"
    try:
        return words(path.read_bytes().decode("utf-8")).split("\n")
    except UnicodeDecodeError:
        return path.read_bytes()


def _nifti(path: Path, _: Words) -> Any:
    image = nib.load(path)
    header = {name: np.asarray(image.header[name]) for name in image.header}
    extensions = [extension.get_content() for extension in image.header.extensions]
    return {"header": header, "extensions": extensions, "affine": image.affine, "voxels": np.asarray(image.dataobj)}


def _itk(path: Path, words: Words) -> Any:
    import SimpleITK as sitk

    image = sitk.ReadImage(str(path))
    return {
        "voxels": sitk.GetArrayFromImage(image),
        "grid": [image.GetOrigin(), image.GetSpacing(), image.GetDirection()],
        "header": {key: words(image.GetMetaData(key)) for key in image.GetMetaDataKeys()},
    }


def _dicom(path: Path, words: Words) -> Any:
    """Elements by keyword; identifiers that are drawn, and dates and times, are left out."""
    import pydicom

    def tree(dataset: pydicom.Dataset) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for element in dataset:
            name = element.keyword or str(element.tag)
            if element.VR == "SQ":
                found[name] = [tree(item) for item in element.value]
            elif element.VR == "UI":
                values = element.value if isinstance(element.value, pydicom.multival.MultiValue) else [element.value]
                found[name] = [str(value) if str(value).startswith("1.2.840.10008") else "<UID>" for value in values]
            elif element.VR not in ("DA", "TM", "DT"):
                found[name] = element.value if isinstance(element.value, bytes) else words(str(element.value))
        return found

    dataset = pydicom.dcmread(path)
    return {"meta": tree(dataset.file_meta), "data": tree(dataset)}


def _json(path: Path, words: Words) -> Any:
    return plain(json.loads(path.read_text(encoding="utf-8")), words)


def _yaml(path: Path, words: Words) -> Any:
    return plain(list(yaml.safe_load_all(path.read_text(encoding="utf-8"))), words)


def plain(value: Any, words: Words) -> Any:
    """Return parsed JSON or YAML with normalised texts and without what was measured."""
    if isinstance(value, dict):
        kept = ((str(key), entry) for key, entry in value.items())
        return {words(key): "<measured>" if key in MEASURED else plain(entry, words) for key, entry in kept}
    if isinstance(value, list | tuple):
        return [plain(entry, words) for entry in value]
    return value if isinstance(value, bool | int | float | None) else words(str(value))


def _markdown(path: Path, words: Words) -> Any:
    """Lines, and the JSON in them by its keys: a model card shows the settings of the training."""
    text = path.read_text(encoding="utf-8")
    settings = [plain(json.loads(block), words) for block in _SETTINGS.findall(text)]
    return {"lines": words(_SETTINGS.sub("<settings>", text)).split("\n"), "settings": settings}


def _table(path: Path, words: Words) -> Any:
    """Rows by column. A training's log has a row per value, and is read as values by step and name."""
    delimiter = "\t" if path.suffix == ".tsv" else ","
    with path.open(newline="", encoding="utf-8") as stream:
        header, *rows = list(csv.reader(stream, delimiter=delimiter)) or [[]]
    found = []
    for row in rows:
        cells = dict(zip(header, row, strict=False)) if len(row) == len(header) else dict(enumerate(row))
        measured = MEASURED | ({"value"} if cells.get("name") in MEASURED else set())
        found.append({key: "<measured>" if key in measured else words(cell) for key, cell in cells.items()})
    if header == ["step", "minutes", "name", "value"]:
        return {f"{row['step']} {row['name']}": row["value"] for row in found}
    return {"columns": header, "rows": found}


def _numpy(path: Path, _: Words) -> Any:
    loaded = np.load(path, allow_pickle=False)
    return loaded if isinstance(loaded, np.ndarray) else {name: loaded[name] for name in loaded.files}


def _torch(path: Path, words: Words) -> Any:
    import torch

    def tree(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            exact = value.detach().float() if value.dtype in (torch.bfloat16, torch.float16) else value.detach()
            return {"type": str(value.dtype), "values": exact.numpy()}
        if isinstance(value, dict):
            return {str(key): "<measured>" if key in MEASURED else tree(entry) for key, entry in value.items()}
        if isinstance(value, list | tuple):
            return [tree(entry) for entry in value]
        return plain(value, words)

    return tree(torch.load(path, map_location="cpu", weights_only=True))


def _picture(path: Path, _: Words) -> Any:
    return _pixels(path.read_bytes())


def _pixels(content: bytes) -> Any:
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image.convert("RGBA"))


def _html(path: Path, words: Words) -> Any:
    """Lines; an embedded picture is there by its pixels, as its file may hold a date."""

    def picture(found: re.Match[str]) -> str:
        pixels = _pixels(base64.b64decode(found.group(1)))
        return f"<picture {pixels.shape} {hashlib.md5(pixels.tobytes()).hexdigest()}>"

    return words(_EMBEDDED.sub(picture, path.read_text(encoding="utf-8"))).split("\n")


def _sqlite(path: Path, words: Words) -> Any:
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        connection.row_factory = sqlite3.Row
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        tables = {name: [dict(row) for row in connection.execute(f'SELECT * FROM "{name}"')] for name in names}
    connection.close()
    return plain(tables, words)


_READERS: dict[str, Callable[[Path, Words], Any]] = {
    ".nii.gz": _nifti, ".nii": _nifti, ".nrrd": _itk, ".mha": _itk, ".dcm": _dicom,
    ".json": _json, ".yaml": _yaml, ".yml": _yaml, ".csv": _table, ".tsv": _table,
    ".md": _markdown, ".npy": _numpy, ".npz": _numpy, ".pt": _torch, ".pth": _torch, ".ckpt": _torch,
    ".png": _picture, ".jpg": _picture, ".html": _html, ".sqlite": _sqlite,
}  # fmt: skip
