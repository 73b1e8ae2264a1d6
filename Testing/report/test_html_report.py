import base64
import re
from html import unescape

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from crosscontrast.report.html import HtmlReport, number_text


def test_a_report_is_one_file_in_the_order_of_its_parts(tmp_path):
    Image.fromarray(np.zeros((500, 2000, 3), np.uint8)).save(tmp_path / "large.png")
    figure = Figure(figsize=(2, 1))
    figure.add_subplot().plot([1, 2])
    report = HtmlReport("Title")
    report.heading("First")
    report.paragraph("words")
    report.notes(["beware"])
    report.table(["name", "number"], [["a", 1.23456], ["b", None]], marked=[1])
    report.figure(figure, "a curve")
    report.gallery({"a case": tmp_path / "large.png"}, width=100)
    report.write(tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    order = ["Title", "First", "words", "beware", "1.23", "a curve", "a case"]
    assert [text.index(f">{part}<") for part in order] == sorted(text.index(f">{part}<") for part in order)
    assert text.count("<tr class=marked>") == 1
    curve, case = (base64.b64decode(data) for data in re.findall(r"base64,([^\"]+)", text))
    assert curve.startswith(b"\x89PNG")
    (tmp_path / "case.jpg").write_bytes(case)
    assert Image.open(tmp_path / "case.jpg").size == (100, 25)


def test_another_report_is_whole_inside_and_cannot_break_out(tmp_path):
    inner = HtmlReport("Inner")
    inner.paragraph('a "quoted" & <marked> word')
    inner.write(tmp_path / "inner.html")
    report = HtmlReport("Outer")
    report.links({"a & b": 'inner.html?"'})
    report.embed("The whole <report>", tmp_path / "inner.html")
    report.write(tmp_path / "outer.html")
    text = (tmp_path / "outer.html").read_text(encoding="utf-8")
    assert '<a href="inner.html?&quot;">a &amp; b</a>' in text
    (framed,) = re.findall(r'srcdoc="([^"]*)"', text)
    assert unescape(framed) == (tmp_path / "inner.html").read_text(encoding="utf-8")
    assert "<summary>The whole &lt;report&gt;</summary>" in text


def test_names_from_a_table_cannot_add_code(tmp_path):
    report = HtmlReport("<script>")
    report.table(["<b>"], [["<img src=x onerror=alert(1)>"]])
    report.notes(["a < b & c"])
    report.write(tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<script>" not in text
    assert "<img" not in text
    assert "a &lt; b &amp; c" in text


def test_a_long_report_has_contents_and_its_long_tables_are_folded_and_can_be_sorted(tmp_path):
    report = HtmlReport("Long")
    for name in ("One", "Two & a half", "Three", "Four"):
        report.heading(name)
    report.table(["n"], [[number] for number in range(5)])
    report.table(["n"], [[number] for number in range(10)])
    report.table(["n"], [[number] for number in range(50)])
    report.write(tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    for number, name in enumerate(("One", "Two &amp; a half", "Three", "Four"), start=1):
        assert f'<a href="#part-{number}">{name}</a>' in text
        assert f'<h2 id="part-{number}">{name}</h2>' in text
    assert text.count("<table class=sortable>") == 2
    assert text.count("<details>") == 1
    assert text.index("<details>") < text.index("Table of 50 rows")
    assert text.count("<script>") == 1


def test_numbers_are_written_as_people_read_them():
    shown = {3: "3", 0.0: "0", 71.2345: "71.2", 0.98765: "0.988", 1.5e-6: "1.5e-06", -0.25: "-0.25"}
    assert {value: number_text(value) for value in shown} == shown
    assert number_text(float("nan")) == number_text(float("inf")) == "–"
