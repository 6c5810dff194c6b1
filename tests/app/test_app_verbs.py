"""The first word of the command: which module answers, and how mistakes in its words are told."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from pinn.app import verbs
from pinn.app.main import main


@pytest.fixture
def echo(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """A verb `echo` with the option `--times`, which keeps the words it was called with and ends with status 7."""
    seen: list[list[str]] = []

    def answer(words: list[str]) -> int:
        seen.append(list(words))
        arguments = verbs.Arguments("echo", "says it again")
        arguments.add_argument("--times", type=int, default=1)
        arguments.parse_args(words)
        return 7

    module = ModuleType("echo_of_tests")
    module.main = answer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(verbs.VERBS, "echo", module.__name__)
    return seen


def test_the_first_word_chooses_the_module_and_the_rest_is_its_own(echo):
    assert main(["echo", "--times", "3"]) == 7
    assert echo == [["--times", "3"]]


def test_a_verb_is_only_the_first_word(echo, capsys):
    assert main(["problem=heat_1d", "echo"]) == 2
    assert echo == []
    assert "echo" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"), [(["--tmies", "3"], "--tmies"), (["--times", "x"], "invalid int value: 'x'")]
)
def test_a_mistake_in_the_words_of_a_verb_is_a_sentence(echo, capsys, words, said):
    assert main(["echo", *words]) == 2
    error = capsys.readouterr().err
    assert error.startswith("pinn: pinn echo: ")
    assert said in error
    assert "'pinn echo --help' shows how it is used." in error
    assert "Traceback" not in error


def test_help_of_a_verb_is_printed(echo, capsys):
    assert main(["echo", "--help"]) == 0
    assert "says it again" in capsys.readouterr().out
