"""``crosscontrast corrections save | rename | exclude | include | freeze``: what changes a correction dataset."""

import getpass
from pathlib import Path

import click

from crosscontrast.cli.console import Console, ask, user_command
from crosscontrast.cli.datasets import open_dataset

_DATASET = click.argument("dataset", type=click.Path(path_type=Path))
_AUTHOR = click.option("--author", default=getpass.getuser, show_default="your user name", help="Who does this.")


@click.command(
    epilog="Example: crosscontrast corrections save my-dataset sub-01_T2w corrected.nii.gz --author 'A. Reader'"
)
@_DATASET
@click.argument("case")
@click.argument("mask", type=click.Path(path_type=Path))
@click.option(
    "--soft",
    type=click.Path(path_type=Path),
    help="Soft mask to go with it.  [default: soft merge with what was there]",
)
@click.option(
    "--base", type=click.IntRange(min=0), help="Revision you began with, 0 the prediction.  [default: newest]"
)
@click.option("--seconds", default=0.0, type=click.FloatRange(min=0), help="Time that you spent.")
@click.option("--note", default="", help="A word on it.")
@click.option("--label", type=click.IntRange(min=1), help="The label to take, where MASK has several.")
@click.option("--force", is_flag=True, help="Save a mask that looks wrong all the same.")
@_AUTHOR
@user_command
def save(
    console: Console,
    dataset: Path,
    case: str,
    mask: Path,
    soft: Path | None,
    base: int | None,
    seconds: float,
    note: str,
    label: int | None,
    force: bool,
    author: str,
) -> None:
    """Save the corrected binary MASK of a CASE as its next revision; earlier ones stay.

    MASK has two values, 0 and 1 (or 255, ...). One that covers most of the image, that shares nearly nothing with what
    was there, or that is in many pieces is saved with --force only.

    Where voxels were not changed, the soft mask keeps its values; where they were, it gets the soft edge that it has
    elsewhere.
    """
    from crosscontrast.corrections.masks import one_label
    from crosscontrast.corrections.starting import save_edited, starting_point
    from crosscontrast.ground.case import our_warnings
    from crosscontrast.ground.images import read_image

    opened = open_dataset(console, dataset)
    with our_warnings() as said:
        start = starting_point(opened, case, revision=base)
        edited = read_image(mask)
        if label is not None:
            edited = one_label(edited, label, mask.name)
        if soft:
            saved = opened.save(
                case,
                read_image(soft),
                edited,
                author=author,
                seconds=seconds,
                before=start.mask,
                model=start.model,
                base=start.base,
                note=note,
                force=force,
            )
        else:
            saved = save_edited(opened, start, edited, author=author, seconds=seconds, note=note, force=force)
    for sentence in said:
        console.note(f"warning: {sentence}")
    record = saved.record
    console.result({**record.model_dump(), "overtaken": [r.revision for r in saved.overtaken]})
    for other in saved.overtaken:
        console.note(f"warning: {other.author} saved revision {other.revision} meanwhile; it is kept")
    console.say(f"{case}: revision {record.revision}, {record.voxels_changed} voxels changed")


@click.command(epilog="Example: crosscontrast corrections exclude my-dataset sub-01_T2w --reason 'metal in the field'")
@_DATASET
@click.argument("case")
@click.option("--reason", required=True, help="Why it must not be trained on.")
@_AUTHOR
@user_command
def exclude(console: Console, dataset: Path, case: str, reason: str, author: str) -> None:
    """Put a CASE on the list of what is not trained on and not exported, exclude_from_training.yml."""
    done = open_dataset(console, dataset).exclude(case, reason, author=author)
    console.result({"case": done.name, "state": done.state, "reason": done.reason})
    console.say(f"{done.name}: excluded, {done.reason}")


@click.command(epilog="Example: crosscontrast corrections include my-dataset sub-01_T2w")
@_DATASET
@click.argument("case")
@user_command
def include(console: Console, dataset: Path, case: str) -> None:
    """Take a CASE off the list of what is excluded."""
    done = open_dataset(console, dataset).include(case)
    console.result({"case": done.name, "state": done.state})
    console.say(f"{done.name}: {done.state}")


@click.command(epilog="Example: crosscontrast corrections rename my-dataset sub-pat01T1w_T1w --subject pat01")
@_DATASET
@click.argument("case")
@click.option("--subject", required=True, help="Label of the subject whose image it is.")
@user_command
def rename(console: Console, dataset: Path, case: str, subject: str) -> None:
    """Make a CASE one of another subject; its image, prediction and revisions go with it."""
    done = open_dataset(console, dataset).rename(case, subject)
    console.result({"case": done.name, "was": case, "subject": done.subject, "test": done.test})
    console.say(f"{case}: {done.name}{', tested on' if done.test else ''}")


@click.command(epilog="Example: crosscontrast corrections freeze my-dataset --subjects 01,07")
@_DATASET
@click.option(
    "--subjects",
    "--subject",
    "subjects",
    multiple=True,
    help="Subjects to test on, with commas between them; repeat it.  [default: drawn by lot]",
)
@click.option(
    "--share", default=0.2, show_default=True, type=click.FloatRange(0, 1, min_open=True), help="Share to draw by lot."
)
@click.option("--seed", default=0, show_default=True, help="Seed of the lot.")
@click.option("--yes", is_flag=True, help="Fix those whom the lot draws without asking.")
@user_command
def freeze(console: Console, dataset: Path, subjects: tuple[str, ...], share: float, seed: int, yes: bool) -> None:
    """Fix once and for all which subjects models are tested on; they are never trained on.

    Without --subjects they are drawn by lot, named, and fixed when you say yes.
    """
    opened = open_dataset(console, dataset)
    named = [label.strip() for given in subjects for label in given.split(",") if label.strip()] or None
    drawn = opened.draw_test_subjects(named, share=share, seed=seed)
    if named is None and opened.settings.test_subjects is None and not yes:
        ask(console, f"The lot draws {', '.join(f'sub-{subject}' for subject in drawn)} to be tested on for good.")
    fixed = opened.freeze_test_subjects(drawn)
    console.result({"test_subjects": list(fixed)})
    console.say(f"Test subjects: {', '.join(f'sub-{subject}' for subject in fixed)}")
