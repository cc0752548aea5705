"""A store in a PostgreSQL server is scored there: its events aren't pulled."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, NoReturn

import pytest

import cxkit
from cxkit.errors import InvalidValueError, MissingExtraError, UnknownNameError, UnsupportedError
from cxkit.simulate import simulate_shop
from cxkit.store import PostgresStore

if TYPE_CHECKING:
    from tests.servers.postgres_server import PostgresServer

METRICS = ("nps", "first_response_time", "revenue", "repeat_purchase_rate")
_numbers = count()


@pytest.fixture(scope="module")
def events() -> list[cxkit.Event]:
    """Return some weeks of a shop whose customers have several names."""
    return list(simulate_shop(customers=60, days=60))


@pytest.fixture
def url(postgres: PostgresServer, events: list[cxkit.Event], monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a store with events, from which none can be read."""
    place = postgres.url(f"in_server_{next(_numbers)}")
    with cxkit.connect(place) as shop:
        shop.add(events)

    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError

    monkeypatch.setattr(PostgresStore, "events", refuse)
    return place


def test_by_its_url_and_by_its_workspace(url: str, events: list[cxkit.Event]) -> None:
    """The card is that of the events, segments, months and merged identities included."""
    pytest.importorskip("ibis", reason="pip install 'cxkit[postgres]'")
    on = {"by": "channel", "every": "month", "tz": "Asia/Ho_Chi_Minh"}
    expected = cxkit.score(events, METRICS, **on)  # type: ignore[arg-type]

    found = cxkit.score(url, METRICS, **on)  # type: ignore[arg-type]
    assert found.rows == expected.rows
    assert found.work[0].startswith("ibis: ")
    with cxkit.connect(url) as shop:
        assert shop.score(METRICS, **on).rows == expected.rows


def test_folded_and_hidden(url: str, events: list[cxkit.Event]) -> None:
    """What goes over the data twice does so in the server."""
    pytest.importorskip("ibis", reason="pip install 'cxkit[postgres]'")
    asked = {"by": "channel", "top": 1, "min_n": 5}

    assert cxkit.score(url, "nps", **asked).rows == cxkit.score(events, "nps", **asked).rows  # type: ignore[arg-type]


def test_rows_when_they_are_asked_for(url: str) -> None:
    """The row engine reads the events, here in vain."""
    with pytest.raises(AssertionError):
        cxkit.score(url, "nps", engine="rows")


def test_a_password_is_never_shown(url: str) -> None:
    """Not in the sentence on columns that can't be renamed either."""
    with pytest.raises(UnsupportedError) as caught:
        cxkit.score(url.replace("cxkit@", "cxkit:s3cret@"), "nps", columns={"customer": "user_id"})
    assert "s3cret" not in str(caught.value)


def test_what_is_wrong(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong column is named; without Ibis it says what to install."""
    pytest.importorskip("ibis", reason="pip install 'cxkit[postgres]'")
    with pytest.raises((UnknownNameError, InvalidValueError), match="chanel"):
        cxkit.score(url, "nps", by="chanel")
    monkeypatch.setitem(__import__("sys").modules, "ibis", None)
    with pytest.raises(MissingExtraError, match=r"ibis isn't installed: pip install 'cxkit\[postgres\]'"):
        cxkit.score(url, "nps")
