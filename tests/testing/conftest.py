"""A wrong adapter is found by one failure: the rest of its tests needn't run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_found: set[type] = set()


def _ends_early(item: pytest.Item) -> bool:
    return "CXKIT_FIRST_FAILURE" in os.environ and getattr(item, "cls", None) is not None


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what is left of a class that has failed."""
    if _ends_early(item) and item.cls in _found:  # type: ignore[attr-defined]
        pytest.skip("found already")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Remember which classes failed."""
    report = yield
    if _ends_early(item) and report.when == "call" and report.failed:  # type: ignore[attr-defined]
        _found.add(item.cls)  # type: ignore[attr-defined]
    return report
