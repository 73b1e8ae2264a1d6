"""Networks compiled by OpenVINO for this machine's processor, where it is installed: the same numbers, sooner.

``CROSSCONTRAST_ENGINE`` chooses: ``auto`` (OpenVINO on CPUs if it is there), ``torch``, or ``openvino``.
"""

import hashlib
import os
import threading
import warnings
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, cast

import platformdirs
import torch
from torch import Tensor, nn

from crosscontrast.errors import BadInputError, MissingPackageError, OutputError
from crosscontrast.ground.files import atomic_write
from crosscontrast.models.library import ModelEntry
from crosscontrast.models.load import LoadedModel
from crosscontrast.timing import timed

Engine = Literal["auto", "torch", "openvino"]
#: Where the user says which one.
VARIABLE = "CROSSCONTRAST_ENGINE"

#: Counts up when the way from a network to its compiled form changes.
_EDITION = 1
#: Compiled networks that are kept on disk, 5 to 20 MB each; those not used for longest go.
_KEPT = 24
#: A compiled network may differ by this share of its largest number. softcord's differ by 1e-5 of it.
_TOLERANCE = 1e-3


class EngineWarning(UserWarning):
    """OpenVINO is there and cannot be used, so PyTorch is: the result is the same and takes longer."""


def chosen_engine() -> Engine:
    """Return what the environment asks for; raises :class:`BadInputError` for a word that means nothing."""
    name = os.environ.get(VARIABLE) or "auto"
    if name not in ("auto", "torch", "openvino"):
        raise BadInputError(f"{VARIABLE} is {name!r}, and there is no such engine.", "use auto, torch or openvino")
    return cast(Engine, name)


def accelerated(model: LoadedModel, entry: ModelEntry, device: torch.device) -> LoadedModel:
    """Return the model of ``entry`` with networks that OpenVINO runs, where that can be and is wanted.

    Other people's TorchScript, networks that draw noise, and other devices than a CPU are left to PyTorch. Raises
    :class:`MissingPackageError` where the user asks for OpenVINO and it is not installed.
    """
    engine = chosen_engine()
    if engine == "torch" or device.type != "cpu" or entry.format != "crosscontrast":
        return model
    if find_spec("openvino") is None:
        if engine == "auto":
            return model
        raise MissingPackageError(f"{VARIABLE} asks for OpenVINO, which is not installed.", "pip install openvino")
    sha = entry.record().sha256
    finder = model.finder and _compiled(model.finder, f"{sha} finder")
    return replace(model, network=_compiled(model.network, f"{sha} network"), finder=finder)


def engine_of(predictor: object) -> str:
    """Return what computes for a predictor, with its version: ``"OpenVINO 2026.4.1"``."""
    return getattr(predictor, "engine", "") or f"PyTorch {torch.__version__}"


def run_plainly(network: nn.Module, batch: Tensor) -> Tensor:
    """PyTorch on a CPU; a batch of one falls into its slow convolution: 0.82 s against 0.25 s per window of two."""
    answer: Tensor = network(torch.cat([batch, batch]))[:1] if len(batch) == 1 else network(batch)
    return answer


class CompiledNetwork(nn.Module):
    """A network in evaluation mode, (B, C, ...) -> (B, outputs, ...) float32 on the CPU, run by OpenVINO.

    ``key`` stands for its weights. It is compiled for each size of windows when that is met first, and found again in
    the user's cache folder. What OpenVINO cannot run as PyTorch does, and a network of which a part is in training mode
    (dropout that is to act), PyTorch runs.
    """

    def __init__(self, plain: nn.Module, key: str) -> None:
        super().__init__()
        self.plain = plain
        self.engine = ""
        self._key = key
        self._failed = False
        self._forms: dict[tuple[int, ...], Any] = {}
        self._lock = threading.Lock()  # a compiled form works for one caller at a time

    def forward(self, x: Tensor) -> Tensor:
        """Run the network on a batch of windows."""
        if self._failed or any(module.training for module in self.plain.modules()):
            return run_plainly(self.plain, x)
        with self._lock:
            form = self._form(tuple(x.shape[1:]))
            if form is None:
                return run_plainly(self.plain, x)
            # One by one: two windows at once take as long (0.15 s), and would need a form of their own.
            answers = [torch.from_numpy(form(window[None].contiguous().numpy())[0]) for window in x]
        return torch.cat(answers)

    def _form(self, shape: tuple[int, ...]) -> Any:
        """Return the form for windows of ``shape`` (C, ...); ``None`` where there is none, which is said once."""
        if shape not in self._forms:
            try:
                with timed("getting a network from OpenVINO"):
                    self._forms[shape], self.engine = _form_for(self.plain, self._key, shape)
            except Exception as error:  # whatever a compiler dislikes of a processor or a network
                self._failed, self.engine = True, ""
                reason = str(error).strip().splitlines()[-1:] or [type(error).__name__]
                warnings.warn(
                    f"OpenVINO cannot run this network here ({reason[0]}); PyTorch does", EngineWarning, stacklevel=2
                )
                return None
        return self._forms[shape]


def _compiled(network: nn.Module, key: str) -> nn.Module:
    if any(getattr(module, "draws_noise", False) for module in network.modules()):
        return network
    return CompiledNetwork(network, key)


def _form_for(network: nn.Module, key: str, shape: tuple[int, ...]) -> tuple[Any, str]:
    """Return the compiled form of a network for one window of ``shape``, from the cache if it is there; its engine."""
    import openvino

    core, version = openvino.Core(), openvino.__version__
    settings: dict[str, Any] = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",  # newer processors would round to bfloat16
        # What the machine has, or OMP_NUM_THREADS, or a worker's share; pinned threads would queue for one core.
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "ENABLE_CPU_PINNING": False,
    }
    processor = [str(core.get_property("CPU", name)) for name in ("FULL_DEVICE_NAME", "OPTIMIZATION_CAPABILITIES")]
    words = [str(_EDITION), key, version, torch.__version__, *processor, str(shape)]
    file = _cache_folder() / f"{hashlib.sha256(' '.join(words).encode()).hexdigest()}.blob"
    engine = f"OpenVINO {version.partition('-')[0]}"
    try:
        form = core.import_model(file.read_bytes(), "CPU", settings)
        file.touch()
        return form, engine
    except (OSError, RuntimeError):  # not there, or another build's, or damaged
        pass
    form = core.compile_model(_converted(network, shape), "CPU", settings)
    _check(form, network, shape)
    _keep(file, form.export_model().getvalue())
    return form, engine


def _converted(network: nn.Module, shape: tuple[int, ...]) -> Any:
    """Bring a network into OpenVINO's terms by its front end: ``convert_model`` around it would send usage data."""
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what tracing turns into constants; the answers are compared below
        decoder = TorchScriptPythonDecoder(network, example_input=(torch.zeros(1, *shape),))
    front = FrontEndManager().load_by_framework("pytorch")
    model = front.convert(front.load(decoder))
    model.reshape([1, *shape])
    return model


def _check(form: Any, network: nn.Module, shape: tuple[int, ...]) -> None:
    """Raise ``ValueError`` unless a form answers as its network does."""
    window = torch.randn(1, *shape, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        expected = run_plainly(network, window).float()
    got = torch.from_numpy(form(window.numpy())[0])
    difference = float((got - expected).abs().max()) if got.shape == expected.shape else float("inf")
    if not difference <= _TOLERANCE * float(expected.abs().max()):
        raise ValueError(f"its answers differ from PyTorch's by {difference:.2g}")


def _cache_folder() -> Path:
    return platformdirs.user_cache_path("CrossContrast", appauthor=False) / "networks"


def _keep(file: Path, content: bytes) -> None:
    """Write a form for the next process; one that cannot be kept is made again."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(file) as temporary:
            temporary.write_bytes(content)
        used = sorted(file.parent.glob("*.blob"), key=lambda other: other.stat().st_mtime)
        for old in used[:-_KEPT]:
            old.unlink(missing_ok=True)
    except (OSError, OutputError):
        pass
