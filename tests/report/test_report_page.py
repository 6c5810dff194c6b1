"""The report of a run as HTML: the verdict in words, every text escaped, sources as they are cited."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from pinn.report.bibliography import SOURCES, bibtex
from pinn.report.html import Picture, escaped, figure, scientific
from pinn.report.judgement import judgement
from pinn.report.page import Report, report_page

SUMMARY: dict[str, Any] = {
    "problem": "heat_1d",
    "about": "A cooling rod.",
    "verdict": "pass",
    "tolerance": 1e-4,
    "errors": {"relative_l2": 3.25e-6, "max": 0.05, "relative_h1": None},
    "residual": {"rms": 2e-5, "max": 1e-3, "gap": 1.5},
    "reference": {"kind": "exact", "accuracy": 0.0},
    "self_consistency": None,
    "seconds": {"build": 1.0, "compile": 0.5, "train": 2.0, "total": 4.0},
    "steps": 300,
    "stop_reason": "the asked accuracy was reached",
    "conditions": {"exact": ["initial"], "penalty": []},
    "weights_of_terms": {"equation": 1.0},
    "points": {"equation": 1000},
    "versions": {"pinn": "0.1.0", "commit": None},
    "tried": [
        {"field": "random_features", "solver": "least_squares", "error": 1e-2, "seconds": 1.0, "why": "it is linear"},
        {"field": "mlp", "solver": "bfgs", "error": 3e-6, "seconds": 2.0, "why": "of the rest", "taken": True},
    ],
    "citation": "Carslaw & Jaeger",
}


def _page(summary: Any = SUMMARY, **changes: Any) -> str:
    given: dict[str, Any] = {
        "settings": "seed: 0\n",
        "pictures": [Picture(b"picture", "What is seen.", "u.")],
        "methods": [("A network", ("raissi2019",))],
        "notes": [],
        "folder": "outputs/heat_1d/1",
        "command": "pinn outputs/heat_1d/1/config.yaml",
    }
    return report_page(Report(summary=summary, **{**given, **changes}))


class Outline(HTMLParser):
    """Checks that elements are closed in order, and keeps their texts and attributes."""

    VOID = ("meta", "link", "img", "br", "path")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(page)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self.open[-1] if self.open else "", data.strip()))


def test_a_page_says_everything_in_its_order():
    page = Outline(_page())
    headings = [text for tag, text in page.texts if tag in ("h1", "h2")]
    assert headings == [
        *("heat_1d", "Pictures", "What was tried", "Errors", "Time", "Versions", "Training", "Settings"),
        "To be cited",
    ]
    assert ("title", "heat_1d: passed") in page.texts
    words = " ".join(text for _, text in page.texts)
    for said in (
        *("A cooling rod.", "Passed", "against the exact solution is 3.2", "at most 1", "was asked for."),
        *("largest error 0.05", "relative H1 error –", "build 1.00 s", "everything else 0.50 s", "total 4.00 s"),
        *("it is linear", "of the rest", "The one in bold", "ended because the asked accuracy was reached"),
        *("conditions held exactly initial", "as terms of the loss none", "commit –", "seed: 0", "Carslaw & Jaeger"),
        *("pinn outputs/heat_1d/1/config.yaml", "M. Raissi, P. Perdikaris, G. E. Karniadakis: Physics-Informed"),
    ):
        assert said in words, said
    (row,) = (attributes for tag, attributes in page.tags if tag == "tr" and attributes.get("class") == "taken")
    (image,) = (attributes for tag, attributes in page.tags if tag == "img")
    assert image["alt"] == "What is seen."
    assert row


def test_a_page_of_a_summary_that_says_nothing_is_a_page():
    page = Outline(_page({}, pictures=[], methods=[], settings=""))
    assert ("strong", "Unknown verdict: None") in page.texts
    assert "Pictures" not in [text for _, text in page.texts]


def _texts(value: Any, evil: str) -> Any:
    """The same with the evil text for every text."""
    if isinstance(value, dict):
        return {key: _texts(item, evil) for key, item in value.items()}
    if isinstance(value, list):
        return [_texts(item, evil) for item in value]
    return evil if isinstance(value, str) else value


FREE = ("weights_of_terms", "points")  # whose keys are what a problem calls its terms


@pytest.mark.parametrize("evil", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "'--></style><b>"])
def test_texts_are_texts_whatever_they_say(evil: str):
    honest = Outline(_page(methods=[]))
    page = Outline(
        _page(
            _texts(SUMMARY, evil) | {"verdict": "pass", **{name: {evil: 1} for name in FREE}},
            pictures=[Picture(b"picture", evil, evil)],
            methods=[],
            notes=[],
            settings=evil,
            folder=evil,
            command=evil,
        )
    )
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in honest.tags]
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert sum(evil in text for _, text in page.texts) > 10


@pytest.mark.parametrize(
    ("changes", "tone", "word", "said"),
    [
        ({}, "pass", "Passed", "An error of at most 1&nbsp;×&nbsp;10<sup>−4</sup> was asked for."),
        ({"tolerance": None}, "pass", "Solved", "No accuracy was asked for."),
        (
            {"verdict": "fail", "errors": {"relative_l2": 0.5}, "stop_reason": "time."},
            *("fail", "Accuracy missed", "is 0.5. An error of at most 1&nbsp;×&nbsp;10<sup>−4</sup> was asked for. "),
        ),
        (
            {"verdict": "fail", "errors": None, "stop_reason": "NaN; <what>"},
            *("fail", "Failed", "Training ended: NaN; &lt;what&gt;."),
        ),
        (
            {"reference": {"kind": "finite elements", "accuracy": 6e-5}},
            *("pass", "Passed", "against finite elements that are accurate to 6.0&nbsp;×&nbsp;10<sup>−5</sup>."),
        ),
        (
            {
                **{"verdict": "no reference", "tolerance": None, "errors": None, "reference": None},
                "self_consistency": {"kind": "residual held out", "value": 2e-5, "why_no_reference": "a system."},
            },
            *("open", "Done, not checked", "There is no reference to compare with: a system. Self-consistency 2.0"),
        ),
        (
            {"verdict": "no reference", "reference": {"kind": "finite elements", "accuracy": 1e-2}},
            *("open", "Not checked", "That reference is not accurate enough to tell. An error of at most"),
        ),
        (
            {"verdict": "no reference", "reference": None, "errors": None},
            *("open", "Not checked", "There is no reference to compare with. An error of at most"),
        ),
    ],
)
def test_a_verdict_is_said_in_words(changes: dict[str, Any], tone: str, word: str, said: str):
    found = judgement(SUMMARY | changes)
    assert (found.tone, found.word) == (tone, word)
    assert said in " ".join(sentence.text for sentence in found.sentences) + " "


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.25e-6, "3.2&nbsp;×&nbsp;10<sup>−6</sup>"),
        (-12345.0, "−1.2&nbsp;×&nbsp;10<sup>4</sup>"),
        (0.0123, "0.0123"),
        (-0.5, "−0.5"),
        (0.0, "0"),
        (12, "12"),
        (float("nan"), "–"),
        (None, "–"),
        ("<5>", "&lt;5&gt;"),
        (True, "True"),
    ],
)
def test_numbers_are_written_as_people_write_them(value: object, text: str):
    assert scientific(value).text == text


def test_what_was_asked_for_has_no_more_digits_than_it_has():
    assert scientific(1e-6, least=True).text == "1&nbsp;×&nbsp;10<sup>−6</sup>"
    assert scientific(2.5e-6, least=True).text == "2.5&nbsp;×&nbsp;10<sup>−6</sup>"


def test_other_values_have_words():
    assert [escaped(value) for value in (True, False, None, 3)] == ["yes", "no", "–", "3"]


def _png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big")


def test_a_picture_knows_its_size_so_that_the_page_does_not_jump():
    wide, high = (figure(Picture(_png(*size), "", "u")).text for size in ((1500, 500), (300, 600)))
    assert 'width="960" height="320" class="wide"' in wide
    assert 'width="192" height="384">' in high
    assert "width" not in figure(Picture(b"cut", "", "u")).text


def test_every_source_is_an_entry_of_bibtex():
    for key, source in SOURCES.items():
        entry = source.bibtex(key)
        assert entry.startswith(f"@{source.kind}{{{key},\n  author = {{")
        assert entry.count("{") == entry.count("}")
        assert key.endswith(str(source.year))
        assert re.fullmatch(r"(  \w+ = \{.+\},\n)+\}\n", entry.partition("\n")[2])
        assert str(source.year) in source.line
    assert list(SOURCES) == sorted(SOURCES)


def test_a_source_to_read_and_to_copy():
    assert SOURCES["liu1989"].line == (
        "D. C. Liu, J. Nocedal: On the Limited Memory BFGS Method for Large Scale Optimization. "
        "Mathematical Programming 45 (1989), 503–528."
    )
    assert SOURCES["golub2013"].line.endswith(
        "Matrix Computations, 4th edition. Johns Hopkins University Press (2013)."
    )
    assert SOURCES["abadi2016"].line.startswith("M. Abadi, P. Barham, J. Chen and others: TensorFlow")
    assert bibtex(["liu1989", "golub2013", "liu1989"]).count("@") == 2
    assert SOURCES["liu1989"].bibtex("liu1989") == (
        "@article{liu1989,\n"
        "  author = {Liu, Dong C. and Nocedal, Jorge},\n"
        "  title = {{On the Limited Memory BFGS Method for Large Scale Optimization}},\n"
        "  journal = {Mathematical Programming},\n"
        "  volume = {45},\n"
        "  pages = {503--528},\n"
        "  doi = {10.1007/BF01589116},\n"
        "  year = {1989},\n"
        "}\n"
    )
