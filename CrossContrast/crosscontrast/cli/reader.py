"""``crosscontrast reader``."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crosscontrast.cli.console import Console, user_command

if TYPE_CHECKING:
    from crosscontrast.reading.jobs import PlanResult

_PATH = click.Path(path_type=Path)


@click.group(epilog="Example: crosscontrast reader plan STUDY.yaml --out study")
def reader() -> None:
    """Plan blinded reader studies, serve them to readers, and analyse the answers."""


@reader.command("example", epilog="Example: crosscontrast reader example --out my-study")
@click.option("--out", required=True, type=_PATH, help="Folder for STUDY.yaml.")
@user_command
def example_command(console: Console, out: Path) -> None:
    """Write an example STUDY.yaml to change: seven physicians judge real MRI, synthetic MRI and ultrasound."""
    from importlib import resources

    from crosscontrast.errors import OutputError
    from crosscontrast.ground.files import atomic_write, make_folder

    target = out / "STUDY.yaml"
    if target.exists():
        raise OutputError(f"{target} exists already.")
    text = (resources.files("crosscontrast.reading") / "example" / "STUDY.yaml").read_text(encoding="utf-8")
    make_folder(out)
    with atomic_write(target) as temporary:
        temporary.write_text(text, encoding="utf-8")
    console.say(f"{target}")
    console.result({"study": str(target)})


@reader.command("plan", epilog="Example: crosscontrast reader plan STUDY.yaml --out study")
@click.argument("study", type=_PATH)
@click.option("--out", required=True, type=_PATH, help="New folder for the blinded images and the plan.")
@click.option("--force", is_flag=True, help="Plan even where subjects lack an arm or images do not fit together.")
@user_command
def plan_command(console: Console, study: Path, out: Path, force: bool) -> None:
    """Plan a reader study: who reads what when, and blinded copies of all images.

    OUT/plan.json holds the key from neutral names to cases and arms: keep it from readers. Its fingerprint (SHA-256)
    shows later whether it was changed. Who lacks an arm's image, and images with other voxels, are named and refused,
    unless --force; a study of which no case is positive cannot be planned.
    """
    from crosscontrast.cli.running import run_job
    from crosscontrast.reading.jobs import PlanStudy

    job = PlanStudy(study=study.resolve(), out=out.resolve(), force=force)
    _tell_plan(console, run_job(console, job.run, "planning", out))


@reader.command("serve", epilog="Example: crosscontrast reader serve study --port 8080")
@click.argument("study", type=_PATH)
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on; other computers need 0.0.0.0."
)
@click.option(
    "--name", "names", multiple=True, help="Host name or address in the readers' links; needed with --host 0.0.0.0."
)
@click.option("--database", metavar="URL", help="SQLAlchemy URL of the answers (default: STUDY/answers.sqlite).")
@click.option("--processes", type=click.IntRange(1, 64), help="Processes that draw (default: cores, at most 4).")
@user_command
def serve_command(
    console: Console,
    study: Path,
    port: int,
    host: str,
    names: tuple[str, ...],
    database: str | None,
    processes: int | None,
) -> None:
    """Let readers read in their browsers, each with a personal link that is printed here.

    Every answer is on disk before the next image shows; after a crash or on another day readers go on where they were.
    Only this computer can connect unless --host says otherwise. For other computers put a proxy with HTTPS in front.
    """
    from crosscontrast.errors import MissingPackageError

    try:
        from crosscontrast.app.reading.run import serve
    except ImportError as error:
        raise MissingPackageError(
            f"Serving a reader study needs a package that is missing: {error.name}.",
            "pip install 'crosscontrast[browser]'",
        ) from error

    def say(line: str) -> None:
        console.say(line)
        sys.stdout.flush()  # who reads the links from a pipe must not wait

    serve(study.resolve(), host=host, port=port, names=names, database=database, processes=processes, say=say)


@reader.command("kit", epilog="Example: crosscontrast reader kit study --reader anna --out anna-kit")
@click.argument("study", type=_PATH)
@click.option("--reader", "name", required=True, help="The reader, as the study names them.")
@click.option("--out", required=True, type=_PATH, help="New folder for the reader's part of the study.")
@user_command
def kit_command(console: Console, study: Path, name: str, out: Path) -> None:
    """Make the folder with which a reader reads in Slicer (module Radiomics Compare), without a server.

    It holds the blinded images by neutral names and the questions, and later the answers; neither cases nor arms.
    """
    from crosscontrast.ground.files import output_folder
    from crosscontrast.reading.kit import make_kit
    from crosscontrast.reading.plan import read_plan

    with output_folder(out):
        program = make_kit(study, read_plan(study), name, out)
    console.say(f"{len(program.readings)} readings of {name} in {out}")
    console.result({"reader": name, "kit": str(out), "readings": len(program.readings)})


@reader.command("collect", epilog="Example: crosscontrast reader collect study anna-kit ben-kit")
@click.argument("study", type=_PATH)
@click.argument("kits", nargs=-1, required=True, type=_PATH)
@click.option("--database", metavar="URL", help="SQLAlchemy URL of the answers (default: STUDY/answers.sqlite).")
@user_command
def collect_command(console: Console, study: Path, kits: tuple[Path, ...], database: str | None) -> None:
    """Take over the answers of kits that readers gave back."""
    from crosscontrast.reading.folder import open_study
    from crosscontrast.reading.kit import collect

    plan, store = open_study(study.resolve(), database)
    collected = []
    for kit in kits:
        name, new = collect(plan, store, kit.resolve())
        console.say(f"{name}: {new} new answers")
        collected.append({"reader": name, "new": new})
    store.close()
    console.result(collected)


@reader.command("status", epilog="Example: crosscontrast reader status study")
@click.argument("study", type=_PATH)
@click.option("--database", metavar="URL", help="SQLAlchemy URL of the answers (default: STUDY/answers.sqlite).")
@user_command
def status_command(console: Console, study: Path, database: str | None) -> None:
    """Tell how far every reader is; nothing is changed and no answer is shown."""
    from crosscontrast.reading.folder import open_study
    from crosscontrast.reading.program import program_of
    from crosscontrast.reading.sitting import Sitting, date_text

    plan, store = open_study(study.resolve(), database)
    told = []
    for name in plan.study.readers:
        program = program_of(plan, name)
        state, done = Sitting(program, store, "status").state(), len(store.answered(name))
        when = f", next session from {date_text(state.not_before)}" if state.not_before else ""
        console.say(f"{name}: {done} of {len(program.readings)} readings, {state.phase}{when}")
        told.append({"reader": name, "answered": done, "readings": len(program.readings), "phase": state.phase})
    store.close()
    console.result(told)


@reader.command("analyze", epilog="Example: crosscontrast reader analyze study --out results")
@click.argument("study", type=_PATH)
@click.option("--out", required=True, type=_PATH, help="Folder for report, tables and iMRMC files.")
@click.option("--database", metavar="URL", help="SQLAlchemy URL of the answers (default: STUDY/answers.sqlite).")
@click.option("--resamples", default=1000, show_default=True, type=click.IntRange(min=100), help="Bootstrap samples.")
@user_command
def analyze_command(console: Console, study: Path, out: Path, database: str | None, resamples: int) -> None:
    """Analyse the answers given so far.

    Per question and arm: distributions, medians, paired comparisons of arms, agreement between readers and with
    themselves, the visual Turing test, ROC curves per reader and over all readers, and the time per reading.
    """
    from crosscontrast.cli.running import run_job
    from crosscontrast.reading.jobs import AnalyzeStudy

    job = AnalyzeStudy(study=study.resolve(), out=out.resolve(), database=database, resamples=resamples)
    result = run_job(console, job.run, "analysing", out)
    console.say(f"{result.answers} of {result.readings} readings analysed")
    console.say(f"report: {result.report}")


def _tell_plan(console: Console, result: "PlanResult") -> None:
    for name, session, arms, repeats, training in result.sessions:
        parts = [f"{count} {arm}" for arm, count in arms.items()]
        parts += [f"{repeats} repeated"] if repeats else []
        parts += [f"{training} for training"] if training else []
        console.say(f"{name}, session {session}: {', '.join(parts)}")
    console.say(f"{result.readings} readings planned in {result.plan}")
    console.say(f"fingerprint of the plan: {result.fingerprint}")
