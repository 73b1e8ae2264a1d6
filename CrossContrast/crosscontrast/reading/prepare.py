"""From the organiser's wishes to a study folder that can be read: blinded images and the plan."""

import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

from crosscontrast.errors import BadInputError, OutputError
from crosscontrast.ground.files import make_folder, sha256
from crosscontrast.ground.images import read_image
from crosscontrast.progress import Progress, part
from crosscontrast.reading.assign import assign
from crosscontrast.reading.balance import faults
from crosscontrast.reading.blinding import blind_case, write_blinded
from crosscontrast.reading.cases import Case, find_cases
from crosscontrast.reading.checks import check_cases
from crosscontrast.reading.plan import (
    IMAGE_FOLDER,
    PLAN_FILE,
    BlindedImage,
    Plan,
    PlannedCase,
    make_readings,
    neutral_name,
)
from crosscontrast.reading.study import Study


def prepare_study(
    study: Study, folder: Path, progress: Progress, *, force: bool = False, tell: Callable[[str], None] = lambda _: None
) -> Plan:
    """Plan the study, blind its images and write both into ``folder``, which must not hold a study yet.

    A study that has begun cannot be planned anew over its answers. Cases that do not fit together are refused unless
    ``force``; what is unusual about them is told to ``tell``. Raises :class:`BadInputError` and
    :class:`OutputError`; the folder then holds nothing new.
    """
    if (folder / PLAN_FILE).exists() or (folder / IMAGE_FOLDER).exists():
        raise BadInputError(f"{folder} holds a study already.", "give another folder; answers belong to one plan")
    cases = find_cases(study)
    slots = assign(study, cases)
    wrong = faults(study, slots)
    if wrong:
        raise BadInputError(f"The study cannot be balanced: {wrong[0]}")
    for sentence in check_cases(study, cases, force=force, progress=part(progress, 0, 0.1)):
        tell(sentence)
    salt, progress = secrets.token_hex(16), part(progress, 0.1, 1)
    make_folder(folder)
    if not any(folder.iterdir()):
        folder.chmod(0o700)
    images = folder / IMAGE_FOLDER
    staging = folder / f".part-{secrets.token_hex(4)}"
    try:
        staging.mkdir(mode=0o700)
        blinded = [
            image
            for n, case in enumerate(cases)
            for image in _blind(study, case, n, len(cases), salt, staging, progress)
        ]
        plan = Plan(
            salt=salt,
            study=study,
            cases=tuple(PlannedCase(name=c.name, training=c.training, positive=c.positive) for c in cases),
            images=tuple(blinded),
            readings=make_readings(slots, salt),
        )
        staging.replace(images)
        plan.write(folder / PLAN_FILE)
    except OSError as error:
        raise OutputError(f"Cannot write into the folder {folder}: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        if not (folder / PLAN_FILE).exists():
            shutil.rmtree(images, ignore_errors=True)
    progress(1, 1, "done")
    return plan


def _blind(
    study: Study, case: Case, number: int, count: int, salt: str, folder: Path, progress: Progress
) -> list[BlindedImage]:
    progress(number, count, f"blinding {case.name}")
    images = {arm: read_image(path) for arm, path in case.images.items()}
    made = []
    for arm, image in blind_case(images, study.display, case.name).items():
        file = f"{neutral_name(salt, 'image', case.name, arm)}.nrrd"
        write_blinded(image, folder / file)
        source = case.images[arm]
        made.append(
            BlindedImage(
                case=case.name,
                arm=arm,
                source=str(source),
                source_sha256=sha256(source),
                file=file,
                sha256=sha256(folder / file),
            )
        )
    return made
