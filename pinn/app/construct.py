"""Dataclasses from mappings that a person wrote: every key and every type is checked, and every complaint names its
key.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from pinn.hints import did_you_mean

_TYPE_NAMES = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}


def construct(cls: type, options: Mapping[str, Any], group: str, aliases: Mapping[str, str] | None = None) -> Any:
    """An instance of a dataclass from config options.

    Args:
        cls: the dataclass.
        options: by the names a person uses.
        group: prefix of the keys in messages, such as `problem`.
        aliases: names a person uses that differ from the dataclass field they set.

    Raises:
        ValueError: an unknown or missing option, a value of another type than declared, or what the class itself
            refuses.
    """
    renamed = dict(aliases or {})
    shown = {field: name for name, field in renamed.items()}
    declared = {f.name: f for f in fields(cls) if f.init} if is_dataclass(cls) else {}
    reject_unknown(group, options, [shown.get(name, name) for name in declared])
    given = {renamed.get(name, name): value for name, value in options.items()}
    hints = _hints(cls)
    for name, field in declared.items():
        key = f"{group}.{shown.get(name, name)}"
        if name in given:
            given[name] = coerced(key, given[name], hints.get(name, Any))
        elif field.default is MISSING and field.default_factory is MISSING:
            raise ValueError(f"{key}: a value is missing; give one by {key}=VALUE")
    return cls(**given)


def reject_unknown(group: str, options: Iterable[str], known: list[str]) -> None:
    """Raise `ValueError` for the first option that is not known, with the nearest one that is."""
    for name in options:
        if name not in known:
            expected = f"expected one of {', '.join(known)}" if known else "there are no options here"
            raise ValueError(f"{group}.{name}: unknown; {expected}{did_you_mean(name, known) or '.'}")


def coerced(key: str, value: Any, expected: Any) -> Any:
    """The value as its declared type: whole numbers serve as floats and lists as tuples; anything else must match."""
    origin = get_origin(expected) or expected
    if origin in (Union, UnionType):
        return _as_one_of(key, value, get_args(expected))
    if origin in (tuple, list):
        return _as_sequence(key, value, origin, get_args(expected))
    if origin is float and isinstance(value, int | float) and not isinstance(value, bool):
        if not math.isfinite(value):
            raise ValueError(f"{key}: expected a finite number; got {value}")
        return float(value)
    wrong = origin in _TYPE_NAMES and (not isinstance(value, origin) or (origin is int and isinstance(value, bool)))
    if wrong:
        raise ValueError(f"{key}: expected {_TYPE_NAMES[origin]}; got {value!r}")
    return value


def _as_one_of(key: str, value: Any, options: tuple[Any, ...]) -> Any:
    if value is None and type(None) in options:
        return None
    failures: list[ValueError] = []
    for option in options:
        if option is type(None):
            continue
        try:
            return coerced(key, value, option)
        except ValueError as error:
            failures.append(error)
    raise failures[-1]


def _as_sequence(key: str, value: Any, origin: type, arguments: tuple[Any, ...]) -> Any:
    if not isinstance(value, list | tuple):
        raise ValueError(f"{key}: expected a list such as [0.0, 1.0]; got {value!r}")
    if origin is tuple and arguments and Ellipsis not in arguments:
        if len(arguments) != len(value):
            raise ValueError(f"{key}: expected {len(arguments)} values; got {len(value)}")
        types = arguments
    else:
        types = (arguments[0] if arguments else Any,) * len(value)
    return origin(coerced(f"{key}[{k}]", v, t) for k, (v, t) in enumerate(zip(value, types, strict=True)))


def _hints(cls: type) -> dict[str, Any]:
    try:
        return get_type_hints(cls)
    except NameError:  # a name that only type checkers import: its option is passed on unchecked
        return {}
