"""Set Hypothesis up, and run the examples of documentation and docstrings as tests: ``pytest README.md docs src``.

Of console blocks the commands that begin with ``$ cxkit`` are run too, and must print what is shown beneath them.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from doctest import ELLIPSIS, OutputChecker
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
from sybil import Sybil
from sybil.document import PythonDocStringDocument
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser, SkipParser
from sybil.parsers.rest import DocTestParser
from sybil.sybil import SybilCollection

if TYPE_CHECKING:
    from sybil import Example

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


def _run_console(example: Example) -> str | None:
    """Run the commands of a console block that begin with cxkit; return what is wrong with them, or None."""
    shell = shutil.which("sh")
    for command, shown in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n?)*)", str(example.parsed), re.MULTILINE):
        if shell is None or not command.startswith("cxkit "):
            continue
        script = f'cxkit() {{ "{sys.executable}" -m cxkit "$@"; }}\n{command}'
        done = subprocess.run(  # noqa: S603 - the commands are our own
            [shell, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", check=False
        )
        if not shown.strip() and done.returncode:
            return f"{command}: exit code {done.returncode}\n{done.stdout}"
        if shown.strip() and not OutputChecker().check_output(shown.strip(), done.stdout.strip(), ELLIPSIS):
            return f"{command}: expected\n{shown}\ngot\n{done.stdout}"
    return None


_pages = Sybil(
    parsers=[
        PythonCodeBlockParser(doctest_optionflags=ELLIPSIS),
        CodeBlockParser(language="console", evaluator=_run_console),
        SkipParser(),
    ],
    patterns=["*.md"],
    setup=_enter_folder,
    teardown=_leave_folder,
)


def _docstrings_in(folder: str) -> Sybil:
    return Sybil(
        path=folder,
        parsers=[DocTestParser(optionflags=ELLIPSIS)],
        patterns=["*.py"],
        excludes=["*/tests/*"],
        document_types={".py": PythonDocStringDocument},
        setup=_enter_folder,
        teardown=_leave_folder,
    )


pytest_collect_file = SybilCollection([_pages, _docstrings_in("src"), _docstrings_in("adapters")]).pytest()
