"""What a model says of itself, and a bundle in other words."""

import json

import pytest

from crosscontrast.errors import BadInputError
from crosscontrast.models.about import About, about
from crosscontrast.models.describe import describe
from crosscontrast.models.library import ModelLibrary
from crosscontrast.models.manifest import verify

WORDS = {
    "name": "Ultrasound to T2w",
    "version": "2",
    "task": "Image-to-image translation",
    "description": "For trying out.",
    "authors": "us",
    "copyright": "us",
    "licence": "Apache-2.0",
    "changelog": {"2": "described"},
    "expects": "ultrasound",
    "produces": "T2w",
    "demonstration": True,
    "sample": "prostate",
}


@pytest.fixture
def words(tmp_path):
    """Writes metadata and a card, and returns both paths."""

    def write(**changes):
        (tmp_path / "words.json").write_text(json.dumps(WORDS | changes))
        (tmp_path / "card.md").write_text("# Card")
        return tmp_path / "words.json", tmp_path / "card.md"

    return write


def test_a_bundle_is_copied_in_other_words_with_the_same_weights(make_bundle, words, tmp_path):
    source = make_bundle()
    made = describe(source, tmp_path / "described", *words())
    verify(made)
    assert (made / "docs/README.md").read_text() == "# Card"
    assert about(made) == About(
        "Ultrasound to T2w", "For trying out.", "Apache-2.0", "ultrasound", "T2w", demonstration=True, sample="prostate"
    )
    assert about(made).direction == "ultrasound -> T2w"
    assert (made / "configs/inference.json").read_bytes() == (source / "configs/inference.json").read_bytes()
    assert not about(source).demonstration


def test_wrong_words_are_named_and_nothing_is_written(make_bundle, words, tmp_path):
    with pytest.raises(BadInputError, match=r"words.json cannot be used.*expect_"):
        describe(make_bundle(), tmp_path / "described", *words(expect_="T1w"))
    assert not (tmp_path / "described").exists()


def test_a_model_without_metadata_says_nothing(tmp_path):
    assert about(tmp_path) == About()
    assert about(ModelLibrary().find("softcord")).direction == ""
