"""What a value may be beside its type: ranges, finite numbers, names that belong to their choice."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, fields, is_dataclass
from typing import Any, cast

from omegaconf import MISSING, DictConfig, OmegaConf

from pinn.hints import did_you_mean

_FIXED = "fixed"
_MINIMUM = "minimum"
_ABOVE = "above"
_BELOW = "below"
_WORD = "word"
_CHOICES = "choices"


def number(
    *, minimum: float | None = None, above: float | None = None, below: float | None = None, word: str | None = None
) -> Any:
    """A field whose value must be `>= minimum`, `> above` and `< below`; `None` passes where the type allows it, and
    `word` where the type is `Any`.
    """
    return field(default=MISSING, metadata={_MINIMUM: minimum, _ABOVE: above, _BELOW: below, _WORD: word})


def names(*choices: str) -> Any:
    """A field of type `Any` whose value is one of these names, a list of some, or nothing."""
    return field(default=MISSING, metadata={_CHOICES: choices})


def name(value: str) -> Any:
    """The name of a choice tells `build` what to make; it is fixed with the choice, not an option of its own."""
    return field(default=value, metadata={_FIXED: True})


def check(config: DictConfig) -> None:
    """Checks what types cannot say: ranges, finite numbers, names that belong to their choice, values still missing.

    Raises:
        ValueError: names the key, what was expected and what came.
    """
    missing = sorted(OmegaConf.missing_keys(config))
    if missing:
        raise ValueError(f"{missing[0]}: a value is missing; give one by {missing[0]}=VALUE.")
    for path, settings in _structured(config, ""):
        options = fields(cast(Any, OmegaConf.get_type(settings)))
        _check_keys(path, [str(key) for key in settings], [option.name for option in options])
        for option in options:
            _check_option(f"{path}{option.name}", settings[option.name], option.default, option.metadata)


def _structured(config: DictConfig, path: str) -> Iterator[tuple[str, DictConfig]]:
    """Every node that has a dataclass behind it, with its dotted prefix."""
    if is_dataclass(OmegaConf.get_type(config)):
        yield path, config
    for key in map(str, config):
        if OmegaConf.is_dict(config[key]):
            yield from _structured(config[key], f"{path}{key}.")


def _check_keys(path: str, given: Sequence[str], known: Sequence[str]) -> None:
    """`+key=value` adds and `~key` deletes past Hydra's own check."""
    for key in given:
        if key not in known:
            raise ValueError(f"{path}{key}: no such key; expected one of {', '.join(sorted(known))}.")
    for key in known:
        if key not in given:
            raise ValueError(f"{path}{key}: expected a value; the key was deleted. Leave out ~{path}{key}.")


def _check_option(key: str, value: Any, default: Any, limits: Mapping[str, Any]) -> None:
    if limits.get(_FIXED) and value != default:
        group = key.rpartition(".")[0]
        raise ValueError(
            f"{key}: the choice {group}={default} has the name {default!r}; got {value!r}. Write {group}={value}."
        )
    if _CHOICES in limits:
        _check_names(key, value, limits[_CHOICES])
        return
    word = limits.get(_WORD)
    if word is not None and value == word:
        return
    if word is not None and (isinstance(value, bool) or not isinstance(value, int | float | None)):
        raise ValueError(f"{key}: expected a number, null or {word}; got {value!r}.")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{key}: expected a finite number; got {value}.")
    if value is None:
        return
    minimum, above, below = limits.get(_MINIMUM), limits.get(_ABOVE), limits.get(_BELOW)
    if minimum is not None and value < minimum:
        raise ValueError(f"{key}: expected a number of at least {minimum}; got {value}.")
    if above is not None and value <= above:
        raise ValueError(f"{key}: expected a number above {above}; got {value}.")
    if below is not None and value >= below:
        raise ValueError(f"{key}: expected a number below {below}; got {value}.")


def _check_names(key: str, value: Any, choices: Sequence[str]) -> None:
    given = [] if value is None else [value] if isinstance(value, str) else value
    if not OmegaConf.is_list(given) and not isinstance(given, list):
        raise ValueError(f"{key}: expected one of {', '.join(choices)}, or a list of them; got {value!r}.")
    for each in given:
        if each not in choices:
            hint = did_you_mean(each, choices)
            raise ValueError(f"{key}: expected one of {', '.join(choices)}, or a list of them; got {each!r}{hint}")
