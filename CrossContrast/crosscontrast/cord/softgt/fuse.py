"""From the contrasts of one subject to their soft ground truth."""

from collections.abc import Sequence
from dataclasses import dataclass

import SimpleITK as sitk

from crosscontrast.cord.softgt.agreement import Agreement, Limits, faults
from crosscontrast.cord.softgt.consensus import common_grid
from crosscontrast.cord.softgt.contrast import Contrast
from crosscontrast.cord.softgt.placement import Placement
from crosscontrast.cord.softgt.registration import Registration, Step, register
from crosscontrast.errors import BadInputError
from crosscontrast.progress import Progress, silent

#: The reference where nothing else is asked for.
DEFAULT_REFERENCE = "T2w"


@dataclass(frozen=True)
class FusedContrast:
    """What became of one contrast.

    ``soft`` is the soft ground truth on the contrast's own grid (float32 in [0, 1]), ``unregistered`` the same from
    masks that were left where the headers put them. ``faults`` say what lies beyond the limits; the contrast is
    ``kept`` if there are none or if all were to be kept.
    """

    contrast: Contrast
    registration: Registration
    before: Agreement
    after: Agreement
    faults: list[str]
    kept: bool
    soft: sitk.Image
    unregistered: sitk.Image

    @property
    def role(self) -> str:
        """Name of the contrast."""
        return self.contrast.role


@dataclass(frozen=True)
class SoftGroundTruth:
    """The contrasts in the order given, the reference's name and remarks for the user."""

    reference: str
    contrasts: list[FusedContrast]
    remarks: list[str]


def fuse(
    contrasts: Sequence[Contrast],
    *,
    reference: str | None = None,
    keep_all: bool = False,
    drop_ends: bool = False,
    limits: Limits | None = None,
    progress: Progress = silent,
) -> SoftGroundTruth:
    """Register all contrasts to one, average their masks and carry the mean back onto every contrast's own grid.

    ``reference`` names the contrast to register to: ``T2w`` if there is one, else that with the smallest voxels. A
    contrast beyond the ``limits`` is left out, the worst first, until the rest agrees; with ``keep_all`` it stays and
    is only named. If that was the reference, another takes its place. A single contrast is passed through. For
    ``drop_ends`` see :func:`crosscontrast.cord.softgt.consensus.consensus`. Raises :class:`BadInputError` for an unknown
    reference, and where two contrasts remain that disagree: nobody can say then which of them is wrong.
    """
    if reference is not None and reference not in [c.role for c in contrasts]:
        raise BadInputError(
            f"There is no contrast {reference!r} to register to.", f"given: {', '.join(c.role for c in contrasts)}"
        )
    if len(contrasts) == 1:
        return _passed_through(contrasts[0])
    limits = limits or Limits()
    kept = list(range(len(contrasts)))
    registered = _register(contrasts, choose_reference(contrasts, reference), progress)
    while not keep_all:
        wrong = {n: registered.faults(n, kept, limits) for n in kept}
        worst = max(kept, key=lambda n: max(wrong[n].values(), default=0))
        if not wrong[worst]:
            break
        if len(kept) == 2:
            raise _undecidable(contrasts, kept, list(wrong[worst]))
        kept.remove(worst)
        if registered.reference is contrasts[worst]:
            registered = _register(contrasts, choose_reference([contrasts[n] for n in kept], reference), progress)
    # One that went because a worse one was still among the others may come back.
    kept += [n for n in range(len(contrasts)) if n not in kept and not registered.faults(n, kept, limits)]
    progress(0.8, 1, "averaging the masks")
    registered = _placed(registered.reference, contrasts, registered.registrations, kept)
    fused = _fused(registered, sorted(kept), limits, drop_ends)
    progress(1, 1, "averaged")
    return SoftGroundTruth(registered.reference.role, fused, [_remark(f) for f in fused if f.faults])


def choose_reference(contrasts: Sequence[Contrast], wanted: str | None) -> Contrast:
    """Return the contrast ``wanted``, else ``T2w``, else the one with the smallest voxels."""
    by_role = {contrast.role: contrast for contrast in contrasts}
    finest = min(contrasts, key=Contrast.voxel_volume)
    return by_role.get(wanted or DEFAULT_REFERENCE) or by_role.get(DEFAULT_REFERENCE) or finest


def _passed_through(contrast: Contrast) -> SoftGroundTruth:
    mask = sitk.Cast(contrast.mask, sitk.sitkFloat32)
    alone = Registration(sitk.Euler3DTransform(), Step.REFERENCE)
    fused = FusedContrast(contrast, alone, Agreement(), Agreement(), [], True, mask, mask)
    remark = f"{contrast.role} is the only contrast; its mask is passed through as it is, no softer than before"
    return SoftGroundTruth(contrast.role, [fused], [remark])


@dataclass(frozen=True)
class _Registered:
    """Everything registered to one reference, and where the headers alone put it."""

    registrations: list[Registration]
    before: Placement
    after: Placement

    @property
    def reference(self) -> Contrast:
        return self.after.reference

    def faults(self, index: int, kept: list[int], limits: Limits) -> dict[str, float]:
        before, after = self.before.agreement(index, kept), self.after.agreement(index, kept)
        return faults(before, after, self._contradictions(kept)[index], limits)

    def _contradictions(self, kept: list[int]) -> list[float | None]:
        """Return by how much image and mask of every contrast contradict each other.

        Images are compared with the reference's: where most of them contradict, it is the reference's mask that is
        misplaced on its image.
        """
        found = [registration.contradiction for registration in self.registrations]
        home = next(n for n, contrast in enumerate(self.after.contrasts) if contrast is self.reference)
        others = [found[n] for n in kept if n != home]
        against = [apart for apart in others if apart is not None]
        if len(others) > 1 and 2 * len(against) > len(others):
            return [min(against) if n == home else None for n in range(len(found))]
        return found


def _register(contrasts: Sequence[Contrast], reference: Contrast, progress: Progress) -> _Registered:
    """Register all contrasts, those left out as well: the report shows where they went."""
    found = []
    for number, contrast in enumerate(contrasts):
        progress(0.8 * number / len(contrasts), 1, f"registering {contrast.role} to {reference.role}")
        found.append(register(reference, contrast))
    return _placed(reference, contrasts, found, range(len(contrasts)))


def _placed(
    reference: Contrast, contrasts: Sequence[Contrast], found: list[Registration], kept: Sequence[int]
) -> _Registered:
    """Place all contrasts on a grid that suits those kept, so that the others leave no trace in the result."""
    transforms = [registration.transform for registration in found]
    headers = [sitk.Euler3DTransform()] * len(found)
    grid = common_grid(reference, [contrasts[n] for n in kept], [transforms[n] for n in kept])
    return _Registered(
        found,
        before=Placement(reference, contrasts, headers, grid),
        after=Placement(reference, contrasts, transforms, grid),
    )


def _fused(registered: _Registered, kept: list[int], limits: Limits, drop_ends: bool) -> list[FusedContrast]:
    before, after = registered.before, registered.after
    soft, unregistered = after.consensus(kept, drop_ends=drop_ends), before.consensus(kept, drop_ends=drop_ends)
    return [
        FusedContrast(
            contrast=contrast,
            registration=registered.registrations[n],
            before=before.agreement(n, kept),
            after=after.agreement(n, kept),
            faults=list(registered.faults(n, kept, limits)),
            kept=n in kept,
            soft=after.onto(n, soft),
            unregistered=before.onto(n, unregistered),
        )
        for n, contrast in enumerate(after.contrasts)
    ]


def _remark(fused: FusedContrast) -> str:
    what = "kept although" if fused.kept else "left out:"
    return f"{fused.role} was {what} {'; '.join(fused.faults)}"


def _undecidable(contrasts: Sequence[Contrast], kept: list[int], reasons: list[str]) -> BadInputError:
    one, other = (contrasts[n].role for n in kept)
    left_out = [contrast.role for n, contrast in enumerate(contrasts) if n not in kept]
    besides = f" after {', '.join(left_out)} had to be left out" if left_out else ""
    return BadInputError(
        f"The masks of {one} and {other} disagree, and of two nobody can tell which is wrong{besides}: "
        f"{'; '.join(reasons)}.",
        "look at the masks, add another contrast, or see the report with --keep-all",
    )
