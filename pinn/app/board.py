"""What a person sees while a run trains: a few lines that fit into any terminal.

╭─ heat_1d ────────────────────────────────────────────────────────────────────╮
│ ⠋ adam  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━  2000/10000  400 step/s  0:00:20 left │
│ loss  3.2e-05                                                                │
│       equation 1.2e-05  dirichlet_boundary 2.0e-05                           │
│ error 1.0e-05  ███▇▇▆▆▆▅▅▄▄▃▃▃▂▂▁▁▁                                          │
╰──────────────────────────────────────────────────────────────────────────────╯
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.panel import Panel
from rich.text import Text

STARTING = "loading TensorFlow, compiling ..."

_WIDEST, _NARROWEST = 100, 40  # characters of the panel; without its frame below the second
_SHORTEST_BAR = 8
_TERM_LINES = 2
_INDENT = 6  # characters of "error "
_FRAMES, _PLAIN_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "-\\|/"
_BARS = "▁▂▃▄▅▆▇█"
_PACE_WINDOW = 12
_CURVE = 64  # points that are kept of a curve, and at most as many characters


class Event(Protocol):
    """What a training tells about itself; `pinn.training.Event` is one."""

    @property
    def step(self) -> int: ...
    @property
    def steps_planned(self) -> int: ...
    @property
    def stage(self) -> str: ...
    @property
    def loss(self) -> float: ...
    @property
    def error(self) -> float | None: ...
    @property
    def seconds(self) -> float: ...
    @property
    def terms(self) -> Mapping[str, float]: ...
    @property
    def rung(self) -> str: ...


class Pace:
    """Steps a second over the last few events: stages differ in speed, so the mean of the run would mislead."""

    def __init__(self) -> None:
        self._seen: deque[tuple[int, float]] = deque(maxlen=_PACE_WINDOW)

    def update(self, step: int, seconds: float) -> float | None:
        """The pace after one more event; `None` while there is no time between events."""
        if self._seen and step < self._seen[-1][0]:  # another training
            self._seen.clear()
        self._seen.append((step, seconds))
        (first_step, first_seconds), (last_step, last_seconds) = self._seen[0], self._seen[-1]
        if len(self._seen) == 1:
            first_step, first_seconds = 0, 0.0
        passed = last_seconds - first_seconds
        return (last_step - first_step) / passed if passed > 0 else None


class Curve:
    """The way of a positive number, in powers of ten, thinned out evenly where it grows long."""

    def __init__(self) -> None:
        self._values: list[float] = []
        self._every, self._seen = 1, 0

    def add(self, value: float) -> None:
        """One more; what has no logarithm is left out."""
        if not (math.isfinite(value) and value > 0.0):
            return
        if self._seen % self._every == 0:
            self._values.append(math.log10(value))
        self._seen += 1
        if len(self._values) > _CURVE:
            self._values, self._every = self._values[::2], 2 * self._every

    def bars(self, width: int) -> str:
        """At most so many characters, each as high as the number was; none where it has not changed."""
        values = self._values  # another thread may be adding to it, or thin it out by taking another list
        last = len(values) - 1
        count = min(width, last + 1)
        if count < 2:
            return ""
        shown = [values[round(place * last / (count - 1))] for place in range(count)]
        low, high = min(shown), max(shown)
        if high - low < 1e-3:
            return ""
        return "".join(_BARS[min(int((value - low) / (high - low) * len(_BARS)), len(_BARS) - 1)] for value in shown)


@dataclass(frozen=True)
class Seen:
    """An event, and what was made of those before it."""

    event: Event
    pace: float | None
    left: float | None


class Board:
    """What is seen of a training, as rich renders it, fed with events.

    Args:
        title: the problem.
        time_limit: seconds of training, where there is a limit.
        clock: of the seconds until the first event, and of the spinner.
    """

    def __init__(
        self, title: str = "", *, time_limit: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._title, self._limit, self._clock = title, time_limit, clock
        self._began = clock()
        self._pace, self._curve, self._measure = Pace(), Curve(), ""
        self._seen: Seen | None = None

    def observe(self, event: Event) -> None:
        """Take an event in. It costs some microseconds: what is seen of it is made when the panel is drawn."""
        pace = self._pace.update(event.step, event.seconds)
        measure, value = ("loss", event.loss) if _unknown(event.error) else ("error", event.error or 0.0)
        if (measure, event.rung) != (self._measure, self._seen.event.rung if self._seen else event.rung):
            self._curve, self._measure = Curve(), measure
        self._curve.add(value)
        self._seen = Seen(event, pace, _left(event, pace, self._limit))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = min(options.max_width, _WIDEST)
        framed = width >= _NARROWEST
        inside = width - 4 if framed else width
        lines = Text("\n").join(_cut(line, inside) for line in self._lines(inside, plain=options.ascii_only))
        if not framed:
            yield lines
            return
        yield Panel(
            lines,
            box=box.ASCII if options.ascii_only else box.ROUNDED,
            title=self._heading(),
            title_align="left",
            width=width,
            border_style="dim",
        )

    def _heading(self) -> Text | None:
        """The problem, and which rung of the ladder is climbed."""
        rung = self._seen.event.rung if self._seen else ""
        parts = [Text(self._title, style="bold not dim")] if self._title else []
        return Text("  ").join([*parts, *([Text(rung)] if rung else [])]) if parts or rung else None

    def _lines(self, width: int, *, plain: bool) -> list[Text]:
        """Progress, loss, its terms and the error; one line before anything is known."""
        frames = _PLAIN_FRAMES if plain else _FRAMES
        passed = self._clock() - self._began
        spinner = (f"{frames[int(passed * 8) % len(frames)]} ", "cyan")
        if self._seen is None:
            return [Text.assemble(spinner, STARTING, (f"  {_duration(passed)}", "dim"))]
        event = self._seen.event
        loss, error = _labelled("loss ", event.loss, "bold"), []
        if event.error is None or math.isnan(event.error):
            loss = Text.assemble(loss, (self._way(width - loss.cell_len, plain=plain), "cyan"))
        else:
            known = _labelled("error", event.error, "bold green")
            error = [Text.assemble(known, (self._way(width - known.cell_len, plain=plain), "green"))]
        progress = Text.assemble(spinner, _progress(self._seen, width - 2, plain=plain))
        return [progress, loss, *_terms(event.terms, width), *error]

    def _way(self, width: int, *, plain: bool) -> str:
        """How the error, or the loss, has come to where it is."""
        bars = "" if plain else self._curve.bars(width - 2)
        return f"  {bars}" if bars else ""


def _progress(seen: Seen, width: int, *, plain: bool) -> Text:
    """Stage, bar, steps, pace and time left; where there is no room bar, pace and time go in this order."""
    event = seen.event
    done = f"{event.step}/{event.steps_planned}"
    left = [] if seen.left is None else [f"{_duration(seen.left)} left"]
    pace = [] if not seen.pace else [f"{seen.pace:.0f} step/s" if seen.pace >= 10 else f"{seen.pace:.1f} step/s"]
    for parts in ([done, *pace, *left], [done, *left], [done]):
        text = "".join(f"  {part}" for part in parts)
        room = width - cell_len(event.stage) - cell_len(text)
        if room >= 0:
            break
    bar = _bar(event.step / max(event.steps_planned, 1), room - 2, plain=plain) if room >= _SHORTEST_BAR + 2 else ()
    return Text.assemble((event.stage, "bold"), *bar, text)


def _bar(part: float, width: int, *, plain: bool) -> tuple[tuple[str, str], ...]:
    full = round(min(max(part, 0.0), 1.0) * width)
    done, open_ = "=-" if plain else "━━"
    return ("  ", ""), (done * full, "cyan"), (open_ * (width - full), "grey37")


def _terms(terms: Mapping[str, float], width: int) -> list[Text]:
    """The terms of the loss in at most two lines, the largest where there is no room for all."""
    if len(terms) < 2:
        return []
    parts = {name: _labelled(name, value, "") for name, value in terms.items()}
    largest = sorted(terms, key=lambda name: terms[name] if math.isfinite(terms[name]) else math.inf, reverse=True)
    for count in range(len(terms), 0, -1):
        kept = [parts[name] for name in terms if name in largest[:count]]
        rest = [Text(f"+{len(terms) - count} more", style="dim")] if count < len(terms) else []
        lines = _folded([*kept, *rest], width)
        if len(lines) <= _TERM_LINES:
            break
    return lines


def _folded(parts: Sequence[Text], width: int) -> list[Text]:
    """Parts side by side as far as they fit, then below, all as far in as the numbers of the other lines."""
    lines: list[Text] = []
    for part in parts:
        if lines and lines[-1].cell_len + 2 + part.cell_len <= width:
            lines[-1] = Text.assemble(lines[-1], "  ", part)
        else:
            lines.append(Text.assemble(" " * _INDENT, part))
    return lines


def _labelled(name: str, value: float, style: str) -> Text:
    return Text.assemble((f"{name} ", "dim"), (f"{value:.1e}", style))


def _cut(line: Text, width: int) -> Text:
    line.truncate(max(width, 1), overflow="ellipsis")
    line.no_wrap = True
    return line


def _left(event: Event, pace: float | None, limit: float | None) -> float | None:
    """Seconds until the steps are done or the time is over, whichever comes first."""
    by_steps = [max(event.steps_planned - event.step, 0) / pace] if pace else []
    by_limit = [max(limit - event.seconds, 0.0)] if limit is not None else []
    return min([*by_steps, *by_limit], default=None)


def _duration(seconds: float) -> str:
    return str(timedelta(seconds=math.ceil(seconds)))


def _unknown(error: float | None) -> bool:
    return error is None or math.isnan(error)
