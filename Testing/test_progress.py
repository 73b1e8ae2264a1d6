"""What people are told about the progress of work."""

import pytest

from crosscontrast.progress import in_words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.1, "1 second"),
        (42, "42 seconds"),
        (70, "1 minute"),
        (3600, "60 minutes"),
        (9000, "2 hours"),
        (86400, "24 hours"),
        (200_000, "2 days"),
    ],
)
def test_times_are_told_roughly(seconds, words):
    assert in_words(seconds) == words
