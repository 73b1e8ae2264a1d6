"""The icons are drawn, differ, and show what their SVG sources say."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

ROOT = Path(__file__).resolve().parents[1]
EXTENSION = ROOT / "Resources" / "CrossContrast.png"
ICONS = [EXTENSION, *sorted(ROOT.glob("*/Resources/Icons/*.png"))]


@pytest.mark.parametrize("icon", ICONS, ids=lambda path: path.parts[-4] + "/" + path.name)
def test_an_icon_has_its_size_colours_and_a_transparent_margin(icon):
    pixels = imread(icon)
    size = 256 if icon == EXTENSION else 128
    assert pixels.shape == (size, size, 4)
    assert pixels[0, 0, 3] == 0
    inner = pixels[size // 4 : -size // 4, size // 4 : -size // 4, :3]
    assert inner.std(axis=(0, 1)).max() > 0.1
    assert len(np.unique((inner * 15).round().reshape(-1, 3), axis=0)) > 5


def test_there_are_five_and_no_two_are_alike():
    assert len(ICONS) == 5
    pictures = {
        icon.parent: imread(icon)[:: 2 if icon == EXTENSION else 1, :: 2 if icon == EXTENSION else 1] for icon in ICONS
    }
    for (one, a), (other, b) in itertools.combinations(pictures.items(), 2):
        assert np.abs(a - b)[..., :3].mean() > 0.04, f"{one} and {other} look alike"


@pytest.mark.parametrize("icon", ICONS, ids=lambda path: path.parts[-4] + "/" + path.name)
def test_the_picture_was_rendered_from_the_source_beside_it(icon, tmp_path):
    pytest.importorskip("PySide6")
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    image = QImage(*imread(icon).shape[:2], QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(str(icon.with_suffix(".svg"))).render(painter)
    painter.end()
    image.save(str(tmp_path / "again.png"))
    assert np.abs(imread(tmp_path / "again.png") - imread(icon)).mean() < 0.01
