"""A correction dataset: images, predictions, and masks corrected by people with their whole history, as BIDS."""

import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
import SimpleITK as sitk

from crosscontrast.corrections.acquisition import acquisition_of
from crosscontrast.corrections.bids import CaseName, names_subject
from crosscontrast.corrections.create import create_dataset
from crosscontrast.corrections.documents import read_document, write_document, write_text
from crosscontrast.corrections.doubts import doubts
from crosscontrast.corrections.exclusions import FILE as EXCLUSIONS
from crosscontrast.corrections.exclusions import add_exclusion, read_exclusions, remove_exclusion, why_excluded
from crosscontrast.corrections.layout import RECORD, SEG, SOFTSEG, Layout, sidecar
from crosscontrast.corrections.masks import contradiction, soft_values
from crosscontrast.corrections.masks import inside as inside_mask
from crosscontrast.corrections.prediction import Prediction, find_prediction
from crosscontrast.corrections.publish import publish, published_revision, read_revision, revision_numbers
from crosscontrast.corrections.records import Case, CaseRecord, Correction, Revision, Saved, Settings, now
from crosscontrast.corrections.rename import move_case
from crosscontrast.corrections.split import choose_test_subjects
from crosscontrast.corrections.storage import commit_folder, dataset_lock, move_file, new_folder, stage_image, sweep
from crosscontrast.corrections.subjects import Parting, partings, patient_of, pseudonym, voxels_sha256
from crosscontrast.errors import BadInputError, OutputError
from crosscontrast.ground.dicom.study import source_sha256
from crosscontrast.ground.files import image_stem, sha256
from crosscontrast.ground.images import ImageWarning, image_like, read_image, write_image
from crosscontrast.ground.provenance import ModelRecord


class CorrectionDataset:
    """The dataset in one folder. Any number of people and processes may use it at once.

    Every writing method returns when its result is on the disk; a kill at any moment leaves the state before or after.

    Parameters
    ----------
    folder : path
        The dataset's folder; :meth:`create` makes one, :meth:`open` also finishes what a killed process left.

    Examples
    --------
    >>> from crosscontrast.cord.phantom import CordPhantom
    >>> phantom = CordPhantom(size=(32, 32, 16))
    >>> write_image(phantom.image("T2w"), "sub-01_T2w.nii.gz")
    >>> dataset = CorrectionDataset.create(Path("my-corrections"))
    >>> case = dataset.add(Path("sub-01_T2w.nii.gz"))
    >>> soft = phantom.soft_truth()
    >>> saved = dataset.save(case.name, soft, soft > 0.5, author="me")
    >>> case.name, saved.record.revision, dataset.case(case.name).state
    ('sub-01_T2w', 1, 'corrected')
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.layout = Layout(folder)
        self.layout = Layout(folder, self.settings.label)

    @classmethod
    def create(cls, folder: Path, *, name: str = "", label: str = "SC", authors: Sequence[str] = ()) -> Self:
        """Make a correction dataset of a folder that is empty or a BIDS dataset; nothing that is there is changed.

        ``label`` is what is segmented (``label-SC`` in the masks' names); who corrects becomes one of the ``authors``
        that the dataset's description names. Raises :class:`BadInputError` for a folder
        with something else in it or a label that BIDS does not allow, :class:`OutputError` where it cannot be written.
        """
        folder = folder.resolve()
        create_dataset(folder, name, label, authors)
        return cls(folder)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open a dataset, and finish what a process that was killed while saving has left to do.

        A person whom the dataset parts into several subjects (:meth:`partings`) is warned of.
        Raises :class:`BadInputError` where the folder is not a correction dataset.
        """
        dataset = cls(folder.resolve())
        behind = [record for record in dataset._records() if dataset._is_behind(record.case)]
        try:
            sweep(dataset.layout.staging)
            if behind:
                with dataset_lock(dataset.layout.lock):
                    for record in behind:
                        dataset._bring_up(record)
        except (OutputError, OSError) as error:  # who may only read sees the revisions all the same
            warnings.warn(f"{folder} could not be brought up to date: {error}", ImageWarning, stacklevel=2)
        for parting in dataset.partings():
            warnings.warn(
                f"{folder}: {parting} Repair it with: crosscontrast corrections rename {folder} CASE "
                f"--subject {parting.person}",
                ImageWarning,
                stacklevel=2,
            )
        return dataset

    @property
    def settings(self) -> Settings:
        """What was decided for the whole dataset."""
        if not self.layout.settings.exists():
            raise BadInputError(
                f"{self.folder} is not a correction dataset.", "make it one with: crosscontrast corrections init"
            )
        return read_document(Settings, self.layout.settings)

    # --- cases

    def add(self, source: Path, *, subject: str = "", session: str = "", contrast: str = "", author: str = "") -> Case:
        """Bring an image (file or DICOM folder) into the dataset, named as :meth:`CaseName.of_file` says.

        The image is copied, unless it lies in the dataset already. Adding the same image again changes nothing. Raises
        :class:`BadInputError` for a file that cannot be used, where the name belongs to another image, and where the
        image is in the dataset as one of another subject.
        """
        image = read_image(source)
        patient = "" if subject else pseudonym(patient_of(source))
        said = {"subject": subject, "session": session, "contrast": contrast}
        name = self._known_name(source, CaseName.of_file(source, **said, patient=patient), said)
        if not (subject or patient or names_subject(source)):
            warnings.warn(
                f"{source.name} does not say whose image it is and is taken for one of sub-{name.subject}: name the "
                "subject.",
                ImageWarning,
                stacklevel=2,
            )
        source, content = source.resolve(), source_sha256(source)
        inside = source.parent == self.folder / name.folder and image_stem(source) == str(name)
        with new_folder(self.layout.staging) as staging:
            staged = source if inside else stage_image(source, image, staging)
            target = source if inside else self.folder / name.folder / f"{name}.nii.gz"
            record = CaseRecord(
                case=str(name),
                number=1,
                image=target.relative_to(self.folder).as_posix(),
                image_sha256=sha256(staged),
                source=str(source),
                source_sha256=content,
                added_by=author,
                size=image.GetSize(),
                spacing=image.GetSpacing(),
                origin=image.GetOrigin(),
                direction=image.GetDirection(),
                voxels_sha256=voxels_sha256(image),
            )
            with dataset_lock(self.layout.lock):
                self._commit_case(record, staged, staging)
                if not inside and (acquired := acquisition_of(source, name)):
                    write_text(sidecar(target), json.dumps(acquired, indent=2) + "\n")
        return self.case(record.case)

    def _known_name(self, source: Path, name: CaseName, said: dict[str, str]) -> CaseName:
        """Return the name under which an image is here already, where an earlier version or BIDS had another for it."""
        stem = image_stem(source)
        if not any(said.values()) and source.resolve().parent == self.folder / name.folder and stem.startswith("sub-"):
            return CaseName.parse(stem)
        known = (CaseName.parse(record.case) for record in self._records())
        return next((old for old in known if CaseName.of_file(Path(f"{old}.nii.gz")) == name), name)

    def _commit_case(self, record: CaseRecord, staged: Path, staging: Path) -> None:
        known, target = self._records(), self.folder / record.image
        # Disks of Windows and macOS take sub-A and sub-a for the same name.
        namesake = next((other for other in known if other.case.lower() == record.case.lower()), None)
        if namesake:
            if namesake.case == record.case and _same_image(namesake, record):
                return
            raise BadInputError(
                f"{record.source} would be called {record.case}, and that is another image of the dataset.",
                "name its subject, session or contrast",
            )
        subject = CaseName.parse(record.case).subject
        for other in known:
            if _same_image(other, record) and CaseName.parse(other.case).subject.lower() != subject.lower():
                raise BadInputError(
                    f"{record.source} would be called {record.case}, and the same image is {other.case} already.",
                    "an image has one subject; see: crosscontrast corrections rename",
                )
        if target != staged:
            if target.exists() and sha256(target) != record.image_sha256:
                raise BadInputError(f"{target} is another image than {record.source}.")
            move_file(staged, target)
        numbered = record.model_copy(update={"number": max((r.number for r in known), default=0) + 1})
        write_document(staging / "case.json", numbered)
        commit_folder(staging, self.layout.case(record.case).parent)

    def partings(self) -> list[Parting]:
        """Return the persons who stand in the dataset as several subjects: one could test what another trained."""
        return partings(self._records())

    def rename(self, case: str, subject: str) -> Case:
        """Make a case one of another subject; image, prediction and all revisions go with it.

        The new subject is a frozen test subject where the old or the new one was. Raises :class:`BadInputError` where
        there is no such case, and where the new name belongs to another image. A kill in between leaves the case under
        both names, and the same call finishes it.
        """
        with dataset_lock(self.layout.lock):
            record = self.record(case)
            renamed = CaseName.of_file(Path(f"{record.case}.nii.gz"), subject=subject)
            if str(renamed) != record.case:
                move_case(self.layout, record, str(renamed), self._records())
        return self.case(str(renamed))

    def cases(self) -> list[Case]:
        """Return all cases in the order in which they were added."""
        exclusions, test = read_exclusions(self.folder / EXCLUSIONS), set(self.settings.test_subjects or ())
        return [self._case(record, exclusions, test) for record in self._records()]

    def case(self, name: str) -> Case:
        """Return one case; raises :class:`BadInputError` where there is none of that name."""
        return self._case(
            self.record(name), read_exclusions(self.folder / EXCLUSIONS), set(self.settings.test_subjects or ())
        )

    def record(self, name: str) -> CaseRecord:
        """Return what is known of a case's image; raises :class:`BadInputError` where there is none of that name."""
        path = self.layout.case(str(CaseName.parse(name)))
        if not path.exists():
            raise BadInputError(f"{self.folder} has no case {name}.", "see: crosscontrast corrections list")
        return read_document(CaseRecord, path)

    def prediction(self, name: str) -> Prediction | None:
        """Return what a model made of the case, or ``None``."""
        return find_prediction(self.layout, name, image_stem(self.folder / self.record(name).image))

    def _case(self, record: CaseRecord, exclusions: dict[str, str], test: set[str]) -> Case:
        name = CaseName.parse(record.case)
        newest = max(revision_numbers(self.layout, record.case), default=0)
        reason = why_excluded(record.case, exclusions)
        return Case(
            name=record.case,
            subject=name.subject,
            session=name.session,
            contrast=name.contrast,
            image=self.folder / record.image,
            state="excluded" if reason else "corrected" if newest else "pending",
            revision=newest,
            reason=reason,
            test=name.subject in test,
        )

    def _records(self) -> list[CaseRecord]:
        files = self.layout.cases.glob("*/case.json")
        return sorted((read_document(CaseRecord, path) for path in files), key=lambda r: (r.number, r.case))

    # --- corrections

    def save(
        self,
        case: str,
        soft: sitk.Image,
        mask: sitk.Image,
        *,
        author: str,
        seconds: float = 0,
        before: sitk.Image | None = None,
        model: ModelRecord | None = None,
        base: int | None = None,
        note: str = "",
        force: bool = False,
    ) -> Saved:
        """Save a correction as the case's next revision; no earlier one is touched.

        ``soft`` has values in [0, 1] and ``mask`` is not 0 in the structure, both on the image's grid. ``base`` is
        the revision that the person began with (default: the newest; 0: the prediction), ``before`` its mask where it
        is neither that revision's nor the prediction at .5, and ``model`` what predicted, where the prediction does not
        tell. Raises :class:`BadInputError` for masks that do not fit the image, for a mask of more than two values, for
        a soft one that lies elsewhere, and, unless ``force``, for a mask that is implausible (:func:`doubts`).
        """
        record = self.record(case)
        grid, source = record.grid(), self.folder / record.image
        values, inside = soft_values(soft, grid, case), inside_mask(mask, grid, case)
        numbers = revision_numbers(self.layout, case)
        base = max(numbers, default=0) if base is None else base
        if base and base not in numbers:
            raise BadInputError(f"{case} has no revision {base}.")
        start = inside_mask(before, grid, case, "mask before") if before is not None else self.start_mask(case, base)
        _check_together(case, values, inside, [] if force else doubts(inside, start))
        predicted = self.prediction(case)
        with new_folder(self.layout.staging) as staging:
            write_image(image_like(values, grid), staging / SOFTSEG, like=source)
            write_image(image_like(inside.astype(np.uint8), grid), staging / SEG, like=source)
            revision = Revision(
                case=case,
                revision=1,
                base=base,
                author=author,
                date=now(),
                seconds=max(0.0, round(seconds, 1)),  # a clock may have been set back
                voxels_added=int(np.count_nonzero(inside & ~start)),
                voxels_removed=int(np.count_nonzero(start & ~inside)),
                model=model or (predicted.model if predicted else None),
                input_sha256=record.source_sha256,
                softseg_sha256=sha256(staging / SOFTSEG),
                seg_sha256=sha256(staging / SEG),
                note=" ".join(note.split()),
            )
            with dataset_lock(self.layout.lock):
                number = max(revision_numbers(self.layout, case), default=0) + 1
                revision = revision.model_copy(update={"revision": number})
                write_document(staging / RECORD, revision)
                commit_folder(staging, self.layout.revision(case, number))
                self._publish(record)
        return Saved(revision, tuple(r for r in self.history(case) if base < r.revision < number))

    def history(self, case: str) -> list[Revision]:
        """Return all revisions of a case, oldest first."""
        self.record(case)
        return [read_revision(self.layout, case, number) for number in revision_numbers(self.layout, case)]

    def load(self, case: str, revision: int | None = None) -> Correction:
        """Read a correction back, the newest or an earlier one.

        Raises :class:`BadInputError` where there is none of that number, or its files are not what was saved.
        """
        newest = max(revision_numbers(self.layout, case), default=0) if revision is None else revision
        record, folder = self.check_revision(case, newest), self.layout.revision(case, newest)
        soft = sitk.Cast(read_image(folder / SOFTSEG), sitk.sitkFloat32)
        return Correction(soft, read_image(folder / SEG), record)

    def check_revision(self, case: str, number: int) -> Revision:
        """Return the record of a revision whose files are what was saved; raises what :meth:`load` raises."""
        self.record(case)
        if number not in revision_numbers(self.layout, case):
            raise BadInputError(f"{case} has no revision {number}." if number else f"{case} has no correction yet.")
        record, folder = read_revision(self.layout, case, number), self.layout.revision(case, number)
        for file, expected in ((SOFTSEG, record.softseg_sha256), (SEG, record.seg_sha256)):
            if not (folder / file).exists() or sha256(folder / file) != expected:
                raise BadInputError(f"{folder / file} is not the file that was saved.", "load another revision")
        return record

    def start_mask(self, case: str, base: int) -> np.ndarray:
        """Return what a correction of ``base`` begins with, (k, j, i) bool: that revision's mask, the prediction's, or
        nothing."""
        grid = self.record(case).grid()
        if base:
            return inside_mask(self.load(case, base).mask, grid, case, "earlier mask")
        predicted = self.prediction(case)
        if predicted is None:
            return np.zeros(grid.GetSize()[::-1], bool)
        start: np.ndarray = soft_values(predicted.soft(), grid, case) >= 0.5
        return start

    def _publish(self, record: CaseRecord) -> None:
        """Bring a saved revision into the derivatives. It is safe already, so a failure here is a warning only."""
        try:
            publish(self.layout, record)
        except (OutputError, OSError) as error:
            warnings.warn(
                f"The correction of {record.case} is saved, but the derivatives could not be written: {error}",
                ImageWarning,
                stacklevel=3,
            )

    def _is_behind(self, case: str) -> bool:
        return published_revision(self.layout, case) != max(revision_numbers(self.layout, case), default=0)

    def _bring_up(self, record: CaseRecord) -> None:
        if self._is_behind(record.case):  # another process may have done it while we waited for the lock
            publish(self.layout, record)

    # --- training

    def exclude(self, case: str, reason: str, *, author: str = "") -> Case:
        """Put a case on the list of what is not trained on; raises :class:`BadInputError` without a reason."""
        if not reason.strip():
            raise BadInputError(f"{case} cannot be excluded without a reason.")
        name = self.record(case).case
        with dataset_lock(self.layout.lock):
            add_exclusion(self.folder / EXCLUSIONS, name, f"{reason} ({', '.join(filter(None, [author, now()]))})")
        return self.case(name)

    def include(self, case: str) -> Case:
        """Take a case off that list."""
        name = self.record(case).case
        with dataset_lock(self.layout.lock):
            remove_exclusion(self.folder / EXCLUSIONS, name)
        return self.case(name)

    def freeze_test_subjects(
        self, subjects: Sequence[str] | None = None, *, share: float = 0.2, seed: int = 0
    ) -> tuple[str, ...]:
        """Fix once for the dataset who is tested on and never trained on: these, or a share drawn by lot.

        Asking again for the same is allowed. Raises :class:`BadInputError` where others are fixed already, for a
        subject that is not there, and where none would be left to train on.
        """
        with dataset_lock(self.layout.lock):
            there, settings = self._subjects(), self.settings
            chosen = choose_test_subjects(there, settings.test_subjects, subjects, share=share, seed=seed)
            if settings.test_subjects is None:
                write_document(self.layout.settings, settings.model_copy(update={"test_subjects": chosen}))
        return chosen

    def draw_test_subjects(
        self, subjects: Sequence[str] | None = None, *, share: float = 0.2, seed: int = 0
    ) -> tuple[str, ...]:
        """Return whom :meth:`freeze_test_subjects` would fix, and fix nobody; raises what it raises."""
        return choose_test_subjects(self._subjects(), self.settings.test_subjects, subjects, share=share, seed=seed)

    def _subjects(self) -> list[str]:
        return sorted({CaseName.parse(record.case).subject for record in self._records()})


def _check_together(case: str, soft: np.ndarray, mask: np.ndarray, doubtful: list[str]) -> None:
    against = contradiction(soft, mask)
    if against:
        raise BadInputError(f"The soft mask of {case} {against}.")
    if doubtful:
        raise BadInputError(
            f"The mask of {case} looks wrong: {'; '.join(doubtful)}.", "save it all the same with --force"
        )


def _same_image(one: CaseRecord, other: CaseRecord) -> bool:
    """Tell whether two cases are of one image: the bytes of its file, or its voxels and where they lie."""
    if one.image_sha256 == other.image_sha256 or one.source_sha256 == other.source_sha256:
        return True
    return bool(one.voxels_sha256) and one.voxels_sha256 == other.voxels_sha256
