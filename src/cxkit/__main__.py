"""``python -m cxkit`` is the command line."""

from __future__ import annotations

from cxkit.cli import main

if __name__ == "__main__":
    main()
