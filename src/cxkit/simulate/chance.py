"""Chance that repeats: of `random.Random` only `random` is used, the one method whose sequence Python promises.

What is drawn are places in tables of whole numbers. No logarithm and no power is taken, so that no platform's
mathematical library can move a cent or a second.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

Chance: TypeAlias = Callable[[], float]
T = TypeVar("T")


def pick(chance: Chance, table: Sequence[T]) -> T:
    """Return one entry of a table, each as likely as the next.

    >>> pick(lambda: 0.5, ("a", "b", "c", "d"))
    'c'
    """
    return table[int(chance() * len(table))]


def wait_us(chance: Chance, knots: Sequence[int]) -> int:
    """Return a duration in microseconds.

    Args:
        chance: the source of chance.
        knots: seconds at equal steps of probability, the least first and the longest last; between two of them every
            duration is as likely as the next.

    >>> wait_us(lambda: 0.5, (0, 60, 600))
    60000000
    """
    at = chance() * (len(knots) - 1)
    step = int(at)
    low = knots[step]
    return low * 1_000_000 + int((knots[step + 1] - low) * (at - step) * 1_000) * 1_000
