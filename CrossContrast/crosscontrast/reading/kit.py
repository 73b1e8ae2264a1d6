"""A reader's part of a study as a folder of its own, for reading in Slicer on any computer, and its way back."""

import os
import shutil
from pathlib import Path

from crosscontrast.errors import BadInputError
from crosscontrast.ground.files import make_folder, staging_folder
from crosscontrast.reading.plan import IMAGE_FOLDER, Plan
from crosscontrast.reading.program import Program, program_of, read_program
from crosscontrast.reading.store import ANSWER_FILE, Store, local_url

PROGRAM_FILE = "reader.json"
#: Modification time of every image in a kit (1 January 2000): the order of writing would tell which belong together.
_NO_TIME = 946684800


def make_kit(folder: Path, plan: Plan, reader: str, out: Path) -> Program:
    """Copy what ``reader`` needs into the new folder ``out``: images by the names of their readings, and the program.

    An image that is read twice is there twice under two names. Raises :class:`BadInputError` for an unknown reader and
    where ``out`` holds something already.
    """
    program = program_of(plan, reader)
    if out.exists() and any(out.iterdir()):
        raise BadInputError(f"{out} is not empty.")
    sources = {reading.id: folder / IMAGE_FOLDER / reading.image for reading in program.readings}
    kit = program.model_copy(
        update={
            "readings": tuple(
                reading.model_copy(update={"image": f"{reading.id}.nrrd"}) for reading in program.readings
            )
        }
    )
    with staging_folder(make_folder(out)) as staging:
        (staging / IMAGE_FOLDER).mkdir()
        for reading in kit.readings:
            copy = staging / IMAGE_FOLDER / reading.image
            shutil.copyfile(sources[reading.id], copy)
            os.utime(copy, (_NO_TIME, _NO_TIME))
        kit.write(staging / PROGRAM_FILE)
    return kit


def open_kit(kit: Path) -> tuple[Program, Store]:
    """Return the program of a kit and the database beside it, which is made where there is none."""
    program = read_program(kit / PROGRAM_FILE)
    for reading in program.readings:
        if reading.image != f"{reading.id}.nrrd" or not (kit / IMAGE_FOLDER / reading.image).is_file():
            raise BadInputError(f"{kit} is incomplete: it lacks an image.", "ask the organiser for it again")
    return program, Store(local_url(kit / ANSWER_FILE), program.plan, program.title)


def collect(plan: Plan, store: Store, kit: Path) -> tuple[str, int]:
    """Take over the answers of a kit that came back; return its reader and how many were new.

    Raises :class:`BadInputError` where the kit belongs to another plan, answers came out of order, or an answer differs
    from the one that is stored already; nothing is taken over then.
    """
    program, answered = open_kit(kit)
    try:
        answers, events = answered.all_answers(), answered.events()
    finally:
        answered.close()
    if program.plan != plan.fingerprint or program.reader not in plan.study.readers:
        raise BadInputError(f"{kit} belongs to another plan.")
    order = [reading.id for reading in program_of(plan, program.reader).readings]
    if [a.reading for a in answers] != order[: len(answers)] or any(a.reader != program.reader for a in answers):
        raise BadInputError(f"The answers in {kit} were not given in the order of the plan.")
    stored = {a.reading: a for a in (store.answer(program.reader, answer.reading) for answer in answers) if a}
    differing = [a for a in answers if a.reading in stored and stored[a.reading].values != a.values]
    if differing:
        raise BadInputError(f"{kit} holds other answers of {program.reader} than those that are stored.")
    new = sum(store.add(answer) for answer in answers if answer.reading not in stored)
    refused = sum(event["event"].startswith("refused") for event in events)
    store.log(program.reader, "collected", "", f"{new} new answers of {len(answers)}, {refused} refused requests")
    return program.reader, new
