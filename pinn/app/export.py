"""`pinn export RUN --format vtk`: a trained field in the formats of other programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pinn.app.formats import FORMATS, NotExportedError, Wishes, export, require_known
from pinn.app.messages import FAILED, SOLVED, say
from pinn.app.opened import opened
from pinn.app.verbs import Arguments


def main(words: Sequence[str]) -> int:
    """The verb.

    Raises:
        ValueError, OSError: words, a run or a format that cannot be.
    """
    arguments = _arguments().parse_args(words)
    wishes = Wishes(arguments.resolution, arguments.times)
    require_known(arguments.format)
    solution = opened(arguments.run)
    try:
        written = export(solution, arguments.out or arguments.run, arguments.format, wishes)
    except NotExportedError as error:
        say(f"{error}.")
        return FAILED
    for name, path in written.items():
        print(f"{name}: {path}", flush=True)
    return SOLVED


def _arguments() -> Arguments:
    found = Arguments("export", "A trained field in the formats of other programs.")
    found.add_argument("run", type=Path, metavar="RUN", help="folder of a finished run")
    found.add_argument(
        *("--format",), type=lambda text: text.split(","), required=True, metavar="NAMES",
        help=f"with commas between: {', '.join(FORMATS)}",
    )  # fmt: skip
    found.add_argument("--resolution", type=int, metavar="N", help="vtk: cells along the longest side of the domain")
    found.add_argument("--times", type=int, metavar="N", help="vtk: moments of an evolution")
    found.add_argument("--out", type=Path, metavar="FOLDER", help="where it goes; otherwise into the folder of the run")
    return found
