"""Options as the types that a class declares."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from build_cases import P

from pinn.app.build import problem_from
from pinn.app.construct import coerced, construct

# value, declared type -> the value that is passed on
COERCED: dict[str, tuple[Any, Any, Any]] = {
    "whole number": (3, int, 3),
    "whole number as float": (3, float, 3.0),
    "none": (None, float | None, None),
    "first that fits": ("3", int | str, "3"),
    "number in an optional": (3, float | None, 3.0),
    "tuple of any length": ([1, 2, 3], tuple[float, ...], (1.0, 2.0, 3.0)),
    "empty tuple": ([], tuple[float, ...], ()),
    "tuple of tuples": ([[0, 1], [2, 3]], tuple[tuple[float, float], ...], ((0.0, 1.0), (2.0, 3.0))),
    "bare tuple": ([1, "a"], tuple, (1, "a")),
    "list": ((1, 2), list[int], [1, 2]),
    "anything": ({"a": 1}, Any, {"a": 1}),
    "undeclared": ("a", Literal["a", "b"], "a"),
}


@pytest.mark.parametrize(("value", "declared", "passed"), COERCED.values(), ids=COERCED)
def test_values_as_their_declared_types(value: Any, declared: Any, passed: Any) -> None:
    found = coerced("key", value, declared)
    assert found == passed
    assert type(found) is type(passed)
    assert repr(found) == repr(passed)


def test_an_option_whose_type_is_known_to_type_checkers_only_is_passed_on() -> None:
    @dataclass(frozen=True)
    class Hidden:
        part: NotImportedHere  # type: ignore[name-defined]  # noqa: F821

    assert construct(Hidden, {"part": "as it is"}, "group").part == "as it is"
    with pytest.raises(ValueError, match=r"group\.part: a value is missing"):
        construct(Hidden, {}, "group")


def test_an_option_that_the_class_computes_itself_is_unknown() -> None:
    @dataclass(frozen=True)
    class Computed:
        given: int = 1
        found: int = field(init=False, default=2)

    assert construct(Computed, {"given": 3}, "group") == Computed(3)
    with pytest.raises(ValueError, match=r"group\.found: unknown; expected one of given\."):
        construct(Computed, {"found": 3}, "group")


def test_a_default_that_is_made_anew_is_no_missing_value() -> None:
    first, second = problem_from(P), problem_from(P)
    assert first.layers == []
    assert first.layers is not second.layers
