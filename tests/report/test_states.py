"""States on disk: exact, all or nothing, and refused in one sentence where they aren't whole."""

from __future__ import annotations

import gzip
import json
import pickle
from typing import TYPE_CHECKING, Any

import pytest

import cxkit
from cxkit import States
from cxkit.errors import InvalidValueError
from cxkit.simulate import simulate_shop

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def states() -> States:
    """Return the states of a card with everything: segments, periods, currencies, links, targets."""
    card = cxkit.score(
        simulate_shop(customers=60, days=90),
        by=("channel", "area"),
        every="month",
        tz="Asia/Ho_Chi_Minh",
        since="2025-01-02",
        as_of="2025-04-01",
        journey_map="hourglass",
        currency="USD",
        rates={"EUR": "1.080"},
        targets={"nps": 40, "first_response_time": "<= 4 h"},
        min_n=3,
        level=0.9,
    )
    assert card.states is not None
    return card.states


def test_there_and_back(states: States, tmp_path: Path) -> None:
    """A file holds them exactly, packed or not; the same states are the same bytes."""
    for name in ("states.json", "states.json.gz"):
        states.save(tmp_path / name)
        assert States.load(tmp_path / name) == states
    assert gzip.decompress((tmp_path / "states.json.gz").read_bytes()) == (tmp_path / "states.json").read_bytes()
    assert States.from_json(states.to_json()).to_json() == states.to_json()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["states.json", "states.json.gz"]


def test_processes_hand_them_over(states: States) -> None:
    """They hold no function, so that a process may give them to another as they are."""
    assert pickle.loads(pickle.dumps(states)) == states  # noqa: S301 - our own


def test_a_card_of_states_is_the_card() -> None:
    """What is read back is shown as it was."""
    card = cxkit.score(simulate_shop(customers=60, days=90), by="channel", every="month", min_n=3, targets={"nps": 40})
    assert card.states is not None

    assert cxkit.merge(States.from_json(card.states.to_json())) == card


def test_customers_are_not_in_them(states: States) -> None:
    """Nobody is named in a file of a card that names nobody."""
    text = states.to_json()

    assert not any(f'"{event.customer}"' in text for event in simulate_shop(customers=60, days=90) if event.customer)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda text: text[:-20], "isn't a file of saved states, or not a whole one"),
        (lambda _: "", "isn't a file of saved states"),
        (lambda _: "[]", "isn't a file of saved states"),
        (lambda _: '{"rows": []}', "isn't a file of saved states"),
        (lambda _: "[" * 100_000, "isn't a file of saved states"),
        (
            lambda text: text.replace('"schema": 1', '"schema": 2'),
            "in schema 2, and this cxkit reads 1: score the events anew",
        ),
        (lambda text: text.replace('"max_people": 10', '"max_people": 11'), "is damaged, for its digest doesn't fit"),
    ],
)
def test_what_is_not_whole_is_refused(states: States, tmp_path: Path, spoil: Any, sentence: str) -> None:
    """One sentence says what is wrong, with the file's name."""
    path = tmp_path / "states.json"
    path.write_text(spoil(states.to_json()))

    with pytest.raises(InvalidValueError) as caught:
        States.load(path)
    assert sentence in str(caught.value)
    assert "states.json" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_other_bytes_are_refused(tmp_path: Path) -> None:
    """So is a file that isn't text, is cut short, isn't there, or is a folder."""
    path = tmp_path / "states.json"
    for data in (b"\xff\xfe", b"PAR1", b"\x1f\x8b\x08", gzip.compress(b"{}" * 99)[:-9]):
        path.write_bytes(data)
        with pytest.raises(InvalidValueError, match="isn't a file of saved states"):
            States.load(path)
    with pytest.raises(InvalidValueError, match=r"file: .*none.json' can't be read: No such file"):
        States.load(tmp_path / "none.json")
    with pytest.raises(InvalidValueError, match="can't be read"):
        States.load(tmp_path)
    with pytest.raises(InvalidValueError, match="folder doesn't exist"):
        States.from_json(cxkit.score([], "orders").states.to_json()).save(tmp_path / "none" / "s.json")


def test_a_statistic_of_a_later_cxkit_is_refused(states: States) -> None:
    """Even where the digest fits, what this version doesn't know isn't guessed."""
    from cxkit.report.states import _digest

    found = json.loads(states.to_json())
    found["states"][0]["declaration"]["statistic"] = "astrology"
    body = {name: value for name, value in found.items() if name not in {"format", "schema", "digest"}}
    text = json.dumps(found | {"digest": _digest(body)})

    with pytest.raises(InvalidValueError, match="holds what this cxkit doesn't know"):
        States.from_json(text)


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk costs nothing that was there."""
    card = cxkit.score([cxkit.event("order.placed")], "orders")
    assert card.states is not None
    path = tmp_path / "states.json"
    card.states.save(path)
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cxkit.files.sink.Sink._finish", full)
    with pytest.raises(OSError, match="No space"):
        card.states.save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
