"""The table of what is run. A step is one or several commands in a folder of its own; each has a row in the report.

Commands run in their step's folder: ``../inputs`` is what OLD made (see ``inputs.py``), ``../<step>`` is another step,
which then runs first. ``torchrun`` before a command runs it in two processes.

Not here, because they serve until they are stopped: ``app`` and ``reader serve``.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

#: Differences that are wanted: step, file, sentence (patterns for the whole of each) and the reason. Files are named by
#: their paths in the step's folder; "printed" is what its commands printed and their exit codes. These are of the move
#: into one package (0.1.0 to 0.2.0); the next comparison begins with an empty table.
_SETTING = r"(log_steps|warmup|validation_steps|validation_minutes): only in new"
_ONE_LOOP = "cords and translators are trained by one loop, with the settings of both"
EXPECTED: tuple[tuple[str, str, str, str], ...] = (
    (".*", r".*\.(json|pt|md)", rf"(.*[.])?{_SETTING}", _ONE_LOOP),
    (".*", r".*\.(json|pt|md)", r"(.*[.])?precision: '32-true' -> 'full'", _ONE_LOOP),
    (".*", r"(.*/)?log\.csv", r"\d+ (learning_s|waiting_s|learning_rate): only in new", _ONE_LOOP),
    (".*", r"(.*/)?log\.csv", r"only in new", _ONE_LOOP),
    ("cord-.*", r"(.*/)?checkpoint\.pt", r"(network|average\..*|optimisers?|objective): only in (old|new)",
     "a checkpoint names its networks, as those of translators did; weights are compared in the models made of them"),
    ("cord-package", r".*manifest\.json", r"files\.configs/inference\.json: .*",
     "inference.json names the module that builds the network, and the manifest its checksum"),
    ("help", "printed", ".*", "options that were added or reworded"),
    (".*", "printed", r".*\[\d+\]: '.*\buncertainty.*", "the result names the map of uncertainty"),
    ("cord-segment-json", "printed", ".*", "the result names the map of uncertainty"),
    ("cord-(evaluate|ablation)", r"printed|.*report\.html", r".*\bperson(s|'s)?\b.* -> .*\bsubject(s|'s)?\b.*",
     "subject instead of person"),
    (".*", "printed", r'\[\d+\]: \'  "minutes": .*', "time"),
    ("synth-cleanse-.*", r".*cleansing\.json", r"device: .*|outputs\[\d+\]\..*|outputs: .*",
     "one way from files to results: the device is told, and the table is the last output"),
    ("synth-benchmark", r".*benchmark\.json", r"outputs: .*", "the figure is among the outputs"),
    ("synth-benchmark", r"out/report\.html", r"\[20\]: .*class=\"number\".*",
     "times and memory stand in the report; its figures are compared in the tables"),
    ("radiomics-study", r".*stages/.*\.json", r"key: .*", "keys of stages are checksums over the settings"),
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """Commands without ``crosscontrast``; ``files`` are written and ``copies`` of inputs made before them.

    ``kill_after``: the first command is killed when it has written its checkpoint so many times. ``same_as``: the
    folder ``out`` is also compared with that of another step of the same checkout.
    """

    name: str
    commands: tuple[str, ...]
    files: dict[str, str] = field(default_factory=dict)
    copies: tuple[str, ...] = ()
    kill_after: int = 0
    same_as: str = ""

    @property
    def needs(self) -> tuple[str, ...]:
        """The steps whose results the commands take."""
        return tuple(sorted(set(re.findall(r"\.\./([\w-]+)", " ".join(self.commands))) - {"inputs"}))


def chosen(steps: Sequence[Step], pattern: str) -> list[Step]:
    """Return the steps whose name matches the pattern, and those that they need, in the table's order."""
    wanted = {step.name for step in steps if re.search(pattern, step.name)}
    for step in reversed(steps):
        if step.name in wanted:
            wanted |= {*step.needs, step.same_as}
    return [step for step in steps if step.name in wanted]


_GROUPS = {
    "": "app doctor",
    "cord": "ablation csa evaluate package phantom retrain segment soft-gt train",
    "corrections": "add exclude export freeze include init list predict save show worklist",
    "models": "add list rollback show verify",
    "radiomics": "compare extract gate gate-profile outcome settings study",
    "reader": "analyze collect example kit plan serve status",
    "synth": "ablation benchmark cleanse features fill phantom segment segment-train train translate",
}
_HELP = [f"{group} --help".strip() for group in _GROUPS]
_HELP += [f"{group} {name} --help".strip() for group, names in _GROUPS.items() for name in names.split()]

_CORD_TRAINING = json.dumps(
    {
        "network": {
            "name": "CompactUNet",
            "arguments": {"in_channels": 1, "out_channels": 2, "channels": [4, 8]},
        },
        "patches": [[16, 16, 16], [8, 24, 24]],
        "geometries": 2,
        "appearances": 2,
        "steps": 20,
        "warmup": 2,
        "validation_samples": 2,
        "checkpoint_minutes": 1e-9,
        "seed": 3,
    }
)
#: A checkpoint and a line in the log after every step, so that a training can be interrupted at any.
_EVERY_STEP = json.dumps(
    {"steps": 20, "checkpoint_minutes": 0, "log_steps": 1, "validation_steps": 8, "width": 4, "seed": 3}
)
_LABELLING = json.dumps({"steps": 20, "checkpoint_minutes": 0, "log_steps": 1, "validation_steps": 8, "seed": 3})
_RETRAINING = json.dumps(
    {
        "steps": 2,
        "patches": [[16, 16, 16]],
        "geometries": 2,
        "appearances": 1,
        "validation_samples": 1,
        "limits": {"dice_fall": 1, "area_bias": 100},
    }
)
_BENCHMARK = json.dumps({"ema": 0.9, "width": 4, "validation_steps": 0, "networks": {"unet3d": {"steps": 5}}})
_RADIOMICS = """
outcome: {trees: 10, folds: 2, inner_folds: 2, resamples: 100, models: [random-forest, pca-random-forest, logistic]}
preservation: {resamples: 100, shuffles: 3, perturbations: 2}
"""
_FIRST_ORDER = _RADIOMICS + "extraction: {classes: [statistics], filters: {LoG: {sigma: [2.0]}}}\n"

_COHORT = "--cohort ../inputs/cohorts/prostate.tsv"
_PAIR = f"{_COHORT} --source us --target t2w"
_HEADS = "--cohort ../inputs/head/cohort.tsv"
_VESSELS = f"{_HEADS} --input heavyT2 --labels labels --class vessels=4 --class brain=1+2"

STEPS: tuple[Step, ...] = (
    # What this installation says of itself
    Step("help", ("--help", *_HELP)),
    Step("usage-errors", ("cord segment", "cord nothing", "synth train --network nothing --out out", "models show no")),
    Step(
        "models",
        (
            "models list",
            "models list --json",
            "models show softcord",
            "models verify",
            "models add ../inputs/models/translator --name old",
            "models add ../inputs/models/translator --name old",
            "models add ../inputs/models/cord --name old-cord --keep-current",
            "models list",
            "models show old --json",
            "models rollback old",
            "models rollback softcord --to 3",
            "models verify old --json",
            "models list --json",
        ),
    ),
    # The cord
    Step("cord-phantom", ("cord phantom --out out --seed 5",)),
    Step("cord-segment", ("cord segment ../inputs/cord --out out --device cpu --workers 1",)),
    Step(
        "cord-segment-json", ("cord segment ../inputs/cord/sub-02_T2w.nii.gz --out out --json --mirror --device cpu",)
    ),
    Step(
        "cord-segment-uncertainty",
        ("cord segment ../inputs/cord/sub-01_T1w.nii.gz --out out --uncertainty --threshold 0.4 --device cpu",),
    ),
    Step(
        "cord-segment-old-model",
        (
            "models add ../inputs/models/cord --name old-cord",
            "cord segment ../inputs/cord/sub-02_T1w.nii.gz --out out --model old-cord --device cpu",
            "cord segment ../inputs/dicom/sub-03_T2w --out out --model softcord@3 --device cpu",
        ),
    ),
    Step(
        "cord-segment-bad",
        (
            "cord segment text.nii.gz missing.nii.gz ../inputs/noise.nii.gz --out out --device cpu",
            "cord segment ../inputs/noise.nii.gz --out out --model nobody",
            "cord segment ../inputs/noise.nii.gz --out out --device cuda:7",
        ),
        files={"text.nii.gz": "no image"},
    ),
    Step(
        "cord-csa",
        (
            "cord csa ../inputs/masks --out out",
            "cord csa ../inputs/masks/sub-01_T2w_softseg.nii.gz --discs ../inputs/discs.tsv --aggregate --out levels",
            "cord csa ../inputs/masks/sub-02_T2w_softseg.nii.gz --out json --threshold 0.3 --json",
            "cord csa ../inputs/masks/sub-01_T2w_softseg.nii.gz --out bad --discs ../inputs/cohorts/cord.tsv",
        ),
    ),
    Step(
        "cord-soft-gt",
        (
            "cord soft-gt --image T1w=../inputs/cord/sub-01_T1w.nii.gz --mask T1w=../inputs/masks/sub-01_T1w_seg.nii.gz"
            " --image T2w=../inputs/cord/sub-01_T2w.nii.gz --mask T2w=../inputs/masks/sub-01_T2w_seg.nii.gz --out out",
        ),
    ),
    Step(
        "cord-soft-gt-cohort",
        ("cord soft-gt --cohort ../inputs/cohorts/cord.tsv --reference T1w --drop-ends --out out",),
    ),
    Step(
        "cord-evaluate",
        (
            "models add ../inputs/models/cord --name old-cord",
            "cord evaluate --cohort ../inputs/cohorts/cord.tsv --model softcord@3,old-cord --slices 5-20"
            " --reference-mask --out out --device cpu",
        ),
    ),
    Step("cord-train", ("cord train --out out --config train.json --device cpu",), {"train.json": _CORD_TRAINING}),
    Step(
        "cord-train-resumed",
        (
            "cord train --out out --config train.json --device cpu",
            "cord train --out out --resume --device cpu --json",
        ),
        {"train.json": _CORD_TRAINING},
        kill_after=6,
        same_as="cord-train",
    ),
    Step(
        "cord-package",
        (
            "cord package ../cord-train/out --out model --name tiny-cord",
            "models add model --name tiny-cord",
            "models verify tiny-cord",
            "cord segment ../inputs/cord/sub-01_T2w.nii.gz --out out --model tiny-cord --device cpu",
        ),
    ),
    Step(
        "cord-retrain",
        ("cord retrain --dataset corrections --base softcord@3 --out out --settings settings.json --device cpu",),
        {"settings.json": _RETRAINING},
        copies=("corrections",),
    ),
    Step(
        "cord-ablation",
        ("cord ablation --out out --subjects 2 --device cpu",),
        {"out/ablation.json": '{"subjects": 2, "steps": 2, "channels": [4, 8]}'},
    ),
    # Corrections
    Step(
        "corrections",
        (
            "corrections init data --name Cords",
            "corrections add data ../inputs/cord ../inputs/noise.nii.gz missing.nii.gz --author Ada",
            "corrections predict data --model softcord@3 --no-uncertainty --device cpu",
            "corrections worklist data --by disagreement",
            "corrections save data sub-01_T2w ../inputs/masks/sub-01_T2w_corrected.nii.gz --author Ada --seconds 42"
            " --note first",
            "corrections save data sub-02_T2w ../inputs/masks/sub-02_T2w_seg.nii.gz"
            " --soft ../inputs/masks/sub-02_T2w_softseg.nii.gz --author Ben --base 0",
            "corrections save data sub-01_T1w ../inputs/masks/sub-02_T2w_seg.nii.gz --author Ada",
            "corrections exclude data sub-02_T1w --reason motion --author Ada",
            "corrections exclude data sub-01_T1w --reason metal --author Ada",
            "corrections include data sub-01_T1w",
            "corrections freeze data --share 0.5 --seed 1",
            "corrections list data",
            "corrections list data --json",
            "corrections show data sub-01_T2w",
            "corrections export data --to bids --out bids",
        ),
    ),
    Step(
        "corrections-uncertainty",
        (
            "corrections init data",
            "corrections add data ../inputs/cord/sub-02_T1w.nii.gz --author Ada",
            "corrections predict data --model softcord@3 --device cpu",
            "corrections worklist data --by uncertainty --json",
        ),
    ),
    Step(
        "corrections-old-dataset",
        (
            "corrections list corrections --json",
            "corrections show corrections sub-03_T2w",
            "corrections save corrections sub-01_T2w ../inputs/masks/sub-01_T2w_seg.nii.gz --author Cem",
            "corrections list corrections",
        ),
        copies=("corrections",),
    ),
    *(
        Step(
            f"corrections-export-{name}",
            (f"corrections export corrections --to {name} --out out",),
            {},
            ("corrections",),
        )
        for name in ("bids", "nnunet", "monai-label", "decathlon", "dicom-seg")
    ),
    # Translation
    Step(
        "synth-phantom-prostate",
        ("synth phantom --kind prostate --subjects 2 --size 20 --misregistration 2 --seed 9 --out out",),
    ),
    Step(
        "synth-phantom-head", ("synth phantom --kind head --subjects 2 --size 20 --flow-void 0.5 --seed 9 --out out",)
    ),
    Step(
        "synth-train-pix2pix",
        (f"synth train {_PAIR} --network pix2pix2d --config train.json --out out --device cpu --name us2t2w",),
        {"train.json": _EVERY_STEP},
    ),
    Step(
        "synth-train-pix2pix-resumed",
        (
            f"synth train {_PAIR} --network pix2pix2d --config train.json --out out --device cpu --name us2t2w",
            "synth train --out out --resume --device cpu --name us2t2w",
        ),
        {"train.json": _EVERY_STEP},
        kill_after=6,
        same_as="synth-train-pix2pix",
    ),
    Step(
        "synth-train-cyclegan",
        (f"synth train {_PAIR} --network cyclegan2d --config train.json --out out --device cpu --json",),
        {"train.json": _EVERY_STEP},
    ),
    Step(
        "synth-train-cyclegan-resumed",
        (
            f"synth train {_PAIR} --network cyclegan2d --config train.json --out out --device cpu",
            "synth train --out out --resume --device cpu",
        ),
        {"train.json": _EVERY_STEP},
        kill_after=6,
        same_as="synth-train-cyclegan",
    ),
    Step(
        "synth-train-radiomics",
        (f"synth train {_PAIR} --network unet3d --steps 20 --radiomics 1 --outcome outcome --out out --device cpu",),
    ),
    Step(
        "synth-train-torchrun", (f"torchrun synth train {_PAIR} --network bridge2d --steps 20 --out out --device cpu",)
    ),
    Step(
        "synth-translate",
        (
            "synth translate ../inputs/prostate/sub-009_us.nii.gz ../inputs/awkward.nii.gz missing.nii.gz"
            " --model ../synth-train-pix2pix/out --uncertainty --samples 2 --out out --device cpu",
            "synth translate ../inputs/prostate/sub-009_us.nii.gz --model ../synth-train-cyclegan/out"
            " --uncertainty --axis average --samples 2 --out cycle --device cpu --json",
        ),
    ),
    Step(
        "synth-translate-old-model",
        (
            "models add ../inputs/models/translator --name old",
            "synth translate ../inputs/prostate/sub-008_us.nii.gz ../inputs/prostate/sub-009_us.nii.gz --model old"
            " --no-gate --out out --device cpu --workers 2",
        ),
    ),
    Step(
        "synth-features",
        (
            "synth features ../inputs/prostate/sub-009_us.nii.gz --model ../inputs/models/translator --list --out out",
            "synth features ../inputs/prostate/sub-009_us.nii.gz --model ../inputs/models/translator"
            " --model ../synth-train-pix2pix/out --out out --device cpu",
        ),
    ),
    Step(
        "synth-fill",
        (
            "synth fill --cohort ../inputs/cohorts/incomplete.tsv --source us --target t2w"
            " --model ../inputs/models/translator --out out --device cpu",
        ),
    ),
    Step(
        "synth-benchmark",
        (f"synth benchmark {_PAIR} --networks all --config steps.json --steps 2 --out out --device cpu",),
        {"steps.json": _BENCHMARK},
    ),
    Step("synth-ablation", (f"synth ablation {_PAIR} --steps 3 --seeds 2 --out out --device cpu",)),
    Step(
        "synth-segment-train",
        (
            "models add ../inputs/models/translator --name old",
            f"synth segment-train {_VESSELS} --translator old --network hybrid --dims 2 --loss dice --weighting median"
            " --steps 20 --out out --device cpu",
            "synth segment ../inputs/head/sub-004_heavyT2.nii.gz --model out --translator old --localise brain"
            " --margin 4 --out segmented --device cpu",
        ),
    ),
    Step(
        "synth-segment-train-volumes",
        (f"synth segment-train {_VESSELS} --weighting dtm --config train.json --out out --device cpu",),
        {"train.json": _LABELLING},
    ),
    Step(
        "synth-segment-train-resumed",
        (
            f"synth segment-train {_VESSELS} --weighting dtm --config train.json --out out --device cpu",
            "synth segment-train --out out --resume --device cpu",
        ),
        {"train.json": _LABELLING},
        kill_after=6,
        same_as="synth-segment-train-volumes",
    ),
    *(
        Step(
            f"synth-cleanse-{kind}",
            (f"synth cleanse {_VESSELS} --labelling {kind} --steps 10 --out out --device cpu",),
        )
        for kind in ("sparse", "noisy")
    ),
    # Radiomics
    Step("radiomics-settings", ("radiomics settings", "radiomics settings --json")),
    Step(
        "radiomics-extract",
        (f"radiomics extract {_COHORT} --role us,t2w --out out", f"radiomics extract {_COHORT} --out out"),
    ),
    Step(
        "radiomics-extract-mirp",
        ("radiomics extract --cohort ../inputs/cohorts/few.tsv --role us --backend mirp --out out",),
    ),
    Step(
        "radiomics-compare",
        (
            f"radiomics compare {_COHORT} --reference t2w --test us --settings quick.yaml --out out",
            "radiomics compare --features ../radiomics-extract/out/features.tsv --reference t2w --test us"
            " --settings features.yaml --out again",
        ),
        {"quick.yaml": _FIRST_ORDER, "features.yaml": "preservation: {resamples: 100, shuffles: 3}\n"},
    ),
    Step(
        "radiomics-outcome",
        (
            f"radiomics outcome {_COHORT} --outcome outcome --arms us,t2w,us+t2w --settings quick.yaml --out out",
            f"radiomics outcome {_COHORT} --outcome nothing --arms us --out bad",
        ),
        {"quick.yaml": _FIRST_ORDER},
    ),
    Step(
        "radiomics-outcome-cnn",
        (
            f"radiomics outcome {_COHORT} --outcome outcome --arms us,t2w --models cnn --settings quick.yaml"
            " --out out --device cpu",
        ),
        {"quick.yaml": "outcome: {folds: 2, inner_folds: 2, epochs: 2, cube: 16, resamples: 100}\n"},
    ),
    Step(
        "radiomics-gate",
        (
            f"radiomics gate-profile {_COHORT} --role us --out profile.json",
            "radiomics gate ../inputs/prostate/sub-009_us.nii.gz --profile profile.json"
            " --translated ../inputs/prostate/sub-009_t2w.nii.gz --mask ../inputs/prostate/sub-009_us_mask.nii.gz"
            " --compared ../radiomics-compare/out --out gate.json",
            "radiomics gate ../inputs/awkward.nii.gz --profile profile.json --json",
            "models add ../inputs/models/translator --name old",
            "radiomics gate ../inputs/prostate/sub-009_us.nii.gz --model old",
        ),
    ),
    Step(
        "radiomics-study",
        (
            f"radiomics study {_PAIR} --outcome outcome --network pix2pix2d --steps 3 --folds 2 --models logistic"
            " --settings quick.yaml --out out --device cpu",
        ),
        {"quick.yaml": _FIRST_ORDER},
    ),
    # Reader studies
    Step("reader-example", ("reader example --out out",)),
    Step(
        "reader-plan",
        (
            "reader plan ../inputs/reading/STUDY.yaml --out study",
            "reader status study",
            "reader kit study --reader anna --out kit",
        ),
    ),
    Step(
        "reader-analyze",
        (
            "reader status study",
            "reader collect study kits/anna kits/ben",
            "reader status study --json",
            "reader analyze study --out out --resamples 100",
            "reader kit study --reader ben --out kit",
        ),
        copies=("study", "kits"),
    ),
)
