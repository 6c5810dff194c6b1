"""Records in MLflow: on a tracking server, in a database, or in `outputs/mlflow.db` where nothing else is said."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar, final
from urllib.parse import urlsplit

from pinn.app.leaves import leaves
from pinn.app.messages import causes
from pinn.app.recording import FAILED, FINISHED, KILLED, Row, final_values, steps_of
from pinn.files import made_once, replacing

URI = "MLFLOW_TRACKING_URI"
HOME = "outputs"
NOTE = "mlflow.run"
"""The file in a run folder that says which run of MLflow it is, so that a run that goes on goes on there too."""

_STATUS = {FINISHED: "FINISHED", FAILED: "FAILED", KILLED: "KILLED"}
_QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true"}
_BOUNDS = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}
_BOUNDS_OF_CHECK = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_HTTP_REQUEST_TIMEOUT": "5"}
_SQLITE = "sqlite:///"
_FORGOTTEN = ("sqlite://", "sqlite:///", "sqlite:///:memory:")  # databases in memory
_PORTS = {"http": 80, "https": 443, "postgresql": 5432, "mysql": 3306}
_CONNECT = 3.0  # seconds
_SEND_EVERY = 2.0  # seconds between two messages to a server that others use too
_AT_ONCE = {"metrics": 500, "params": 100}  # what MLflow takes in one message
_LONGEST = 500  # characters of a parameter

_T = TypeVar("_T")


def recorder(config: Mapping[str, Any], folder: Path) -> Mlflow:
    """For a run with this config in this folder."""
    options = config.get("mlflow") or {}
    uri = options.get("uri") or os.environ.get(URI) or None
    return Mlflow(config, folder, uri=uri, experiment=options.get("experiment") or str(config["name"]))


@final
class Mlflow:
    """Metrics while training, parameters and tags from the beginning; at the end what it came to, and its files.

    Args:
        config: of the run.
        folder: of the run.
        uri: of the tracking server or the database; `None` is a database in `outputs`.
        experiment: it is made if it is not there.
    """

    def __init__(self, config: Mapping[str, Any], folder: Path, *, uri: str | None, experiment: str) -> None:
        self._config, self._folder, self._experiment = config, folder, experiment
        self._local = uri is None
        self._uri = _database() if uri is None else uri
        self._client: Any = None
        self._run = ""
        self._known: set[str] = set()  # parameters that are written
        self._waiting: list[tuple[str, float, int, int]] = []  # name, value, time in milliseconds, step
        self._noted: Row | None = None
        self._last: Row | None = None
        self._sent = 0.0

    def check(self) -> None:
        """Ask for the experiment; of a database that is not there yet, whether it can be made.

        Raises:
            ValueError: the server does not answer, or refuses.
        """
        if self._uri.partition("?")[0] in _FORGOTTEN:
            raise ValueError(
                f"mlflow.uri: expected a tracking server or a database that stays; {_shown(self._uri)} ends with the "
                "run.\nName a file by mlflow.uri=sqlite:///FILE."
            )
        file = _file_of(self._uri)
        try:
            if file is None or file.exists():
                self._ask()
            else:
                _require_place(file)
        except Exception as error:  # of the operating system, of the database, or of MLflow
            raise ValueError(
                f"mlflow.uri: expected a tracking server or database that answers; {_shown(self._uri)} does not "
                f"({_reason(error)}).\nStart it, or name another by mlflow.uri=URI or {URI}."
            ) from error

    def begin(self) -> None:
        for name, value in _BOUNDS.items():
            os.environ.setdefault(name, value)
        client = self._connected()
        self._run = self._run or self._resumed(client) or self._created(client)
        with suppress(OSError), replacing(self._folder / NOTE) as stream:
            stream.write(f"{self._run}\n".encode())
        # A field or a solver that is to be chosen is a parameter when it is.
        early = {key: value for key, value in self._config.items() if not _is_open(value)}
        self._parameters({key: early[key] for key in early if key not in ("mlflow", "record", "resume", "progress")})

    def measure(self, row: Row) -> None:
        self._note(row)
        if time.monotonic() - self._sent >= _SEND_EVERY:
            self._send()

    def finish(self, summary: Mapping[str, Any], config: Mapping[str, Any]) -> None:
        if self._last is None:
            step = 0 if self._noted is None else self._noted.step
            self._last = Row(max(step, steps_of(summary)), 0.0, final_values(summary))
        self._note(self._last)
        self._send()
        self._parameters(config)
        for name in ("verdict", "field", "solver", "stop_reason"):
            self._client.set_tag(self._run, name, str(summary.get(name)))
        for name in ("summary.json", "config.yaml", "history.csv", "model.keras", "report.html"):
            if (self._folder / name).is_file():
                self._client.log_artifact(self._run, str(self._folder / name))
        if (self._folder / "figures").is_dir():
            self._client.log_artifacts(self._run, str(self._folder / "figures"), "figures")

    def close(self, status: str) -> None:
        self._send()
        self._client.set_terminated(self._run, _STATUS[status])

    def _ask(self) -> None:
        """Raises whatever the server, the database or MLflow raises, within seconds."""
        _connect(self._uri)
        with _environment(_BOUNDS_OF_CHECK):
            self._connected().get_experiment_by_name(self._experiment)

    def _note(self, row: Row) -> None:
        """Have a row wait to be sent, once: work that has failed is tried again."""
        if row is not self._noted:
            self._noted, moment = row, time.time_ns() // 1_000_000
            self._waiting += [(name, value, moment, row.step) for name, value in row.values.items()]

    def _connected(self) -> Any:
        """The client; the library says nothing of itself, and tells nobody that it is used."""
        if self._client is None:
            for name, value in _QUIET.items():
                os.environ.setdefault(name, value)
            from mlflow import MlflowClient

            for name in ("mlflow", "alembic"):
                logging.getLogger(name).setLevel(logging.WARNING)
            _make_tables(self._uri)
            self._client = MlflowClient(tracking_uri=self._uri)
        return self._client

    def _created(self, client: Any) -> str:
        folder = self._folder  # of a job of a sweep it has only a number
        name = f"{folder.parent.name}/{folder.name}" if folder.name.isdecimal() else folder.name
        made = client.create_run(self._experiment_id(client), run_name=name, tags=self._tags())
        return str(made.info.run_id)

    def _experiment_id(self, client: Any) -> str:
        found = client.get_experiment_by_name(self._experiment)
        if found is not None:
            return str(found.experiment_id)
        place = Path(HOME, "mlartifacts", self._experiment).absolute().as_uri() if self._local else None
        try:
            return str(client.create_experiment(self._experiment, artifact_location=place))
        except Exception:  # somebody else has just made it
            found = client.get_experiment_by_name(self._experiment)
            if found is None:
                raise
            return str(found.experiment_id)

    def _resumed(self, client: Any) -> str | None:
        """The run of MLflow that this one was before, if it goes on and the server still knows it."""
        note = self._folder / NOTE
        if self._config.get("resume") is None or not note.is_file():
            return None
        run = note.read_text(encoding="utf-8").strip()
        with suppress(Exception):  # of another server, or deleted
            self._known = set(client.get_run(run).data.params)
            client.update_run(run, status="RUNNING")
            return run
        return None

    def _tags(self) -> dict[str, str]:
        from pinn.app.origin import Origin

        commit = Origin.here().commit
        tags = {"problem": str(self._config["name"]), "folder": str(self._folder), "mlflow.source.name": "pinn"}
        return tags | ({} if commit is None else {"mlflow.source.git.commit": commit})

    def _parameters(self, settings: Mapping[str, Any]) -> None:
        from mlflow.entities import Param

        new = {key: value for key, value in leaves(settings) if key not in self._known}
        params = [Param(key, str(value)[:_LONGEST]) for key, value in new.items()]
        for some in _batches(params, _AT_ONCE["params"]):
            self._client.log_batch(self._run, params=some)
        self._known |= set(new)

    def _send(self) -> None:
        """All that waits, in as few messages as can be; what could not be sent waits on."""
        from mlflow.entities import Metric

        while self._waiting:
            some = self._waiting[: _AT_ONCE["metrics"]]
            self._client.log_batch(self._run, metrics=[Metric(*each) for each in some])
            del self._waiting[: len(some)]
        self._sent = time.monotonic()


def _database() -> str:
    """One file in `outputs`; several runs at once wait for each other for up to half a minute."""
    return f"sqlite:///{Path(HOME, 'mlflow.db').absolute()}?timeout=30"


def _file_of(uri: str) -> Path | None:
    """That of a SQLite database."""
    return Path(uri.partition("?")[0].removeprefix(_SQLITE)) if uri.startswith(_SQLITE) else None


def _require_place(file: Path) -> None:
    """See that a file can be made, without making anything.

    Raises:
        OSError: it cannot.
    """
    above = next(folder for folder in file.absolute().parents if folder.exists())
    if not above.is_dir():
        raise NotADirectoryError(f"{above} is no folder")
    if not os.access(above, os.W_OK | os.X_OK):
        raise PermissionError(f"{above} cannot be written")


def _make_tables(uri: str) -> None:
    """Make the file of a SQLite database that is not there, whole or not at all: tables take seconds to make, and two
    runs that make them in one file at once spoil it.
    """
    path = _file_of(uri)
    if path is None or path.exists():
        return
    from mlflow import MlflowClient

    with made_once(path, ending=".db") as temporary:
        MlflowClient(tracking_uri=f"sqlite:///{temporary.absolute()}").search_experiments(max_results=1)


def _connect(uri: str) -> None:
    """Find out in seconds whether anybody listens: database drivers wait for minutes.

    Raises:
        OSError: nobody does.
    """
    parts = urlsplit(uri)
    port = parts.port or _PORTS.get(parts.scheme.partition("+")[0])
    if parts.hostname and port:
        socket.create_connection((parts.hostname, port), timeout=_CONNECT).close()


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Variables that the user has not set, for as long as the block runs."""
    mine = {name: value for name, value in values.items() if name not in os.environ}
    os.environ.update(mine)
    try:
        yield
    finally:
        for name in mine:
            os.environ.pop(name, None)


def _is_open(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get("name") == "auto"


def _shown(uri: str) -> str:
    """The address without options, and without the name and the password of a user."""
    plain = uri.partition("?")[0]
    scheme, mark, rest = plain.partition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}"


def _reason(error: BaseException) -> str:
    """What went wrong at the bottom of it, in one line."""
    *_, deepest = causes(error)
    return (str(deepest).partition("\n")[0] or type(deepest).__name__)[:200].rstrip(". ")


def _batches(items: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
