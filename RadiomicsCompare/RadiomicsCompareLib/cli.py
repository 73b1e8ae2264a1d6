"""The commands ``crosscontrast radiomics ...``."""

import click

from CrossContrastLib.cli.console import Console, user_command
from CrossContrastLib.cli.main import LazyGroup


@click.command(
    "radiomics",
    cls=LazyGroup,
    lazy={
        "extract": "RadiomicsCompareLib.extraction.cli:extract",
        "compare": "RadiomicsCompareLib.preservation.cli:compare",
        "outcome": "RadiomicsCompareLib.outcome.cli:outcome",
        "study": "RadiomicsCompareLib.study.cli:study",
        "gate": "RadiomicsCompareLib.gate.cli:gate",
        "gate-profile": "RadiomicsCompareLib.gate.cli:gate_profile",
        "settings": "RadiomicsCompareLib.cli:settings",
    },
    epilog="Example: crosscontrast radiomics compare --cohort cohort.tsv --reference mri --test synthetic --out out",
)
def radiomics() -> None:
    """Measure what a translated image keeps of a real one's radiomic features, and whether that helps."""


@click.command(epilog="Example: crosscontrast radiomics settings > radiomics.yaml")
@user_command
def settings(console: Console) -> None:
    """Print all settings with their defaults as YAML, to be changed and given to --settings."""
    from RadiomicsCompareLib.extraction.settings import ExtractionSettings
    from RadiomicsCompareLib.outcome.settings import OutcomeSettings
    from RadiomicsCompareLib.preservation.settings import PreservationSettings
    from RadiomicsCompareLib.settings_file import settings_text

    sections = {
        "extraction": ExtractionSettings(),
        "preservation": PreservationSettings(),
        "outcome": OutcomeSettings(),
    }
    console.say(settings_text(sections).rstrip())
    console.result({name: section.model_dump(mode="json") for name, section in sections.items()})
