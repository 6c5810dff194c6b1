"""The command `pinn`, also as `python -m pinn`: an interrupt is answered from the first import on."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command; see `pinn.app.main.main`."""
    try:
        from pinn.app.main import main as command

        return command()
    except KeyboardInterrupt:  # while modules are imported; the command answers for itself
        print("pinn: interrupted.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
