"""Making a case one of another subject."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from crosscontrast.corrections.bids import CaseName
from crosscontrast.corrections.documents import read_document, write_document
from crosscontrast.corrections.exclusions import FILE as EXCLUSIONS
from crosscontrast.corrections.exclusions import add_exclusion, read_exclusions, remove_exclusion, why_excluded
from crosscontrast.corrections.layout import Layout, sidecar
from crosscontrast.corrections.publish import publish
from crosscontrast.corrections.records import CaseRecord, Settings
from crosscontrast.corrections.storage import commit_folder, new_folder, replace_file
from crosscontrast.errors import BadInputError
from crosscontrast.ground.files import image_stem, sha256


def move_case(layout: Layout, record: CaseRecord, name: str, known: Sequence[CaseRecord]) -> None:
    """Let the case of ``record`` be called ``name`` of now on; ``known`` are all cases. The caller holds the lock.

    Everything is there under the new name before anything of the old one goes. The revisions' own records keep the
    name under which they were saved. Raises :class:`BadInputError` where another image has the new name.
    """
    old = layout.folder / record.image
    extension = old.name.removeprefix(image_stem(old))
    target = layout.folder / CaseName.parse(name).folder / f"{name}{extension}"
    made = record.model_copy(update={"case": name, "image": target.relative_to(layout.folder).as_posix()})
    namesake = next(
        (other for other in known if other.case.lower() == name.lower() and other.case != record.case), None
    )
    if namesake and namesake.image_sha256 != record.image_sha256:
        raise BadInputError(f"{record.case} cannot be called {name}: that is another image of the dataset.")
    if target.exists() and sha256(target) != sha256(old):
        raise BadInputError(f"{record.case} cannot be called {name}: {target} is another image.")
    if namesake and not _is_unfinished(layout, record.case, namesake.case):
        raise BadInputError(
            f"{record.case} is the same image as {namesake.case}, and both have corrections.",
            f"exclude one of them: crosscontrast corrections exclude {layout.folder} {record.case}",
        )
    if namesake:
        shutil.rmtree(layout.case(namesake.case).parent)
    _copy_files(layout, record.case, name, old, target)
    _move_exclusion(layout, record.case, name)
    _move_test_subject(layout, record.case, name, known)
    with new_folder(layout.staging) as staging:
        copied = staging.with_name(f"{staging.name}-case")
        shutil.copytree(layout.case(record.case).parent, copied)
        write_document(copied / "case.json", made)
        commit_folder(copied, layout.case(name).parent)
    publish(layout, made)
    _remove(layout, record, old)


def _is_unfinished(layout: Layout, case: str, namesake: str) -> bool:
    """Whether a case adds nothing to another of the same image: it has no revisions, or those of a killed renaming."""
    mine, theirs = layout.revisions(case), layout.revisions(namesake)
    return not theirs.is_dir() or (mine.is_dir() and sha256(mine) == sha256(theirs))


def _copy_files(layout: Layout, case: str, name: str, old: Path, target: Path) -> None:
    """Copy the image with its sidecar, and what a model made of it."""
    replace_file(old, target)
    for path in (sidecar(old), *old.parent.glob(f"{case}.bv*")):
        if path.exists():
            replace_file(path, target.parent / path.name.replace(case, name, 1))
    for path in layout.prediction(case).glob(f"{case}_*"):
        replace_file(path, layout.prediction(name) / path.name.replace(case, name, 1))


def _move_exclusion(layout: Layout, case: str, name: str) -> None:
    path = layout.folder / EXCLUSIONS
    reason = why_excluded(case, read_exclusions(path))
    if reason:
        add_exclusion(path, name, reason)


def _move_test_subject(layout: Layout, case: str, name: str, known: Sequence[CaseRecord]) -> None:
    settings = read_document(Settings, layout.settings)
    old, new = CaseName.parse(case).subject, CaseName.parse(name).subject
    test = set(settings.test_subjects or ())
    if not test & {old, new}:
        return
    if not any(CaseName.parse(other.case).subject == old for other in known if other.case != case):
        test.discard(old)
    changed = settings.model_copy(update={"test_subjects": tuple(sorted(test | {new}))})
    write_document(layout.settings, changed)


def _remove(layout: Layout, record: CaseRecord, old: Path) -> None:
    """Remove everything that is called as before; the folder of the case first, as without it the rest is no case."""
    shutil.rmtree(layout.case(record.case).parent)
    path = layout.folder / EXCLUSIONS
    if any(entry.startswith(record.case) for entry in read_exclusions(path)):
        remove_exclusion(path, record.case)
    masks = [layout.seg(record.case), layout.softseg(record.case)]
    left = [old, sidecar(old), *old.parent.glob(f"{record.case}.bv*"), *masks, *map(sidecar, masks)]
    left += layout.prediction(record.case).glob(f"{record.case}_*")
    for file in left:
        file.unlink(missing_ok=True)
        for folder in (file.parent, *file.parent.parents):
            if folder == layout.folder or not folder.is_dir() or any(folder.iterdir()):
                break
            folder.rmdir()
