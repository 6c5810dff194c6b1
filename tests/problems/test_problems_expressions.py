"""Expressions from text: the right numbers against closed forms, and nothing else gets through."""

from __future__ import annotations

import ast
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import sympy
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from pinn.calculus import LazyJet, PointSet, Tape
from pinn.geometry import Ball
from pinn.problems import (
    expression_functions,
    expression_parser,
    expression_tensorflow,
    expressions,
    poisson_expression,
)
from pinn.problems.expression_functions import CONSTANTS, FUNCTIONS
from pinn.problems.expressions import ExpressionError, derivative, gradient, laplacian, parse, to_tensorflow
from pinn.problems.poisson_expression import PoissonExpression

Array = np.ndarray
AXES = ("x", "y")
_POINTS = np.random.default_rng(0).uniform(0.1, 0.9, size=(40, 2))
X, Y = _POINTS.T
PI, E = math.pi, math.e


def numbers(text: str, *, dtype: str = "float64", **parameters: float) -> Array:
    return evaluate(parse(text, symbols=AXES, parameters=parameters), dtype=dtype)


def evaluate(expression: sympy.Expr, *, dtype: str = "float64") -> Array:
    function = to_tensorflow(expression, AXES)
    return function(x=tf.constant(X, dtype), y=tf.constant(Y, dtype)).numpy()


def relative_error(found: Array, expected: Array) -> float:
    return float(np.max(np.abs(found - expected) / (1.0 + np.abs(expected))))


def _tan2(x: Array) -> Array:
    return 1 + np.tan(x) ** 2


# text -> value, first and second derivative in x, by hand
CLOSED_FORMS: dict[str, tuple[Array | float, Array | float, Array | float]] = {
    "3": (3.0, 0.0, 0.0),
    "y": (Y, 0.0, 0.0),
    "pi**2*x": (PI**2 * X, PI**2, 0.0),
    "e^x": (E**X, E**X, E**X),
    "2.5e-1*x + .5": (0.25 * X + 0.5, 0.25, 0.0),
    "-x**2": (-(X**2), -2 * X, -2.0),
    "(-x)**2": (X**2, 2 * X, 2.0),
    "2**3**2*x": (512 * X, 512.0, 0.0),
    "x - y - 1": (X - Y - 1, 1.0, 0.0),
    "8/4/2*x": (X, 1.0, 0.0),
    "--x*-y": (-X * Y, -Y, 0.0),
    "2**-x": (2**-X, -np.log(2) * 2**-X, np.log(2) ** 2 * 2**-X),
    "1/x": (1 / X, -1 / X**2, 2 / X**3),
    "y/x**2": (Y / X**2, -2 * Y / X**3, 6 * Y / X**4),
    "x**40": (X**40, 40 * X**39, 1560 * X**38),
    "x**0.5": (np.sqrt(X), 0.5 / np.sqrt(X), -0.25 * X**-1.5),
    "x**(1/3)": (np.cbrt(X), X ** (-2 / 3) / 3, -2 * X ** (-5 / 3) / 9),
    "x**y": (X**Y, Y * X ** (Y - 1), Y * (Y - 1) * X ** (Y - 2)),
    "sqrt(x**2)": (X, 1.0, None),
    "sin(pi*x)*exp(y)": (
        np.sin(PI * X) * np.exp(Y),
        PI * np.cos(PI * X) * np.exp(Y),
        -(PI**2) * np.sin(PI * X) * np.exp(Y),
    ),
    "cos(x*y)": (np.cos(X * Y), -Y * np.sin(X * Y), -(Y**2) * np.cos(X * Y)),
    "tan(x)": (np.tan(X), _tan2(X), 2 * np.tan(X) * _tan2(X)),
    "tan(x + pi/2)": (-1 / np.tan(X), 1 + 1 / np.tan(X) ** 2, -2 / np.tan(X) * (1 + 1 / np.tan(X) ** 2)),
    "asin(x)": (np.arcsin(X), (1 - X**2) ** -0.5, X * (1 - X**2) ** -1.5),
    "acos(x)": (np.arccos(X), -((1 - X**2) ** -0.5), -X * (1 - X**2) ** -1.5),
    "atan(x)": (np.arctan(X), 1 / (1 + X**2), -2 * X / (1 + X**2) ** 2),
    "atan2(x, y)": (np.arctan2(X, Y), Y / (X**2 + Y**2), -2 * X * Y / (X**2 + Y**2) ** 2),
    "sinh(x)": (np.sinh(X), np.cosh(X), np.sinh(X)),
    "cosh(x)": (np.cosh(X), np.sinh(X), np.cosh(X)),
    "tanh(x)": (np.tanh(X), 1 - np.tanh(X) ** 2, -2 * np.tanh(X) * (1 - np.tanh(X) ** 2)),
    "asinh(x)": (np.arcsinh(X), (1 + X**2) ** -0.5, -X * (1 + X**2) ** -1.5),
    "acosh(2 + x)": (np.arccosh(2 + X), ((2 + X) ** 2 - 1) ** -0.5, -(2 + X) * ((2 + X) ** 2 - 1) ** -1.5),
    "atanh(x)": (np.arctanh(X), 1 / (1 - X**2), 2 * X / (1 - X**2) ** 2),
    "exp(-x**2)": (np.exp(-(X**2)), -2 * X * np.exp(-(X**2)), (4 * X**2 - 2) * np.exp(-(X**2))),
    "log(x)": (np.log(X), 1 / X, -1 / X**2),
    "erf(x)": (
        special.erf(X),
        2 / np.sqrt(PI) * np.exp(-(X**2)),
        -4 * X / np.sqrt(PI) * np.exp(-(X**2)),
    ),
    "abs(x - 1)": (1 - X, -1.0, None),
    "abs(log(x))": (-np.log(X), -1 / X, None),
    "x*abs(x - 0.5)": (X * abs(X - 0.5), abs(X - 0.5) + X * np.sign(X - 0.5), None),
    "(x - 0.5)*abs(x - 0.5)": ((X - 0.5) * abs(X - 0.5), 2 * abs(X - 0.5), 2 * np.sign(X - 0.5)),
    "x**3*sign(y - 0.5)": (
        X**3 * np.sign(Y - 0.5),
        3 * X**2 * np.sign(Y - 0.5),
        6 * X * np.sign(Y - 0.5),
    ),
    "(x - 0.5)**3*sign(x - 0.5)": (
        abs(X - 0.5) ** 3,
        3 * (X - 0.5) * abs(X - 0.5),
        6 * abs(X - 0.5),
    ),
    "max(x - 0.5, 0)**3": (
        np.maximum(X - 0.5, 0) ** 3,
        3 * np.maximum(X - 0.5, 0) ** 2,
        6 * np.maximum(X - 0.5, 0),
    ),
    "min(x, 0.5, y)": (np.minimum(np.minimum(X, 0.5), Y), np.where((X < 0.5) & (X < Y), 1.0, 0.0), None),
    "heaviside(x - 0.5)": (np.heaviside(X - 0.5, 0.5), None, None),
    "heaviside(x - x)": (0.5, 0.0, 0.0),
    "max(2, 3)*min(2, 3)*sign(-4)*abs(-5)*x": (-30 * X, -30.0, 0.0),
}


@pytest.mark.parametrize("text", CLOSED_FORMS)
def test_values_and_derivatives_are_the_closed_forms(text: str) -> None:
    expression = parse(text, symbols=AXES)
    for order, expected in enumerate(CLOSED_FORMS[text]):
        taken = derivative(expression, "x", order=order) if order else expression
        if expected is None:  # a delta remains: no function
            with pytest.raises(ExpressionError, match="Dirac delta"):
                to_tensorflow(taken, AXES)
            continue
        found = evaluate(taken)
        assert found.shape == X.shape
        assert found.dtype == np.float64
        # 1e-13: some hundred roundings of 1.1e-16, amplified by the powers up to x**-3 at x >= 0.1.
        assert relative_error(found, np.broadcast_to(expected, X.shape)) < 1e-13
        low = evaluate(taken, dtype="float32")
        assert low.dtype == np.float32
        # The same roundings of 6e-8; the rounding of the coordinates counts too, times a derivative of up to 6 / x**4.
        away = np.abs(X - 0.5) > 1e-6  # a jump may fall on the other side of the rounded point
        assert relative_error(low[away], np.broadcast_to(expected, X.shape)[away]) < 1e-4


def test_every_function_and_constant_has_a_closed_form() -> None:
    texts = " ".join(CLOSED_FORMS)
    assert not [name for name in FUNCTIONS if f"{name}(" not in texts]
    assert not [name for name in CONSTANTS if name not in texts]


def test_laplacian_and_gradient_collect_the_axes() -> None:
    u = parse("x**3*y**2", symbols=AXES)
    # Exact identities between polynomials.
    assert sympy.expand(laplacian(u, AXES) - parse("6*x*y**2 + 2*x**3", symbols=AXES)) == 0
    assert [sympy.expand(g) for g in gradient(u, ("x", "y", "z"))] == [
        parse("3*x**2*y**2", symbols=AXES),
        parse("2*x**3*y", symbols=AXES),
        0,
    ]
    assert laplacian(u, ("z",)) == 0
    with pytest.raises(ValueError, match="order of at least 1; got 0"):
        derivative(u, "x", order=0)


def test_derivatives_follow_the_name_of_a_symbol_not_its_assumptions() -> None:
    assert derivative(sympy.Symbol("x") ** 2, "x") == 2 * sympy.Symbol("x")


def test_parameters_are_exact_numbers() -> None:
    assert parse("k*x", symbols=AXES, parameters={"k": 0.1}) == parse("0.1*x", symbols=AXES)
    assert parse("k*x", symbols=AXES, parameters={"k": -2}) == parse("-2*x", symbols=AXES)
    np.testing.assert_array_equal(numbers("k*x", k=0.3), 0.3 * X)  # one product: the same rounding


def test_constants_are_rounded_once_in_float64() -> None:
    # A constant that passes through float32 is wrong by 6e-8; the nearest float64 is asked for, so equality.
    assert numbers("pi**2")[0] == float(sympy.N(sympy.pi**2, 30))
    assert numbers("exp(1/3) + sqrt(2)")[0] == float(sympy.N(sympy.exp(sympy.Rational(1, 3)) + sympy.sqrt(2), 30))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("text", ["sin(pi*x)*exp(-y)/(1 + x**2)", "x**y*erf(x) + max(x, y)", "7/3"])
def test_eager_graph_and_xla_agree(text: str, dtype: str) -> None:
    function = to_tensorflow(parse(text, symbols=AXES), AXES)
    x, y = tf.constant(X, dtype), tf.constant(Y, dtype)
    eager = function(x=x, y=y)
    spec = tf.TensorSpec([None], dtype)
    graph = tf.function(lambda x, y: function({"x": x, "y": y}), input_signature=(spec, spec))(x, y)
    xla = tf.function(lambda x, y: function({"x": x}, y=y), jit_compile=True)(x, y)
    # XLA has its own exp, sin and pow, and contracts a*b + c: a few units in the last place.
    tolerance = 32 * np.finfo(dtype).eps
    for other in (graph, xla):
        assert other.dtype == dtype
        assert relative_error(other.numpy(), eager.numpy()) < tolerance


def test_tensorflow_differentiates_it_as_sympy_does() -> None:
    u = parse("x**3*sin(y) + x**2*tanh(x*y) + sqrt(x)", symbols=AXES)
    function = to_tensorflow(u, AXES)
    x, y = tf.constant(X), tf.constant(Y)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            value = function(x=x, y=y)
        first = inner.gradient(value, x)
    second = outer.gradient(first, x)
    # Both are exact derivatives: some tens of roundings, amplified by x**-1.5 at x = 0.1.
    assert relative_error(first.numpy(), evaluate(derivative(u, "x"))) < 1e-13
    assert relative_error(second.numpy(), evaluate(derivative(u, "x", order=2))) < 1e-13


def test_powers_keep_their_derivatives_at_zero() -> None:
    function = to_tensorflow(parse("x**2 + x**3", symbols=("x",)), ("x",))
    x = tf.zeros([1], tf.float64)
    with tf.GradientTape() as third, tf.GradientTape() as second, tf.GradientTape() as first:
        for tape in (third, second, first):
            tape.watch(x)
        value = function(x=x)
        d1 = first.gradient(value, x)
        d2 = second.gradient(d1, x)
    assert [float(d[0]) for d in (d1, d2, third.gradient(d2, x))] == [0.0, 2.0, 6.0]


# Random trees against plain NumPy, with a running bound on round-off.


@dataclass(frozen=True)
class Tree:
    """An expression as text, its value, and a bound on the relative size of all its roundings."""

    text: str
    value: Array
    error: Array


_EPS = np.finfo(np.float64).eps


def _leaf(text: str, value: Array | float) -> Tree:
    filled = np.broadcast_to(np.asarray(value, dtype=np.float64), X.shape)
    return Tree(text, filled, _EPS * np.abs(filled))


def _add(sign: str) -> Callable[[Tree, Tree], Tree]:
    def build(a: Tree, b: Tree) -> Tree:
        value = a.value + b.value if sign == "+" else a.value - b.value
        return Tree(f"({a.text} {sign} {b.text})", value, a.error + b.error + _EPS * (abs(a.value) + abs(b.value)))

    return build


def _multiply(a: Tree, b: Tree) -> Tree:
    value = a.value * b.value
    return Tree(
        f"({a.text} * {b.text})",
        value,
        abs(a.value) * b.error + abs(b.value) * a.error + a.error * b.error + _EPS * abs(value),
    )


def _divide(a: Tree, b: Tree) -> Tree:
    """`a / (2 + b**2)`, which never divides by zero."""
    below = 2 + b.value**2
    below_error = 2 * abs(b.value) * b.error + 3 * _EPS * below
    value = a.value / below
    return Tree(
        f"({a.text} / (2 + {b.text}**2))", value, a.error / below + abs(value) / below * below_error + _EPS * abs(value)
    )


def _function(name: str, f: Callable[[Array], Array], slope: float) -> Callable[[Tree], Tree]:
    """A function with a bounded slope."""

    def build(a: Tree) -> Tree:
        value = f(a.value)
        # sin and cos of an argument that SymPy wrote in another form move by the whole argument's roundings.
        return Tree(f"{name}({a.text})", value, slope * (a.error + _EPS * abs(a.value)) + _EPS * abs(value))

    return build


def _cube(a: Tree) -> Tree:
    value = a.value**3
    return Tree(f"(({a.text})**3)", value, 3 * a.value**2 * a.error + 4 * _EPS * abs(value))


def _negate(a: Tree) -> Tree:
    return Tree(f"(-{a.text})", -a.value, a.error)


_UNARY = [
    _negate,
    _cube,
    _function("sin", np.sin, 1.0),
    _function("cos", np.cos, 1.0),
    _function("tanh", np.tanh, 1.0),
    _function("atan", np.arctan, 1.0),
    _function("erf", special.erf, 2 / np.sqrt(PI)),
    _function("abs", np.abs, 1.0),
]
_BINARY = [_add("+"), _add("-"), _multiply, _divide]
_LEAVES = st.sampled_from([_leaf("x", X), _leaf("y", Y), _leaf("pi", PI), _leaf("e", E)]) | st.integers(0, 99).map(
    lambda n: _leaf(f"{n / 10}", n / 10)
)
TREES = st.recursive(
    _LEAVES,
    lambda part: (
        st.builds(lambda f, a: f(a), st.sampled_from(_UNARY), part)
        | st.builds(lambda f, a, b: f(a, b), st.sampled_from(_BINARY), part, part)
    ),
    max_leaves=12,
).filter(lambda tree: bool(np.all(np.isfinite(tree.value)) and np.max(np.abs(tree.value)) < 1e100))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(TREES)
def test_a_random_tree_has_the_value_of_the_same_tree_in_numpy(tree: Tree) -> None:
    found = numbers(tree.text)
    # The running error bound is that of NumPy's order of operations; SymPy's order obeys one of the same form, and
    # each TensorFlow function may be wrong by a few units in the last place instead of one half.
    assert np.all(np.abs(found - tree.value) <= 16 * tree.error + 1e-300)


# What must not get through.

ATTACKS: dict[str, tuple[str, str]] = {
    "import": ("__import__('os').system('true')", "there are no strings"),
    "import alone": ("__import__", "unknown name '__import__'"),
    "tuple class": ("().__class__", "there are no attributes"),
    "coordinate class": ("x.__class__", "there are no attributes"),
    "method": ("x.subs(1)", "there are no attributes"),
    "open": ("open('f')", "there are no strings"),
    "eval": ("eval(x)", "unknown name 'eval'"),
    "lambda": ("lambda: 1", "got ':'"),
    "comprehension": ("[1 for x in y]", "no indexing"),
    "index": ("x[0]", "no indexing"),
    "f-string": ("f'{x}'", "there are no strings"),
    "double quotes": ('"x"', "there are no strings"),
    "braces": ("{x}", "there are no sets"),
    "two statements": ("x; y", "one expression only"),
    "comment": ("x # y", "there are no comments"),
    "newline": ("x +\ny", "on one line"),
    "carriage return": ("x +\ry", "on one line"),
    "backslash": ("x + \\\ny", "without backslashes"),
    "null byte": ("x\0", "plain ASCII"),
    "assignment": ("x = 1", "right-hand side"),
    "walrus": ("(x := 1)", "got ':'"),
    "comparison": ("x < 1", "no comparisons"),
    "conditional": ("x if y else 1", "expected an operator or the end; got 'if'"),
    "keyword argument": ("sin(x=1)", "right-hand side"),
    "star argument": ("sin(*x)", r"expected a number, a name or '\('; got '\*'"),
    "complex literal": ("1j", "got 'j'"),
    "hexadecimal": ("0x10", "got 'x10': numbers are written"),
    "underscore": ("1_000", "got '_000'"),
    "empty": ("", "got an empty text"),
    "blank": (" \n\t ", "got an empty text"),
    "long": ("x+" * 1000 + "x", "at most 2000 characters; got 2001"),
    "long name": ("a" * 2000, "unknown name 'aaaa"),
    "deep parentheses": ("(" * 900 + "x" + ")" * 900, "at most 40 levels"),
    "open parentheses": ("(" * 2000, "at most 40 levels"),
    "deep calls": ("sin(" * 300 + "x" + ")" * 300, "at most 40 levels"),
    "deep powers": ("x**" * 600 + "x", "at most 40 levels"),
    "power tower": ("9**9**9**9", r"exponent 3\.87\S* more than 1000"),
    "nested power": ("(x**1000)**1000", r"exponent 1e\+06, more than 1000"),
    "hidden exponent": ("(2*x)**(10**9 + x - x)", r"exponent 1e\+09, more than 1000"),
    "huge fraction": ("(1.0000001**1000)**1000", "more than 65536"),
    "very long constant": ("1e-307*1.23456789**900/1e100", "smaller than float64"),
    "huge literal": ("1e999999999", "larger than float64"),
    "tiny literal": ("1e-999999999", "smaller than float64"),
    "underflow": ("(x/10)**400", "smaller than float64"),
    "overflow": ("1e300*1e300", "larger than float64"),
    "tower of exponentials": ("exp(exp(exp(exp(x - x + 100))))", "larger than float64"),
    "full-width digit": ("\N{FULLWIDTH DIGIT ONE}", "FULLWIDTH DIGIT ONE.*write '1'"),
    "cyrillic x": ("\N{CYRILLIC SMALL LETTER HA} + 1", "CYRILLIC SMALL LETTER HA"),
    "superscript": ("x\N{SUPERSCRIPT TWO}", r"write '\*\*2'"),
    "minus sign": ("1 \N{MINUS SIGN} x", "write '-'"),
    "times": ("2\N{MULTIPLICATION SIGN}x", r"write '\*'"),
    "pi": ("\N{GREEK SMALL LETTER PI}*x", "write 'pi'"),
    "invisible": ("x\N{ZERO WIDTH SPACE}", "ZERO WIDTH SPACE"),
    "right to left": ("\N{RIGHT-TO-LEFT OVERRIDE}x", "RIGHT-TO-LEFT OVERRIDE"),
}

MISTAKES: dict[str, tuple[str, str]] = {
    "juxtaposition": ("2x", r"column 2: .*write '\*'"),
    "coordinate called": ("x(y)", "'x' is not a function"),
    "function not called": ("sin x", r"expected '\(' after the function sin; got 'x'"),
    "near miss": ("sine(x)", "did you mean sin"),
    "other name": ("ln(x)", r"did you mean log\?"),
    "other coordinate": ("z", "unknown name 'z': known are pi, e, x, y, sin"),
    "too many arguments": ("sin(x, y)", "sin takes 1 argument; got 2"),
    "too few arguments": ("atan2(x)", "atan2 takes 2 arguments; got 1"),
    "lonely maximum": ("max(x)", "max takes at least 2 arguments; got 1"),
    "no argument": ("exp()", "exp takes 1 argument; got 0"),
    "unclosed": ("(x + (y)", r"expected '\)' for the '\(' at column 1; got the end of the text"),
    "unopened": ("x)", "remove it, or open it"),
    "empty parentheses": ("()", r"got '\)'"),
    "no operand": ("x +", "got the end of the text"),
    "two operators": ("x*/y", "got '/'"),
    "decimal comma": ("1,5", r"a decimal point is '\.'"),
    "two points": ("1.2.3", "numbers are written"),
    "division by zero": ("x/0", "a divisor other than zero; got 0"),
    "division by hidden zero": ("1/(x - x)", "a divisor other than zero"),
    "division by cancelled roots": ("1/((sqrt(2) + sqrt(3))**2 - 5 - 2*sqrt(6))", "a divisor other than zero"),
    "power of zero": ("0**-1", "divides by zero"),
    "logarithm of zero": ("x + log(0)", "not a finite real number"),
    "logarithm of negative": ("log(-1)", "not a finite real number"),
    "root of negative": ("sqrt(-4)*x", "not a finite real number"),
    "odd root of negative": ("(-8)**(1/3)", "not a .*real number"),
    "root of never positive": ("sqrt(-1 - x**2)", "real nowhere"),
    "root of minus square": ("sqrt(-x**2)**2", "not a finite real number"),
    "cubic root of minus square": ("(-x**2)**(1/3)", "not a real number"),
    "arcus of two": ("acos(2)", "not a real number"),
    "pole": ("tan(pi/2)", "not a finite real number"),
    "angle of nothing": ("atan2(0, 0)", "not a finite real number"),
    "large exponential": ("exp(1000)", "larger than float64"),
}
REFUSED = ATTACKS | MISTAKES


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_expression_is_refused_at_once_in_two_lines(name: str) -> None:
    text, message = REFUSED[name]
    start = time.process_time()
    with pytest.raises(ExpressionError, match=message) as caught:
        parse(text, symbols=AXES)
    assert time.process_time() - start < 1.0  # a megabyte power or a recursion would take far longer
    said = str(caught.value)
    assert len(said.splitlines()) <= 2
    assert said.isascii()
    assert all(c.isprintable() or c == "\n" for c in said)
    assert isinstance(caught.value, ValueError)


MODULES = (expressions, expression_functions, expression_parser, expression_tensorflow, poisson_expression)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_no_module_can_run_text(module: ModuleType) -> None:
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    used |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} - {"compile"}  # re.compile
    forbidden = {
        "eval",
        "exec",
        "compile",
        "sympify",
        "parse_expr",
        "lambdify",
        "getattr",
        "import_module",
        "__import__",
    }
    assert not used & forbidden


def test_nothing_is_evaluated_while_parsing(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    for text, _ in ATTACKS.values():  # before the trap is set: SymPy imports parts of itself late
        _parsed_or_none(text)
    with monkeypatch.context() as trap:
        for name in ("eval", "exec", "compile", "open"):
            trap.setattr(f"builtins.{name}", lambda *_, name=name, **__: ran.append(name))
        outcomes = [_parsed_or_none(text) for text, _ in ATTACKS.values()]
    assert ran == []
    assert outcomes == [None] * len(ATTACKS)


def _parsed_or_none(text: str) -> sympy.Expr | None:
    try:
        return parse(text, symbols=AXES)
    except ExpressionError:
        return None


@pytest.mark.parametrize(
    "text",
    [
        "-" * 1990 + "x",
        "+".join("x" * 1000),
        "*".join("x" * 1000),
        "max(" * 38 + "x" + ",y)" * 38,
        "((1.23456789*x)**900 + 1)**1.1",
    ],
)
def test_long_texts_that_are_expressions_are_parsed_quickly(text: str) -> None:
    start = time.process_time()
    parse(text, symbols=AXES)
    assert time.process_time() - start < 1.0


def test_the_place_is_shown() -> None:
    with pytest.raises(ExpressionError) as caught:
        parse("sin(pi*x) + cso(y)", symbols=AXES)
    assert str(caught.value) == "column 13: unknown name 'cso': did you mean cos?\n    sin(pi*x) +  --> cso(y)"


BAD_NAMES = {
    "reserved": (("e",), {}, "'e' has a meaning already"),
    "function": (("sin",), {}, "'sin' has a meaning already"),
    "twice": (("x",), {"x": 1.0}, "'x' has a meaning already"),
    "no name": (("x y",), {}, "a name of letters, digits and _; got 'x y'"),
    "infinite": (("x",), {"k": math.inf}, "a finite number for the parameter 'k'; got inf"),
    "denormal": (("x",), {"k": 1e-320}, "parameter 'k' = 1e-320 is smaller"),
}


@pytest.mark.parametrize("name", BAD_NAMES)
def test_names_that_hide_others_and_useless_parameters_are_refused(name: str) -> None:
    symbols, parameters, message = BAD_NAMES[name]
    with pytest.raises(ExpressionError, match=message):
        parse("1", symbols=symbols, parameters=parameters)


def test_text_must_be_text() -> None:
    with pytest.raises(TypeError, match="expected an expression as text; got int"):
        parse(1, symbols=AXES)  # type: ignore[arg-type]


def test_too_large_derivatives_are_refused_quickly() -> None:
    product = parse("*".join(f"sin({k}*x)" for k in range(1, 100)), symbols=("x",))
    start = time.process_time()
    with pytest.raises(ExpressionError, match="too large to differentiate along x"):
        laplacian(product, ("x",))
    assert time.process_time() - start < 5.0


CALLS: dict[str, tuple[dict[str, Any], str]] = {
    "missing": ({"x": [0.0]}, "expected the coordinates x, y; got x"),
    "none": ({}, "got none"),
    "unknown": ({"x": [0.0], "y": [0.0], "z": [0.0]}, "got x, y, z"),
    "whole numbers": ({"x": [0], "y": [0]}, "one floating dtype; got x: int32, y: int32"),
    "mixed": ({"x": np.zeros(1), "y": np.zeros(1, np.float32)}, "x: float64, y: float32"),
}


@pytest.mark.parametrize("name", CALLS)
def test_wrong_coordinates_are_refused(name: str) -> None:
    coordinates, message = CALLS[name]
    with pytest.raises(TypeError, match=message):
        to_tensorflow(parse("x + y", symbols=AXES), AXES)(coordinates)


def test_what_has_no_tensorflow_function_is_refused() -> None:
    with pytest.raises(ExpressionError, match="no TensorFlow function for gamma"):
        to_tensorflow(sympy.gamma(sympy.Symbol("x")), ("x",))
    with pytest.raises(ExpressionError, match="an expression of x; got one of y"):
        to_tensorflow(sympy.Symbol("y"), ("x",))


def test_constants_too_large_for_float32_are_refused() -> None:
    with pytest.raises(ExpressionError, match=r"1e\+39 does not fit float32"):
        numbers("1e39*x", dtype="float32")


# The problem.

SOURCES: dict[str, tuple[PoissonExpression, Callable[[PointSet], Any]]] = {
    "default": (PoissonExpression(), lambda p: (PI**2 - 1) * np.sin(PI * p.x) * np.exp(p.y)),
    "rod": (PoissonExpression("x**3 - x", (0.0,), (2.0,)), lambda p: -6 * p.x),
    "constant": (PoissonExpression("5"), lambda p: 0 * p.x),
    "harmonic": (PoissonExpression("log(x**2 + y**2)", (1.0, 1.0), (2.0, 3.0)), lambda p: 0 * p.x),
    "cube": (
        PoissonExpression("exp(x)*sin(y)*z**2", (-1.0, 0.0, 0.0), (1.0, 1.0, 2.0)),
        lambda p: -2 * np.exp(p.x) * np.sin(p.y),
    ),
    "spline": (PoissonExpression("max(x, 0)**3 + y", (-1.0, 0.0), (1.0, 1.0)), lambda p: -6 * np.maximum(p.x, 0)),
}


def _points(problem: PoissonExpression, count: int = 50) -> PointSet:
    unit = np.random.default_rng(1).uniform(size=(count, problem.domain.unit_dimension))
    return PointSet(tf.constant(problem.domain.interior(unit)), problem.domain.axes)


@pytest.mark.parametrize("name", SOURCES)
def test_the_source_is_the_one_derived_by_hand(name: str) -> None:
    problem, source = SOURCES[name]
    p = _points(problem)
    # Sums of a few terms of size up to 30: some tens of roundings.
    assert relative_error(problem.source(p).numpy(), np.asarray(source(p))) < 1e-13


@pytest.mark.parametrize("name", SOURCES)
def test_the_exact_solution_solves_the_problem(name: str) -> None:
    problem, _ = SOURCES[name]
    p = _points(problem)
    u = LazyJet(lambda x: problem.exact(PointSet(x, p.axes)), p, problem.frame, Tape())
    # Two roads to the same second derivative: a few hundred roundings of terms of size up to 30.
    assert float(tf.reduce_max(tf.abs(problem.residual(p, u)))) < 1e-12
    (condition,) = problem.conditions()
    assert float(tf.reduce_max(tf.abs(condition.residual(p, u)))) == 0.0


def test_a_problem_is_a_value() -> None:
    assert PoissonExpression("x*y") == PoissonExpression("x*y", [0, 0], [1, 1])  # type: ignore[arg-type]
    assert hash(PoissonExpression("x*y")) == hash(PoissonExpression("x*y"))
    assert PoissonExpression("x*y") != PoissonExpression("y*x + 1")
    assert PoissonExpression.aliases == {"exact": "expression"}


def test_a_shape_takes_the_place_of_the_box() -> None:
    description = {"type": "ball", "center": [0, 0, 0], "radius": 2}
    problem = PoissonExpression("x*z", shape=description)
    assert problem.domain == Ball((0.0, 0.0, 0.0), 2.0)
    assert problem == PoissonExpression("x*z", shape=dict(description))
    assert hash(problem) == hash(PoissonExpression("x*z", shape=dict(description)))


BAD_SHAPES = {
    "radius": ({"type": "ball", "center": [0, 0], "radius": 0}, "shape: radius must be greater than 0"),
    "dimension": ({"type": "ball", "center": [0] * 4, "radius": 1}, "shape: expected 1 to 3 axes; got 4"),
    "axis": ({"type": "ball", "center": [0, 0], "radius": 1, "axes": ["r", "s"]}, "exact: .*x"),
    "infinite": (
        {"type": "box", "lower": [-1, -1], "upper": [1, 1]},
        "exact: expected finite values on",
    ),
}


@pytest.mark.parametrize("name", BAD_SHAPES)
def test_a_shape_that_does_not_serve_is_refused(name: str) -> None:
    description, match = BAD_SHAPES[name]
    with pytest.raises(ValueError, match=match):
        PoissonExpression("1/(x**2 + y**2)", shape=description)


BAD_PROBLEMS = {
    "unknown axis": (("z*x",), "exact: column 1: unknown name 'z'"),
    "kink": (("abs(x - 0.5)",), "exact: its Laplacian: .*Dirac delta"),
    "infinite": (("log(x)",), "the exact is -inf at x = 0, y = 0: change"),
    "undefined": (("sqrt(x - 0.5)",), "the exact is nan at x = 0, y = 0"),
    "four dimensions": (("1", (0.0,) * 4, (1.0,) * 4), "expected 1, 2 or 3 numbers each; got 4"),
    "inside out": (("x", (1.0,), (0.0,)), "lower must be below upper"),
}


@pytest.mark.parametrize("name", BAD_PROBLEMS)
def test_impossible_problems_are_refused_when_they_are_made(name: str) -> None:
    arguments, message = BAD_PROBLEMS[name]
    with pytest.raises(ValueError, match=message):
        PoissonExpression(*arguments)
