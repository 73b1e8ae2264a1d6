"""Translating an image into another contrast: with which model, into what, what speaks against it, and what came out.

Nothing here keeps anybody from translating what a model was not made for; it is said before.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crosscontrast.desk.reasons import BUSY, NO_IMAGE
from crosscontrast.ground.contrasts import contrast_of, contrasts_in
from crosscontrast.scene.soft_map import is_soft_map
from crosscontrast.scene.synthetic import is_made_from, synthetic_output

if TYPE_CHECKING:
    from crosscontrast.jobs.job import Job
    from crosscontrast.models.about import About

NO_MODEL = "The library has no model for translation; add one with: crosscontrast models add"
NO_TRANSLATION = "Translate the image first."
SAME = "Choose an output volume other than the source."
#: As a choice of outputs.
ALL = "all"
NO_TARGET = "Choose the real image that the translation stands for."


@dataclass(frozen=True)
class Offer:
    """A translation model of the library: what a job calls it, its full name, its own words, and what it makes."""

    model: str
    title: str
    words: "About"
    outputs: tuple[str, ...]
    current: bool
    shipped: bool

    @property
    def expected(self) -> tuple[str, ...]:
        """The contrasts that it takes, as far as it says so."""
        return contrasts_in(self.words.expects)

    @property
    def note(self) -> str:
        """What it takes and makes, in one line."""
        made = self.words.produces or " and ".join(self.outputs)
        said = f"{self.words.expects} → {made}" if self.words.expects else f"makes {made}"
        return f"{said} (demonstration)" if self.words.demonstration else said


def offers() -> list[Offer]:
    """Return the translation models of the library, the current versions of each first."""
    from crosscontrast.models.about import about
    from crosscontrast.models.library import ModelLibrary

    entries = [entry for entry in ModelLibrary().entries() if entry.task == "translation" and not entry.problem]
    entries.sort(key=lambda entry: (not entry.current, entry.name, -entry.version))
    return [Offer(e.name if e.current else str(e), str(e), about(e), e.outputs, e.current, e.shipped) for e in entries]


@dataclass
class Translator:
    """What is asked for, and why it cannot be had.

    ``image`` is the volume node to translate, ``result`` the translation that is looked at, and ``target`` the real
    image that it stands for, where there is one. ``busy()`` says whether work is under way, and ``ready()`` whether the
    packages are there without which the library cannot be read. ``no_image`` and ``no_model`` are what this front end
    says where there is none.
    """

    busy: Callable[[], bool] = lambda: False
    ready: Callable[[], bool] = lambda: True
    no_image: str = NO_IMAGE
    no_model: str = NO_MODEL
    image: Any = None
    result: Any = None
    target: Any = None
    device: str = "auto"
    uncertainty: bool = False
    #: What the person chose, empty for what suits the image.
    chosen: str = ""
    chosen_output: str = ""
    offers: list[Offer] = field(default_factory=list)
    _readable: bool = field(default=True, init=False)

    def refresh(self) -> None:
        """Look again at which models there are."""
        self._readable = self.ready()  # asking takes a while
        self.offers = offers() if self._readable else []

    # What is asked for

    @property
    def offer(self) -> Offer | None:
        """The model that the person chose, or else the one that suits the image."""
        return next((one for one in self.offers if one.model == self.chosen), None) or self._suits()

    @property
    def model(self) -> str:
        """What a job calls it; empty where there is none."""
        return self.offer.model if self.offer else ""

    @property
    def outputs(self) -> tuple[str, ...]:
        """What the model can make, where that is more than one thing."""
        made = self.offer.outputs if self.offer else ()
        return made if len(made) > 1 else ()

    @property
    def output(self) -> str:
        """The one to make, empty for all: the person's choice, or of several not the one that the image is already."""
        if self.chosen_output in (ALL, *self.outputs):
            return "" if self.chosen_output == ALL else self.chosen_output
        others = [output for output in self.outputs if contrast_of(output) != self.contrast]
        return others[0] if self.contrast and others and len(others) < len(self.outputs) else ""

    @property
    def contrast(self) -> str:
        """The contrast of the image as far as it is known: what it was made in, or what its name says."""
        if self.image is None:
            return ""
        made = synthetic_output(self.image)
        return contrast_of(made) if made else contrast_of(self.image.GetName())

    def _suits(self) -> Offer | None:
        """Choose for the image among the models that came with the software, demonstrations for their own samples only.

        A contrast does not say the part of the body, so what a user added is chosen by them.
        """
        serious = [one for one in self.offers if one.current and not one.words.demonstration]
        shipped = [one for one in serious if one.shipped]
        of_its_sample = [one for one in self.offers if one.current and self._shows_sample_of(one)]
        expecting = [one for one in shipped if self.contrast in one.expected]
        groups = (of_its_sample, expecting, shipped, serious, self.offers)
        return next((group[0] for group in groups if group), None)

    # What is said before

    def doubts(self) -> list[str]:
        """What speaks against this model for this image; it can be translated all the same."""
        offer = self.offer
        if offer is None or self.image is None:
            return []
        said, name = [], self.image.GetName()
        if self.contrast and offer.expected and self.contrast not in offer.expected:
            source = "it was made as" if synthetic_output(self.image) else "the name says"
            said.append(f"This model expects {offer.words.expects}; {source} {self.contrast}.")
        if offer.words.demonstration and not self._shows_sample_of(offer):
            said.append("A demonstration model: what it makes of an image of a person means nothing.")
        if synthetic_output(self.image):
            said.append(f"{name} is synthetic itself.")
        return said

    def why_not(self) -> str:
        """Why nothing can be translated now."""
        if self.image is None:
            return self.no_image
        if is_soft_map(self.image):
            return f"{self.image.GetName()} is a soft map and no image."
        if self.image is self.result:
            return SAME
        return ("" if self.model or not self._readable else self.no_model) or (BUSY if self.busy() else "")

    def why_not_compare(self) -> str:
        """Why image and translation cannot be looked at together."""
        if self.image is None:
            return self.no_image
        made = self.result is not None and self.result is not self.image and self.result.GetImageData() is not None
        return "" if made and is_made_from(self.result, self.image) else NO_TRANSLATION

    def why_not_error(self) -> str:
        """Why there can be no error map."""
        reason = self.why_not_compare()
        if not reason and self.target is None:
            return NO_TARGET
        if not reason and self.target in (self.result, self.image):
            return f"{self.target.GetName()} is not the real image that the translation stands for."
        if not reason and synthetic_output(self.target):
            return f"{self.target.GetName()} is synthetic itself."
        return reason or (BUSY if self.busy() else "")

    def why_not_sample(self) -> str:
        """Why there is no sample to try the model with."""
        offer = self.offer
        if offer is None:
            return self.no_model if self._readable else ""
        return (BUSY if self.busy() else "") if offer.words.sample else f"{offer.title} has no sample."

    # What is done

    def job(self, image: Path, out: Path) -> "Job":
        """Return the job that translates the file ``image`` into the folder ``out``."""
        from crosscontrast.errors import ModelError
        from crosscontrast.synthesis.jobs import TranslateImage

        if not self.model:
            raise ModelError(self.no_model)
        return TranslateImage(
            image=image,
            out=out,
            model=self.model,
            device=self.device,
            uncertainty=self.uncertainty,
            output=self.output,
        )

    def error_job(self, write: Callable[[Any, str], Path], out: Path) -> "Job":
        """Return the job that compares the translation with the real image; ``write`` writes a node to a file."""
        from crosscontrast.errors import BadInputError
        from crosscontrast.synthesis.error_map import MapError

        if reason := self.why_not_error():
            raise BadInputError(reason)
        roles: Sequence[tuple[str, Any]] = (
            ("translation", self.result),
            ("target", self.target),
            ("source", self.image),
        )
        return MapError(out=out, **{role: write(node, role) for role, node in roles})

    def sample(self) -> tuple[Path, Path]:
        """Draw the model's sample, where that was not done yet; return an image and the real one that should come out.

        Raises :class:`CrossContrastError`.
        """
        from crosscontrast.desk.samples import kept_sample
        from crosscontrast.errors import BadInputError

        if self.offer is None or (reason := self.why_not_sample()):
            raise BadInputError(self.no_model if self.offer is None else reason)
        image, target, *_ = kept_sample(self.offer.words.sample)
        return image, target

    def _shows_sample_of(self, offer: Offer) -> bool:
        """Whether the image is of the sample that comes with a model."""
        storage = self.image.GetStorageNode() if self.image is not None else None
        if storage is None or not offer.words.sample or not storage.GetFileName():
            return False
        from crosscontrast.desk.samples import sample_at

        return sample_at(Path(storage.GetFileName())) == offer.words.sample
