from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from cxkit.plugins import hookspecs

DOCS = Path(__file__).parents[2] / "docs"
HOOKS = [name for name in vars(hookspecs) if name.startswith("cxkit_")]


def test_there_are_hooks() -> None:
    """The list that the other tests go through isn't empty, and holds every specification."""
    marked = [name for name, value in vars(hookspecs).items() if hasattr(value, "cxkit_spec")]

    assert HOOKS
    assert marked == HOOKS


@pytest.mark.parametrize("page", ["reference.md", "how-to.md"])
@pytest.mark.parametrize("hook", HOOKS)
def test_hook_is_documented(hook: str, page: str) -> None:
    """Every hook stands in the reference and in the recipe for plugins."""
    assert hook in (DOCS / page).read_text("utf-8")


@pytest.mark.parametrize("hook", HOOKS)
def test_hook_has_a_docstring(hook: str) -> None:
    """Every hook says what it is for, and names each argument that it gives."""
    function = getattr(hookspecs, hook)
    said = inspect.getdoc(function) or ""

    assert said
    for argument in inspect.signature(function).parameters:
        assert f"`{argument}`" in said
