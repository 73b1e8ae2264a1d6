"""The commands ``crosscontrast radiomics ...``."""

import click

from CrossContrastLib.cli.main import LazyGroup


@click.command(
    "radiomics",
    cls=LazyGroup,
    lazy={
        "extract": "RadiomicsCompareLib.extraction.cli:extract",
        "settings": "RadiomicsCompareLib.extraction.cli:settings",
    },
    epilog="Example: crosscontrast radiomics extract --cohort cohort.tsv --out features",
)
def radiomics() -> None:
    """Measure what a translated image keeps of a real one's radiomic features, and whether that helps."""
