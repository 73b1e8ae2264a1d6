"""A short round of the fuzzing of uploads (the long one: ``Testing/tools/fuzz_uploads.py``)."""

import sys

import pytest
from support import ROOT

pytest.importorskip("aiohttp", reason="needs the extra 'browser'")

sys.path.insert(0, str(ROOT / "Testing" / "tools"))

from fuzz_uploads import fuzz


def test_damaged_uploads_open_no_other_file_and_show_none():
    found = fuzz(seconds=1, seed=23, count=150, say=print)
    assert found["tried"] >= 150
    assert found["outside"] == {}
    assert found["totals"]["voxels of the secret"] == 0
    assert found["totals"]["taken"] > 0
