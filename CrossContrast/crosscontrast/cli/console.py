"""How every command speaks and ends: results on stdout, everything else on stderr, one sentence per error."""

import functools
import json
import logging
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from crosscontrast.errors import BadInputError, CancelledError, CrossContrastError
from crosscontrast.progress import Progress

#: Exit code for input that cannot be used, or of which some could not.
BAD_INPUT = 2
#: Exit code for a fault of ours.
INTERNAL = 1
#: Exit code where the quality gate says stop.
STOPPED = 3
#: Exit code where nobody reads the output any more, as shells have it of a program that SIGPIPE ends.
CLOSED = 141
#: Files whose voxels may lie beside them, where the user names the file itself.
_HEADERS = (".nhdr", ".nrrd", ".mhd", ".mha")
#: Exit code after Ctrl-C, as shells have it.
INTERRUPTED = 130

#: The option of commands that take a DICOM study.
series_option = click.option(
    "--series",
    multiple=True,
    metavar="UID|NUMBER|TEXT",
    help="Of DICOM studies only this series, by UID, number or name.",
)


class Console:
    """What one run of a command says, for people or (``--json``) for programs, and the ``code`` that it exits with."""

    def __init__(self, as_json: bool, verbose: bool) -> None:
        self.as_json = as_json
        self.verbose = verbose
        self.code = 0

    def say(self, text: str) -> None:
        """Print a line of the result for people; programs get :meth:`result` instead."""
        if not self.as_json:
            click.echo(text)

    def note(self, text: str) -> None:
        """Print a line beside the result: what goes on and what is unusual."""
        click.echo(text, err=True)

    def warn(self, sentences: Iterable[str], image: Path | None = None) -> None:
        """Print what is unusual about the input or the result; each sentence names the ``image`` that it is about."""
        for sentence in sentences:
            self.note(f"warning: {_naming(image, sentence)}")

    def remark(self, sentence: str) -> None:
        """Print one sentence as :meth:`warn` prints several."""
        self.warn([sentence])

    def result(self, data: Any) -> None:
        """Print the result for programs, as one JSON document."""
        if self.as_json:
            click.echo(json.dumps(data, indent=2, default=str))

    def error(self, error: CrossContrastError, image: Path | None = None) -> None:
        """Print an error as one sentence, which names the ``image`` that it is about."""
        self.note(f"error: {_naming(image, str(error))}")

    def end_with_failures(self, failed: int, total: int, nouns: str, where: Path | str) -> None:
        """Say where it stands why some of the input failed; when the command is done the exit code is 2."""
        if failed:
            self.note(f"error: {failed} of {total} {nouns} failed; {where} says why.")
            self.code = BAD_INPUT

    def end_with_stop(self) -> None:
        """Note that the quality gate says stop: the exit code is 3, unless something failed."""
        self.code = self.code or STOPPED

    @contextmanager
    def progress(self, label: str) -> Iterator[Progress]:
        """Give a progress callback that draws a bar on stderr; silent where stderr is not a terminal."""
        from tqdm import tqdm

        # Terminals only: in a log file a bar is a thousand lines. The bar goes when the work is done.
        layout = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining} {postfix}"
        with tqdm(total=100, desc=label, bar_format=layout, leave=False, disable=None, file=sys.stderr) as bar:

            def report(done: float, total: float, message: str) -> None:
                bar.set_postfix_str(message, refresh=False)
                bar.update(100 * done / total - bar.n if total else 0)

            yield report


def _naming(image: Path | None, sentence: str) -> str:
    return sentence if image is None or image.name in sentence else f"{image.name}: {sentence}"


def ask(console: Console, sentence: str) -> None:
    """Say what is about to be done and go on after a yes.

    Raises :class:`CancelledError` after a no, and :class:`BadInputError` where nobody can be asked.
    """
    if console.as_json or not sys.stdin.isatty():
        raise BadInputError(sentence, "nobody is there to be asked: say --yes")
    if not click.confirm(f"{sentence} Go on?", err=True):
        raise CancelledError("Nothing was done.")


@contextmanager
def _sentences(console: Console) -> Iterator[None]:
    """Print our warnings as sentences; those of libraries, which are about their own future, only with --verbose."""
    plainly = warnings.showwarning

    def show(message: Any, category: type[Warning], *where: Any, **more: Any) -> None:
        if category.__module__.startswith("crosscontrast"):
            console.remark(str(message))
        elif console.verbose:
            plainly(message, category, *where, **more)

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


def _paths(values: Iterable[Any]) -> Iterator[Path]:
    """Yield the paths among the parameters of a command, those of options that take several too."""
    for value in values:
        if isinstance(value, Path):
            yield value
        elif isinstance(value, tuple | list):
            yield from _paths(value)


def user_command(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a click command ``--json`` and ``--verbose``, a :class:`Console` as first argument, and our exit codes."""

    @click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, for scripts.")
    @click.option("--verbose", is_flag=True, help="Print how long each phase takes, and where an error came from.")
    @functools.wraps(function)
    def command(*arguments: Any, as_json: bool, verbose: bool, **options: Any) -> None:
        console = Console(as_json, verbose)
        level, log = logging.INFO if verbose else logging.CRITICAL + 1, logging.StreamHandler()
        log.setLevel(level)  # the root's own level does not stop what loggers with a level, such as Dask's, hand up
        logging.basicConfig(level=level, format="%(name)s: %(message)s", handlers=[log])
        headers = [path for path in _paths([*arguments, *options.values()]) if path.suffix.lower() in _HEADERS]
        if headers:
            from crosscontrast.ground.references import name_headers

            name_headers(headers)
        try:
            with _sentences(console):
                function(console, *arguments, **options)
            sys.stdout.flush()
        except BrokenPipeError:
            # Whoever read us (head, less) has enough. What is still in the buffer must not complain at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(CLOSED)
        except CrossContrastError as error:
            if verbose:
                traceback.print_exc()
            console.result({"error": error.as_data()})
            console.error(error)
            sys.exit(INTERRUPTED if isinstance(error, CancelledError) else BAD_INPUT)
        except KeyboardInterrupt:
            console.note("stopped")
            sys.exit(INTERRUPTED)
        except Exception as error:
            if verbose:
                traceback.print_exc()
            console.note(f"error: this should not happen: {type(error).__name__}: {error} (--verbose tells where)")
            sys.exit(INTERNAL)
        if console.code:
            sys.exit(console.code)

    return command
