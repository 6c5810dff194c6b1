"""The config tree and its schemas: every choice composes, every value has a place, every limit holds."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf

from pinn.app.build import balance_from, sampling_from
from pinn.app.limits import check
from pinn.app.locate import conf_folder, user_conf_folder
from pinn.app.settings import GROUPS, SCHEMAS, plain, register
from pinn.training import ADAPTIVE, BALANCES, Sampling

CHOICES = [
    (group, path.relative_to(conf_folder() / group).with_suffix("").as_posix())
    for group in GROUPS
    for path in sorted((conf_folder() / group).rglob("*.yaml"))
]

LIMITS = [
    ("field.width", "0", "1"),
    ("field.depth", "0", "1"),
    ("sampling.interior", "0", "1"),
    ("sampling.boundary", "0", "1"),
    ("sampling.initial", "0", "1"),
    ("sampling.resample_every", "-1", "0"),
    ("solver.adam.max_steps", "0", "1"),
    ("solver.adam.learning_rate", "0", "1e-9"),
    ("solver.adam.warm_up", "-1", "0"),
    ("solver.adam.beta_1", "1", "0"),
    ("solver.adam.beta_2", "-0.1", "0.9999"),
    ("solver.adam.clip_norm", "0", "null"),
    ("solver.lbfgs.memory", "0", "1"),
    ("solver.lbfgs.gradient_tolerance", "-1", "0"),
    ("accuracy", "0", "null"),
    ("time_limit", "-1", "0.5"),
    ("seed", "-1", "0"),
    ("accuracy", "inf", "1"),
]


@pytest.fixture(scope="module", autouse=True)
def hydra() -> Iterator[None]:
    """Hydra, set to the config folder."""
    register()
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        yield


@functools.cache
def composed(*overrides: str) -> DictConfig:
    """A config as the command composes it; the name, which needs a running job, is given."""
    return compose("config", overrides=["name=test", *overrides])


def names(schema: type) -> set[str]:
    return {field.name for field in dataclasses.fields(schema)}


@pytest.mark.parametrize(("group", "choice"), CHOICES, ids=["=".join(pair) for pair in CHOICES])
def test_every_choice_composes_and_passes_its_own_check(group: str, choice: str) -> None:
    config = composed(f"{group}={choice}")
    check(config)
    settings = plain(config)
    if group not in ("problem", "experiment"):
        assert settings[group]["name"] == choice
    if group == "problem":
        assert settings["problem"]["_target_"].startswith("pinn.problems.")


def test_the_values_of_balances_and_adaptive_points_are_the_defaults_of_their_classes() -> None:
    for name, cls in BALANCES.items():
        assert balance_from(plain(composed(f"balance={name}"))["balance"]) == cls()
    for name, scheme in ADAPTIVE.items():
        found = sampling_from(plain(composed(f"sampling={name}"))["sampling"])
        assert found == Sampling(resample_every=200, adapt=scheme())


@pytest.mark.parametrize("group", ["field", "solver", "sampling", "balance", "engine"])
def test_a_yaml_gives_a_value_to_every_option_of_its_schema(group: str) -> None:
    for choice in (name for of, name in CHOICES if of == group):
        settings = composed(f"{group}={choice}")[group]
        assert set(settings) == names(OmegaConf.get_type(settings))
        assert not OmegaConf.missing_keys(settings)


def test_every_schema_is_used() -> None:
    used: set[Any] = {OmegaConf.get_type(composed())}
    for group, choice in CHOICES:
        if group not in ("problem", "experiment"):
            node = composed(f"{group}={choice}")[group]
            used |= {OmegaConf.get_type(node)} | {OmegaConf.get_type(part) for part in node.values()}
    assert set(SCHEMAS.values()) <= used


@pytest.mark.parametrize(("key", "outside", "inside"), LIMITS, ids=[f"{key}={value}" for key, value, _ in LIMITS])
def test_limits(key: str, outside: str, inside: str) -> None:
    check(composed("solver=chain", f"{key}={inside}"))
    with pytest.raises(ValueError, match=rf"^{key}: expected a .*number.*; got "):
        check(composed("solver=chain", f"{key}={outside}"))


def test_plain_holds_only_plain_values() -> None:
    def leaves(value: Any) -> Iterator[type]:
        if isinstance(value, dict):
            for part in value.values():
                yield from leaves(part)
        elif isinstance(value, list):
            for part in value:
                yield from leaves(part)
        else:
            yield type(value)

    assert set(leaves(plain(composed("solver=chain", "export=[vtk]")))) <= {str, int, float, bool, type(None)}


@pytest.mark.parametrize(
    ("inside", "beside", "expected"),
    [(True, True, "pkg/conf"), (False, True, "conf"), (True, False, "pkg/conf")],
    ids=["both", "checkout", "installed"],
)
def test_where_the_config_lies(inside: bool, beside: bool, expected: str, tmp_path: Path) -> None:
    (tmp_path / "pkg").mkdir()
    for there, folder in ((inside, tmp_path / "pkg" / "conf"), (beside, tmp_path / "conf")):
        folder.mkdir()
        if there:
            (folder / "config.yaml").write_text("", encoding="utf-8")
    assert conf_folder(tmp_path / "pkg") == tmp_path / expected
    assert conf_folder(tmp_path / "pkg").is_absolute()


def test_no_config_anywhere(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"expected config\.yaml in .* or .*; found it in neither"):
        conf_folder(tmp_path / "pkg")


def test_the_users_conf_folder(tmp_path: Path) -> None:
    assert user_conf_folder(tmp_path) is None
    (tmp_path / "conf").mkdir()
    assert user_conf_folder(tmp_path) == (tmp_path / "conf").resolve()
    assert user_conf_folder(conf_folder().parent) is None
