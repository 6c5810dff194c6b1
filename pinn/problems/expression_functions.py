"""The functions of the expression language, and what may be built from them.

Every name a person can call stands once in `FUNCTIONS`, with its number of arguments and the SymPy node it becomes.
The language is real: coordinates, constants and values are real numbers, so `abs`, `sign`, `heaviside`, `min` and `max`
have derivatives that SymPy, which allows complex arguments, would not write down for e.g. `abs(log(x))`. They are small
nodes of their own here. What costs unbounded time (a power with a million digits) is refused *before* it is built.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

import sympy

MAX_EXPONENT = 1000
"""Largest constant exponent, nested powers multiplied: `(x**10)**100` is the last one accepted."""

MAX_BITS = 65536
"""Largest size of an exact constant. float64 needs 53 bits; the room is for exact intermediate fractions."""

DIGITS = 20
"""Decimal digits with which constants such as `pi**2` are evaluated; float64 holds 17."""

NOT_REAL = (sympy.nan, sympy.zoo, sympy.oo, -sympy.oo, sympy.I)
"""What SymPy returns where the real number does not exist: `log(0)`, `1/0`, `sqrt(-1)`."""


class MisuseError(ValueError):
    """A function called with what it cannot take; the message is a whole sentence with the remedy."""


class Absolute(sympy.Function):
    """`|a|` of a real argument; derivative `sign(a)`."""

    nargs = 1
    is_extended_real = True
    is_extended_nonnegative = True

    @classmethod
    def eval(cls, argument: sympy.Expr) -> sympy.Expr | None:
        """Numbers are folded, everything else stays as written."""
        return sympy.Abs(argument) if argument.is_number else None

    def fdiff(self, argindex: int = 1) -> sympy.Expr:  # noqa: ARG002 - one argument
        """`d|a|/da = sign(a)`."""
        return Sign(self.args[0])


class Sign(sympy.Function):
    """`-1`, `0` or `1`, as the real argument is negative, zero or positive; derivative `2 delta(a)`."""

    nargs = 1
    is_extended_real = True

    @classmethod
    def eval(cls, argument: sympy.Expr) -> sympy.Expr | None:
        """Numbers are folded, everything else stays as written."""
        return sympy.sign(argument) if argument.is_number else None

    def fdiff(self, argindex: int = 1) -> sympy.Expr:  # noqa: ARG002 - one argument
        """`d sign(a)/da = 2 delta(a)`."""
        return 2 * Delta(self.args[0])


class Step(sympy.Function):
    """Heaviside's step `(1 + sign(a)) / 2`: `0`, `1/2` at zero, `1`; derivative `delta(a)`."""

    nargs = 1
    is_extended_real = True
    is_extended_nonnegative = True

    @classmethod
    def eval(cls, argument: sympy.Expr) -> sympy.Expr | None:
        """Numbers are folded, everything else stays as written."""
        return sympy.Heaviside(argument) if argument.is_number else None

    def fdiff(self, argindex: int = 1) -> sympy.Expr:  # noqa: ARG002 - one argument
        """`dH(a)/da = delta(a)`."""
        return Delta(self.args[0])


class Delta(sympy.Function):
    """Dirac's delta of `a` and its `k`-th derivative, `delta(a, k)`; only differentiation produces it.

    No field has it as a value, see `expressions.derivative`.
    """

    nargs = (1, 2)
    is_extended_real = True

    @classmethod
    def eval(cls, argument: sympy.Expr, order: sympy.Expr = sympy.S.Zero) -> sympy.Expr | None:  # noqa: ARG003
        """Zero where the argument is known never to vanish."""
        return sympy.S.Zero if argument.is_nonzero else None

    def fdiff(self, argindex: int = 1) -> sympy.Expr:  # noqa: ARG002 - the order is no variable
        """One order more."""
        argument, *order = self.args
        return Delta(argument, 1 + sympy.Add(*order))


class Larger(sympy.Function):
    """`max(a, b)`; derivatives `H(a - b)` and `H(b - a)`, one half each where `a = b`."""

    nargs = 2
    is_extended_real = True

    @classmethod
    def eval(cls, first: sympy.Expr, second: sympy.Expr) -> sympy.Expr | None:
        """Numbers are folded, everything else stays as written."""
        return sympy.Max(first, second) if first.is_number and second.is_number else None

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """`d max(a, b)/da = H(a - b)`."""
        first, second = self.args if argindex == 1 else reversed(self.args)
        return Step(first - second)


class Smaller(sympy.Function):
    """`min(a, b)`; derivatives `H(b - a)` and `H(a - b)`, one half each where `a = b`."""

    nargs = 2
    is_extended_real = True

    @classmethod
    def eval(cls, first: sympy.Expr, second: sympy.Expr) -> sympy.Expr | None:
        """Numbers are folded, everything else stays as written."""
        return sympy.Min(first, second) if first.is_number and second.is_number else None

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """`d min(a, b)/da = H(b - a)`."""
        first, second = self.args if argindex == 1 else reversed(self.args)
        return Step(second - first)


@dataclass(frozen=True)
class Named:
    """A function of the language: the node it builds and how many arguments it takes (`most=None`: any number)."""

    build: Callable[..., sympy.Expr]
    least: int = 1
    most: int | None = 1

    def accepts(self, count: int) -> bool:
        """Whether `count` arguments are right."""
        return self.least <= count and (self.most is None or count <= self.most)

    @property
    def arity(self) -> str:
        """The number of arguments in words."""
        if self.most is None:
            return f"at least {self.least} arguments"
        return "1 argument" if self.least == 1 else f"{self.least} arguments"


def _folded(node: Callable[..., sympy.Expr]) -> Callable[..., sympy.Expr]:
    """Two-argument `node` for any number of arguments: `max(a, b, c) = max(max(a, b), c)`."""
    return lambda *arguments: functools.reduce(node, arguments)


def _logarithm(argument: sympy.Expr) -> sympy.Expr:
    return sympy.log(argument)


def _square_root(argument: sympy.Expr) -> sympy.Expr:
    return power(argument, sympy.S.Half)


FUNCTIONS: MappingProxyType[str, Named] = MappingProxyType(
    {
        "sin": Named(sympy.sin),
        "cos": Named(sympy.cos),
        "tan": Named(sympy.tan),
        "asin": Named(sympy.asin),
        "acos": Named(sympy.acos),
        "atan": Named(sympy.atan),
        "atan2": Named(sympy.atan2, least=2, most=2),
        "sinh": Named(sympy.sinh),
        "cosh": Named(sympy.cosh),
        "tanh": Named(sympy.tanh),
        "asinh": Named(sympy.asinh),
        "acosh": Named(sympy.acosh),
        "atanh": Named(sympy.atanh),
        "exp": Named(sympy.exp),
        "log": Named(_logarithm),
        "sqrt": Named(_square_root),
        "erf": Named(sympy.erf),
        "abs": Named(Absolute),
        "sign": Named(Sign),
        "heaviside": Named(Step),
        "min": Named(_folded(Smaller), least=2, most=None),
        "max": Named(_folded(Larger), least=2, most=None),
    }
)
"""Name in the text -> function. `log` is the natural logarithm; `heaviside(0) = 1/2`."""

CONSTANTS: MappingProxyType[str, sympy.Expr] = MappingProxyType({"pi": sympy.pi, "e": sympy.E})
"""Name in the text -> exact constant."""


def number(text: str) -> sympy.Rational:
    """The exact rational number of a decimal literal, `0.1 -> 1/10`, so that `x**0.5` is a square root.

    Raises `ValueError` where float64 cannot hold it. The float comes first: `1e999999999` as a fraction would fill the
    memory.
    """
    approximate = float(text)
    if approximate == 0.0 and not text.lower().partition("e")[0].strip("0."):
        return sympy.S.Zero
    _require_normal(approximate)
    exact = Fraction(text)
    return sympy.Rational(exact.numerator, exact.denominator)


def constant_value(constant: sympy.Expr) -> float:
    """The float64 nearest to an expression without coordinates.

    Evaluated with 20 digits, and with up to 100 where terms cancel; a full cancellation is zero. Raises `ValueError`
    with half a sentence ("is not a real number") if the value is complex, infinite, undefined or outside float64.
    """
    if constant.is_zero:
        return 0.0
    value = constant if constant.is_Rational else constant.evalf(DIGITS)
    if value.has(sympy.nan, sympy.zoo, sympy.oo, -sympy.oo):
        raise ValueError("is not finite")
    if value.has(sympy.I):
        raise ValueError("is not a real number")
    if not value.is_Number:
        raise ValueError("has no numerical value")
    if value.is_Float and value._prec == 1:
        return 0.0
    try:
        result = float(value)
    except OverflowError:
        result = float("inf")
    return _require_normal(result)


def short(expression: sympy.Expr) -> str:
    """At most 40 characters of `expression`, for messages."""
    try:
        text = str(expression)
    except ValueError:  # Python writes no integer of more than 4300 digits
        return "a very long number"
    return text if len(text) <= 40 else f"{text[:37]}..."


def _require_normal(value: float) -> float:
    """`value`, or `ValueError` if it overflowed or lost digits below the smallest normal float64."""
    largest, smallest = sys.float_info.max, sys.float_info.min
    if not abs(value) <= largest:
        raise ValueError(f"is larger than float64 holds ({largest:.3g})")
    if abs(value) < smallest:
        raise ValueError(f"is smaller than float64 holds ({smallest:.3g})")
    return value


def power(base: sympy.Expr, exponent: sympy.Expr) -> sympy.Expr:
    """`base**exponent`, refused with `ValueError` before it is built if it is `0**-n` or too large to be exact.

    SymPy multiplies nested integer exponents and computes powers of integers exactly, both without bound; so the
    product of constant exponents is held below `MAX_EXPONENT` and the exact constants below `MAX_BITS`.
    """
    if exponent.is_number:
        size = constant_value(exponent)
        if base.is_zero and size < 0:
            raise ValueError("divides by zero")
        _require_small(base, abs(size))
    return sympy.Pow(base, exponent)


def _require_small(base: sympy.Expr, size: float) -> None:
    """Refuse a constant exponent of magnitude `size` on `base` if exponents or digits would run away."""
    inner = [abs(constant_value(node.exp)) for node in base.atoms(sympy.Pow) if node.exp.is_number]
    degree = size * max([1.0, *inner])
    if degree > MAX_EXPONENT:
        raise ValueError(f"has exponent {degree:.6g}, more than {MAX_EXPONENT}")
    bits = max((max(int(c.p).bit_length(), int(c.q).bit_length()) for c in base.atoms(sympy.Rational)), default=0)
    if size * bits > MAX_BITS:
        raise ValueError(f"needs a constant of {size * bits:.3g} bits, more than {MAX_BITS}")
