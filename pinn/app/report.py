"""`pinn report RUN`: the report of a run as one page, made from the files of its folder, without TensorFlow."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from yaml import YAMLError

from pinn.app.messages import SOLVED
from pinn.app.methods import methods
from pinn.app.opened import summary_in
from pinn.app.runs import CONFIG
from pinn.app.verbs import Arguments
from pinn.files import replacing
from pinn.report.html import Picture
from pinn.report.page import Report, report_page
from pinn.report.status import WIDE_GAP

NAME = "report.html"

_ORDER = ("maps_", "curves_", "history", "points")


def main(words: Sequence[str]) -> int:
    """The verb.

    Raises:
        ValueError, OSError: words or a run that cannot be, or a folder that cannot be written.
    """
    arguments = Arguments("report", "The report of a run, as one page of HTML that opens without any network.")
    arguments.add_argument("run", type=Path, metavar="RUN", help="folder of a finished run")
    print(write_report(arguments.parse_args(words).run), flush=True)
    return SOLVED


def write_report(folder: Path) -> Path:
    """Write `report.html` into a run folder, whole or not at all, from what is in it.

    Raises:
        ValueError: the folder is none of a finished run, or its config is damaged.
        OSError: the folder cannot be written.
    """
    summary = summary_in(folder)
    settings, config = _settings(folder / CONFIG)
    shown = os.path.relpath(folder) if folder.is_relative_to(Path.cwd()) else str(folder)
    text = report_page(
        Report(
            summary=summary,
            settings=settings,
            pictures=[_picture(path, summary) for path in sorted((folder / "figures").glob("*.png"), key=_place)],
            methods=methods(summary, config),
            notes=_notes(summary),
            folder=shown,
            command=f"pinn {shlex.quote(os.path.join(shown, CONFIG))}",
        )
    )
    with replacing(folder / NAME) as stream:
        stream.write(text.encode())
    return folder / NAME


def _settings(path: Path) -> tuple[str, Mapping[str, Any]]:
    """The config of a run as text and as mappings; nothing of one that has none."""
    from omegaconf import OmegaConf

    if not path.is_file():
        return "", {}
    try:
        text = path.read_text(encoding="utf-8")
        found = OmegaConf.to_container(OmegaConf.create(text))
    except (YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: expected a config in YAML; it is damaged. Run it again.") from error
    if not isinstance(found, dict):
        raise ValueError(f"{path}: expected the config of a run; got something else. Run it again.")
    return text, {str(key): value for key, value in found.items()}


def _place(path: Path) -> tuple[int, str]:
    """Pictures of the solution come first."""
    known = (i for i, beginning in enumerate(_ORDER) if path.name.startswith(beginning))
    return next(known, len(_ORDER)), path.name


def _picture(path: Path, summary: Mapping[str, Any]) -> Picture:
    kind, _, quantity = path.stem.partition("_")
    reference = (summary.get("reference") or {}).get("kind")
    truth = "" if reference is None else f", {'the exact one' if reference == 'exact' else reference}, the error"
    words = {
        "maps": (f"{quantity}: the solution{truth} and the residual", "Maps over two axes, in colours"),
        "curves": (f"{quantity}: the solution{truth} and the residual along an axis", "Curves"),
        "history": (
            "The loss and its terms over steps, and with the error over time",
            "Curves that fall with training",
        ),
        "points": ("The points of the training, by term", "Dots in the domain"),
    }
    caption, look = words.get(kind, (path.stem, "A picture"))
    return Picture(path.read_bytes(), f"{look}. {caption}.", f"{caption}.")


def _notes(summary: Mapping[str, Any]) -> list[str]:
    gap = (summary.get("residual") or {}).get("gap")
    if not isinstance(gap, int | float) or gap <= WIDE_GAP:
        return []
    return [
        f"The residual is {gap:.0f} times larger between the training points than on them: the field has learned its "
        "points more than its equation."
    ]
