"""A picture of a few curves over powers of ten, as SVG, without a library."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDE, _HIGH = 640, 400
_LEFT, _TOP, _RIGHT, _BOTTOM = 70, 50, 20, 90
_STYLE = (
    "text { font: 13px system-ui, sans-serif; fill: #777 } "
    ".grid { stroke: #999; stroke-opacity: .35 } .curve { fill: none; stroke-width: 2.5 }"
)


@attrs.frozen
class Curve:
    """A named line through points.

    Attributes:
        name: what the picture calls it.
        colour: its colour.
        points: pairs of positive numbers.
        dashed: whether it is only to compare with.
    """

    name: str
    colour: str
    points: Sequence[tuple[float, float]]
    dashed: bool = False


def drawn(title: str, curves: list[Curve]) -> str:
    """Return a picture whose axes grow tenfold from line to line."""
    xs, ys = zip(*(point for curve in curves for point in curve.points), strict=True)
    across, up = _axis(xs), _axis(ys)

    def x(value: float) -> float:
        return _LEFT + (_WIDE - _LEFT - _RIGHT) * _share(value, across)

    def y(value: float) -> float:
        return _HIGH - _BOTTOM - (_HIGH - _TOP - _BOTTOM) * _share(value, up)

    parts = [f'<text x="{_LEFT}" y="26" font-weight="bold">{escape(title)}</text>']
    for power in range(across[0], across[1] + 1):
        at = x(10**power)
        parts += [
            f'<path class="grid" d="M{at:.1f} {_TOP}V{_HIGH - _BOTTOM}"/>',
            f'<text x="{at:.1f}" y="{_HIGH - _BOTTOM + 20}" text-anchor="middle">{10.0**power:,.0f}</text>',
        ]
    for power in range(up[0], up[1] + 1):
        at = y(10**power)
        parts += [
            f'<path class="grid" d="M{_LEFT} {at:.1f}H{_WIDE - _RIGHT}"/>',
            f'<text x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{10.0**power:g}</text>',
        ]
    for place, curve in enumerate(curves):
        line = "L".join(f"{x(a):.1f} {y(b):.1f}" for a, b in curve.points)
        dashes = ' stroke-dasharray="6 5"' if curve.dashed else ""
        at, below = _LEFT + place * 205, _HIGH - 30
        parts += [
            f'<path class="curve" stroke="{curve.colour}"{dashes} d="M{line}"/>',
            f'<path class="curve" stroke="{curve.colour}"{dashes} d="M{at} {below}h22"/>',
            f'<text x="{at + 28}" y="{below + 4}">{escape(curve.name)}</text>',
        ]
        if not curve.dashed:
            parts += [f'<circle cx="{x(a):.1f}" cy="{y(b):.1f}" r="4" fill="{curve.colour}"/>' for a, b in curve.points]
    body = "\n".join(parts)
    return f'<svg viewBox="0 0 {_WIDE} {_HIGH}" xmlns="http://www.w3.org/2000/svg">\n<style>{_STYLE}</style>\n{body}\n</svg>\n'


def _axis(values: tuple[float, ...]) -> tuple[int, int]:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)) - 0.05)
    return low, max(high, low + 1)


def _share(value: float, axis: tuple[int, int]) -> float:
    return (math.log10(value) - axis[0]) / (axis[1] - axis[0])
