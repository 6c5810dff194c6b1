"""The engines by name."""

from __future__ import annotations

from collections.abc import Callable

from pinn.calculus.auto import Auto
from pinn.calculus.forward import Forward
from pinn.calculus.needs import Engine
from pinn.calculus.tape import Tape

ENGINES: dict[str, Callable[[], Engine]] = {"auto": Auto, "tape": Tape, "forward": Forward}


def engine_named(name: str | Engine) -> Engine:
    """A new engine of the name; an engine passes through.

    | name | engine | when |
    |---|---|---|
    | `auto` | the faster of the two | always; falls back to `tape` where `forward` has no rule, see `Auto` |
    | `tape` | nested reverse mode | the reference; serves every function that TensorFlow can differentiate twice |
    | `forward` | one pass | Laplacians in a fraction of the time; refuses an operation without a rule |

    Raises:
        ValueError: an unknown name; the message lists the names.
    """
    if not isinstance(name, str):
        return name
    if name not in ENGINES:
        raise ValueError(f"engine: expected one of {', '.join(ENGINES)}; got {name!r}")
    return ENGINES[name]()
