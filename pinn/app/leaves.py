"""Nested settings as flat ones: every value by its dotted key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

ABSENT = object()

_NAMES = ("name", "_target_", "type")  # keys that say which choice a group is


def leaves(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every value that is no mapping, by its dotted key."""
    for key, item in value.items():
        if isinstance(item, Mapping):
            yield from leaves(item, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", item


def differences(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """The dotted keys of values that are not the same, with both values, `ABSENT` for one that is not there."""
    before, after = dict(leaves(was)), dict(leaves(now))
    for key in dict.fromkeys((*before, *after)):
        old, new = before.get(key, ABSENT), after.get(key, ABSENT)
        if old != new:
            yield key, old, new


def varied(configs: Sequence[Mapping[str, Any]]) -> list[str]:
    """The dotted keys by which many settings differ, in the order in which they appear.

    An option that some do not have belongs to another choice, as `solver.memory` to `solver.name`, where a group around
    it has a name that differs: it counts only if those that have it differ.
    """
    flat = [dict(leaves(config)) for config in configs]
    keys = list(dict.fromkeys(key for each in flat for key in each))
    values = {key: {repr(each[key]) for each in flat if key in each} for key in keys}

    def of_another_choice(key: str) -> bool:
        parts = key.split(".")[:-1]
        groups = (".".join(parts[:depth]) for depth in range(1, len(parts) + 1))
        return any(len(values.get(f"{group}.{name}", ())) > 1 for group in groups for name in _NAMES)

    def differs(key: str) -> bool:
        if len(values[key]) > 1:
            return True
        return any(key not in each for each in flat) and not of_another_choice(key)

    return [key for key in keys if differs(key)]
