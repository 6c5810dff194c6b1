"""Text such as `sin(pi*x)*exp(y)` becomes a SymPy expression; nothing in it is ever run as code.

Grammar, with the precedence of mathematics (and of Python): `-x**2 = -(x**2)`, `a**b**c = a**(b**c)`, `^` means `**`.

    sum     = product { ("+" | "-") product }
    product = signed { ("*" | "/") signed }
    signed  = { "+" | "-" } power
    power   = atom [ ("**" | "^") signed ]
    atom    = number | name | function "(" sum { "," sum } ")" | "(" sum ")"

A name is a coordinate, a parameter, a constant or a function of `FUNCTIONS`; there is nothing else to reach. Every
constant is checked when it is built, so that no infinite, complex or undefined number survives.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NoReturn

import sympy

from pinn.problems.expression_functions import (
    CONSTANTS,
    FUNCTIONS,
    NOT_REAL,
    MisuseError,
    Named,
    constant_value,
    number,
    power,
    short,
)
from pinn.problems.expression_tokens import ExpressionError, Token, pointed, tokens

MAX_LENGTH = 2000
"""Longest text, in characters."""

MAX_DEPTH = 40
"""Deepest nesting of parentheses, calls and powers: far below Python's recursion limit, also after differentiation."""

_OTHER_NAMES: MappingProxyType[str, str] = MappingProxyType(
    {
        "ln": "log",
        "arcsin": "asin",
        "arccos": "acos",
        "arctan": "atan",
        "arctan2": "atan2",
        "arcsinh": "asinh",
        "arccosh": "acosh",
        "arctanh": "atanh",
        "fabs": "abs",
        "sgn": "sign",
        "step": "heaviside",
        "maximum": "max",
        "minimum": "min",
        "power": "**",
        "pow": "**",
    }
)
"""Names other languages use -> the name here; offered as a suggestion."""


def parse(text: str, *, symbols: Sequence[str], parameters: Mapping[str, float] = MappingProxyType({})) -> sympy.Expr:
    """Parse `text` into a SymPy expression of the real coordinates `symbols`.

    Args:
        text: at most 2000 characters, e.g. `sin(pi*x)*exp(-k*t)`. Decimal numbers are exact (`0.1` is 1/10).
        symbols: the coordinate names that may occur; each becomes `sympy.Symbol(name, real=True)`.
        parameters: names with their values, put in as exact numbers.

    Returns:
        An expression whose constants are all finite, real and within float64.

    Raises:
        ExpressionError: whatever is not in the grammar, an unknown name (with the nearest known ones), a wrong number
            of arguments, a constant such as `1/0` or `log(-1)`, and what would be too long, too deep or too large.
        TypeError: `text` is not a string.

    Cost: milliseconds; bounded for any text, because sizes are checked before anything is computed.
    """
    return parse_with(text, vocabulary(symbols, parameters))


def parse_with(text: str, words: Vocabulary) -> sympy.Expr:
    """As `parse`, in the words of a vocabulary."""
    text = _checked(text)
    return _Parser(text, words, 0, len(text)).expression()


def parse_equation(text: str, words: Vocabulary) -> sympy.Expr:
    """`left = right` as `left - right`, what should be zero; raises as `parse` does."""
    text = _checked(text)
    signs = [place for place, character in enumerate(text) if character == "="]
    if len(signs) != 1:
        place = signs[1] if signs else len(text)
        raise pointed(
            text, place, f"expected one equals sign; got {len(signs) or 'none'}: write what is equal, as in u_t = u_xx"
        )
    left = _Parser(text, words, 0, signs[0]).expression()
    right = _Parser(text, words, signs[0] + 1, len(text)).expression()
    return left - right


def _checked(text: str) -> str:
    """The text without space around it."""
    if not isinstance(text, str):
        raise TypeError(f"expected an expression as text; got {type(text).__name__}: put it in quotes")
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"expected at most {MAX_LENGTH} characters; got {len(text)}: shorten the expression")
    text = text.strip(" \t\r\n")
    if not text:
        raise ExpressionError("expected an expression; got an empty text: write e.g. sin(pi*x)")
    return text


def coordinate(name: str) -> sympy.Symbol:
    """The symbol that stands for the coordinate `name`: real, as every coordinate is."""
    return sympy.Symbol(name, real=True)


@dataclass(frozen=True)
class Vocabulary:
    """The words of a text: plain names with what they stand for, and functions with what they build."""

    names: Mapping[str, sympy.Expr]
    functions: Mapping[str, Named] = field(default_factory=lambda: FUNCTIONS)

    def extended(self, names: Mapping[str, sympy.Expr]) -> Vocabulary:
        """With more names.

        Raises:
            ExpressionError: a name that is none, or that has a meaning already.
        """
        self._require_new(names)
        return Vocabulary({**self.names, **names}, self.functions)

    def with_functions(self, functions: Mapping[str, Named]) -> Vocabulary:
        """With more functions; raises as `extended` does."""
        self._require_new(functions)
        return Vocabulary(self.names, {**self.functions, **functions})

    def _require_new(self, words: Iterable[str]) -> None:
        for word in words:
            if not re.fullmatch(r"[A-Za-z_][A-Za-z_0-9]*", word):
                raise ExpressionError(f"expected a name of letters, digits and _; got {word!a}: rename it")
            if word in self.names or word in self.functions:
                raise ExpressionError(f"the name '{word}' has a meaning already: rename the coordinate or parameter")


def vocabulary(symbols: Sequence[str], parameters: Mapping[str, float] = MappingProxyType({})) -> Vocabulary:
    """The constants and functions of the language, the coordinates, and parameters with their values."""
    return (
        Vocabulary(CONSTANTS)
        .extended({name: coordinate(name) for name in symbols})
        .extended({name: _parameter(name, value) for name, value in parameters.items()})
    )


def _parameter(name: str, value: float) -> sympy.Expr:
    """The exact number with the shortest decimal form of `value`, so that a parameter 0.5 equals the literal 0.5."""
    if not math.isfinite(value):
        raise ExpressionError(f"expected a finite number for the parameter '{name}'; got {value}")
    try:
        magnitude = number(repr(abs(float(value))))
    except ValueError as error:
        raise ExpressionError(f"the parameter '{name}' = {value} {error}: rescale it") from None
    return magnitude if value >= 0 else -magnitude


class _Parser:
    """Recursive descent over the tokens of a piece of text; each method consumes its part and returns what it means."""

    def __init__(self, text: str, words: Vocabulary, start: int, stop: int) -> None:
        self._text = text
        self._names = words.names
        self._functions = words.functions
        self._tokens = tokens(text, start, stop)
        self._next = 0
        self._depth = 0

    def expression(self) -> sympy.Expr:
        """The whole text."""
        result = self._sum()
        if self._token.kind != "end":
            self._fail(self._token, f"expected an operator or the end; got {self._token}: {self._missing_operator()}")
        return self._finished(result)

    # tokens

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._token
        self._next += 1
        return token

    def _at(self, *operators: str) -> bool:
        return self._token.kind == "operator" and self._token.text in operators

    def _fail(self, token: Token, message: str) -> NoReturn:
        raise pointed(self._text, token.start, message)

    def _missing_operator(self) -> str:
        """The remedy where an expression goes on without an operator."""
        before, now = self._tokens[self._next - 1], self._token
        if now.text == ")":
            return "remove it, or open it with '(' before"
        if now.text == ",":
            return "only arguments of a function are separated by commas; a decimal point is '.'"
        if before.kind == "number" and now.kind != "operator" and before.start + len(before.text) == now.start:
            return "numbers are written 2, 0.5 or 1e-3; write '*' to multiply"
        if now.kind == "name" and now.text not in self._names and now.text not in self._functions:
            return "an expression has no words but names of coordinates and functions; remove it"
        if now.text == "(" and before.kind == "name":
            return f"'{before.text}' is not a function; write '*' before '(' to multiply"
        return "write '*' to multiply"

    # grammar

    def _nested(self, part: Callable[[], sympy.Expr]) -> sympy.Expr:
        """`part()`, one level deeper."""
        if self._depth == MAX_DEPTH:
            self._fail(
                self._token, f"expected at most {MAX_DEPTH} levels of nesting; got more: simplify the expression"
            )
        self._depth += 1
        result = part()
        self._depth -= 1
        return result

    def _sum(self) -> sympy.Expr:
        first = self._token
        terms = [self._product()]
        while self._at("+", "-"):
            minus = self._take().text == "-"
            term = self._product()
            terms.append(-term if minus else term)
        return terms[0] if len(terms) == 1 else self._built(first, lambda: sympy.Add(*terms))

    def _product(self) -> sympy.Expr:
        first = self._token
        factors = [self._signed()]
        while self._at("*", "/"):
            operator = self._take()
            factor = self._signed()
            if operator.text == "/":
                factor = self._reciprocal(operator, factor)
            factors.append(factor)
        return factors[0] if len(factors) == 1 else self._built(first, lambda: sympy.Mul(*factors))

    def _reciprocal(self, operator: Token, divisor: sympy.Expr) -> sympy.Expr:
        if not divisor.free_symbols and constant_value(divisor) == 0.0:
            self._fail(operator, f"expected a divisor other than zero; got {short(divisor)}: correct it")
        return self._built(operator, lambda: power(divisor, sympy.S.NegativeOne))

    def _signed(self) -> sympy.Expr:
        negative = False
        while self._at("+", "-"):
            negative ^= self._take().text == "-"
        value = self._power()
        return -value if negative else value

    def _power(self) -> sympy.Expr:
        base = self._atom()
        if not self._at("**", "^"):
            return base
        operator = self._take()
        exponent = self._nested(self._signed)
        return self._real(operator, lambda: power(base, exponent))

    def _atom(self) -> sympy.Expr:
        token = self._take()
        if token.kind == "number":
            return self._built(token, lambda: number(token.text))
        if token.kind == "name":
            return self._call(token) if token.text in self._functions else self._name(token)
        if token.text == "(":
            value = self._nested(self._sum)
            self._close(token)
            return value
        return self._fail(token, f"expected a number, a name or '('; got {token}: complete or remove it")

    def _close(self, opening: Token) -> None:
        if not self._at(")"):
            remedy = "write ')'" if self._token.kind == "end" or self._at(",") else self._missing_operator()
            self._fail(
                self._token, f"expected ')' for the '(' at column {opening.start + 1}; got {self._token}: {remedy}"
            )
        self._take()

    def _name(self, token: Token) -> sympy.Expr:
        if token.text in self._names:
            return self._names[token.text]
        known = [*self._names, *self._functions]
        near = difflib.get_close_matches(token.text, known, n=3)
        other = _OTHER_NAMES.get(token.text)
        suggestions = [other] if other else near
        remedy = f"did you mean {' or '.join(suggestions)}?" if suggestions else f"known are {', '.join(known)}"
        return self._fail(token, f"unknown name '{token.text[:40]}': {remedy}")

    def _call(self, token: Token) -> sympy.Expr:
        function = self._functions[token.text]
        if not self._at("("):
            self._fail(
                self._token, f"expected '(' after the function {token.text}; got {self._token}: write {token.text}(...)"
            )
        opening = self._take()
        arguments = [] if self._at(")") else self._arguments()
        self._close(opening)
        if not function.accepts(len(arguments)):
            self._fail(token, f"{token.text} takes {function.arity}; got {len(arguments)}: correct the call")
        return self._real(token, lambda: function.build(*arguments))

    def _arguments(self) -> list[sympy.Expr]:
        arguments = [self._nested(self._sum)]
        while self._at(","):
            self._take()
            arguments.append(self._nested(self._sum))
        return arguments

    # checks

    def _built(self, token: Token, build: Callable[[], sympy.Expr]) -> sympy.Expr:
        """`build()`, refused at `token` if it is no real finite number or SymPy's sign of one (zoo, nan, I).

        Only the top of the new node is looked at: what is below was looked at when it was built.
        """
        try:
            result = build()
            if any(part in NOT_REAL for part in (result, *result.args)):
                raise ValueError("is not a finite real number")
            if not result.free_symbols:
                constant_value(result)
        except ExpressionError:
            raise
        except MisuseError as error:
            self._fail(token, str(error))
        except ValueError as error:
            self._fail(token, f"expected finite real numbers; what is computed here {error}: correct the constants")
        return result

    def _real(self, token: Token, build: Callable[[], sympy.Expr]) -> sympy.Expr:
        """`_built`, for powers and functions: also refused where it is real nowhere, as `sqrt(-1 - x**2)`."""
        result = self._built(token, build)
        if result.is_extended_real is False:
            self._fail(
                token, f"expected real values, but {short(result)} is real nowhere: correct the sign or the domain"
            )
        return result

    def _finished(self, result: sympy.Expr) -> sympy.Expr:
        """The result, after every constant in it, also those that simplification made, has been checked."""
        for node in _constants(result):
            try:
                constant_value(node)
            except ValueError as error:
                raise pointed(
                    self._text, 0, f"a constant in it, {short(node)}, {error}: rescale or correct it"
                ) from None
        return result


def _constants(expression: sympy.Expr) -> list[sympy.Expr]:
    """The largest subexpressions without coordinates."""
    found: list[sympy.Expr] = []
    walk = sympy.preorder_traversal(expression)
    for node in walk:
        if not node.free_symbols:
            found.append(node)
            walk.skip()
    return found
