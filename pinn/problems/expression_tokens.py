"""The pieces of a text: numbers, names and operators, each with its place, so that every complaint can point at it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from types import MappingProxyType


class ExpressionError(ValueError):
    """An expression that cannot be accepted: what was expected, what came, where, the remedy, in one or two lines."""


@dataclass(frozen=True)
class Token:
    """A piece of the text: `kind` is `number`, `name`, `operator` or `end`; `start` its index in the text."""

    kind: str
    text: str
    start: int

    def __str__(self) -> str:
        return "the end of the text" if self.kind == "end" else f"'{visible(self.text)}'"


_TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z_0-9]*)"
    r"|(?P<operator>\*\*|[-+*/^(),])"
    r"|(?P<space>[ \t]+)"
)

_ADVICE: MappingProxyType[str, str] = MappingProxyType(
    {
        ".": "there are no attributes; write the function alone, e.g. sin(x)",
        "[": "there is no indexing and there are no lists; use ( )",
        "]": "there is no indexing and there are no lists; use ( )",
        "{": "there are no sets or formats; use ( )",
        "}": "there are no sets or formats; use ( )",
        "=": "an expression has a value and assigns nothing; write only the right-hand side",
        "<": "there are no comparisons; heaviside(x - a) is 1 where x > a",
        ">": "there are no comparisons; heaviside(x - a) is 1 where x > a",
        ";": "one expression only; remove what follows",
        ":": "one expression only; remove it",
        "#": "there are no comments; remove it",
        "%": "there is no remainder; remove it",
        "'": "there are no strings; remove the quotes",
        '"': "there are no strings; remove the quotes",
        "`": "there are no strings; remove the quotes",
        "\n": "write the expression on one line",
        "\r": "write the expression on one line",
        "\\": "write the expression on one line, without backslashes",
        "!": "write factorials as numbers",
        "|": "write abs(x)",
        "\N{MULTIPLICATION SIGN}": "write '*'",
        "\N{MIDDLE DOT}": "write '*'",
        "\N{DOT OPERATOR}": "write '*'",
        "\N{DIVISION SIGN}": "write '/'",
        "\N{MINUS SIGN}": "write '-'",
        "\N{EN DASH}": "write '-'",
        "\N{EM DASH}": "write '-'",
        "\N{SUPERSCRIPT TWO}": "write '**2'",
        "\N{SUPERSCRIPT THREE}": "write '**3'",
        "\N{SQUARE ROOT}": "write sqrt(...)",
        "\N{GREEK SMALL LETTER PI}": "write 'pi'",
        "\N{NO-BREAK SPACE}": "write an ordinary space",
    }
)
"""Character that is no part of the language -> what to write instead."""


def visible(text: str) -> str:
    """ASCII form of `text`; other characters are escaped, so that a lookalike letter shows."""
    return "".join(c if c.isascii() and c.isprintable() else ascii(c)[1:-1] for c in text)


def pointed(text: str, start: int, message: str) -> ExpressionError:
    """An `ExpressionError` of two lines: the message with its column, and the text with an arrow at the place."""
    before, after = text[max(0, start - 30) : start], text[start : start + 30]
    head, tail = "..." if start > 30 else "", "..." if start + 30 < len(text) else ""
    place = f"{head}{visible(before)} --> {visible(after)}{tail}"
    return ExpressionError(f"column {start + 1}: {message}\n    {place.strip()}")


def tokens(text: str, start: int, stop: int) -> list[Token]:
    """The tokens of `text[start:stop]`, the last one of kind `end`; their places are those in the whole text."""
    found: list[Token] = []
    position = start
    while position < stop:
        match = _TOKEN.match(text, position, stop)
        if match is None:
            raise pointed(text, position, _foreign(text[position]))
        if match.lastgroup != "space":
            found.append(Token(str(match.lastgroup), match.group(), position))
        position = match.end()
    return [*found, Token("end", "", stop)]


def _foreign(character: str) -> str:
    """The message for a character outside the language; a lookalike is named and its plain form offered."""
    plain = unicodedata.normalize("NFKC", character)
    advice = _ADVICE.get(character) or (
        f"write '{plain}'"
        if plain != character and _TOKEN.fullmatch(plain)
        else "use plain ASCII letters and operators"
    )
    name = "" if character.isascii() else f" ({unicodedata.name(character, 'unnamed character')})"
    return f"expected numbers, names and operators; got '{visible(character)}'{name}: {advice}"
