"""Renders the icons from their SVG sources: 128 pixels for a module, 256 for the extension. Needs PySide6."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

ROOT = Path(__file__).resolve().parents[2]


def render(source: Path, size: int) -> None:
    """Write ``source`` as a PNG of ``size`` times ``size`` pixels beside it."""
    image = QImage(size, size, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(str(source)).render(painter)
    painter.end()
    image.save(str(source.with_suffix(".png")))


if __name__ == "__main__":
    application = QGuiApplication(["render_icons", "-platform", "offscreen"])
    render(ROOT / "Resources" / "CrossContrast.svg", 256)
    for icon in ROOT.glob("*/Resources/Icons/*.svg"):
        render(icon, 128)
