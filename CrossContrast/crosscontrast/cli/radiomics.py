"""The commands ``crosscontrast radiomics ...``."""

import click

from crosscontrast.cli.console import Console, user_command
from crosscontrast.cli.main import LazyGroup


@click.command(
    "radiomics",
    cls=LazyGroup,
    lazy={
        "extract": "crosscontrast.cli.radiomics_extract:extract",
        "compare": "crosscontrast.cli.radiomics_compare:compare",
        "outcome": "crosscontrast.cli.radiomics_outcome:outcome",
        "study": "crosscontrast.cli.radiomics_study:study",
        "gate": "crosscontrast.cli.radiomics_gate:gate",
        "gate-profile": "crosscontrast.cli.radiomics_gate:gate_profile",
        "settings": "crosscontrast.cli.radiomics:settings",
    },
    epilog="Example: crosscontrast radiomics compare --cohort cohort.tsv --reference mri --test synthetic --out out",
)
def radiomics() -> None:
    """Measure what a translated image keeps of a real one's radiomic features, and whether that helps."""


@click.command(epilog="Example: crosscontrast radiomics settings > radiomics.yaml")
@user_command
def settings(console: Console) -> None:
    """Print all settings with their defaults as YAML, to be changed and given to --settings."""
    from crosscontrast.radiomics.extraction.settings import ExtractionSettings
    from crosscontrast.radiomics.outcome.settings import OutcomeSettings
    from crosscontrast.radiomics.preservation.settings import PreservationSettings
    from crosscontrast.radiomics.settings_file import settings_text

    sections = {
        "extraction": ExtractionSettings(),
        "preservation": PreservationSettings(),
        "outcome": OutcomeSettings(),
    }
    console.say(settings_text(sections).rstrip())
    console.result({name: section.model_dump(mode="json") for name, section in sections.items()})
