"""The engines by name."""

from __future__ import annotations

from pinn.calculus.forward import Forward
from pinn.calculus.needs import Engine
from pinn.calculus.tape import Tape

ENGINES: dict[str, Engine] = {"tape": Tape(), "forward": Forward()}


def engine_named(name: str | Engine) -> Engine:
    """The engine that a name stands for; an engine passes through.

    | name | engine | when |
    |---|---|---|
    | `auto` | `tape` | serves every function that TensorFlow can differentiate |
    | `tape` | nested reverse mode | the reference |
    | `forward` | one pass | Laplacians in a fraction of the time; refuses an operation without a rule |

    Raises:
        ValueError: an unknown name; the message lists the names.
    """
    if not isinstance(name, str):
        return name
    if name == "auto":
        return ENGINES["tape"]
    if name not in ENGINES:
        raise ValueError(f"engine: expected one of auto, {', '.join(ENGINES)}; got {name!r}")
    return ENGINES[name]
