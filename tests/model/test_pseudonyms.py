from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxkit.model.event import event
from cxkit.model.pseudonyms import Pseudonyms

KEY = b"k" * 32
HIDE = Pseudonyms(KEY)


@pytest.mark.parametrize("identity", ["email:an@example.org", "phone:+442079460018", "email:\u00e9@example.org"])
def test_addresses_are_hidden_by_the_standard(identity: str) -> None:
    """A pseudonym is HMAC-SHA-256 under the key, cut to 128 bits, in the namespace it came from."""
    namespace = identity.partition(":")[0]
    digest = hmac.digest(KEY, identity.encode(), hashlib.sha256)[:16].hex()

    assert HIDE.of(identity) == f"{namespace}:hmac-{digest}"


@given(st.text())
def test_hiding_twice_is_hiding_once(text: str) -> None:
    """What is hidden already stays as it is, so that events may go through several stores' doors."""
    for identity in (f"email:{text}", f"phone:{text}", text):
        assert HIDE.of(HIDE.of(identity)) == HIDE.of(identity)


@pytest.mark.parametrize("identity", ["shop:17", "emails:x", "Email:x", "17", "", "till:email:an@example.org"])
def test_others_stay(identity: str) -> None:
    """A vendor's own id stays as it is: writing back needs it."""
    assert HIDE.of(identity) == identity


def test_keys_make_them_differ() -> None:
    """Another store's pseudonym tells nothing of the same person's in this one."""
    assert Pseudonyms(b"o" * 32).of("email:an@example.org") != HIDE.of("email:an@example.org")
    assert KEY.decode() not in repr(HIDE)
    with pytest.raises(ValueError, match="16"):
        Pseudonyms(b"short")


def test_events_are_hidden_where_they_name_somebody() -> None:
    """Customer and reference are hidden, and nothing else of an event changes."""
    link = event("identity.linked", id="1", customer="shop:17", reference="email:an@example.org", channel="web")
    guest = event("order.placed", id="2", customer="phone:+442079460018", reference="o-1")
    plain = event("order.placed", id="3", customer="shop:17", reference="o-1")

    hidden_link, hidden_guest, same = HIDE.hidden([link, guest, plain])

    assert (hidden_link.customer, hidden_link.reference) == ("shop:17", HIDE.of("email:an@example.org"))
    assert (hidden_link.id, hidden_link.channel, hidden_link.ts_us) == ("1", "web", link.ts_us)
    assert (hidden_guest.customer, hidden_guest.reference) == (HIDE.of("phone:+442079460018"), "o-1")
    assert same is plain
