"""The commit of the folder that a run is started in, and what there is without one."""

from __future__ import annotations

import os
import subprocess
from datetime import datetime
from pathlib import Path

import pytest

from pinn.app.origin import Origin, commit_of


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c")
    return subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    git(tmp_path, "init", "--quiet")
    (tmp_path / "model.py").write_text("a = 1\n")
    git(tmp_path, "add", "model.py")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    return tmp_path


def test_the_commit_with_a_mark_where_tracked_files_differ(repository: Path) -> None:
    (repository / "sub").mkdir()
    head = git(repository, "rev-parse", "HEAD")
    git(repository, "tag", "--annotate", "v1", "--message", "a tag is no commit")
    (repository / "outputs").mkdir()
    (repository / "outputs" / "new").write_text("not tracked")
    assert commit_of(repository / "sub") == head
    (repository / "model.py").write_text("a = 2\n")
    assert commit_of(repository) == f"{head}-dirty"


def test_without_a_repository_a_commit_or_git_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert commit_of(tmp_path) is None
    git(tmp_path, "init", "--quiet")
    assert commit_of(tmp_path) is None
    monkeypatch.setenv("PATH", os.devnull)
    assert commit_of(tmp_path) is None


def test_a_tree_too_large_to_compare_has_its_commit_all_the_same(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = subprocess.run

    def slow(words: list[str], **options: object) -> object:
        if "describe" in words:
            raise subprocess.TimeoutExpired(words, 2.0)
        return run(words, **options)  # type: ignore[call-overload]

    head = git(repository, "rev-parse", "HEAD")
    monkeypatch.setattr("subprocess.run", slow)
    assert commit_of(repository) == head


def test_the_moment_is_local_time_with_its_offset(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    moment = datetime.fromisoformat(Origin.here().date)
    assert abs((datetime.now().astimezone() - moment).total_seconds()) < 60.0
    assert moment.tzinfo is not None
