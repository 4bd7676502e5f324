"""`python -m reconciler`: the same as the command `reconciler`."""

from __future__ import annotations

from reconciler.cli.main import main

if __name__ == "__main__":
    main()
