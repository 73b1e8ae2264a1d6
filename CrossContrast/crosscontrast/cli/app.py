"""``crosscontrast app``: the correction loop in a browser."""

import os
import secrets
from pathlib import Path

import click

from crosscontrast.cli.console import Console, series_option, user_command

#: Environment variable of the token, and the fewest characters that a token has.
_TOKEN, _SHORTEST = "CROSSCONTRAST_TOKEN", 20
_BUILD = "crosscontrast.app.pages.application:build"


@click.command(epilog="Example: crosscontrast app sub-01_T2w.nii.gz")
@click.argument("inputs", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--port", default=8765, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one."
)
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on; others than this need a token."
)
@series_option
@click.option("--token", default="", hidden=True)  # refused: it would be seen in the list of processes
@click.option(
    "--token-file",
    type=click.Path(path_type=Path),
    help="File with what browsers must show, 20 characters at least; CROSSCONTRAST_TOKEN gives it too.  "
    "[default: none on this computer, else drawn anew]",
)
@click.option(
    "--proxy",
    "proxies",
    multiple=True,
    metavar="ADDRESS",
    help="Address of a proxy in front, whose X-Forwarded headers are believed; may be given several times.",
)
@click.option(
    "--sessions", default=10, show_default=True, type=click.IntRange(min=1), help="Browsers at the same time."
)
@click.option(
    "--idle",
    default=30.0,
    show_default=True,
    type=click.FloatRange(min=0.1),
    help="Minutes after which a session ends.",
)
@click.option(
    "--upload", default=512, show_default=True, type=click.IntRange(min=1), help="MiB that can be sent at once."
)
@click.option(
    "--memory", default=6144, show_default=True, type=click.IntRange(min=512), help="MiB that a session may hold."
)
@click.option(
    "--keep", type=click.Path(path_type=Path), help="Folder for the sessions' work.  [default: your state folder]"
)
@click.option(
    "--open/--no-open", "opens", default=None, help="Open a browser here.  [default: where there is a display]"
)
@user_command
def app(
    console: Console,
    inputs: tuple[Path, ...],
    port: int,
    host: str,
    series: tuple[str, ...],
    token: str,
    token_file: Path | None,
    proxies: tuple[str, ...],
    sessions: int,
    idle: float,
    upload: int,
    memory: int,
    keep: Path | None,
    opens: bool | None,
) -> None:
    """Segment, look, correct and save in a browser, without Slicer.

    INPUTS are images, DICOM folders or folders of images, and at most one correction dataset (see "crosscontrast
    corrections"). More images can be dropped on the page. Every browser has a session of its own, kept for a week.
    """
    from crosscontrast.app.server.needed import check_needed

    token = _token(token, token_file)
    files, dataset = _sort(inputs, series, console)
    check_needed()
    from crosscontrast.app.server.access import is_loopback
    from crosscontrast.app.server.plan import Limits
    from crosscontrast.app.server.serve import serve

    limits = Limits(sessions=sessions, idle_minutes=idle, upload_bytes=upload << 20, session_bytes=memory << 20)
    if not is_loopback(host) and not token:
        token = secrets.token_urlsafe(32)
    if opens is None:
        opens = is_loopback(host) and bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    arguments = {
        "files": [str(path.absolute()) for path in files],
        "dataset": str(dataset) if dataset else None,
        "may_change_models": not token,
    }
    serve(
        _BUILD, arguments, host=host, port=port, token=token, proxies=tuple(map(_address, proxies)), limits=limits,
        keep=keep, opens=opens, console=console,
    )  # fmt: skip


def _token(shown: str, file: Path | None) -> str:
    """Take the token from a file or the environment, which other accounts cannot read; nothing where there is none."""
    from crosscontrast.errors import BadInputError

    token = os.environ.pop(_TOKEN, "")  # not for the processes of sessions and their workers
    if file is not None:
        try:
            token = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BadInputError(f"The token in {file} cannot be read.") from error
        if not token:
            raise BadInputError(f"{file} holds no token.")
    token = shown or token
    if token and len(token) < _SHORTEST:
        raise BadInputError(
            f"The token has {len(token)} characters; {_SHORTEST} are needed, so that nobody guesses it."
        )
    if shown:
        raise BadInputError(
            "A token on the command line is seen by everybody on this computer in the list of processes.",
            f"put it into a file for --token-file, or into the environment variable {_TOKEN}",
        )
    return token


def _address(text: str) -> str:
    """Check the address of a proxy."""
    import ipaddress

    from crosscontrast.errors import BadInputError

    try:
        return str(ipaddress.ip_address(text))
    except ValueError as error:
        raise BadInputError(f"--proxy needs the address of the proxy, such as 127.0.0.1, and not {text!r}.") from error


def _sort(inputs: tuple[Path, ...], series: tuple[str, ...], console: Console) -> tuple[list[Path], Path | None]:
    """Tell correction datasets from images; what cannot be used is said before the server starts."""
    from crosscontrast.corrections.layout import Layout
    from crosscontrast.errors import BadInputError
    from crosscontrast.ground.inputs import find_images

    for path in inputs:
        if not path.exists():
            raise BadInputError(f"{path} does not exist.")
    datasets = [path for path in inputs if path.is_dir() and Layout(path).settings.exists()]
    if len(datasets) > 1:
        raise BadInputError("Only one correction dataset can be open at a time.")
    files = find_images([path for path in inputs if path not in datasets], series=series, tell=console.remark)
    return files, (datasets[0].absolute() if datasets else None)
