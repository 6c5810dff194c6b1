"""A run that trains nothing: what the command hands over and how it takes every kind of ending, in milliseconds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pinn.app.progress import Observer


@dataclass
class FakeRun:
    """Records its configs and folders, then ends as `endings` says for the config's seed; 0 for any other seed."""

    endings: Mapping[int, int | BaseException] = field(default_factory=dict)
    configs: list[dict[str, Any]] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)

    def __call__(self, config: Mapping[str, Any], folder: Path, observer: Observer) -> int:
        self.configs.append(dict(config))
        self.folders.append(folder)
        ending = self.endings.get(config["seed"], 0)
        if isinstance(ending, BaseException):
            raise ending
        (folder / "summary.json").write_text(json.dumps(summary(config, ending)), encoding="utf-8")
        return ending


def summary(config: Mapping[str, Any], status: int) -> dict[str, Any]:
    """A summary whose error falls with the width, so that the ranking is known."""
    return {
        "verdict": "pass" if status == 0 else "fail",
        "errors": {"relative_l2": 1.0 / (config["field"]["width"] or 32), "max": None, "relative_h1": None},
        "seconds": {"total": 0.5},
    }


def tree(folder: Path) -> list[str]:
    """Everything below a folder, by relative path."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
