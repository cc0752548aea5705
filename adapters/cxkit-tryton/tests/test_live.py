"""What is particular to Tryton, at a real one."""

from __future__ import annotations

from decimal import Decimal

import attrs
import pytest
from tests.servers.tryton_shop import COFFEE, MACHINE, TEA
from tests.servers.tryton_source import TrytonSource

import cxkit_tryton.adapter
from cxkit.adapters import Secret, State, Wire
from cxkit.errors import FatalAdapterError, InvalidValueError, RetriableAdapterError, UnknownNameError
from cxkit.model.identity import resolve
from cxkit.model.money import Money
from cxkit_tryton import Tryton
from cxkit_tryton.lists import LISTS

pytestmark = pytest.mark.xdist_group("vendors")  # one server for all of them

WIRE = Wire(allow_private=True, attempts=2, sleep=lambda _seconds: None)


@pytest.fixture(scope="module")
def source(tryton):
    """Return a Tryton."""
    return TrytonSource(tryton)


@pytest.fixture(scope="module")
def shop(source):
    """Return its shop."""
    return source.server.shop


@pytest.fixture
def reader(source):
    """Return the adapter, with pages of many records."""
    return Tryton(source.config(page=100), WIRE)


def events(reader, *streams):
    """Return all events of streams."""
    found = []
    for stream in streams:
        for page in reader.read(stream, State()):
            assert not page.rejects
            found += page.events
    return found


class TestAdmission:
    def test_who_may_read_is_told_so(self, reader):
        """Nothing lacks to a user in the groups that the README names."""
        check = reader.check()
        assert (check.account, check.missing) == ("reader at The Shop", ())

    def test_each_right_that_lacks_is_named(self, source):
        """With the stream that needs it, and the group that has it."""
        check = Tryton(source.config(user=source.server.outsider), WIRE).check()
        assert "till: the group POS" in check.missing
        assert "credits: the group Accounting" in check.missing
        assert len(check.missing) == 5

    def test_a_right_that_lacks_is_an_error_of_one_sentence(self, source, shop):
        """Tryton answers 200, and half its schema."""
        shop.sell(1)
        outsider = Tryton(source.config(user=source.server.outsider), WIRE)
        with pytest.raises(FatalAdapterError, match=r"You are not allowed to access \"Sale Point Sale\"") as refused:
            events(outsider, "till")
        assert len(str(refused.value)) < 200

    def test_a_database_that_isnt_there(self, source):
        """It is named in the error's address."""
        with pytest.raises(FatalAdapterError, match="/nowhere/rpc/"):
            Tryton(source.config(database="nowhere"), WIRE).check()

    def test_a_wrong_password(self, source):
        """It doesn't show."""
        with pytest.raises(FatalAdapterError, match="not admitted") as refused:
            Tryton(source.config(password=Secret("wrong-as-can-be")), WIRE).check()
        assert "wrong-as-can-be" not in str(refused.value)

    def test_something_that_isnt_rpc(self, source):
        """Such as a page of a proxy: it is another's to say that the address is wrong."""
        with pytest.raises((FatalAdapterError, RetriableAdapterError)):
            Tryton(source.config(url=f"{source.server.url}/elsewhere"), WIRE).check()

    def test_a_module_that_isnt_activated(self, source, monkeypatch):
        """Its stream is empty, and a check says why."""
        strange = attrs.evolve(LISTS[2], model="sale.nowhere")
        monkeypatch.setattr(cxkit_tryton.adapter, "LISTS", (strange,))
        reader = Tryton(source.config(), WIRE)
        assert list(reader.read("till", State())) == []
        assert reader.check().missing == ("till: the module that brings sale.nowhere isn't activated",)

    def test_a_stream_that_there_isnt(self, reader):
        """The nearest is suggested."""
        with pytest.raises(UnknownNameError, match="tills"):
            reader.read("tills", State())


class TestSettings:
    @pytest.mark.parametrize(("setting", "value"), [("zone", "Hanoi"), ("page", 0), ("transaction_minutes", 0)])
    def test_what_cant_be(self, source, setting, value):
        """It is named."""
        with pytest.raises(InvalidValueError, match=setting):
            source.config(**{setting: value})


class TestMoney:
    def test_a_tills_sums_are_trytons(self, reader, shop):
        """Rounded line by line, to the even cent, and what came back apart from what was sold."""
        baskets = [
            [(TEA, 0.5)], [(TEA, 0.55), (TEA, 0.5)], [(TEA, -0.5)],
            [(COFFEE, 3), (TEA, -1.75)], [(MACHINE, -1), (TEA, 0.45)],
        ]  # fmt: skip
        sales = shop.ring(baskets)
        read = shop.seller.ask("sale.point.sale", "read", sales, ["total"])
        totals = {f"till:{row['id']}": Decimal(row["total"]["decimal"]) for row in read}
        nets = dict.fromkeys(totals, Decimal())
        for event in events(reader, "till"):
            if event.reference in nets and event.kind != "order.returned":
                nets[event.reference] += event.amount.amount * (1 if event.kind == "order.placed" else -1)
        assert nets == totals

    def test_money_is_given_back_once_and_for_the_order(self, reader, shop):
        """A complaint brings a return, whose credit note is posted later: a refund of the order, and one alone."""
        customer = shop.customer("Mai")
        order = shop.order(customer, 2)
        complaint = shop.complain(customer, order, give_back=True)
        shop.resolve(complaint)
        back = shop.created_by(complaint)
        assert [event for event in events(reader, "credits") if event.reference == f"sale:{order}"] == []
        shop.confirm(back)
        shop.post(shop.invoices(back))
        told = [event for event in events(reader, "orders", "credits") if event.reference == f"sale:{order}"]
        assert [(event.kind, event.amount) for event in told] == [
            ("order.placed", Money("398", "USD")),
            ("order.returned", Money("398", "USD")),
            ("order.refunded", Money("398", "USD")),
        ]

    def test_an_invoice_that_is_credited_leads_to_its_order(self, reader, shop):
        """By way of the complaint, the invoice and its lines."""
        customer = shop.customer("Hoa")
        order = shop.order(customer)
        (invoice,) = shop.invoices(order)
        shop.post([invoice])
        complaint = shop.complain(customer, invoice=invoice, give_back=True)
        shop.resolve(complaint)
        credit = shop.created_by(complaint)
        shop.post([credit])
        (refund,) = (event for event in events(reader, "credits") if event.id == f"order.refunded:credit:{credit}")
        assert (refund.reference, refund.amount) == (f"sale:{order}", Money("199", "USD"))


class TestPeople:
    def test_who_was_written_down_twice_is_one(self, reader, shop):
        """Orders of before keep the party that they were read with, for merging doesn't move their time."""
        first = shop.customer("Binh", email="binh@example.org")
        order = shop.order(first)
        before = {event.id: event for event in events(reader, "orders")}[f"order.placed:sale:{order}"]
        second = shop.customer("Binh", phone="+84 912 000 111")
        shop.merge(first, second)
        people = resolve(events(reader, "parties", "contacts"))
        now = f"{reader.source}:{second}"
        assert before.customer == f"{reader.source}:{first}"
        assert people.canonical(before.customer) == people.canonical(now)
        assert {"email:binh@example.org", "phone:+84912000111"} <= people.members(now)

    def test_a_changed_address_replaces_the_link(self, reader, shop):
        """It is the same event, told otherwise."""
        party = shop.customer("Chi", email="chi@example.org")
        ((contact,),) = shop.sql(f"select id from party_contact_mechanism where party = {party}")  # noqa: S608 - ours
        shop.write("party.contact_mechanism", contact, value="chi.new@example.org")
        told = [event.reference for event in events(reader, "contacts") if event.customer == f"{reader.source}:{party}"]
        assert told == ["email:chi.new@example.org"]
