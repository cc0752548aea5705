"""Progress: on standard error, and only where that is a terminal."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")

_AT_ONCE: Final = 4096


class Follow(Protocol):
    """Passes things through and shows how far it is.

    `done` tells how much of `total` is done; without it, things are counted.
    """

    def __call__(
        self, things: Iterable[T], label: str, total: int | None = None, done: Callable[[], int] | None = None
    ) -> Iterable[T]:
        """Give the things again, one after the other."""
        ...


@contextmanager
def progress(*, beside_output: bool = False) -> Iterator[Follow]:
    """Give the function to follow work with; it shows nothing unless somebody watches a terminal.

    Args:
        beside_output: whether standard output is written to at the same time; on one terminal the two would mix.
    """
    if not _is_watched() or (beside_output and sys.stdout.isatty()):
        yield _pass
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True, color_system=None if os.environ.get("NO_COLOR") else "auto"),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    ) as bars:

        def follow(
            things: Iterable[T], label: str, total: int | None = None, done: Callable[[], int] | None = None
        ) -> Iterable[T]:
            task = bars.add_task(label, total=total)
            iterator = iter(things)
            counted = 0
            while some := list(islice(iterator, _AT_ONCE)):
                yield from some
                counted += len(some)
                bars.update(task, completed=counted if done is None else done())
            bars.update(task, total=total or 1, completed=total or 1)

        yield follow


def _is_watched() -> bool:
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def _pass(
    things: Iterable[T],
    label: str,  # noqa: ARG001 - nobody sees it
    total: int | None = None,  # noqa: ARG001
    done: Callable[[], int] | None = None,  # noqa: ARG001
) -> Iterable[T]:
    return things
