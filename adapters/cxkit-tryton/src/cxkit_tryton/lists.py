"""What is read of Tryton: its models, which fields of them, and what is kept elsewhere of each record."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import attrs

from cxkit.adapters import Stream
from cxkit.errors import FatalAdapterError
from cxkit_tryton import relations, sales
from cxkit_tryton.origins import orders_of
from cxkit_tryton.shop import step_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from cxkit.model.event import Event
    from cxkit_tryton.rpc import Rpc
    from cxkit_tryton.shop import Record, Shop, Step

    Mapped: TypeAlias = Callable[[Shop, Record], Iterable[Event]]

_CHANGED: Final = "last_modified_at"
_LOG: Final = "ir.model.log"


@attrs.frozen
class Listed:
    """A list of records that is read as a stream.

    Attributes:
        stream: the stream.
        model: Tryton's name of the records.
        fields: what is read of them.
        events: what comes of one.
        group: whom Tryton lets read them.
        domain: which of them.
        optional: fields that a further module brings.
        logged: whether what was done to them is looked up in the log.
        origins: the references from which the order that one belongs to is found.
    """

    stream: Stream
    model: str
    fields: tuple[str, ...]
    events: Mapped
    group: str
    domain: tuple[list[Any], ...] = ()
    optional: tuple[str, ...] = ()
    logged: bool = True
    origins: Callable[[Record], list[str]] | None = None


def _origin(record: Record) -> list[str]:
    return [record["origin"]] if record["origin"] else []


def _origins_of_lines(record: Record) -> list[str]:
    return [line["origin"] for line in record["lines."] if line["origin"]]


LISTS: Final = (
    Listed(
        Stream("parties", "Parties that others replace", ("identity.linked",), _CHANGED),
        "party.party",
        relations.MERGED_FIELDS,
        relations.merged_events,
        "parties are open to every user",
        domain=(["replaced_by", "!=", None],),
        logged=False,
    ),
    Listed(
        Stream("contacts", "E-mail addresses and phone numbers of parties", ("identity.linked",), _CHANGED),
        "party.contact_mechanism",
        relations.CONTACT_FIELDS,
        relations.contact_events,
        "parties are open to every user",
        domain=(["type", "in", ["email", "phone", "mobile"]],),
        logged=False,
    ),
    Listed(
        Stream(
            "till",
            "Sales and returns at the tills",
            ("order.placed", "order.returned", "order.refunded", "order.cancelled"),
            _CHANGED,
        ),
        "sale.point.sale",
        sales.TILL_FIELDS,
        sales.till_events,
        "the group POS",
    ),
    Listed(
        Stream("orders", "Orders and returns", ("order.placed", "order.returned", "order.cancelled"), _CHANGED),
        "sale.sale",
        sales.ORDER_FIELDS,
        sales.order_events,
        "the group Sales",
        optional=("web_shop",),
        origins=_origin,
    ),
    Listed(
        Stream("credits", "Credit notes", ("order.refunded",), _CHANGED),
        "account.invoice",
        sales.CREDIT_FIELDS,
        sales.credit_events,
        "the group Accounting",
        domain=(["type", "=", "out"], ["total_amount", "<", {"__class__": "Decimal", "decimal": "0"}]),
        origins=_origins_of_lines,
    ),
    Listed(
        Stream(
            "opportunities",
            "Leads and opportunities",
            (
                "lead.opened", "lead.reopened", "lead.lost", "lead.cancelled",
                "opportunity.opened", "opportunity.reopened", "opportunity.won", "opportunity.lost",
                "opportunity.cancelled",
            ),
            _CHANGED,
        ),
        "sale.opportunity",
        relations.OPPORTUNITY_FIELDS,
        relations.opportunity_events,
        "the group Sale Opportunity",
    ),
    Listed(
        Stream(
            "complaints",
            "Complaints",
            ("contact.opened", "contact.resolved", "contact.reopened", "contact.cancelled"),
            _CHANGED,
        ),
        "sale.complaint",
        relations.COMPLAINT_FIELDS,
        relations.complaint_events,
        "the group Sales",
        origins=_origin,
    ),
)  # fmt: skip


def belongings(rpc: Rpc, listed: Listed, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add what Tryton keeps elsewhere: the log of each record, that of its sales, and the order it belongs to."""
    if listed.logged and rows:
        steps = _steps(rpc, listed.model, [row["id"] for row in rows])
        of_sales: Mapping[int, list[Step]] = {}
        sold = sorted({sale for row in rows for sale in row.get("sales", ())})
        if sold:
            of_sales = _steps(rpc, "sale.sale", sold)
        for row in rows:
            row["steps"] = steps.get(row["id"], [])
            row["sales_steps"] = [step for sale in row.get("sales", ()) for step in of_sales.get(sale, ())]
    if listed.origins is not None:
        origins = {row["id"]: listed.origins(row) for row in rows}
        orders = orders_of(rpc, sorted({name for names in origins.values() for name in names}))
        for row in rows:
            row["order"] = next((orders[name] for name in origins[row["id"]] if name in orders), None)
    return rows


def _steps(rpc: Rpc, model: str, ids: list[int]) -> dict[int, list[Step]]:
    """Return the log of records: their transitions, and the clicks that Tryton logs in place of some."""
    asked = {f"{model},{number}": number for number in ids}
    domain = [["resource", "in", list(asked)], ["event", "in", ["transition", "button"]]]
    found: defaultdict[int, list[Step]] = defaultdict(list)
    for line in rpc.rows(_LOG, domain, ["resource", "event", "target", "create_date"]):
        if line["resource"] not in asked:
            raise FatalAdapterError(f"asked for the log of {model}, Tryton answers with that of {line['resource']}")
        found[asked[line["resource"]]].append(step_of(line))
    return found
