"""`pinn sweep`, and `pinn-sweep`: a search for the settings with the smallest true error.

0    a trial came to its end, and the best met the asked accuracy (or none was asked)
1    none did, or the best missed the accuracy
2    bad input: said in one or two lines, nothing left behind
130  interrupted; `pinn sweep --resume FOLDER` goes on, 143 if by SIGTERM
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec

from pinn.app.search.names import COMMAND
from pinn.app.search.options import read
from pinn.app.search.plan import composing


def main(words: Sequence[str], command: Sequence[str] = COMMAND) -> int:
    """The sweep that the words ask for.

    Args:
        words: those after `pinn sweep`.
        command: starts a worker, see `pinn.app.search.worker`.

    Raises:
        ValueError and others of `pinn.app.messages.USER_ERRORS`: bad input.
    """
    given, resume = read(words)
    if find_spec("optuna") is None:
        raise ValueError('pinn sweep: expected the package optuna; it is not installed. pip install "pinn[sweep]"')
    from pinn.app.search.book import quietly
    from pinn.app.search.session import run

    with quietly(), composing() as compose:
        return run(given, resume, compose, command)


def console() -> int:
    """The command `pinn-sweep`: `pinn sweep` with the same words."""
    from pinn.app.main import main as pinn

    return pinn(["sweep", *sys.argv[1:]])
