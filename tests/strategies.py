"""Hypothesis strategies for events: what is valid but seldom, so that every room of cxkit meets it in its tests."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from cxkit.model.currencies import MINOR_DIGITS
from cxkit.model.event import CHANNELS, KINDS, PPM, Event
from cxkit.model.properties import dump_properties

if TYPE_CHECKING:
    from collections.abc import Sequence

INT64 = 2**63
FIRST_US = -62_135_510_400_000_000
LAST_US = 253_402_214_400_000_000

# Few and alike, so that customers come back, times tie, and orders by code point, by locale and by length differ.
CUSTOMERS = ("_", "a", "A", "B", "b", "10", "9", "é", "\u1e9b\u0323", "Nguyễn Ánh", "ß", "\U0001f642")
TIMES = (
    0, -1, 1, 999_999, -86_400_000_000, FIRST_US, LAST_US,
    1_767_225_599_999_999, 1_767_225_600_000_000,  # the last microsecond of 2025 and the first of 2026, in UTC
    1_774_746_000_000_000, 1_792_890_000_000_000,  # Europe/Berlin changes its clocks
    1_775_314_800_000_000, 1_791_039_600_000_000,  # Australia/Lord_Howe changes them by half an hour
)  # fmt: skip

_characters = st.characters(exclude_categories=("Cs",), exclude_characters="\0")


def texts(known: Sequence[str] = CUSTOMERS, *, max_size: int = 8) -> st.SearchStrategy[str]:
    """Draw text as the model holds it: often one of few, sometimes anything, any control character or emoji."""
    anything = st.text(_characters, min_size=1, max_size=max_size).map(lambda text: unicodedata.normalize("NFC", text))
    return st.sampled_from(known) | anything


def times() -> st.SearchStrategy[int]:
    """Draw microseconds: often one of few, so that they tie, sometimes any that a datetime holds, also negative."""
    return st.sampled_from(TIMES) | st.integers(FIRST_US, LAST_US)


def kinds() -> st.SearchStrategy[str]:
    """Draw a kind: often a known one, as the set is open sometimes another."""
    return st.sampled_from(KINDS) | st.from_regex(r"[a-z][a-z0-9_]{0,5}\.[a-z][a-z0-9_]{0,5}", fullmatch=True)


def int64s() -> st.SearchStrategy[int]:
    """Draw integers of 64 bits, the extremes among them."""
    return st.sampled_from((0, 1, -1, 2**52, 2**53 + 1, INT64 - 1, -INT64)) | st.integers(-INT64, INT64 - 1)


def scores() -> st.SearchStrategy[float]:
    """Draw finite answers: often of a usual scale."""
    return st.integers(-1, 10).map(float) | st.floats(allow_nan=False, allow_infinity=False).map(lambda x: x + 0.0)


def property_objects() -> st.SearchStrategy[dict[str, Any]]:
    """Draw what properties can hold: any JSON object."""
    plain = (
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(_characters, max_size=6)
    )
    # Composed beforehand: two keys that are composed alike are refused.
    names = st.text(_characters, max_size=6).map(lambda text: unicodedata.normalize("NFC", text))
    values = st.recursive(
        plain,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
        max_leaves=5,
    )
    return st.dictionaries(names, values, max_size=3)


def _event(money: tuple[int, str] | None, **columns: Any) -> Event:
    minor, currency = money or (None, None)
    return Event(amount_minor=minor, currency=currency, **columns)


def events(**fixed: st.SearchStrategy[Any]) -> st.SearchStrategy[Event]:
    """Draw one valid event.

    Args:
        fixed: strategies for columns that should be drawn otherwise, by their names: ``kind=st.just("order.placed")``.
            Money is drawn as one: ``money=`` gives pairs of minor units and currency, or None.
    """
    columns: dict[str, st.SearchStrategy[Any]] = {
        "id": texts(("1", "2", "a", "A", "_")),
        "ts_us": times(),
        "kind": kinds(),
        "customer": st.none() | texts(),
        "source": texts(("app", "till 3", "urn:shop:1", "https://shop.example/api?x=1#é", "50%25", "//", ":")),
        "touchpoint": st.none() | texts(("storefront.checkout", "desk.phone")),
        "channel": st.none() | texts(CHANNELS),
        "reference": st.none() | texts(("o-1", "o-2", "a", "A")),
        "instrument": st.none() | texts(("nps", "csat", "ces")),
        "item": st.none() | texts(("1", "2")),
        "score": st.none() | scores(),
        "money": st.none() | st.tuples(int64s(), st.sampled_from(("USD", "VND", "KWD", "CLF", *MINOR_DIGITS))),
        "duration_us": st.none() | int64s(),
        "weight_ppm": st.just(PPM) | st.integers(0, INT64 - 1),
        "properties": st.none() | property_objects().map(dump_properties),
    }
    unknown = fixed.keys() - columns.keys()
    if unknown:
        message = f"events() has no columns {sorted(unknown)}"
        raise TypeError(message)
    return st.builds(_event, **(columns | fixed))


def event_tables(
    *, min_size: int = 0, max_size: int = 20, **fixed: st.SearchStrategy[Any]
) -> st.SearchStrategy[list[Event]]:
    """Draw a list of valid events, no two of one (source, id); the rest as `events`."""
    return st.lists(
        events(**fixed), min_size=min_size, max_size=max_size, unique_by=lambda event: (event.source, event.id)
    )
