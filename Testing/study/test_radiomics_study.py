"""``radiomics study``: from one cohort table to one report, and nobody translated by what learned from them."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from tools.random_translator import write_random_translator

from crosscontrast.cli.radiomics import radiomics
from crosscontrast.errors import BadInputError
from crosscontrast.ground.cohort import read_cohort
from crosscontrast.study.plan import cross_fit, frozen_split, pairs_of, unseen
from crosscontrast.synthesis.phantom.write import write_phantoms

QUICK = """
outcome: {trees: 10, folds: 2, repeats: 1, inner_folds: 2, models: [logistic]}
preservation: {resamples: 100, shuffles: 2}
extraction: {classes: [statistics]}
"""


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory) -> Path:
    """Sixteen tiny pairs in a folder whose name is not plain, with quick settings beside them."""
    table = write_phantoms("prostate", tmp_path_factory.mktemp("Übung 1") / "phan toms", subjects=16, size=16)
    table.with_name("quick.yaml").write_text(QUICK)
    return table


def words(table: Path, out: Path, **changes: object) -> list[str]:
    given = {"cohort": table, "source": "us", "target": "t2w", "outcome": "outcome", "out": out}
    given |= {"settings": table.with_name("quick.yaml")} | changes
    return ["study", *(str(word) for name, value in given.items() for word in (f"--{name}", value) if word is not True)]


def run(table: Path, out: Path, **changes: object):
    return CliRunner().invoke(radiomics, words(table, out, **changes))


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


class TestWhoTranslatesWhom:
    @pytest.fixture
    def pairs(self, phantoms):
        return pairs_of(read_cohort(phantoms), "us", "t2w")

    def test_every_subject_is_translated_once_by_what_learned_from_the_others(self, pairs):
        shares = cross_fit(pairs, 3, 0, "t")
        translated = [row.subject for share in shares for row, _ in share.translate]
        assert sorted(translated) == sorted({row.subject for row, _ in pairs})
        for share in shares:
            learned, made = ({row.subject for row, _ in part} for part in (share.learn, share.translate))
            assert not learned & made
            assert len(learned) + len(made) == 16

    def test_visits_of_a_subject_stay_together(self, pairs):
        twice = [pair for p in pairs for pair in (p, tuple(row.model_copy(update={"session": "2"}) for row in p))]
        for share in cross_fit(twice, 4, 1, "t"):
            assert not {r.subject for r, _ in share.learn} & {r.subject for r, _ in share.translate}

    def test_a_translator_s_table_says_nothing_about_outcomes(self, pairs):
        rows = cross_fit(pairs, 2, 0, "t")[0].rows()
        assert {row.split for row in rows} == {"train", "test"}
        assert all(not row.outcomes for row in rows)

    def test_splits_of_the_table_are_kept_where_that_is_asked_for(self, pairs):
        (share,) = frozen_split(pairs, "t")
        assert {row.split for row, _ in share.learn} == {"train"}
        assert {row.split for row, _ in share.translate} == {"test"}

    def test_a_finished_model_gets_the_test_split_or_everybody_on_the_user_s_word(self, pairs):
        assert {row.split for row, _ in unseen(pairs, "t", all_unseen=False)[0].translate} == {"test"}
        assert len(unseen(pairs, "t", all_unseen=True)[0].translate) == 16
        without = [tuple(row.model_copy(update={"split": ""}) for row in pair) for pair in pairs]
        with pytest.raises(BadInputError, match=r"must not translate those that it learned from.*--unseen"):
            unseen(without, "t", all_unseen=False)

    def test_too_few_subjects_for_the_folds_are_said(self, pairs):
        with pytest.raises(BadInputError, match="3 subjects are too few for 2 translators"):
            cross_fit(pairs[:3], 2, 0, "t")


def test_a_finished_model_goes_the_whole_way_and_a_second_run_takes_what_is_there(phantoms, model_home, tmp_path):
    write_random_translator(tmp_path / "bundle", outputs=("t2w",))
    out = tmp_path / "Studie ä"
    done = run(phantoms, out, model=tmp_path / "bundle", unseen=True, json=True)
    assert done.exit_code == 0, done.output + done.stderr
    result = json.loads(done.stdout)
    assert (result["images"], result["failed"], result["gate"]) == (16, 0, {"caution": 16})
    assert [role["role"] for role in result["preservation"]["roles"]] == ["synthetic", "us"]
    assert [found["arm"] for found in result["outcome"]["performances"]] == ["us", "synthetic", "t2w", "us+synthetic"]
    report = (out / "report.html").read_text()
    assert report.count("<iframe") == 2
    assert 'href="preservation/report.html"' in report
    cohort = read_cohort(out / "cohort.tsv")
    assert len(cohort.select(role="synthetic")) == 16
    assert all(row.mask and row.mask.name.endswith("us_mask.nii.gz") for row in cohort.select(role="synthetic"))
    lines = rows_of(out / "translations.tsv")
    assert float(lines[0]["mae"]) > 0
    times = {path: path.stat().st_mtime_ns for path in out.rglob("*_t2w.nii.gz")}
    again = run(phantoms, out, model=tmp_path / "bundle", unseen=True, json=True)
    assert json.loads(again.stdout) == result
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*_t2w.nii.gz")} == times


@pytest.mark.parametrize(
    ("change", "more", "sentence"),
    [
        (lambda t: t, {"outcome": "grade"}, "has no column 'grade'"),
        (lambda t: t, {"source": "ct"}, "has no image of role ct, only us, t2w, zones"),
        (lambda t: t, {"network": "alexnet"}, "there is no network 'alexnet'"),
        (lambda t: t, {"model": "absent"}, "Give a model that translates or a network to train, one of them."),
        (lambda t: t, {"synthetic": "t2w"}, "has images of role 't2w' already"),
        (lambda t: t, {"arms": "us,mri"}, "The arms have a role 'mri'; a study has us, synthetic, t2w."),
        (lambda t: t, {"batch": "site"}, "has no column 'site'"),
        (lambda t: t, {"folds": 9}, "16 subjects are too few for 9 translators"),
        (lambda t: "\n".join(t.splitlines()[:7]) + "\n", {}, "2 subjects are too few for 3 translators"),
        (lambda t: "\n".join(t.splitlines()[:-2]) + "\n", {}, "sub-016 has an image of role 'us' but none of 't2w'"),
        (lambda t: t.replace("\t1\t", "\t0\t"), {}, "the outcome 'outcome' has only '0'"),
        (lambda t: t.replace("subject", "patient"), {}, "lacks the column(s) subject"),
    ],
    ids=[
        "outcome",
        "role",
        "network",
        "both",
        "synthetic",
        "arms",
        "batch",
        "folds",
        "few",
        "unpaired",
        "one class",
        "columns",
    ],
)
def test_what_cannot_be_studied_is_one_sentence_before_any_work(phantoms, tmp_path, change, more, sentence):
    table = phantoms.with_name("changed.tsv")
    table.write_text(change(phantoms.read_text()))
    done = run(table, tmp_path / "out", **{"network": "unet3d"} | more)
    assert done.exit_code == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_network_is_trained_in_folds_killed_and_taken_up_again(phantoms, model_home, tmp_path):
    out = tmp_path / "out"
    program = [sys.executable, "-m", "crosscontrast.cli", "radiomics"]
    program += words(phantoms, out, network="unet3d", steps=30, folds=2)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    first = subprocess.Popen(program, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until = time.monotonic() + 500
    while not list(out.glob("translated/fold-1-*/*_gate.json")) and time.monotonic() < until:
        assert first.poll() is None, first.stderr.read()
        time.sleep(0.05)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert not (out / "report.html").exists()
    (model,) = out.glob("translators/fold-1-*/model-*/models/model.pt")
    written = model.stat().st_mtime_ns
    done = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "16 images translated; quality gate:" in done.stdout
    assert model.stat().st_mtime_ns == written
    made = {row["subject"]: row["translator"] for row in rows_of(out / "translations.tsv")}
    for fold in ("fold-1", "fold-2"):
        (table,) = out.glob(f"translators/{fold}-*/cohort.tsv")
        learned = set(read_cohort(table).subjects("train"))
        assert learned == {subject for subject, translator in made.items() if translator != fold}
