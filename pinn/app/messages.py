"""Every error of the command in one or two lines: what was expected, what came, what to do.

Hydra and OmegaConf explain a bad config in their own words, over several lines and partly in a chained exception.
`explain` takes the facts out of those exceptions (the key, the value, the choices, the type) and says them in the
form that the rest of the program uses. Anything it does not know is passed on, cut to two lines.
"""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from enum import Enum
from operator import attrgetter
from os import environ
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf.errors import (
    ConfigAttributeError,
    ConfigKeyError,
    InterpolationResolutionError,
    OmegaConfBaseException,
    ValidationError,
)
from yaml import YAMLError

from pinn.app.settings import GROUPS
from pinn.hints import nearest

SOLVED, FAILED, BAD_INPUT, UNKEPT, INTERRUPTED, TERMINATED = 0, 1, 2, 3, 130, 143
USER_ERRORS = (ValueError, TypeError, OSError, HydraException, OmegaConfBaseException, YAMLError)
DEBUG = "PINN_DEBUG"
_LONGEST = 400

_TYPES: Mapping[Any, str] = {int: "an integer", float: "a number", bool: "true or false", str: "text"}


@dataclass(frozen=True)
class Outcome:
    """What a job came to: its exit status, the sentence for a person where it did not run to its end, and whether
    somebody interrupted it.
    """

    status: int
    message: str = ""
    interrupted: bool = False


def debugging() -> bool:
    """Whether the user asked for tracebacks by `PINN_DEBUG=1`."""
    return environ.get(DEBUG) == "1"


def say(message: str, error: BaseException | None = None) -> None:
    """Writes one message to standard error; the traceback of `error` before it where the user asked for tracebacks."""
    if error is not None and debugging():
        traceback.print_exception(error)
    print(f"pinn: {message}", file=sys.stderr, flush=True)


def unknown(key: str, got: str, choices: Iterable[str], *, prefix: str = "") -> str:
    """`KEY: expected one of A, B; got 'X'.` and the near miss where there is one, written as it must be typed."""
    offered = sorted(choices)
    near = nearest(got, offered)
    remedy = f" Did you mean {prefix}{near}?" if near else ""
    return f"{key}: expected one of {', '.join(offered)}; got {got!r}.{remedy}"


def explain(error: BaseException) -> str:
    """One or two lines for a person. Never empty."""
    links = list(_chain(error))
    said = (sentence(link) for link in links for kind, sentence in _SENTENCES if isinstance(link, kind))
    text = (_two_lines(str(link)) for link in reversed(links))
    return next(filter(None, said), None) or next(filter(None, text), None) or type(error).__name__


def causes(error: BaseException) -> Iterator[BaseException]:
    """An error, the one that it was raised from, and so on."""
    return _linked(error, attrgetter("__cause__"))


def surroundings(error: BaseException) -> Iterator[BaseException]:
    """An error, the one that it was raised from or while it was handled, and so on."""
    return _linked(error, lambda link: link.__cause__ or link.__context__)


def _linked(error: BaseException, before: Callable[[BaseException], BaseException | None]) -> Iterator[BaseException]:
    """Each once: while a debugger or a tracer looks on, OmegaConf makes errors their own cause."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = before(link)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The causes first: Hydra wraps the exception that holds the facts.

    A plain message that was raised `from` a technical cause stays the message; so only Hydra's wrappers are unwrapped.
    """
    if isinstance(error, HydraException) and not isinstance(error, (MissingConfigException, OverrideParseException)):
        yield from _chain(error.__cause__ or error.__context__)
    if error is not None:
        yield error


def _two_lines(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("See https://")]
    return "\n".join(line[:_LONGEST] for line in lines[:2])


def _first_line(text: str) -> str:
    return _two_lines(text).partition("\n")[0]


def _choice(error: BaseException) -> str:
    """A group's choice that has no yaml."""
    missing = cast(MissingConfigException, error)
    group, _, got = (missing.missing_cfg_file or "").rpartition("/")
    if not group or missing.options is None:
        return _first_line(str(error))
    return unknown(group, got, missing.options, prefix=f"{group}=")


def _override(error: BaseException) -> str:
    """A word of the command line that Hydra's grammar does not read."""
    word = cast(OverrideParseException, error).override
    if "=" not in word:
        return f"expected key=value; got {word!r}. 'pinn --help' shows the keys."
    reason = next((line for line in str(error).splitlines() if not line.startswith("Error parsing")), "")
    key = word.partition("=")[0]
    return f"{key}: cannot read {word!r}: {reason}.\nA text with special characters needs quotes: {key}='\"...\"'"


def _key(error: BaseException) -> str:
    """A key that the config does not have."""
    facts = cast(ConfigKeyError, error)
    path = str(facts.full_key)
    parent, _, key = path.rpartition(".")
    there = {str(name) for name in (facts.parent_node or {})} - {"hydra"}
    siblings = there | set(GROUPS) if not parent else there - {"name"}
    offered = sorted(siblings - {"_target_"})
    near = nearest(key, siblings)
    prefix = f"{parent}." if parent else ""
    offer = f"expected one of {', '.join(offered)}" if offered else f"{parent} has no options as it was chosen"
    hint = f"\nDid you mean {prefix}{near}?" if near else ""
    if parent == "problem" and not near:
        hint = f"\nA parameter that the yaml does not list is added by +{path}=VALUE."
    return f"{path}: no such key; {offer}.{hint}"


def _value(error: BaseException) -> str:
    """A value of the wrong type or a word that is not on offer."""
    facts = cast(ValidationError, error)
    key = str(facts.full_key)
    expected = _declared(facts.object_type, facts.key)
    got = "null" if facts.value is None else repr(facts.value)
    if expected is None:
        converted = re.search(r"could not be converted to (Integer|Float)", str(facts))
        expected = {"Integer": int, "Float": float}[converted[1]] if converted else None
    if expected is None:
        offered = re.search(r"expected one of \[(.*)\]", str(facts))  # of a word in a list
        if offered:
            return unknown(key, str(facts.value), offered[1].split(", "))
        return f"{key}: {_first_line(str(facts))}."
    if isinstance(expected, type) and issubclass(expected, Enum):
        return unknown(key, str(facts.value), expected.__members__, prefix=f"{key}=")
    return f"{key}: expected {_type_name(expected)}; got {got}."


def _declared(schema: Any, key: Any) -> Any:
    if not (isinstance(schema, type) and is_dataclass(schema)):
        return None
    return get_type_hints(schema).get(str(key))


def _type_name(declared: Any) -> str:
    if get_origin(declared) is Union:
        return " or ".join("null" if part is type(None) else _type_name(part) for part in get_args(declared))
    if get_origin(declared) is list:
        (kind,) = get_args(declared)
        return f"a list of some of {', '.join(kind.__members__)}, such as [{next(iter(kind.__members__))}]"
    return _TYPES.get(declared, getattr(declared, "__name__", str(declared)))


def _interpolation(error: BaseException) -> str:
    return f"{getattr(error, 'full_key', None) or 'config'}: {_first_line(str(error))}."


def _hydra(error: BaseException) -> str:
    """The rest of Hydra's own complaints, known by how they begin."""
    text = str(error)
    for pattern, sentence in _HYDRA_SENTENCES:
        found = re.match(pattern, text, flags=re.DOTALL)
        if found:
            return sentence(found)
    return _two_lines(text)


def _sweep_without_flag(found: re.Match[str]) -> str:
    word = found["word"]
    key, _, values = word.partition("=")
    as_list = "" if values.endswith(")") else f" A list is written {key}=[{values}]."
    return f"{word}: several values ask for a sweep; add -m to run them all.{as_list}"


_HYDRA_SENTENCES: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (r"Ambiguous value for argument '(?P<word>[^\n]*)'", _sweep_without_flag),
    (r"Sweep parameters '(?P<word>[^\n]*)' requires", _sweep_without_flag),
    (
        r"Could not append to config. An item is already at '(?P<key>[^\n]*)'",
        lambda found: f"+{found['key']}: the key is there already; write it without the +.",
    ),
    (
        r"Could not override '(?P<key>[^\n]*)'",
        lambda found: f"{found['key']}: no such group; expected one of {', '.join(GROUPS)}.",
    ),
)


def _system(error: BaseException) -> str:
    problem = cast(OSError, error)
    if problem.strerror and problem.filename is not None:
        return f"{problem.filename}: {problem.strerror}."
    return _two_lines(str(error)) or type(error).__name__


def _yaml(error: BaseException) -> str:
    mark = getattr(error, "problem_mark", None)
    place = f"{mark.name}, line {mark.line + 1}" if mark is not None else "yaml"
    return f"{place}: {getattr(error, 'problem', None) or _two_lines(str(error))}."


_SENTENCES: tuple[tuple[type[BaseException], Callable[[BaseException], str]], ...] = (
    (MissingConfigException, _choice),
    (OverrideParseException, _override),
    (ConfigAttributeError, _key),
    (ConfigKeyError, _key),
    (ValidationError, _value),
    (InterpolationResolutionError, _interpolation),
    (HydraException, _hydra),
    (YAMLError, _yaml),
    (OSError, _system),
)
