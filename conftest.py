"""Set Hypothesis up, and run the examples of documentation and docstrings as tests: ``pytest README.md docs src``."""

from __future__ import annotations

import contextlib
import os
import tempfile
from doctest import ELLIPSIS
from pathlib import Path
from typing import Any

import hypothesis
from sybil import Sybil
from sybil.document import PythonDocStringDocument
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser
from sybil.parsers.rest import DocTestParser

# Tests share two cores with one another: how long one example takes says nothing. The rest stays as Hypothesis sets it,
# which is stricter where CI is set: no chance, no database.
hypothesis.settings.register_profile("cxkit", hypothesis.settings(), deadline=None)
hypothesis.settings.load_profile("cxkit")

_FOLDER = "_folder"


def _enter_folder(namespace: dict[str, Any]) -> None:
    """Give each document an empty folder to work in, so that ``connect("shop.db")`` leaves nothing behind."""
    stack = contextlib.ExitStack()
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    stack.callback(os.chdir, Path.cwd())
    os.chdir(folder)
    namespace[_FOLDER] = stack


def _leave_folder(namespace: dict[str, Any]) -> None:
    """Return to where the document was entered from, and remove its folder."""
    namespace.pop(_FOLDER).close()


_pages = Sybil(
    parsers=[PythonCodeBlockParser(doctest_optionflags=ELLIPSIS), SkipParser()],
    patterns=["*.md"],
    setup=_enter_folder,
    teardown=_leave_folder,
)
_docstrings = Sybil(
    path="src",
    parsers=[DocTestParser(optionflags=ELLIPSIS)],
    patterns=["*.py"],
    document_types={".py": PythonDocStringDocument},
    setup=_enter_folder,
    teardown=_leave_folder,
)

pytest_collect_file = (_pages + _docstrings).pytest()
