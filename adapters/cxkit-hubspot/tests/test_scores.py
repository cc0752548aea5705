"""Scores onto contacts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.servers.hubspot_source import adapter_of

from cxkit.adapters import Profile
from cxkit.errors import FatalAdapterError
from cxkit.model.money import Money

if TYPE_CHECKING:
    from tests.servers.hubspot import Portal
    from tests.servers.hubspot_api import HubSpotApi

SCORES: dict[str, Any] = {
    "nps_score": 9.0,
    "nps_group": "promoter",
    "loyalty_type": "true",
    "clv": Money("1234.50", "EUR"),
    "csat_mean": 13 / 3,
}


def written(portal: Portal, contact: str) -> dict[str, str]:
    """Return what was written to a contact."""
    values = portal.rows["contacts"][contact].values
    return {name: value for name, value in values.items() if name.startswith("cx_")}


def test_scores_are_properties_of_contacts(portal: Portal, api: HubSpotApi) -> None:
    """Numbers, texts, and money in two, in a group of their own; nothing else of the contact is touched."""
    ann = portal.make("contacts", email="ann@example.org", firstname="Ann")
    done = adapter_of(api).push([Profile(ann, SCORES)])
    assert (done.written, done.unchanged, done.unknown, done.rejects) == (1, 0, (), ())
    assert written(portal, ann) == {
        "cx_nps_score": "9", "cx_nps_group": "promoter", "cx_loyalty_type": "true", "cx_clv": "1234.5",
        "cx_clv_currency": "EUR", "cx_csat_mean": "4.333333333333333",
    }  # fmt: skip
    assert portal.groups == ["contactinformation", "cxkit"]
    assert portal.custom["cx_clv"] == portal.custom["cx_nps_score"] == "number"
    assert portal.custom["cx_nps_group"] == portal.custom["cx_clv_currency"] == "string"
    assert portal.rows["contacts"][ann].values["firstname"] == "Ann"


def test_the_same_again_is_not_written(portal: Portal, api: HubSpotApi) -> None:
    """Though HubSpot keeps numbers without the noughts behind; a change of one score writes that one."""
    ann = portal.make("contacts")
    adapter_of(api).push([Profile(ann, SCORES)])
    changed = portal.rows["contacts"][ann].changed
    again = adapter_of(api).push([Profile(ann, SCORES)])
    assert (again.written, again.unchanged) == (0, 1)
    assert portal.rows["contacts"][ann].changed == changed
    one = adapter_of(api).push([Profile(ann, {**SCORES, "nps_score": 0.0})])
    assert (one.written, one.unchanged) == (1, 0)
    assert [name for name, entries in portal.rows["contacts"][ann].history.items() if len(entries) > 1] == [
        "lastmodifieddate", "cx_nps_score",
    ]  # fmt: skip


def test_what_is_not_known_any_more_is_emptied(portal: Portal, api: HubSpotApi) -> None:
    """Money with its currency; and no property is made for what was never known."""
    ann = portal.make("contacts")
    adapter = adapter_of(api)
    adapter.push([Profile(ann, SCORES)])
    done = adapter.push([Profile(ann, {**dict.fromkeys(SCORES), "churn": None})])
    assert (done.written, done.unchanged) == (1, 0)
    assert written(portal, ann) == {}
    assert adapter.push([Profile(ann, dict.fromkeys(SCORES))]).unchanged == 1
    assert "cx_churn" not in portal.custom


def test_contacts_that_there_are_not_are_named(portal: Portal, api: HubSpotApi) -> None:
    """Deleted, never there, or no ids at all; the others are written."""
    ann, gone = portal.make("contacts"), portal.make("contacts")
    portal.delete("contacts", gone)
    done = adapter_of(api).push([Profile(number, SCORES) for number in (gone, "5", ann, "x/../y")])
    assert (done.written, done.unknown) == (1, (gone, "5", "x/../y"))


@pytest.mark.parametrize("own", [True, False])
def test_a_merged_contact_is_written_once(portal: Portal, api: HubSpotApi, *, own: bool) -> None:
    """All its ids are one person; its own goes before, and each of the others reaches it."""
    one, other = portal.make("contacts"), portal.make("contacts")
    third = portal.merge("contacts", one, other)
    profiles = [
        Profile(one, {"nps_score": 1.0}),
        Profile(other, {"nps_score": 1.0}),
        Profile(third, {"nps_score": 9.0}),
    ]
    done = adapter_of(api).push(profiles if own else profiles[:2])
    assert (done.written, done.unchanged, done.unknown) == (1, len(profiles if own else profiles[:2]) - 1, ())
    assert written(portal, third) == {"cx_nps_score": "9" if own else "1"}


def test_hundreds_are_written_in_batches(portal: Portal, api: HubSpotApi) -> None:
    """Two calls a hundred, and those to find or make the properties."""
    contacts = [portal.make("contacts") for _ in range(250)]
    done = adapter_of(api).push(Profile(contact, {"nps_score": 9.0}) for contact in contacts)
    assert done.written == 250
    assert len(api.calls) == 4 + 2 * 3
    api.calls.clear()
    assert adapter_of(api).push(Profile(contact, {"nps_score": 9.0}) for contact in contacts).unchanged == 250
    assert len(api.calls) == 1 + 3


def test_nothing_to_push_is_no_call(api: HubSpotApi) -> None:
    """Not even to see which properties there are."""
    assert adapter_of(api).push([]).written == 0
    assert api.calls == []


def test_a_score_that_no_property_can_hold_takes_no_other_with_it(portal: Portal, api: HubSpotApi) -> None:
    """A name that is none, and a property of another type."""
    portal.custom |= {"cx_tier": "string", "cx_level": "enumeration"}
    ann, bob, cat = (portal.make("contacts") for _ in range(3))
    done = adapter_of(api).push(
        [
            Profile(ann, {"Net Promoter": 9.0}),
            Profile(bob, {"tier": 2.0}),
            Profile(cat, {"tier": "gold", "level": "high"}),
        ]
    )
    assert done.written == 1
    assert [reject.record for reject in done.rejects] == [f"contacts {ann}", f"contacts {bob}"]
    assert "is a number, and the field there is a text" in done.rejects[1].reason
    assert written(portal, cat) == {"cx_tier": "gold", "cx_level": "high"}


def test_what_hubspot_refuses_of_one_contact_takes_no_other_with_it(portal: Portal, api: HubSpotApi) -> None:
    """It refuses a batch whole: each is then written by itself."""
    ann, bob = portal.make("contacts"), portal.make("contacts")
    portal.refused.add(ann)
    done = adapter_of(api).push([Profile(ann, SCORES), Profile(bob, SCORES)])
    assert done.written == 1
    assert [reject.record for reject in done.rejects] == [f"contacts {ann}"]
    assert "read-only" in done.rejects[0].reason
    assert written(portal, bob)
    assert not written(portal, ann)


def test_who_may_not_make_properties_is_told_which(portal: Portal, api: HubSpotApi) -> None:
    """And which right would do."""
    ann = portal.make("contacts")
    api.unmakeable = True
    with pytest.raises(
        FatalAdapterError, match=r"crm.schemas.contacts.write, or make the property cx_nps_score \(number\)"
    ):
        adapter_of(api).push([Profile(ann, {"nps_score": 9.0})])
    portal.custom["cx_nps_score"] = "number"
    assert adapter_of(api).push([Profile(ann, {"nps_score": 9.0})]).written == 1
