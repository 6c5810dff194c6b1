"""`python -m pinn`: the same as the command `pinn`."""

from __future__ import annotations

import sys

from pinn.app.main import main

if __name__ == "__main__":
    sys.exit(main())
