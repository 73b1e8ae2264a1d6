"""The settings of every training: their words, their schedule, and what is said of wrong ones."""

import pytest
import torch
from pydantic import ValidationError

from crosscontrast.errors import BadInputError
from crosscontrast.training.hardware import half_precision
from crosscontrast.training.settings import RunSettings, read_config


def test_the_rate_rises_then_falls_to_a_fiftieth():
    settings = RunSettings(steps=1000, warmup=100, learning_rate=1.5e-3)
    rates = [settings.rate(step) for step in range(1001)]
    assert max(rates) == pytest.approx(1.5e-3, rel=0.03)
    assert rates.index(max(rates)) in range(95, 105)
    assert rates[0] < 2e-5
    assert rates[-1] == pytest.approx(1.5e-3 / 50)
    assert settings.rate(300, 0.5) == pytest.approx(rates[300] / 2)


def test_without_a_rise_the_rate_begins_at_its_greatest():
    assert RunSettings(learning_rate=0.01).rate(0) == 0.01


@pytest.mark.parametrize(("before", "now"), [("32-true", "full"), ("bf16-mixed", "bf16"), ("16-mixed", "fp16")])
def test_words_of_earlier_settings_mean_what_they_meant(before, now):
    assert RunSettings.model_validate({"precision": before}) == RunSettings.model_validate({"precision": now})


@pytest.mark.parametrize("word", ["half", 16, None, ["full"]])
def test_other_words_are_refused(word):
    with pytest.raises(ValidationError, match="precision"):
        RunSettings.model_validate({"precision": word})


@pytest.mark.parametrize(
    ("capability", "device", "precision", "computed"),
    [
        ("AVX512", "cpu", "bf16", torch.bfloat16),
        ("AVX2", "cpu", "bf16", None),
        ("DEFAULT", "cpu", "bf16", None),
        ("AVX2", "cuda", "bf16", torch.bfloat16),
        ("AVX512", "cpu", "fp16", None),
        ("AVX2", "cuda", "fp16", torch.float16),
        ("AVX512", "cuda", "full", None),
    ],
)
def test_no_processor_is_made_to_imitate_shorter_numbers(capability, device, precision, computed, monkeypatch):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    assert half_precision(precision, torch.device(device)) == computed


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"stepps": 1}', "stepps"),
        ('{"steps": 0}', "steps"),
        ("[1]", "JSON object"),
        ("{", "not JSON"),
        ("\x80", "JSON"),
    ],
)
def test_a_wrong_setting_is_named_with_its_file(tmp_path, text, complaint):
    path = tmp_path / "settings.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(BadInputError, match=complaint) as raised:
        read_config(path, RunSettings)
    assert str(path) in str(raised.value)


def test_what_is_given_replaces_what_is_read_and_the_rest_keeps_its_defaults(tmp_path):
    path = tmp_path / "settings.json"
    path.write_text('{"steps": 7, "seed": 1}')
    assert read_config(path, RunSettings, {"seed": 2}) == RunSettings(steps=7, seed=2)
    with pytest.raises(BadInputError, match=r"absent\.json cannot be read"):
        read_config(tmp_path / "absent.json", RunSettings)
