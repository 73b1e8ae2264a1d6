"""``crosscontrast doctor``."""

import click

from crosscontrast.cli.console import Console, user_command


@click.command(epilog="Example: crosscontrast doctor --json")
@user_command
def doctor(console: Console) -> None:
    """Check this installation: versions, device, graphics, memory, models, and how to get what is missing."""
    from dataclasses import asdict

    from crosscontrast.cli.doctor import examine
    from crosscontrast.errors import MissingPackageError

    findings = examine()
    console.result([asdict(finding) for finding in findings])
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        mark = "ok" if finding.ok else "MISSING" if finding.needed else "-"
        console.say(f"{finding.name:{width}}  {mark:7}  {finding.value}")
        if finding.hint and not finding.ok:
            console.say(f"{'':{width}}           {finding.hint}")
    missing = [finding.name for finding in findings if finding.needed and not finding.ok]
    if missing:
        raise MissingPackageError(f"This installation lacks: {', '.join(missing)}.")
