"""The gate as jobs: the profile of training images, and the verdict on an image."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from crosscontrast.errors import BadInputError
from crosscontrast.ground.cohort import read_cohort
from crosscontrast.jobs.job import Job, JobResult
from crosscontrast.progress import Progress
from crosscontrast.radiomics.extraction.settings import ExtractionSettings
from crosscontrast.radiomics.gate.checks import GateLimits
from crosscontrast.radiomics.gate.profiles import Profiles, known_profiles
from crosscontrast.radiomics.gate.verdict import GateVerdict

if TYPE_CHECKING:
    from crosscontrast.radiomics.gate.verdict import Check


class Profiled(JobResult):
    """The profile and the number of its images."""

    profile: Path
    images: int


class ProfileTraining(Job):
    """Describe the training images of a role in a cohort, as the yardstick of the gate; writes the JSON file ``out``.

    Rows of the split ``train`` count, or all rows where the cohort has no splits.
    """

    kind: ClassVar[str] = "radiomics.gate-profile"

    cohort: Path
    role: str
    out: Path

    def run(self, progress: Progress) -> Profiled:
        """Describe and write."""
        from crosscontrast.ground.files import make_folder
        from crosscontrast.radiomics.gate.profile import build_profile

        cohort = read_cohort(self.cohort)
        rows = cohort.select(role=self.role, split="train") or cohort.select(role=self.role, split="")
        if not rows:
            raise BadInputError(f"{self.cohort} has no training image of role {self.role!r}.")
        profile = build_profile([row.image for row in rows], progress)
        make_folder(self.out.parent)
        profile.write(self.out)
        return Profiled(profile=self.out, images=profile.images)


class Gated(JobResult):
    """The verdict, and the file that keeps it (``None`` where none was asked for)."""

    verdict: GateVerdict
    written: Path | None = None


class GateImage(Job):
    """Say whether an input image, and what was made of it, can be relied on.

    ``profile`` is that of the training's input images, ``target_profile`` that of its targets; those that are not given
    are looked up for ``model`` (its name in the library, or a bundle's folder). ``translated`` are the images made of
    the input, by one model or by an ensemble; ``spread`` is the map of standard deviations that came with a single one,
    ``segmentations`` those of input and translated image. With ``preservation`` and ``features`` (tables of
    ``radiomics compare``, with its ``reference`` role) the trusted features of the translated image are looked at,
    inside ``mask``. What there is no material for is named in the verdict.
    """

    kind: ClassVar[str] = "radiomics.gate"

    image: Path
    model: str | None = None
    profile: Path | None = None
    target_profile: Path | None = None
    translated: tuple[Path, ...] = ()
    spread: Path | None = None
    mask: Path | None = None
    segmentations: tuple[Path, Path] | None = None
    preservation: Path | None = None
    role: str | None = None
    features: Path | None = None
    reference: str | None = None
    extraction: ExtractionSettings = ExtractionSettings()
    limits: GateLimits = GateLimits()
    out: Path | None = None

    def run(self, progress: Progress) -> Gated:
        """Make every check that there is material for, and name the others."""
        import warnings

        missing: list[str] = []
        profiles = self._profiles(missing)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            checks = list(self._checks(profiles, progress, missing))
        remarks = [str(w.message) for w in caught if w.category.__module__.startswith("crosscontrast")]
        verdict = GateVerdict.of(checks, missing)
        if self.out:
            self._write(verdict, profiles, self.out)
        progress(1, 1, "done")
        return Gated(verdict=verdict, written=self.out, warnings=list(dict.fromkeys(remarks)))

    def _profiles(self, missing: list[str]) -> Profiles:
        known = known_profiles(self.model) if self.model else Profiles()
        profiles = Profiles(self.profile or known.inputs, self.target_profile or known.targets)
        name = f"the model {Path(self.model).name}" if self.model else "there"
        if profiles.inputs is None:
            what = f"{name} has no profile of its training images" if self.model else "there is no profile"
            missing.append(f"geometry, intensities and distance from training: {what}")
        if profiles.targets is None and self.translated:
            what = f"{name} has no profile of its training targets" if self.model else "there is no profile of targets"
            missing.append(f"translated intensities: {what}")
        return profiles

    def _checks(self, profiles: Profiles, progress: Progress, missing: list[str]) -> "Iterator[Check]":
        from crosscontrast.ground.images import read_image
        from crosscontrast.radiomics.gate.checks import agreement_check, input_checks, output_check
        from crosscontrast.radiomics.gate.profile import TrainingProfile

        progress(0, 1, f"reading {self.image.name}")
        image = read_image(self.image)
        if profiles.inputs:
            yield from input_checks(image, self.image.name, TrainingProfile.read(profiles.inputs), self.limits)
        if profiles.targets and self.translated:
            translated = read_image(self.translated[0])
            yield output_check(translated, TrainingProfile.read(profiles.targets), self.limits)
        progress(0.4, 1, "spread")
        yield from self._spread_check(missing)
        if self.segmentations:
            of_input, of_translated = (read_image(path) for path in self.segmentations)
            yield agreement_check(of_input, of_translated, self.limits)
        else:
            missing.append("segmentation agreement: there are no segmentations")
        if self.preservation and self.features and self.reference and self.mask and self.translated:
            progress(0.6, 1, "features")
            yield self._feature_check()
        else:
            missing.append("feature profile: it needs a translated image, a mask and the tables of a comparison")

    def _spread_check(self, missing: list[str]) -> "Iterator[Check]":
        from crosscontrast.ground.images import read_image
        from crosscontrast.radiomics.gate.checks import spread_check, spread_map_check

        region = read_image(self.mask) if self.mask else None
        if len(self.translated) > 1:
            yield spread_check([read_image(path) for path in self.translated], region, self.limits)
        elif self.spread and self.translated:
            yield spread_map_check(read_image(self.spread), read_image(self.translated[0]), region, self.limits)
        else:
            missing.append("ensemble spread: it needs the images of two models or more, or a map of uncertainty")

    def _feature_check(self) -> "Check":
        from crosscontrast.progress import silent
        from crosscontrast.radiomics.extraction.jobs import ExtractCase
        from crosscontrast.radiomics.gate.features import feature_check, trusted_features

        assert self.preservation is not None
        assert self.features is not None
        assert self.reference is not None
        assert self.mask is not None
        trusted = trusted_features(self.preservation, self.role)
        case = ExtractCase(image=self.translated[0], mask=self.mask, settings=self.extraction)
        found = case.run(silent).features
        return feature_check(found, trusted, self.features, self.reference, self.limits.features)

    def _write(self, verdict: GateVerdict, profiles: Profiles, path: Path) -> None:
        from crosscontrast.ground.files import make_folder
        from crosscontrast.ground.provenance import FileRecord, Provenance

        make_folder(path.parent)
        files = [self.image, *self.translated, *(self.segmentations or ())]
        others = (profiles.inputs, profiles.targets, self.spread, self.mask, self.preservation, self.features)
        files += [file for file in others if file]
        Provenance(
            job=self.kind,
            parameters=self.model_dump(mode="json", include={"model", "limits", "extraction", "role", "reference"}),
            inputs=[FileRecord.of(file) for file in files],
            measures=verdict.model_dump(mode="json"),
            warnings=verdict.reasons,
        ).write(path)
