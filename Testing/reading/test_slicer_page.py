"""Reading in Slicer: the page of RadiomicsCompare, in the Qt harness, and the kit's way to the reader and back."""

import os
import sys

import numpy as np
import pytest
from simulated_readers import Clock, read_everything
from small_studies import QUESTIONS, write_study

pytest.importorskip("PySide6", reason="needs PySide6")
pytest.importorskip("slicer", reason="needs the slicer-core wheel")
from qt_harness.application import open_panel, pump, start

from crosscontrast.errors import BadInputError
from crosscontrast.progress import silent
from crosscontrast.reading.folder import open_study
from crosscontrast.reading.kit import PROGRAM_FILE, collect, make_kit, open_kit
from crosscontrast.reading.prepare import prepare_study
from crosscontrast.reading.program import program_of
from crosscontrast.reading.study import read_study

slicer = start()
KINDS = [
    *QUESTIONS[:3],
    {"id": "cause", "kind": "choice", "text": "What is it?", "options": ["tumour", "scar"], "required": False},
    {"id": "size", "kind": "number", "text": "Size", "unit": "mm", "maximum": 99, "required": False},
    {"id": "place", "kind": "point", "text": "Mark the lesion"},
    QUESTIONS[3],
]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    path = write_study(folder, subjects=3, questions=KINDS, washout_days=0)
    return folder / "out", prepare_study(read_study(path), folder / "out", silent)


@pytest.fixture
def kit(study, tmp_path):
    make_kit(*study, "anna", tmp_path / "kit")
    return tmp_path / "kit"


@pytest.fixture
def page(kit, model_home):
    slicer.mrmlScene.Clear(0)
    panel = open_panel("RadiomicsCompare")
    page = panel.widget.readingPage
    page.widget.collapsed = False
    page.kitPath.currentPath = str(kit)
    yield page
    panel.close()
    slicer.mrmlScene.Clear(0)


def answers_in(kit):
    _, store = open_kit(kit)
    found = store.all_answers()
    store.close()
    return found


def questions(page):
    return {widget.question.id: widget for widget in page.questions}


def answer(page, quality=3):
    """By digits, as a reader would: quality, origin, confidence."""
    page.choose(quality)
    page.choose(1)
    questions(page)["lesion"].input.value = 80


def names_in_scene():
    scene = slicer.mrmlScene
    return [scene.GetNthNode(n).GetName() or "" for n in range(scene.GetNumberOfNodes())]


def test_a_reader_reads_everything_in_slicer(page, kit, study, tmp_path):
    page.openButton.click()
    assert page.progressLabel.text == "Image 1 of 3, session 1 of 3"
    view = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSliceCompositeNode")
    readings = 0
    while page.questions:
        volume = slicer.mrmlScene.GetNodeByID(view.GetBackgroundVolumeID())
        assert volume.GetName() == "image"
        assert volume.GetStorageNode() is None
        assert volume.GetDisplayNode().GetWindow() == 1000
        assert slicer.util.arrayFromVolume(volume).max() == 1000
        assert not page.nextButton.enabled
        page.next()  # by the keyboard, although it is not allowed
        assert len(answers_in(kit)) == readings
        answer(page, quality=1 + readings % 5)
        assert page.nextButton.enabled
        page.nextButton.click()
        readings += 1
        assert len(answers_in(kit)) == readings
    assert readings == 9
    assert page.progressLabel.text == "Thank you. You have read everything."
    assert view.GetBackgroundVolumeID() is None or not slicer.mrmlScene.GetNodeByID(view.GetBackgroundVolumeID())
    plan, store = open_study(study[0])
    assert collect(plan, store, kit) == ("anna", 9)
    assert collect(plan, store, kit) == ("anna", 0)
    stored = [a for a in store.all_answers() if a.reader == "anna"]
    assert [a.values["quality"] for a in stored] == [1 + n % 5 for n in range(9)]
    assert {a.front_end for a in stored} == {"slicer"}
    store.close()


def test_nothing_in_the_scene_or_the_kit_tells_the_arm(page, kit, study):
    _, plan = study
    page.openButton.click()
    words = ["sub-", "T1w", "synth", "us.nii", "mri", "ultrasound", plan.salt]
    texts = [
        *names_in_scene(),
        (kit / PROGRAM_FILE).read_text().replace("synthetic", ""),
        str(sorted(file.name for file in (kit / "images").iterdir())),
    ]
    texts.append(" ".join(label.text for label in page.widget.findChildren(sys.modules["qt"].QLabel)))
    assert not [word for word in words for text in texts if word in text]
    files = list((kit / "images").iterdir())
    assert len({file.stat().st_mtime for file in files}) == 1
    assert {file.stem for file in files} == {r.id for r in program_of(plan, "anna").readings}


def test_every_kind_of_question_and_a_mark_are_stored(page, kit):
    page.openButton.click()
    answer(page)
    asked = questions(page)
    asked["cause"].buttons[1].click()
    asked["size"].input.text = "12,5"
    asked["remark"].input.plainText = "a remark"
    asked["place"].buttons[0].click()
    interaction = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLInteractionNode")
    assert interaction.GetCurrentInteractionMode() == interaction.Place
    node = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLMarkupsFiducialNode")
    node.AddControlPoint(1.5, -2.25, 30)  # what a click in a slice view does
    assert asked["place"].value == [1.5, -2.25, 30]
    assert asked["place"].input.text == "1.5, -2.2, 30.0 mm"
    page.nextButton.click()
    (stored,) = answers_in(kit)
    assert stored.values == {
        "quality": 3, "origin": "real", "lesion": 80, "cause": "scar", "size": 12.5, "place": [1.5, -2.25, 30.0],
        "remark": "a remark",
    }  # fmt: skip
    assert slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLMarkupsFiducialNode") is None


def test_digits_arrows_and_enter_answer(page, kit):
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    page.openButton.click()
    window = page.widget.window()
    window.show()
    window.activateWindow()
    page.openButton.setFocus()
    assert pump(lambda: page.openButton.focus, 10)
    for key in (Qt.Key.Key_5, Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_Up, Qt.Key.Key_2):
        QTest.keyClick(page.openButton, key)
    questions(page)["lesion"].input.value = 7
    QTest.keyClick(page.openButton, Qt.Key.Key_Return)
    (stored,) = answers_in(kit)
    assert (stored.values["quality"], stored.values["origin"], stored.values["lesion"]) == (5, "synthetic", 7)
    window.hide()


def test_a_wrong_number_is_named_and_the_image_stays(page, kit):
    page.openButton.click()
    answer(page)
    questions(page)["size"].input.text = "big"
    page.nextButton.click()
    assert "'big' is no answer to the question 'size'" in page.messageLabel.text
    assert answers_in(kit) == []
    questions(page)["size"].input.text = ""
    page.nextButton.click()
    assert len(answers_in(kit)) == 1


def test_a_break_hides_the_image_and_closing_keeps_the_place(page, kit):
    page.openButton.click()
    first = page._sitting.state().reading.id
    view = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSliceCompositeNode")
    page.pauseButton.click()
    assert view.GetBackgroundVolumeID() is None
    assert not page.questionArea.enabled
    page.choose(3)
    assert questions(page)["quality"].value is None
    page.pauseButton.click()
    assert view.GetBackgroundVolumeID()
    slicer.mrmlScene.Clear(0)
    assert page.questions == []
    assert not page.nextButton.enabled
    page.openButton.click()
    assert page._sitting.state().reading.id == first
    _, store = open_kit(kit)
    kinds = [event["event"] for event in store.events()]
    store.close()
    assert kinds == ["shown", "paused", "resumed", "paused", "shown-again"]


def test_a_folder_that_is_no_kit_is_said(page, tmp_path, caplog):
    page.kitPath.currentPath = str(tmp_path)
    page.openButton.click()
    assert PROGRAM_FILE in page.messageLabel.text
    assert PROGRAM_FILE in caplog.text
    assert not page.nextButton.enabled


def test_the_page_looks_like_something(page, tmp_path):
    page.openButton.click()
    answer(page)
    page.widget.resize(460, page.widget.sizeHint().height())
    page.widget.show()
    pump()
    target = os.path.join(os.environ.get("READER_PICTURES", str(tmp_path)), "slicer_page.png")  # noqa: PTH118
    assert page.widget.grab().save(target)


def spoil(kit, how):
    if how == "image":
        next((kit / "images").iterdir()).unlink()
    elif how == "program":
        (kit / PROGRAM_FILE).write_text("{}")
    elif how == "path":
        text = (kit / PROGRAM_FILE).read_text()
        (kit / PROGRAM_FILE).write_text(text.replace('.nrrd"', '/../../../etc/passwd"', 1))


@pytest.mark.parametrize("how", ["image", "program", "path"])
def test_a_kit_that_was_changed_is_refused(kit, how):
    spoil(kit, how)
    with pytest.raises(BadInputError):
        open_kit(kit)


def test_kits_of_other_plans_and_other_answers_are_not_collected(study, kit, tmp_path):
    folder, plan = study
    another = prepare_study(plan.study, tmp_path / "other", silent)
    make_kit(tmp_path / "other", another, "anna", tmp_path / "foreign")
    _, store = open_study(folder, f"sqlite:///{tmp_path / 'answers.sqlite'}")
    with pytest.raises(BadInputError, match="belongs to another plan"):
        collect(plan, store, tmp_path / "foreign")
    with pytest.raises(BadInputError, match="is not empty"):
        make_kit(folder, plan, "ben", kit)
    for target, seed in ((kit, 0), (tmp_path / "again", 1)):
        if not target.exists():
            make_kit(folder, plan, "anna", target)
        _, own = open_kit(target)
        own.now = clock = Clock()
        read_everything(plan, own, clock, readers=["anna"], seed=seed, answer=simple)
        own.close()
    assert collect(plan, store, kit) == ("anna", 9)
    with pytest.raises(BadInputError, match="other answers of anna"):
        collect(plan, store, tmp_path / "again")
    assert len(store.all_answers()) == 9
    store.close()


def simple(generator: np.random.Generator, *_reading):
    return {"quality": int(generator.integers(1, 6)), "origin": "real", "lesion": int(generator.integers(0, 101))}
