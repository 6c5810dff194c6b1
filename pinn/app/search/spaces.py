"""What is searched: the words of a sweep, each a fixed override or a space in Hydra's own syntax.

field.width=int(interval(8,64))                 whole numbers from 8 to 64
solver.learning_rate=tag(log,interval(1e-4,1e-2))   numbers, evenly spread over the powers of ten
field.depth=range(2,5)                          2, 3, 4, as `range` of Python
field.activation=choice(tanh,sin)               one of these; `tanh,sin` is the same
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, IntervalSweep, Override, RangeSweep, Transformer
from hydra.errors import HydraException

from pinn.app.arguments import quoted
from pinn.hints import did_you_mean

LOG = "log"
_EXAMPLES = "Spaces are interval(0,1), tag(log,interval(1e-4,1e-2)), int(interval(8,64)), range(2,5), choice(tanh,sin)."
_INSIDE = 0.381966  # of an interval: where a number that must be whole is not


@final
@dataclass(frozen=True)
class Reals:
    """Numbers from `low` to `high`, both included, all of them or every `step`, on a logarithmic scale or not."""

    low: float
    high: float
    log: bool = False
    step: float | None = None

    def values(self) -> tuple[float, ...] | None:
        """All of them, where they can be counted."""
        if self.step is None:
            return None
        return tuple(self.low + k * self.step for k in range(round((self.high - self.low) / self.step) + 1))

    def samples(self) -> tuple[str, ...]:
        """Both ends and a place between, as words."""
        inside = (1 - _INSIDE) * self.low + _INSIDE * self.high
        if self.log:
            inside = math.exp((1 - _INSIDE) * math.log(self.low) + _INSIDE * math.log(self.high))
        return tuple(repr(value) for value in (self.low, self.high, inside))


@final
@dataclass(frozen=True)
class Wholes:
    """Whole numbers from `low` to `high`, both included, every `step`, on a logarithmic scale or not."""

    low: int
    high: int
    log: bool = False
    step: int = 1

    def values(self) -> tuple[int, ...]:
        return tuple(range(self.low, self.high + 1, self.step))

    def samples(self) -> tuple[str, ...]:
        return str(self.low), str(self.high)


@final
@dataclass(frozen=True)
class Options:
    """One of several values, each as it is typed."""

    words: tuple[str, ...]

    def values(self) -> tuple[str, ...]:
        return self.words

    def samples(self) -> tuple[str, ...]:
        return self.words


Domain = Reals | Wholes | Options
Value = float | int | str


@final
@dataclass(frozen=True)
class Space:
    """A key and what it may be. `element` is the key as it is typed, with Hydra's `+` or `++` before it."""

    key: str
    element: str
    domain: Domain

    def word(self, value: Value) -> str:
        """The override that gives the key a value."""
        return f"{self.element}={value if isinstance(value, str) else repr(value)}"


def split(words: Sequence[str]) -> tuple[list[str], list[Space]]:
    """The words that are the same for all trials, and the spaces.

    Raises:
        ValueError: a space that cannot be read or is empty, a key that is given twice, or no space at all.
    """
    fixed: list[str] = []
    spaces: list[Space] = []
    keys: list[str] = []
    for word in words:
        override = _parsed(word)
        if override is not None:
            keys.append(override.key_or_group)
        if override is None or not override.is_sweep_override():
            fixed.append(word)
        else:
            spaces.append(Space(override.key_or_group, override.get_key_element(), _domain(word, override)))
    for space in spaces:
        if keys.count(space.key) > 1:
            raise ValueError(
                f"{space.key}: expected one value or one space; got {keys.count(space.key)} words with it."
            )
    if not spaces:
        raise ValueError(f"expected a space to search, such as field.width=int(interval(8,64)); got none.\n{_EXAMPLES}")
    return fixed, spaces


def _parsed(word: str) -> Override | None:
    """The override, or `None` for what is none, such as the config of a run."""
    if "=" not in word:
        return None
    try:
        return OverridesParser.create().parse_override(quoted(word))
    except HydraException as error:
        key, _, value = word.partition("=")
        reason = str(error).splitlines()[0]
        advice = (
            _EXAMPLES if re.match(r"\w+\(", value) else f"A text with special characters needs quotes: {key}='\"...\"'"
        )
        raise ValueError(f"{key}: cannot read {word!r}: {reason}.\n{advice}") from error


def _domain(word: str, override: Override) -> Domain:
    key, space = override.key_or_group, override.value()
    match space:
        case IntervalSweep(start=start, end=end) if start is not None and end is not None:
            return _interval(key, start, end, log=_is_log(key, space.tags))
        case RangeSweep():
            return _range(key, word, space)
        case ChoiceSweep():
            return _options(key, space)
    raise ValueError(f"{key}: expected a space that can be searched; got {word!r}.\n{_EXAMPLES}")


def _is_log(key: str, tags: set[str]) -> bool:
    for tag in sorted(tags - {LOG}):
        raise ValueError(f"{key}: expected the tag {LOG}; got {tag!r}{did_you_mean(tag, [LOG])}")
    return LOG in tags


def _interval(key: str, low: float, high: float, *, log: bool) -> Domain:
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"{key}: expected an interval from a smaller to a larger number; got {low} to {high}.")
    if log and low <= 0:
        raise ValueError(
            f"{key}: expected an interval of numbers above 0 for a logarithmic scale; got {low} to {high}."
        )
    if isinstance(low, int) and isinstance(high, int):
        return Wholes(low, high, log)
    return Reals(float(low), float(high), log)


def _range(key: str, word: str, space: RangeSweep) -> Domain:
    if space.tags:
        raise ValueError(f"{key}: expected a range without tags; got {word!r}.\nA logarithmic scale is of intervals.")
    try:
        values = sorted(space.range())
    except (HydraException, ValueError, ArithmeticError) as error:
        raise ValueError(f"{key}: expected a range with a step that is not 0; got {word!r}.") from error
    if not values:
        raise ValueError(f"{key}: expected a range with values; got {word!r}, which has none.")
    first, last = values[0], values[-1]
    step = values[1] - first if len(values) > 1 else 1
    if all(isinstance(value, int) for value in values):
        return Wholes(int(first), int(last), step=int(step))
    return Reals(float(first), float(last), step=float(step))


def _options(key: str, space: ChoiceSweep) -> Options:
    if space.tags:
        raise ValueError(f"{key}: expected a choice without tags; got {', '.join(sorted(space.tags))}. Leave them out.")
    words: list[Any] = [Transformer.str(value) for value in space.list]
    if len(set(words)) < len(words):
        raise ValueError(f"{key}: expected values that differ; got {', '.join(words)}.")
    return Options(tuple(words))
