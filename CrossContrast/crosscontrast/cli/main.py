"""The command ``crosscontrast``: groups of commands that are imported only when they are asked for."""

from importlib import import_module

import click

from crosscontrast.version import __version__


class LazyGroup(click.Group):
    """A group whose commands are named as ``"module:attribute"``, so that ``--help`` imports no libraries."""

    def __init__(self, *args: object, lazy: dict[str, str], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which they are declared."""
        return list(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in self._lazy:
            return None
        module, _, attribute = self._lazy[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command


@click.command(
    "crosscontrast",
    cls=LazyGroup,
    lazy={
        "app": "crosscontrast.cli.app:app",
        "cord": "crosscontrast.cli.cord:cord",
        "corrections": "crosscontrast.cli.corrections:corrections",
        "radiomics": "crosscontrast.cli.radiomics:radiomics",
        "reader": "crosscontrast.cli.reader:reader",
        "synth": "crosscontrast.cli.synth:synth",
        "models": "crosscontrast.cli.models:models",
        "sample": "crosscontrast.cli.sample:sample",
        "doctor": "crosscontrast.cli.doctor_command:doctor",
    },
    epilog="Example: crosscontrast cord segment sub-01_T2w.nii.gz --out results",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="crosscontrast")
def main() -> None:
    """Segment, translate and compare medical images across contrasts."""
