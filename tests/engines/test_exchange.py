"""Amounts are converted before anything reads them: exactly, and alike on every engine."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engines.test_parity import REQUESTS, STATISTICS, hostile_events

from cxkit.engines import Request, collect
from cxkit.engines.request import converted
from cxkit.errors import InvalidValueError
from cxkit.model.event import Event
from cxkit.stats import AtLeast, By, Distinct, Moments, Tally, Where

pytest.importorskip("duckdb", reason="pip install 'cxkit[frame]'")
pytest.importorskip("polars", reason="pip install 'cxkit[frame]'")

from cxkit.engines import frame

ENGINES = ("rows", "polars", "duckdb")
ORDERS = Where(kind="order.placed")
AMOUNTS = By(Moments(ORDERS, of="amount_minor"), "currency")
GREATEST = 2_147_483_629


def of(engine: str, events: list[Event]) -> Any:
    """Return events as an engine takes them."""
    return events if engine == "rows" else frame.table_of_events(events, engine)


def orders(*amounts: tuple[int, str]) -> list[Event]:
    """Return an order of each amount."""
    return [
        Event(str(n), n, "order.placed", f"c{n}", amount_minor=minor, currency=currency)
        for n, (minor, currency) in enumerate(amounts)
    ]


@given(minor=st.integers(-(2**63), 2**63 - 1), p=st.integers(1, 10**12), q=st.integers(1, 10**12))
def test_rounding_is_decimals_half_up(minor: int, p: int, q: int) -> None:
    """The law is that of money by hand: half away from zero, at any size."""
    exact = Fraction(minor) * p / q
    half_up = (abs(exact) + Fraction(1, 2)).__floor__()
    assert converted(minor, (p, q)) == (half_up if exact >= 0 else -half_up)
    if q == 1000 and abs(minor) < 10**12:
        assert converted(minor, (p, q)) == int((Decimal(minor) * p / q).quantize(Decimal(1), ROUND_HALF_UP))


@pytest.mark.parametrize("engine", ENGINES)
def test_amounts_are_converted_one_by_one(engine: str) -> None:
    """Euros and dong become cents, each amount rounded; what has no rate stays as it is."""
    events = orders((1050, "EUR"), (125, "EUR"), (-125, "EUR"), (250_000, "VND"), (700, "USD"), (5, "GBP"))
    request = Request((AMOUNTS,), currency="USD", rates={"EUR": (27, 50), "VND": (41, 10_000), "JPY": (1, 1)})

    collected = collect(engine, of(engine, events), request)

    parts = collected.states[AMOUNTS][None, None].parts
    assert {currency: state.total for currency, state in parts.items()} == {"GBP": 5, "USD": 567 + 68 - 68 + 1025 + 700}
    assert collected.converted == ("EUR", "VND")


@pytest.mark.parametrize("engine", ENGINES)
def test_filters_and_segments_see_what_was_converted(engine: str) -> None:
    """A filter on amounts and a segment by currency are about the amounts as they are counted."""
    large, currencies = Tally(ORDERS & Where(amount_minor=AtLeast(200)), of="kind"), Distinct(ORDERS, of="currency")
    request = Request((large, currencies), by=("currency",), currency="USD", rates={"EUR": (2, 1)})

    states = collect(engine, of(engine, orders((100, "EUR"), (199, "USD"), (200, "VND"))), request).states

    assert {segment: state.n for (segment, _), state in states[large].items()} == {("USD",): 1, ("VND",): 1, None: 2}
    assert states[currencies][None, None].n == 2


@pytest.mark.parametrize("engine", ENGINES)
def test_what_grows_too_large_is_refused(engine: str) -> None:
    """An amount that 64 bits don't hold in the other currency is named, not wrapped."""
    request = Request((AMOUNTS,), currency="VND", rates={"USD": (25_000, 100)})

    with pytest.raises(InvalidValueError, match=r"amount: '50000000000000000.00 USD' is more in VND than 64 bits hold"):
        collect(engine, of(engine, orders((1, "USD"), (5 * 10**18, "USD"))), request)


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_engines_convert_alike(engine: str) -> None:
    """Every statistic over hostile events at a rate, the greatest and least amounts of 64 bits among them."""
    events = hostile_events(6)
    request = attrs.evolve(
        REQUESTS["by channel"],
        statistics=STATISTICS[::3] if engine == "polars" else STATISTICS[::15],
        currency="USD",
        rates={"VND": (41, 10_000)},
    )

    assert collect(engine, of(engine, events), request) == collect("rows", events, request)


@settings(max_examples=15)
@given(
    amounts=st.lists(
        st.tuples(st.integers(-(10**15), 10**15) | st.integers(-20, 20), st.sampled_from(["EUR", "VND", "USD"])),
        min_size=1,
        max_size=6,
    ),
    p=st.integers(1, 10**6) | st.integers(1, 10**12),
    q=st.integers(1, 100) | st.integers(1, GREATEST),
)
def test_drawn_rates(amounts: list[tuple[int, str]], p: int, q: int) -> None:
    """Whatever rate is drawn, the frame engine sums what the rows sum, or refuses as they do."""
    request, events = Request((AMOUNTS,), currency="USD", rates={"EUR": (p, q)}), orders(*amounts)
    for engine in ("polars", "duckdb"):
        try:
            expected = collect("rows", events, request)
        except InvalidValueError:
            with pytest.raises(InvalidValueError):
                collect(engine, of(engine, events), request)
        else:
            assert collect(engine, of(engine, events), request) == expected
