"""Where the trials are kept: SQLite in the sweep's folder, or any database that SQLAlchemy and Optuna know."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import RDBStorage
from sqlalchemy.engine import make_url
from sqlalchemy.engine.url import URL
from sqlalchemy.exc import (
    ArgumentError,
    IntegrityError,
    NoSuchModuleError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)

FILE = "study.db"
_EXAMPLES = "Such as sqlite:///study.db or postgresql://user@host/database; left out, SQLite in the sweep's folder."
_PATIENCE = 10  # seconds for a first answer
_PAUSES = (0.2, 0.5, 1.0, 2.0)
_BUSY = 60  # seconds in which others may write to the same SQLite file
_DRIVERS = {"psycopg": "psycopg[binary]", "psycopg2": "psycopg2-binary", "MySQLdb": "mysqlclient"}


SILENCE = (SQLAlchemyError, optuna.exceptions.StorageInternalError)
"""What is raised where a database does not answer, or is none."""


def opened(url: str) -> RDBStorage:
    """The storage at a URL, its tables made where it has none.

    Raises:
        ValueError: the URL is none, its driver is missing, or nothing answers there.
    """
    where = parsed(url)
    new, arguments = _new_file(where), _connect_arguments(where)
    try:
        with _answering(where):
            return _made_by_whoever_is_first(lambda: RDBStorage(url, engine_kwargs={"connect_args": arguments}))
    except BaseException:
        if new is not None:
            new.unlink(missing_ok=True)
        raise


def _made_by_whoever_is_first(make: Callable[[], RDBStorage]) -> RDBStorage:
    """Make the storage; where another makes the tables of an empty database at the same moment, look again."""
    for pause in _PAUSES:
        try:
            return make()
        except (IntegrityError, ProgrammingError, OperationalError) as error:
            if not re.search("already exists|duplicate key|UNIQUE constraint", str(error)):
                raise
            time.sleep(pause)
    return make()


def in_folder(folder: Path) -> str:
    """The URL of a sweep's own SQLite file."""
    return URL.create("sqlite", database=str(folder.absolute() / FILE)).render_as_string()


def parsed(url: str) -> URL:
    """The parts of a URL.

    Raises:
        ValueError: it is none.
    """
    try:
        return make_url(url)
    except (ArgumentError, ValueError) as error:
        raise ValueError(f"--storage: expected the URL of a database; got {url!r}.\n{_EXAMPLES}") from error


def shown(url: str) -> str:
    """A URL without its password."""
    return parsed(url).render_as_string(hide_password=True)


@contextmanager
def _answering(where: URL) -> Iterator[None]:
    """Says in a sentence what goes wrong with a database while the block runs."""
    name = where.render_as_string(hide_password=True)
    try:
        yield
    except NoSuchModuleError as error:
        raise ValueError(
            f"--storage: expected a database that SQLAlchemy knows; got {where.drivername!r}.\n{_EXAMPLES}"
        ) from error
    except ImportError as error:
        module = getattr(error.__cause__ or error, "name", None) or "of this database"
        raise ValueError(
            f"--storage {name}: expected the driver {module}; it is not installed. "
            f"pip install {_DRIVERS.get(module, module)}"
        ) from error
    except SILENCE as error:
        raise ValueError(
            f"--storage {name}: expected a database that answers; {reason(error)}.\n"
            "Start it, correct the URL, or leave --storage out for SQLite in the sweep's folder."
        ) from error
    except RuntimeError as error:  # tables of another version of Optuna
        raise ValueError(f"--storage {name}: {str(error).splitlines()[0]}") from error


def reason(error: BaseException) -> str:
    """The first line of the database's own complaint."""
    cause = getattr(error, "orig", None) or error.__cause__ or error
    cause = getattr(cause, "orig", None) or cause
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    return (lines[0] if lines else type(cause).__name__).rstrip(".")


def _new_file(where: URL) -> Path | None:
    """The SQLite file that is not there yet."""
    if not where.drivername.startswith("sqlite") or where.database in (None, "", ":memory:"):
        return None
    path = Path(str(where.database))
    return None if path.exists() else path


def _connect_arguments(where: URL) -> dict[str, Any]:
    if where.drivername.startswith("sqlite"):
        return {"timeout": _BUSY}
    if where.drivername.startswith(("postgresql", "mysql", "mariadb")):
        return {"connect_timeout": _PATIENCE}
    return {}
