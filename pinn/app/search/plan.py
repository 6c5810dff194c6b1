"""The words of each trial, and the proof before the first one that Hydra composes a config from them."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, final

from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import open_dict, read_write
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, ValidationError

from pinn.app.arguments import translate
from pinn.app.limits import check
from pinn.app.locate import conf_folder, user_conf_folder
from pinn.app.messages import USER_ERRORS, explain, surroundings
from pinn.app.search.spaces import Reals, Space, Value, split
from pinn.app.settings import GROUPS, plain, register

_MOST = 64  # combinations of choices that are composed before the first trial

Config = Mapping[str, Any]
Compose = Callable[[Sequence[str]], Config]
Suggest = Callable[[Space], Value]


@final
@dataclass(frozen=True)
class Plan:
    """What is the same for all trials, what is searched, and which of it a trial has.

    A key that only one choice of a group has, such as `field.features` of `field=choice(mlp,fourier)`, is searched in
    the trials with that choice. Choices of groups are therefore suggested first.
    """

    fixed: tuple[str, ...]
    spaces: tuple[Space, ...]
    compose: Compose
    _known: dict[tuple[str, ...], tuple[Space, ...]] = field(default_factory=dict, compare=False, repr=False)

    def words(self, suggest: Suggest) -> list[str]:
        """The words of a trial; `suggest` gives a value to each space that the trial has."""
        groups = [space.word(suggest(space)) for space in self._groups]
        return [*self.fixed, *groups, *(space.word(suggest(space)) for space in self._beside(groups))]

    def check(self) -> list[Config]:
        """Configs at the ends of each interval and for each choice, with the choices of groups combined.

        Raises:
            ValueError and others of `USER_ERRORS`: a word that no config could mean, or a value out of its range.
        """
        found: set[str] = set()
        configs = []
        combinations = itertools.product(*([s.word(w) for w in s.domain.samples()] for s in self._groups))
        for combination in itertools.islice(combinations, _MOST):
            beside = self._beside(combination)
            found |= {space.key for space in beside}
            samples = {space: space.domain.samples() for space in beside}
            for place in range(max(map(len, samples.values()), default=1)):
                words = [space.word(sample[place % len(sample)]) for space, sample in samples.items()]
                configs.append(self._composed([*combination, *words]))
        for space in self.spaces:
            if space not in self._groups and space.key not in found:
                self.compose([*self.fixed, space.word(space.domain.samples()[0])])
        return configs

    @property
    def _groups(self) -> tuple[Space, ...]:
        return tuple(space for space in self.spaces if space.key in GROUPS)

    def _beside(self, groups: Sequence[str]) -> tuple[Space, ...]:
        """The spaces that a trial with these choices of groups has, other than these."""
        key = tuple(groups)
        if key not in self._known:
            self._composed(groups)
            others = [space for space in self.spaces if space not in self._groups]
            self._known[key] = tuple(space for space in others if self._has(groups, space))
        return self._known[key]

    def _has(self, groups: Sequence[str], space: Space) -> bool:
        try:
            self._composed([*groups, space.word(space.domain.samples()[0])])
        except USER_ERRORS as error:
            if any(isinstance(link, ConfigKeyError | ConfigAttributeError) for link in surroundings(error)):
                return False
            raise
        return True

    def _composed(self, words: Sequence[str]) -> Config:
        try:
            return self.compose([*self.fixed, *words])
        except USER_ERRORS as error:
            space = self._not_whole(error)
            if space is None:
                raise
            low, high = (float(end) for end in space.domain.samples()[:2])
            raise ValueError(
                f"{explain(error)}\nWhole numbers are {space.element}=int(interval({low:g},{high:g}))."
            ) from error

    def _not_whole(self, error: BaseException) -> Space | None:
        """The interval of numbers that must be whole."""
        for link in surroundings(error):
            if isinstance(link, ValidationError) and "Integer" in str(link):
                return next((s for s in self.spaces if s.key == link.full_key and isinstance(s.domain, Reals)), None)
        return None


def planned(words: Sequence[str], compose: Compose) -> Plan:
    """The plan of a sweep; `Plan.check` proves it.

    Raises:
        ValueError: words that cannot be meant.
    """
    for word in words:
        key = word.lstrip("+~").partition("=")[0]
        if key.startswith(("hydra.", "hydra/")) or key in ("resume",):
            raise ValueError(f"expected keys of a run; got {word}, which a sweep decides itself. Leave it out.")
    fixed, spaces = split(words)
    return Plan(tuple(fixed), tuple(spaces), compose)


@contextmanager
def composing() -> Iterator[Compose]:
    """Composes and checks configs as the command does, while the block runs. About a tenth of a second each."""
    register()
    instance = HydraConfig.instance()
    before = instance.cfg
    try:
        with initialize_config_dir(config_dir=str(conf_folder()), job_name="pinn", version_base="1.3"):
            yield _compose
    finally:
        instance.cfg = before


def _compose(words: Sequence[str]) -> Config:
    own = user_conf_folder()
    translated = [word for word in translate(words) if not word.startswith("--config-dir=")]
    search = [] if own is None else [f"hydra.searchpath=[file://{own}]"]
    whole = compose("config", overrides=[*translated, *search], return_hydra_config=True)
    if whole.hydra.mode == RunMode.MULTIRUN or whole.hydra.sweeper.params:
        raise ValueError("experiment: expected a preset of one run; got one that runs many. Choose another one.")
    HydraConfig.instance().set_config(whole)
    config = copy.deepcopy(whole)
    with read_write(config), open_dict(config):
        del config["hydra"]
    check(config)
    return plain(config)
