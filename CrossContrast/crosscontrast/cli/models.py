"""``crosscontrast models``: the model library."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crosscontrast.cli.console import Console, user_command

if TYPE_CHECKING:
    from crosscontrast.models.library import ModelEntry


@click.group(epilog="Example: crosscontrast models list")
def models() -> None:
    """See, add, check and roll back models."""


@models.command("list", epilog="Example: crosscontrast models list --json")
@user_command
def list_models(console: Console) -> None:
    """List every version of every model; * marks the one that the bare name means."""
    from crosscontrast.models.about import about
    from crosscontrast.models.library import ModelLibrary

    library = ModelLibrary()
    entries = library.entries()
    console.result([_summary(entry) for entry in entries])
    width = max((len(str(entry)) for entry in entries), default=0)
    for entry in entries:
        origin = "shipped" if entry.shipped else "added"
        what = entry.problem or f"{entry.task or 'task unknown'}: {', '.join(entry.outputs) or 'outputs unknown'}"
        said = about(entry)
        what += f" ({said.direction})" if said.direction else ""
        what += ", demonstration only" if said.demonstration else ""
        console.say(f"{'*' if entry.current else ' '} {entry!s:{width}}  {entry.format:13}  {origin:7}  {what}")
    console.say(f"Added models are kept in {library.root}")


@models.command(epilog="Example: crosscontrast models show softcord@3")
@click.argument("model")
@user_command
def show(console: Console, model: str) -> None:
    """Show what a model is, what it expects, and its model card."""
    from crosscontrast.models.find import find_model

    entry = find_model(model)
    card = entry.folder / "docs" / "README.md"
    text = card.read_text(encoding="utf-8") if card.is_file() else "This model has no model card."
    console.result({**_summary(entry), "card": text})
    for key, value in _summary(entry).items():
        console.say(f"{key + ':':10} {', '.join(value) if isinstance(value, list) else value}")
    console.say(f"\n{text.strip()}")


@models.command(epilog="Example: crosscontrast models verify softcord")
@click.argument("model", required=False)
@user_command
def verify(console: Console, model: str | None) -> None:
    """Compare a model's files (or those of all models) with their recorded SHA-256."""
    from crosscontrast.errors import CrossContrastError, ModelError
    from crosscontrast.models.find import find_model
    from crosscontrast.models.library import ModelLibrary

    library = ModelLibrary()
    entries = [find_model(model)] if model else library.entries()
    problems: dict[str, str] = {}
    for entry in entries:
        try:
            library.verify(entry)
            console.say(f"{entry}: unchanged")
        except CrossContrastError as error:
            problems[str(entry)] = str(error)
            console.error(error)
    console.result({str(entry): problems.get(str(entry), "unchanged") for entry in entries})
    if problems:
        raise ModelError(f"{len(problems)} of {len(entries)} model(s) cannot be used.", "add them again")


@models.command(
    epilog="Example: crosscontrast models add Dataset713_cord/nnUNetTrainer__nnUNetPlans__3d_fullres --name cord"
)
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--name", help="Name in the library.  [default: made from the file's name]")
@click.option(
    "--trust", is_flag=True, help="Allow a model that brings its own code (MONAI bundle, TorchScript) to run it."
)
@click.option("--keep-current", is_flag=True, help="Do not make it the version that the bare name means.")
@user_command
def add(console: Console, source: Path, name: str | None, trust: bool, keep_current: bool) -> None:
    """Add a model as the next version of its name.

    SOURCE is a bundle of ours, a MONAI bundle (folder or zip), a TorchScript file, an nnU-Net v2 result folder or a
    checkpoint of the published contrast-agnostic cord model.
    """
    from crosscontrast.models.library import ModelLibrary

    entry = ModelLibrary().add(source, name, trust=trust, make_current=not keep_current)
    console.result(_summary(entry))
    console.say(f"Added {entry}{', now the current version' if entry.current else ''}: {entry.folder}")


@models.command(
    epilog="Example: crosscontrast models describe runs/us-t2w --words words.json --card card.md --out mine"
)
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--words", required=True, type=click.Path(path_type=Path, dir_okay=False), help="Metadata (JSON).")
@click.option("--card", required=True, type=click.Path(path_type=Path, dir_okay=False), help="Model card (Markdown).")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the model; must not exist yet.")
@user_command
def describe(console: Console, source: Path, words: Path, card: Path, out: Path) -> None:
    """Copy the bundle of ours SOURCE with another card and other metadata, to be handed on.

    The metadata are name, version, task, description, authors, copyright, licence and changelog, and for translators
    expects, produces, demonstration (true or false) and sample.
    """
    from crosscontrast.models.describe import describe as copy

    entry = copy(source, out, words, card)
    console.result({"model": entry})
    console.say(f"The model is in {entry}")


@models.command(epilog="Example: crosscontrast models rollback softcord --to 1")
@click.argument("name")
@click.option("--to", "version", type=click.IntRange(min=1), help="Version to go back to.  [default: the one before]")
@user_command
def rollback(console: Console, name: str, version: int | None) -> None:
    """Make an earlier version the one that the bare name means; nothing is deleted."""
    from crosscontrast.models.library import ModelLibrary

    entry = ModelLibrary().rollback(name, version)
    console.result(_summary(entry))
    console.say(f"{name} now means {entry}")


def _summary(entry: "ModelEntry") -> dict[str, Any]:
    from crosscontrast.models.about import about

    said = about(entry)
    return {
        "model": str(entry),
        "current": entry.current,
        "shipped": entry.shipped,
        "format": entry.format,
        "task": entry.task,
        "outputs": list(entry.outputs),
        "trusted": entry.trusted,
        "source": entry.source,
        "folder": str(entry.folder),
        "problem": entry.problem,
        "expects": said.expects,
        "produces": said.produces,
        "demonstration": said.demonstration,
    }
