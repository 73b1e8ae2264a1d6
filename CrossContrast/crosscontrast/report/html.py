"""A report as one HTML file that opens anywhere: headings, text, tables, figures and pictures, all inside."""

import base64
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from crosscontrast.ground.files import atomic_write
from crosscontrast.report.figures import figure_png

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: What stands in a table; numbers are rounded, ``None`` and NaN are shown as a dash.
Cell = str | float | int | None

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 1200px; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.6em; } h2 { font-size: 1.25em; margin-top: 2em; border-bottom: 1px solid #ccc; }
table { border-collapse: collapse; margin: 1em 0; font-variant-numeric: tabular-nums; }
th, td { padding: .25em .8em; border-bottom: 1px solid #ddd; text-align: left; vertical-align: top; }
th { border-bottom: 2px solid #888; } td.number { text-align: right; } tr.marked { background: #fdeaea; }
.note { background: #fff6da; border-left: 4px solid #e0b020; padding: .4em .8em; }
figure { margin: 1em 0; } figure img { max-width: 100%; } figcaption { color: #555; font-size: .9em; }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(340px, 1fr)); gap: 1em; }
.gallery figure { margin: 0; }
summary { cursor: pointer; font-weight: 600; margin: .6em 0; }
iframe { width: 100%; height: 85vh; border: 1px solid #ccc; }
nav { font-size: .9em; columns: 3; margin: 1em 0; } nav a { display: block; }
.wide { overflow-x: auto; }
table.sortable th { cursor: pointer; } table.sortable th::after { content: " ↕"; color: #bbb; }
"""
#: Headings from which on a report begins with its contents; rows from which on a table can be sorted, and is folded.
_CONTENTS, _SORTABLE, _FOLDED = 4, 8, 30
#: A click on a column's head sorts by it, and a second one the other way round; what is no number comes last.
_SORT = """
document.addEventListener("click", event => {
  const head = event.target.closest("table.sortable th");
  if (!head) return;
  const column = head.cellIndex, body = head.closest("table").tBodies[0];
  const up = head.dataset.up = head.dataset.up === "1" ? "0" : "1";
  const value = row => row.cells[column].textContent, number = text => parseFloat(text);
  body.append(...[...body.rows].sort((a, b) => {
    const [x, y] = [value(a), value(b)], [n, m] = [number(x), number(y)];
    if (isNaN(n) !== isNaN(m)) return isNaN(n) ? 1 : -1;
    const order = isNaN(n) ? x.localeCompare(y) : n - m;
    return up === "1" ? order : -order;
  }));
});
"""


class HtmlReport:
    """Collects the parts of a report in their order. All text is escaped, so names from a table are safe."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._parts: list[str] = []
        self._headings: list[str] = []
        self._sortable = False

    def heading(self, text: str) -> None:
        """Begin a section."""
        self._headings.append(text)
        self._parts.append(f'<h2 id="part-{len(self._headings)}">{escape(text)}</h2>')

    def paragraph(self, text: str) -> None:
        """Add running text."""
        self._parts.append(f"<p>{escape(text)}</p>")

    def notes(self, sentences: Iterable[str]) -> None:
        """Add sentences that a reader must not miss, each marked."""
        self._parts += [f'<p class="note">{escape(sentence)}</p>' for sentence in sentences]

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, marked: Sequence[int] = ()) -> None:
        """Add a table; the rows with the numbers ``marked`` are coloured. Long ones can be sorted and are folded."""
        head = "".join(f"<th>{escape(column)}</th>" for column in columns)
        lines = [_row(row, number in marked) for number, row in enumerate(rows)]
        kind = " class=sortable" if len(lines) >= _SORTABLE else ""
        self._sortable |= bool(kind)
        table = f"<table{kind}><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
        shown = f'<div class="wide">{table}</div>'
        if len(lines) >= _FOLDED:
            shown = f"<details><summary>Table of {len(lines)} rows</summary>{shown}</details>"
        self._parts.append(shown)

    def figure(self, figure: "Figure", caption: str) -> None:
        """Add a Matplotlib figure as a PNG."""
        self._parts.append(_picture(figure_png(figure), "png", caption))

    def gallery(self, pictures: Mapping[str, Path], *, width: int = 680) -> None:
        """Add picture files under their captions, scaled down to ``width`` pixels so that hundreds of them fit."""
        shown = "".join(_picture(_thumbnail(path, width), "jpeg", caption) for caption, path in pictures.items())
        self._parts.append(f'<div class="gallery">{shown}</div>')

    def links(self, places: Mapping[str, str]) -> None:
        """Add links: what they are called, and where they lead, relative to the report's own file."""
        items = "".join(f'<li><a href="{escape(place)}">{escape(text)}</a></li>' for text, place in places.items())
        self._parts.append(f"<ul>{items}</ul>")

    def embed(self, title: str, page: Path) -> None:
        """Add another report whole, folded away under its title, so that one file still holds everything."""
        content = escape(page.read_text(encoding="utf-8"))
        frame = f'<iframe title="{escape(title)}" srcdoc="{content}"></iframe>'
        self._parts.append(f"<details><summary>{escape(title)}</summary>{frame}</details>")

    def write(self, path: Path) -> None:
        """Write the file; raises :class:`crosscontrast.errors.OutputError`."""
        head = f'<meta charset="utf-8"><title>{escape(self._title)}</title><style>{_STYLE}</style>'
        contents = ""
        if len(self._headings) >= _CONTENTS:
            links = (f'<a href="#part-{n}">{escape(text)}</a>' for n, text in enumerate(self._headings, start=1))
            contents = f"<nav>{''.join(links)}</nav>"
        script = f"<script>{_SORT}</script>" if self._sortable else ""
        body = "\n".join([f"<h1>{escape(self._title)}</h1>", contents, *self._parts, script])
        with atomic_write(path) as temporary:
            temporary.write_text(
                f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n{body}\n</body></html>\n',
                encoding="utf-8",
            )


def number_text(value: float) -> str:
    """Write a number with three significant digits or, where it is larger, to a tenth; NaN as a dash."""
    if not math.isfinite(value):
        return "–"
    if isinstance(value, int) or value == 0:
        return str(int(value))
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"


def _row(cells: Sequence[Cell], marked: bool) -> str:
    return f"<tr{' class=marked' if marked else ''}>{''.join(map(_cell, cells))}</tr>"


def _cell(value: Cell) -> str:
    if isinstance(value, str):
        return f"<td>{escape(value)}</td>"
    return f'<td class="number">{"–" if value is None else number_text(value)}</td>'


def _picture(content: bytes, kind: str, caption: str) -> str:
    data = base64.b64encode(content).decode("ascii")
    return (
        f'<figure><img decoding="async" src="data:image/{kind};base64,{data}" alt="{escape(caption)}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _thumbnail(path: Path, width: int) -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    with Image.open(path) as picture:
        small = picture.convert("RGB")
    small.thumbnail((width, width))
    small.save(stream, format="JPEG", quality=80)
    return stream.getvalue()
