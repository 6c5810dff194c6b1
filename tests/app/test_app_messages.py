"""Exceptions as sentences: whatever comes, one or two lines."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hydra.errors import ConfigCompositionException, HydraException, MissingConfigException
from hypothesis import given, settings
from hypothesis import strategies as st

from pinn.app.messages import explain, say, unknown
from pinn.hints import nearest


def broken_yaml() -> yaml.YAMLError:
    try:
        yaml.safe_load("a: 1\nb: [1\n")
    except yaml.YAMLError as error:
        return error
    raise AssertionError


def from_cause(outer: Exception, cause: Exception) -> Exception:
    outer.__cause__ = cause
    return outer


SENTENCES = {
    "disk": (PermissionError(13, "Permission denied", "out/run.log"), "out/run.log: Permission denied."),
    "disk, only text": (OSError("nothing there"), "nothing there"),
    "yaml": (broken_yaml(), "<unicode string>, line 3: expected ',' or ']', but got '<stream end>'."),
    "no text": (RuntimeError(), "RuntimeError"),
    "long": (ValueError("one\n\n  two\nthree\nfour"), "one\ntwo"),
    "Hydra's own": (HydraException("Something new\nSee https://hydra.cc/docs"), "Something new"),
    "a wrapped cause": (from_cause(ConfigCompositionException(), ValueError("the cause")), "the cause"),
    "a cause is not preferred": (from_cause(ValueError("said well"), KeyError("k")), "said well"),
    "no options known": (MissingConfigException("Cannot find it.\nMore", "config", None), "Cannot find it."),
    "group override": (
        ConfigCompositionException("Could not override 'field@x'.\nDid you mean ..."),
        "field@x: no such group; expected one of problem, field, solver, sampling, balance, engine, experiment.",
    ),
}


@pytest.mark.parametrize(("error", "sentence"), SENTENCES.values(), ids=SENTENCES.keys())
def test_explain(error: Exception, sentence: str) -> None:
    assert explain(error) == sentence


@settings(max_examples=40)
@given(st.text())
def test_never_empty_and_at_most_two_lines(text: str) -> None:
    for kind in (ValueError, OSError, HydraException, RuntimeError):
        said = explain(kind(text))
        assert said
        assert len(said.splitlines()) <= 2


@pytest.mark.parametrize(
    ("word", "expected"), [("fourir", "fourier"), ("mpl", "mlp"), ("newton", None), ("", None)], ids=str
)
def test_nearest(word: str, expected: str | None) -> None:
    assert nearest(word, ["mlp", "fourier"]) == expected


def test_unknown_lists_the_choices_in_order() -> None:
    assert unknown("k", "x", ["b", "a"]) == "k: expected one of a, b; got 'x'."


def test_say_adds_the_traceback_only_on_request(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.delenv("PINN_DEBUG", raising=False)
    say("no", ValueError("why"))
    assert capsys.readouterr().err == "pinn: no\n"
    monkeypatch.setenv("PINN_DEBUG", "1")
    say("no", ValueError("why"))
    assert capsys.readouterr().err == "ValueError: why\npinn: no\n"
