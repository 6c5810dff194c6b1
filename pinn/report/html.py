"""Pieces of a page: elements whose text is escaped, numbers as people write them, tables, pictures inside the page."""

from __future__ import annotations

import base64
import html
import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import final

from pinn.report.status import duration


@final
@dataclass(frozen=True)
class Markup:
    """Text that is HTML already; any other text is escaped where it enters a page."""

    text: str


Content = Markup | str | float | None


@final
@dataclass(frozen=True)
class Picture:
    """A PNG file that a page holds inside.

    Args:
        data: its bytes.
        alt: what is to be seen, in words.
        caption: below it.
    """

    data: bytes
    alt: str
    caption: str


_WIDE = 1.5  # times as wide as high: on a phone such a picture is scrolled rather than shrunk
_SCALE = 96 / 150  # pixels of a page for those of a picture, which has 150 an inch
_UNKNOWN = "–"


def escaped(content: Content) -> str:
    """Anything as HTML."""
    match content:
        case Markup(text):
            return text
        case None:
            return _UNKNOWN
        case bool():
            return "yes" if content else "no"
        case float():
            return scientific(content).text
    return html.escape(str(content), quote=True)


def element(tag: str, *contents: Content, **attributes: str) -> Markup:
    """`<tag attribute="...">contents</tag>`; an underscore at the end of a name is left out, as in `class_`."""
    said = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{html.escape(value, quote=True)}"'
        for name, value in attributes.items()
    )
    return Markup(f"<{tag}{said}>{''.join(map(escaped, contents))}</{tag}>")


def joined(parts: Iterable[Markup]) -> Markup:
    """Pieces one after the other."""
    return Markup("\n".join(part.text for part in parts))


def scientific(value: object, *, least: bool = False) -> Markup:
    """A number to two digits with its power of ten, `3.2 × 10⁻⁶`; plain between a hundredth and a thousand. With the
    least of digits `1 × 10⁻⁶` in place of `1.0 × 10⁻⁶`: for what was asked rather than measured.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return Markup(_UNKNOWN if value is None or isinstance(value, float) else html.escape(str(value)))
    if value == 0 or 1e-2 <= abs(value) < 1e3:
        return Markup(f"{value:.3g}".replace("-", "−"))
    mantissa, exponent = f"{value:.1e}".split("e")
    mantissa = mantissa.removesuffix(".0") if least else mantissa
    power = str(int(exponent)).replace("-", "−")
    return Markup(f"{mantissa.replace('-', '−')}&nbsp;×&nbsp;10<sup>{power}</sup>")


def seconds(value: object) -> str:
    """A time as in the status line, or a dash."""
    return duration(float(value)) if isinstance(value, int | float) and math.isfinite(value) else _UNKNOWN


def facts(rows: Mapping[str, Content]) -> Markup:
    """A table of two columns: what, and how much."""
    body = [element("tr", element("th", name, scope="row"), element("td", value)) for name, value in rows.items()]
    return element("table", element("tbody", *body))


def records(names: Sequence[str], rows: Sequence[Sequence[Content]], label: str, taken: int | None = None) -> Markup:
    """A table with a line of names, which scrolls by itself where it is wider than the page; one row may be marked."""
    head = element("thead", element("tr", *(element("th", name, scope="col") for name in names)))
    body = element(
        "tbody",
        *(
            element("tr", *(element("td", cell) for cell in row), **({"class_": "taken"} if i == taken else {}))
            for i, row in enumerate(rows)
        ),
    )
    return scrolled(element("table", head, body), label)


def scrolled(content: Markup, label: str) -> Markup:
    """What may be wider than the page, in a frame that is scrolled by hand or by keys."""
    return element("div", content, class_="scroll", role="region", tabindex="0", aria_label=label)


def figure(picture: Picture) -> Markup:
    """A picture with its caption."""
    size = _size(picture.data)
    attributes = {
        "src": f"data:image/png;base64,{base64.b64encode(picture.data).decode()}",
        "alt": picture.alt,
        **({"width": f"{_SCALE * size[0]:.0f}", "height": f"{_SCALE * size[1]:.0f}"} if size else {}),
        **({"class": "wide"} if size and size[0] > _WIDE * size[1] else {}),
    }
    said = "".join(f' {name}="{html.escape(value, quote=True)}"' for name, value in attributes.items())
    return element("figure", scrolled(Markup(f"<img{said}>"), picture.caption), element("figcaption", picture.caption))


def _size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG."""
    if data[:8] != b"\x89PNG\r\n\x1a\n" or len(data) < 24:
        return None
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def folded(title: str, content: Markup) -> Markup:
    """What is read by who opens it."""
    return element("details", element("summary", title), content)


def section(title: str, *contents: Markup) -> Markup:
    """A part of the page under its heading."""
    name = title.lower().replace(" ", "-")
    return element("section", element("h2", title, id=name), *contents, aria_labelledby=name)
