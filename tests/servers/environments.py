"""Environments of Python for servers that the tests start: made once, apart from ours."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def made(folder: Path, *packages: str, python: str = sys.executable) -> Path:
    """Make an environment, fill it from PyPI, and return its Python.

    Args:
        folder: where to.
        packages: what it holds.
        python: what it runs on. It needs no pip, which Debian's lacks: ours fills the environment from outside.
    """
    subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True)
    inside = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(inside), "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *packages], check=True)
    return inside
