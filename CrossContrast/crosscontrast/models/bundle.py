"""Our models on disk: a MONAI bundle whose network comes from our registry.

::

    configs/metadata.json    who made it, with what, and the format of inputs and outputs (MONAI's fields)
    configs/inference.json   ``network_def``, which MONAI's ConfigParser can build too, and the ModelSpec's other fields
    models/model.pt          a plain state dict
    models/finder.pt         another, where the localisation has a network of its own
    docs/README.md           the model card
    docs/calibration.png     how often its soft values are true, where this was measured
    configs/training.json    the settings of the training, where they are known
    configs/gate_input.json  what the training's input images looked like, and configs/gate_output.json its targets: the
                             yardsticks of the quality gate (crosscontrast.radiomics.gate)
    manifest.json            the SHA-256 of each of these

Nothing in such a folder is ever executed.
"""

import json
from collections.abc import Mapping
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from torch import Tensor, nn

from crosscontrast.errors import ModelError, OutputError, faults_of
from crosscontrast.ground.files import new_folder
from crosscontrast.models.manifest import model_name, seal, verify
from crosscontrast.models.networks import build_network
from crosscontrast.models.spec import ModelSpec, NetworkSpec
from crosscontrast.models.weights import load_into, read_state_dict, save, without_aliases

METADATA = "configs/metadata.json"
INFERENCE = "configs/inference.json"
WEIGHTS = "models/model.pt"
FINDER = "models/finder.pt"
CARD = "docs/README.md"
TRAINING = "configs/training.json"
CALIBRATION = "docs/calibration.png"
GATE_INPUT = "configs/gate_input.json"
GATE_OUTPUT = "configs/gate_output.json"
#: What every bundle has, and what one may have.
FILES = (METADATA, INFERENCE, WEIGHTS, CARD)
OPTIONAL = (TRAINING, CALIBRATION, GATE_INPUT, GATE_OUTPUT)

#: What ``network_def`` names as ``_target_``: the one function that may build a network, and its name before 0.2.
BUILDER = "crosscontrast.models.networks.build_network"
_BUILDERS = (BUILDER, "CrossContrastLib.models.networks.build_network")


class BundleMetadata(BaseModel):
    """Who made a model and for what; the fields of MONAI's ``metadata.json`` that a person writes, and the licence.

    ``expects`` and ``produces`` say in a few words which images a translator takes and makes. A ``demonstration`` is
    for trying the software out, and for no image of a person. ``sample`` names the generated case that suits the model
    (:mod:`crosscontrast.desk.samples`).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    version: str
    task: str
    description: str
    authors: str
    copyright: str
    licence: str
    changelog: dict[str, str]
    modality: str = "MR"
    expects: str | None = None
    produces: str | None = None
    demonstration: bool | None = None
    sample: str | None = None


def write_bundle(
    folder: Path,
    spec: ModelSpec,
    state_dict: Mapping[str, Tensor],
    metadata: BundleMetadata,
    card: str,
    *,
    finder: Mapping[str, Tensor] | None = None,
    more: Mapping[str, bytes] | None = None,
    source: str = "written here",
) -> None:
    """Write a sealed bundle as the new folder ``folder``; it appears complete or not at all.

    ``card`` is the model card in Markdown, ``finder`` the weights of the localisation's own network, ``more`` the
    content of files of :data:`OPTIONAL`. Raises :class:`ModelError` when weights do not fit their
    network and :class:`OutputError` when the folder exists or cannot be written.
    """
    given = {WEIGHTS: state_dict} | ({FINDER: finder} if finder else {})
    states = {name: without_aliases(state) for name, state in given.items()}
    networks = networks_of(spec)
    if networks.keys() != states.keys():
        raise ModelError(f"The weights for {folder} are not those of {' and '.join(networks)}.")
    for name, network in networks.items():
        load_into(build_network(network.name, **network.arguments), states[name], f"The weights for {folder}")
    if folder.exists():
        raise OutputError(f"{folder} exists already, and a model is never overwritten.")
    with new_folder(folder, "The model") as temporary:
        for name in (*FILES, *states):
            (temporary / name).parent.mkdir(exist_ok=True)
        _write_json(temporary / METADATA, _metadata(spec, metadata))
        _write_json(temporary / INFERENCE, _inference(spec))
        for name, state in states.items():
            save(state, temporary / name)
        (temporary / CARD).write_text(card, encoding="utf-8")
        for name, content in (more or {}).items():
            (temporary / name).parent.mkdir(exist_ok=True)
            (temporary / name).write_bytes(content)
        seal(temporary, format="crosscontrast", task=spec.task, outputs=spec.outputs, source=source)


def read_spec(folder: Path) -> ModelSpec:
    """Read what the model of ``folder`` expects and returns; raises :class:`ModelError`."""
    settings = dict(read_json(folder / INFERENCE))
    definition = settings.pop("network_def", None)
    if not names_our_network(definition):
        raise ModelError(f"{folder / INFERENCE} has no network_def that names a network of our registry.")
    arguments = {key: value for key, value in definition.items() if key not in ("_target_", "name")}
    try:
        return ModelSpec.model_validate(settings | {"network": {"name": definition["name"], "arguments": arguments}})
    except ValidationError as error:
        raise ModelError(f"{folder / INFERENCE} does not describe a model: {faults_of(error)}.") from None


def load_networks(folder: Path, spec: ModelSpec) -> dict[str, nn.Module]:
    """Build the networks of ``spec`` with the weights of ``folder``, on the CPU and in evaluation mode.

    The keys are :data:`WEIGHTS` and, where the localisation has a network of its own, :data:`FINDER`. The folder is
    compared with its manifest first, so damaged or exchanged weights are never read. Raises :class:`ModelError` naming
    the model and the file.
    """
    verify(folder)
    return build_with_weights(spec, folder, f"The weights of {model_name(folder)}")


def build_with_weights(spec: ModelSpec, folder: Path, what: str) -> dict[str, nn.Module]:
    """Build the networks of ``spec`` with weight files that need not be in a library; ``what`` names them in errors."""
    built = {}
    for name, definition in networks_of(spec).items():
        built[name] = build_network(definition.name, **definition.arguments).eval()
        load_into(built[name], read_state_dict(folder / name), what)
    return built


def networks_of(spec: ModelSpec) -> dict[str, NetworkSpec]:
    """Return the networks of a model by the file that holds their weights."""
    finder = spec.localisation.finder if spec.localisation else None
    return {WEIGHTS: spec.network} | ({FINDER: finder.network} if finder else {})


def names_our_network(definition: Any) -> bool:
    """Say whether a ``network_def`` is ours, so that it can be built without running anything that it brings."""
    return isinstance(definition, dict) and definition.get("_target_") in _BUILDERS and "name" in definition


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON file that holds an object; raises :class:`ModelError`."""
    try:
        return parse_json(path.read_bytes(), path)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}.") from error


def parse_json(text: str | bytes, where: Path) -> dict[str, Any]:
    """Parse a JSON object that stands at ``where``; raises :class:`ModelError`."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{where} is not valid JSON: {error}.") from None
    if not isinstance(content, dict):
        raise ModelError(f"{where} does not hold a JSON object.")
    return content


def _inference(spec: ModelSpec) -> dict[str, Any]:
    # Without translators their field stays away, so that earlier releases read the model too.
    settings = spec.model_dump(mode="json", exclude={"network"} | (set() if spec.translators else {"translators"}))
    return {
        "network_def": {"_target_": BUILDER, "name": spec.network.name, **spec.network.arguments},
        **settings,
    }


def _metadata(spec: ModelSpec, metadata: BundleMetadata) -> dict[str, Any]:
    written = metadata.model_dump(mode="json", exclude={"modality"}, exclude_none=True)
    versions = {
        f"{field}_version": package_version(package).partition("+")[0]
        for field, package in (("monai", "monai"), ("pytorch", "torch"), ("numpy", "numpy"))
    }
    patch = {
        "type": "image",
        "modality": metadata.modality,
        "dtype": "float32",
        "spatial_shape": list(spec.windowing.size),
        "is_patch_data": True,
    }
    inputs = patch | {"format": "magnitude", "value_range": []} | _channels(spec.inputs)
    bounds = [0, 1] if spec.task == "segmentation" else []
    form = "probability" if spec.task == "segmentation" else "magnitude"
    outputs = patch | {"format": form, "value_range": bounds} | _channels(spec.outputs)
    return written | versions | {"network_data_format": {"inputs": {"image": inputs}, "outputs": {"pred": outputs}}}


def _channels(names: tuple[str, ...]) -> dict[str, Any]:
    return {"num_channels": len(names), "channel_def": {str(index): name for index, name in enumerate(names)}}


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
