"""From the words a person types to the words Hydra reads.

Some things are easier to type than to say in Hydra's grammar:

- `pinn problem._target_=my_module.MyProblem problem.k=2`: a problem of one's own, without the keys of the default
  problem.
- `pinn outputs/heat_1d/2026-01-31_12-00-00-000000/config.yaml`: the same run again, other overrides on top.
- `pinn weights.boundary=10`: a term of the loss by its name, which no yaml can list.
- `pinn resume=outputs/heat_1d/2026-01-31_12-00-00-000000`: that run goes on, in its folder and with its settings.
- `pinn check problem=heat_1d`: the first word says what is done.
- choices in `./conf` of the working directory, found without a flag.
- `pinn problem.exact='sin(pi*x)*exp(y)'`: a formula, without quotes inside the quotes of the shell.
- `pinn device=gpu:0,1`: several devices, in place of a sweep over them.
- a flag that does not exist, said in one line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException

from pinn.app.asked import recall, saved_settings
from pinn.app.locate import user_conf_folder
from pinn.app.settings import CUSTOM, GROUPS
from pinn.hints import nearest

FLAGS = (
    *("--help", "-h", "--hydra-help", "--version", "--cfg", "-c", "--resolve", "--package", "-p", "--run", "-r"),
    *("--multirun", "-m", "--shell-completion", "-sc", "--config-path", "-cp", "--config-name", "-cn"),
    *("--config-dir", "-cd", "--experimental-rerun", "--info", "-i"),
)
_TARGET = re.compile(r"\+{0,2}problem\._target_=(?P<value>.*)", flags=re.DOTALL)
_WEIGHT = re.compile(r"\+{0,2}(?P<rest>weights\..*)", flags=re.DOTALL)
_PROBLEM_KEY = re.compile(r"\+{0,2}(?P<rest>problem\..*)", flags=re.DOTALL)
_NO_NAME = re.compile(rf"(?P<group>{'|'.join(GROUPS)})=(?P<value>[+-]?\d[\d.]*|null|true|false)", flags=re.IGNORECASE)
_DEVICES = re.compile(r"(?:cpu|gpu):\d+(?:,\d+)+", flags=re.IGNORECASE)
_SAVED = "saved_run"
CHECK = "check"
_CHECKED = "outputs/check/${name}/${now:%Y-%m-%d_%H-%M-%S-%f}"


def translate(words: Sequence[str]) -> list[str]:
    """The words for Hydra.

    Raises:
        ValueError: an unknown flag, a config file or a run that is not there, a word no config could mean.
    """
    # A run that an earlier call in this process has gone on with is no choice of this one.
    ConfigStore.instance().repo.get("experiment", {}).pop(f"{_SAVED}.yaml", None)
    for word in words:
        _check(word)
    swept = any(word in ("-m", "--multirun") for word in words)
    added = [_added(_WEIGHT, quoted(_device(word, swept=swept))) for word in words]
    return _with_user_conf(_with_custom_problem(_with_saved_run(_with_resumed_run(added))))


def of_check(words: Sequence[str]) -> list[str]:
    """The words after `check`, with a folder for what it writes where none was given.

    Raises:
        ValueError: words that are about runs.
    """
    for word in words:
        key = word.lstrip("+").partition("=")[0]
        if key in ("-m", "--multirun", "resume"):
            raise ValueError(f"check: expected one problem that has not been run; got {word}. Leave it out.")
    return list(words) if chosen(words, "hydra.run.dir") is not None else [*words, f"hydra.run.dir={_CHECKED}"]


def chosen(words: Sequence[str], key: str) -> str | None:
    """The value of the last `key=value` among the words."""
    values = [word.partition("=")[2] for word in words if word.lstrip("+").partition("=")[0] == key]
    return values[-1] if values else None


def quoted(word: str) -> str:
    """A parameter of a problem that Hydra's grammar cannot read, such as a formula with parentheses, as quoted text."""
    if not _PROBLEM_KEY.fullmatch(word) or "=" not in word:
        return word
    try:
        OverridesParser.create().parse_override(word)
    except HydraException:
        key, _, value = word.partition("=")
        return f"{key}={as_text(value)}"
    return word


def _device(word: str, *, swept: bool) -> str:
    """`device=gpu:0,1` is one choice of two devices; in a sweep `device=cpu,gpu` are two choices."""
    key, _, value = word.partition("=")
    if key.lstrip("+") != "device" or "," not in value or set(value) & set("\"'()[]"):
        return word
    return word if swept and not _DEVICES.fullmatch(value) else f"{key}={as_text(value)}"


def as_text(value: str) -> str:
    """Quoted, for Hydra's grammar."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _check(word: str) -> None:
    flag = word.partition("=")[0]
    if flag.startswith("-") and flag not in FLAGS:
        near = nearest(flag, FLAGS)
        raise ValueError(
            f"{flag}: no such flag.{f' Did you mean {near}?' if near else ''} 'pinn --help' shows what there is."
        )
    if flag == "":
        raise ValueError(f"expected key=value; got {word!r}. 'pinn --help' shows the keys.")
    found = _NO_NAME.fullmatch(word)
    if found:
        raise ValueError(
            f"{found['group']}: expected the name of a choice; got {found['value']}. 'pinn --help' lists them."
        )


def _added(pattern: re.Pattern[str], word: str) -> str:
    """The word with Hydra's `++`, which adds a key or replaces it, where the pattern fits."""
    found = pattern.fullmatch(word)
    return f"++{found['rest']}" if found else word


def _with_user_conf(words: list[str]) -> list[str]:
    own = user_conf_folder()
    if own is None or any(word.partition("=")[0] in ("--config-dir", "-cd") for word in words):
        return words
    return [*words, f"--config-dir={own}"]


def _with_custom_problem(words: list[str]) -> list[str]:
    """`problem.KEY=VALUE` adds to an empty problem when the class is given and no yaml is chosen."""
    target = next((found["value"] for found in map(_TARGET.fullmatch, words) if found), None)
    choice = chosen(words, "problem")
    if target is None or choice not in (None, CUSTOM):
        return words
    added = [_added(_PROBLEM_KEY, word) for word in words]
    choose = [] if choice == CUSTOM else [f"problem={CUSTOM}"]
    return [*added, *choose, *_name_of_class(words, target)]


def _name_of_class(words: list[str], target: str) -> list[str]:
    """The run is named after the class, unless a name was given, several classes are swept, or it is no class."""
    if chosen(words, "name") is not None or "," in target or "." not in target:
        return []
    return [f"name={target.rpartition('.')[2]}"]


def _with_saved_run(words: list[str]) -> list[str]:
    """Replaces a path to a saved config by the choices it was made with and its values."""
    paths = [word for word in words if _is_config(word)]
    if not paths:
        return words
    if len(paths) > 1:
        raise ValueError(f"expected one saved config; got {len(paths)}: {', '.join(paths)}.")
    rest = [word for word in words if word not in paths]
    if chosen(rest, "experiment") is not None:
        raise ValueError(f"experiment: {paths[0]} takes its place; give one of the two.")
    return _composed(_load(Path(paths[0])), rest)


def _with_resumed_run(words: list[str]) -> list[str]:
    """Replaces a folder to go on in by the choices of its run, its values, and the folder as that of the results."""
    folder = (chosen(words, "resume") or "").strip("\"'")
    if folder in ("", "null"):
        return words
    rest = [word for word in words if word.lstrip("+").partition("=")[0] != "resume"]
    for word in rest:
        if word in ("-m", "--multirun"):
            raise ValueError(f"resume: expected one run at a time; got {word}, which asks for many. Leave it out.")
        if _is_config(word) or word.lstrip("+").partition("=")[0] in ("hydra.run.dir", "experiment"):
            raise ValueError(
                f"resume: expected the run to go on in its folder, as it was begun; got {word}.\nLeave it out."
            )
    text = as_text(folder)
    return [*_composed(recall(Path(folder)), rest), f"resume={text}", f"hydra.run.dir={text}"]


def _is_config(word: str) -> bool:
    return word.endswith((".yaml", ".yml")) and "=" not in word


def _composed(saved: Mapping[str, Any], rest: Sequence[str]) -> list[str]:
    """The words that give a saved config with others on top."""
    ConfigStore.instance().store(
        group="experiment", name=_SAVED, node=_store_node(saved, rest), package="_global_", provider="pinn"
    )
    return [*_choices(saved, rest), f"experiment={_SAVED}", *rest]


def _load(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file; expected the config.yaml of a run.")
    return saved_settings(path)


def _store_node(saved: Mapping[str, Any], rest: Sequence[str]) -> dict[str, Any]:
    """The saved values, without those of a group that is chosen anew; another problem brings another name."""
    anew = {group for group in GROUPS if chosen(rest, group) is not None}
    dropped = anew | {"name"} if "problem" in anew else anew
    return {key: value for key, value in saved.items() if key not in dropped}


def _choices(saved: Mapping[str, Any], rest: Sequence[str]) -> list[str]:
    """`group=name` for each group as it was saved and is not chosen anew."""
    choices = [f"problem={CUSTOM}"] if chosen(rest, "problem") is None else []
    for group in GROUPS:
        name = saved[group].get("name") if group != "problem" and isinstance(saved.get(group), Mapping) else None
        if name is not None and chosen(rest, group) is None:
            choices.append(f"{group}={name}")
    return choices
