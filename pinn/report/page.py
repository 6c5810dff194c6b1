"""The report of a run: one page that opens anywhere, with the verdict first and nothing outside itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Template
from typing import Any, final

from pinn.report.bibliography import SOURCES, bibtex
from pinn.report.html import (
    Content,
    Markup,
    Picture,
    element,
    escaped,
    facts,
    figure,
    folded,
    joined,
    records,
    scientific,
    seconds,
    section,
)
from pinn.report.judgement import Judgement, judgement

# Nothing is loaded and nothing is run, whatever texts a run was given.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"

_PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="$policy">
<link rel="icon" href="data:,">
<title>$title</title>
<style>
$style</style>
</head>
<body>
$body
</body>
</html>
""")

_MARKS = {
    "pass": "M20 6 9 17l-5-5",
    "fail": "M6 6l12 12M18 6 6 18",
    "open": "M9 9a3 3 0 1 1 4.2 2.8c-.8.4-1.2 1-1.2 1.9M12 17.5v.01",
}


@final
@dataclass(frozen=True)
class Report:
    """What a page is made of.

    Args:
        summary: of the run, as in `summary.json`; what is missing is left out.
        settings: its config, as text.
        pictures: in their order.
        methods: what the run rests on: what it did, and the keys of the sources in `SOURCES`.
        notes: sentences that a reader must not miss.
        folder: of the run.
        command: runs it again.
    """

    summary: Mapping[str, Any]
    settings: str
    pictures: Sequence[Picture]
    methods: Sequence[tuple[str, tuple[str, ...]]]
    notes: Sequence[str]
    folder: str
    command: str


def report_page(report: Report) -> str:
    """The page as HTML. All texts are escaped; it asks for nothing from any network and runs nothing."""
    summary = report.summary
    found = judgement(summary)
    parts = [
        _header(summary, found),
        *(element("p", note, class_="note", role="note") for note in report.notes),
        _pictures(report.pictures),
        _tried(summary),
        element(
            "div",
            element("div", _errors(summary), _times(summary), _versions(summary)),
            element("div", _training(summary)),
            class_="pair",
        ),
        _settings(report),
        _sources(report),
        element("footer", _footer(report)),
    ]
    body = joined(part for part in parts if part.text)
    return _PAGE.substitute(
        policy=escaped(_POLICY),
        title=escaped(f"{summary.get('problem')}: {found.word.lower()}"),
        style=_style(),
        body=body.text,
    )


@cache
def _style() -> str:
    return files("pinn.report").joinpath("page.css").read_text(encoding="utf-8")


def _header(summary: Mapping[str, Any], found: Judgement) -> Markup:
    about = summary.get("about")
    numbers: dict[str, Content] = {
        "relative L2 error": scientific(_of(summary, "errors", "relative_l2")),
        "largest error": scientific(_of(summary, "errors", "max")),
        "residual, rms": scientific(_of(summary, "residual", "rms")),
        "time": seconds(_of(summary, "seconds", "total")),
    }
    mark = Markup(
        '<svg class="mark" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2.4" '
        f'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="{_MARKS[found.tone]}"/></svg>'
    )
    words = element("div", element("strong", found.word), *(element("p", sentence) for sentence in found.sentences))
    return element(
        "header",
        element("h1", str(summary.get("problem"))),
        *([element("p", about, class_="about")] if about else []),
        element("div", mark, words, class_=f"verdict {found.tone}", id="verdict"),
        element(
            "dl",
            *(element("div", element("dt", name), element("dd", value)) for name, value in numbers.items()),
            class_="numbers",
        ),
    )


def _pictures(pictures: Sequence[Picture]) -> Markup:
    return section("Pictures", *map(figure, pictures)) if pictures else Markup("")


def _errors(summary: Mapping[str, Any]) -> Markup:
    reference = _of(summary, "reference", "kind")
    accuracy = _of(summary, "reference", "accuracy")
    estimated = _of(summary, "self_consistency", "value")
    rows: dict[str, Content] = {
        "relative L2 error": scientific(_of(summary, "errors", "relative_l2")),
        "asked for": "nothing" if summary.get("tolerance") is None else scientific(summary["tolerance"], least=True),
        "largest error": scientific(_of(summary, "errors", "max")),
        "relative H1 error": scientific(_of(summary, "errors", "relative_h1")),
        "measured against": _against(reference, accuracy),
        "residual, root mean square": scientific(_of(summary, "residual", "rms")),
        "residual, largest": scientific(_of(summary, "residual", "max")),
        "residual between training points over that on them": scientific(_of(summary, "residual", "gap")),
    }
    if estimated is not None:
        rows["self-consistency"] = scientific(estimated)
    return section("Errors", facts(rows))


def _against(reference: object, accuracy: object) -> Content:
    if reference is None:
        return "nothing: no reference is known"
    if reference == "exact":
        return "the exact solution"
    return Markup(f"{escaped(str(reference))}, accurate to {scientific(accuracy).text}")


def _times(summary: Mapping[str, Any]) -> Markup:
    """Where the time went, as a bar and in numbers; what is in none of the parts is validation and the other rungs."""
    known = {name: _positive(_of(summary, "seconds", name)) for name in ("build", "compile", "train")}
    total = max(_positive(_of(summary, "seconds", "total")), sum(known.values()))
    parts = {**known, "everything else": total - sum(known.values())}
    bar = element(
        "div",
        *(
            element("span", class_=f"c{i}", style=f"width:{100 * value / total if total else 0:.2f}%")
            for i, value in enumerate(parts.values(), start=1)
        ),
        class_="times",
        role="img",
        aria_label="; ".join(f"{name} {seconds(value)}" for name, value in parts.items()),
    )
    rows = [
        element(
            "tr",
            element("th", element("span", class_=f"key c{i}"), name, scope="row"),
            element("td", seconds(value), class_="number"),
        )
        for i, (name, value) in enumerate(parts.items(), start=1)
    ]
    last = element("tr", element("th", "total", scope="row"), element("td", seconds(total), class_="number"))
    return section("Time", bar, element("table", element("tbody", *rows, last)))


def _tried(summary: Mapping[str, Any]) -> Markup:
    """The rungs of the accuracy ladder that were climbed."""
    tried = summary.get("tried")
    if not isinstance(tried, list) or not tried:
        return Markup("")
    rows = [
        [
            str(number),
            each.get("field"),
            each.get("solver"),
            scientific(each.get("error")),
            seconds(each.get("seconds")),
            each.get("why"),
        ]
        for number, each in enumerate(tried, start=1)
    ]
    taken = next((i for i, each in enumerate(tried) if each.get("taken")), None)
    names = ["", "field", "solver", "error", "time", "tried because"]
    end = element("p", "The one in bold has the smallest error and is the solution.") if len(tried) > 1 else Markup("")
    return section("What was tried", records(names, rows, "What was tried", taken), end)


def _training(summary: Mapping[str, Any]) -> Markup:
    conditions = summary.get("conditions") or {}
    points = summary.get("points") or {}
    rows: dict[str, Content] = {
        "field": summary.get("field"),
        "weights": summary.get("weights"),
        "solver": summary.get("solver"),
        "steps": summary.get("steps"),
        "ended because": summary.get("stop_reason"),
        "conditions held exactly": _listed(conditions.get("exact")),
        "conditions as terms of the loss": _listed(conditions.get("penalty")),
        "weights of the terms": _pairs(summary.get("weights_of_terms")),
        "points": _pairs(points),
        "balance": summary.get("balance"),
        "engine": summary.get("engine"),
        "precision": summary.get("dtype"),
        "seed": summary.get("seed"),
        "device": summary.get("device"),
    }
    return section("Training", facts(rows))


def _listed(names: object) -> Content:
    if not isinstance(names, list):
        return None
    return ", ".join(map(str, names)) or "none"


def _pairs(values: object) -> Content:
    """Numbers by name, one a line."""
    if not isinstance(values, Mapping) or not values:
        return None
    lines = (f"{escaped(str(name))}&nbsp;{_number(value)}" for name, value in values.items())
    return Markup("<br>".join(lines))


def _number(value: object) -> str:
    return str(value) if isinstance(value, int) else scientific(value).text


def _versions(summary: Mapping[str, Any]) -> Markup:
    versions = summary.get("versions") or {}
    return section("Versions", facts({str(name): version for name, version in versions.items()}))


def _settings(report: Report) -> Markup:
    again = element("pre", element("code", report.command), class_="command")
    return section(
        "Settings",
        element("p", "To run it again, from the folder where it was run:"),
        again,
        folded("All settings", element("pre", element("code", report.settings))),
    )


def _sources(report: Report) -> Markup:
    """What the run rests on, in words, and the same for a bibliography."""
    citation = report.summary.get("citation")
    items = [element("li", element("b", "The problem"), element("span", citation))] if citation else []
    for what, keys in report.methods:
        lines = [element("span", SOURCES[key].line) for key in keys]
        items.append(element("li", element("b", what), *lines))
    entries = bibtex(key for _, keys in report.methods for key in keys)
    return section(
        "To be cited",
        element("ul", *items, class_="sources"),
        folded("BibTeX", element("pre", element("code", entries))),
    )


def _footer(report: Report) -> Markup:
    date = report.summary.get("date")
    begun = f", begun {date}" if date else ""
    return element("p", element("code", report.folder), f"{begun}. Made by pinn.")


def _of(summary: Mapping[str, Any], group: str, name: str) -> Any:
    found = summary.get(group)
    return found.get(name) if isinstance(found, Mapping) else None


def _positive(value: object) -> float:
    return max(float(value), 0.0) if isinstance(value, int | float) else 0.0
