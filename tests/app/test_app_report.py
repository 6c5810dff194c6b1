"""`pinn report` and the page beside every run: what it rests on, what is in it, and how a browser shows it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from app_runs import settings, silent, summary_of
from matplotlib.figure import Figure
from playwright.sync_api import Page, sync_playwright

from pinn.app.locate import conf_folder
from pinn.app.main import main
from pinn.app.methods import BALANCES, FIELDS, SAMPLINGS, SOLVERS, WITHOUT, methods
from pinn.app.report import write_report
from pinn.app.run import run
from pinn.app.solution import Solution
from pinn.report.bibliography import SOURCES
from pinn.report.style import save_figure


@pytest.fixture
def saved(flow: Solution, tmp_path: Path) -> Path:
    return flow.save(tmp_path / "run")


@pytest.mark.parametrize(
    ("group", "known"), [("field", FIELDS), ("solver", SOLVERS), ("sampling", SAMPLINGS), ("balance", BALANCES)]
)
def test_every_choice_of_a_config_says_what_it_rests_on(group: str, known: dict[str, Any]):
    choices = {path.stem for path in (conf_folder() / group).glob("*.yaml")}
    assert choices - set(WITHOUT) == set(known)
    for _, keys in known.values():
        assert set(keys) <= set(SOURCES)


def test_a_run_rests_on_what_it_used_and_on_nothing_else():
    summary = {"engine": "forward", "conditions": {"exact": ["initial"]}, "reference": {"kind": "finite elements"}}
    config = {
        "field": {"name": "fourier", "activation": "sine"},
        "solver": {"name": "chain", "adam": {"max_steps": 1}, "engd": {"momentum": 0.5}, "lbfgs": None},
        "sampling": {"name": "rad"},
        "balance": {"name": "ntk"},
    }
    keys = [key for _, found in methods(summary, config) for key in found]
    assert keys == [
        *("raissi2019", "tancik2020", "sitzmann2020", "lagaris1998", "sukumar2022", "li2024", "kingma2015"),
        *("mueller2023", "goldshlager2024", "wu2023", "wang2022", "gustafsson2020", "schoeberl1997", "abadi2016"),
    ]
    features = {"field": {"name": "random_features", "interactions": 2}, "solver": {"name": "engd", "momentum": 0.0}}
    assert [what for what, _ in methods({}, features)] == [
        *("Random features", "Features that see few axes each", "Energy natural gradients", "TensorFlow"),
    ]
    assert [what for what, _ in methods({}, {})] == ["TensorFlow"]


def test_every_source_is_cited_by_some_choice():
    groups = [found for known in (FIELDS, SOLVERS, SAMPLINGS, BALANCES) for found in known.values()]
    summary = {"engine": "forward", "conditions": {"exact": ["u"]}, "reference": {"kind": "finite elements"}}
    config = {
        "field": {"name": "mlp", "activation": "sine", "interactions": 1},
        "solver": {"name": "engd", "momentum": 1},
    }
    assert {key for _, keys in (*groups, *methods(summary, config)) for key in keys} == set(SOURCES)


def test_every_run_has_its_report_unless_it_is_told_not_to(tmp_path: Path):
    for report in (True, False):
        folder = tmp_path / str(report)
        assert run(settings("pinn.problems.Poisson1D", report=report), folder, silent) == 0
        assert (folder / "report.html").is_file() is report


def test_a_report_is_made_again_from_the_files_of_a_run(saved: Path, capsys: pytest.CaptureFixture[str]):
    shutil.rmtree(saved / "figures")
    for name in ("solution.npz", "model.keras", "history.csv"):
        (saved / name).unlink()
    summary = summary_of(saved)
    summary["residual"]["gap"] = 123.4
    (saved / "summary.json").write_text(json.dumps(summary))
    assert main(["report", str(saved)]) == 0
    assert capsys.readouterr().out == f"{saved / 'report.html'}\n"
    page = (saved / "report.html").read_text(encoding="utf-8")
    assert "The residual is 123 times larger between the training points than on them" in page
    assert "Pictures" not in page
    (saved / "config.yaml").unlink()
    assert write_report(saved).is_file()


@pytest.mark.parametrize(
    ("text", "said"),
    [("[1, 2]", "expected the config of a run; got something else"), ("a: [", "config.yaml: expected a config")],
)
def test_a_config_of_something_else_is_refused(saved: Path, capsys: pytest.CaptureFixture[str], text: str, said: str):
    (saved / "config.yaml").write_text(text)
    assert main(["report", str(saved)]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert not (saved / "report.html").exists()


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["report", str(tmp_path)]) == 2
    assert "expected the folder of a finished run, with its summary.json" in capsys.readouterr().err


EVIL = "<script>document.title = 'broken'</script>"


@pytest.fixture(scope="module")
def report(flow: Solution, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run of an evil name, with everything that a page can have, and with real pictures."""
    folder = flow.save(tmp_path_factory.mktemp("report") / "run")
    summary = summary_of(folder)
    summary |= {
        **{"problem": f"flow_{EVIL}", "verdict": "fail", "tolerance": 1e-9, "about": "A_long_word" * 20},
        "tried": [
            {"field": "random_features", "solver": "a_solver" * 5, "error": 1e-3, "seconds": 1e3, "why": "so " * 40}
        ],
    }
    summary["residual"]["gap"] = 99.0
    (folder / "summary.json").write_text(json.dumps(summary))
    for name, size in (("maps_u.png", (9.0, 2.0)), ("points.png", (3.0, 3.0)), ("history.png", (9.0, 4.0))):
        save_figure(Figure(figsize=size), folder / "figures" / name)
    return write_report(folder)


class Shown:
    """A page in one browser, with what it complained of and asked for."""

    def __init__(self, page: Page, path: Path) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        self.address = path.as_uri()
        page.goto(self.address)

    def look(self, width: int, height: int, scheme: str = "light", media: str = "screen") -> None:
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.evaluate("scrollTo(0, 0)")
        self.page.emulate_media(color_scheme=scheme, media=media)  # type: ignore[arg-type]

    def contrast(self, selector: str) -> float:
        """The least contrast of text to its ground among the elements, as WCAG 2 defines it."""
        return float(self.page.evaluate(CONTRAST, selector))


CONTRAST = """selector => {
  const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = element => {
    for (let e = element; e; e = e.parentElement) {
      const found = numbers(getComputedStyle(e).backgroundColor);
      if (found.length < 4 || found[3] > 0) return found;
    }
  };
  const of = element => {
    const [a, b] = [luminance(numbers(getComputedStyle(element).color)), luminance(ground(element))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  return Math.min(...[...document.querySelectorAll(selector)].map(of));
}"""


@pytest.fixture(scope="module")
def shown(report: Path) -> Iterator[Shown]:
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield Shown(browser.new_page(), report)
        browser.close()


WIDTHS = [(360, 640), (1280, 720)]
TEXTS = "h1, h2, p, td, th, dt, dd, summary, figcaption, pre, li span, li b, strong, footer"


def test_a_browser_has_nothing_to_complain_of_and_asks_nobody(shown: Shown):
    for width, height in WIDTHS:
        shown.look(width, height)
        for summary in shown.page.locator("summary").all():
            summary.click()
    assert shown.complaints == []
    assert [url for url in shown.requests if not url.startswith("data:")] == [shown.address]
    assert shown.page.title() == f"flow_{EVIL}: accuracy missed"
    assert shown.page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    assert shown.page.evaluate("[...document.images].every(image => image.alt.length > 10)")
    assert shown.page.locator("html").get_attribute("lang") == "en"


@pytest.mark.parametrize(("width", "height"), WIDTHS)
def test_the_page_fits_with_the_verdict_in_the_first_screen(shown: Shown, width: int, height: int):
    shown.look(width, height)
    for details in shown.page.locator("details").all():  # what is folded must fit, too
        details.evaluate("element => element.open = true")
    assert shown.page.evaluate("document.documentElement.scrollWidth") == width
    box = shown.page.locator("#verdict strong").bounding_box()
    assert box is not None
    assert 0 <= box["y"] < box["y"] + box["height"] < height
    wide = shown.page.locator("img.wide").first.bounding_box()
    assert wide is not None
    assert wide["width"] >= 600  # on a phone it is scrolled inside its frame


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_by_day_and_by_night(shown: Shown, scheme: str):
    shown.look(1280, 720, scheme)
    ground = shown.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, ground[4:-1].split(","))) < 3 * 64) is (scheme == "dark")
    assert shown.contrast(TEXTS) >= 4.5
    for tone in ("pass", "open", "fail"):
        shown.page.evaluate("tone => document.querySelector('#verdict').className = `verdict ${tone}`", tone)
        assert shown.contrast("#verdict strong, #verdict p") >= 4.5


def test_a_printed_page_is_light_and_shows_what_is_folded(shown: Shown):
    shown.look(794, 1123, "dark", "print")
    for details in shown.page.locator("details").all():
        details.evaluate("element => element.open = false")
        assert details.locator("pre").bounding_box()["height"] > 20  # type: ignore[index]
    assert shown.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert shown.contrast(TEXTS) >= 4.5
    assert shown.page.evaluate("document.documentElement.scrollWidth") == 794
