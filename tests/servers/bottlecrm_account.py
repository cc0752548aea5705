"""What a desk holds, by its database's own account: nothing of it passes through an adapter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cxkit.model.money import Money
from cxkit.testing import Fact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.bottlecrm_desk import Desk

_LINKS: Final = """
    SELECT 'email:' || lower(email), id, created_at FROM contacts WHERE org_id = %s AND email <> ''
    UNION ALL SELECT 'phone:' || phone, id, created_at FROM contacts WHERE org_id = %s AND phone <> ''
"""
_TICKETS: Final = """
    WITH ticket AS (
        SELECT t.*, t.is_active AND t.status <> 'Duplicate' AS counts, (
            SELECT c.id FROM case_contacts l JOIN contacts c ON c.id = l.contact_id WHERE l.case_id = t.id
            ORDER BY coalesce(c.email, '') = '', c.created_at LIMIT 1
        ) AS contact
        FROM "case" t WHERE t.org_id = %s
    ), entry AS (
        SELECT t.id, t.contact, a.created_at, a.action, a.metadata,
            (a.metadata #>> '{changes,resolved_at,after}')::timestamptz AS resolved_at
        FROM ticket t JOIN activity a ON a.entity_id = t.id WHERE t.counts
    ), resolution AS (
        SELECT id, contact, resolved_at FROM ticket WHERE counts UNION SELECT id, contact, resolved_at FROM entry
    )
    SELECT CASE WHEN counts THEN 'opened' ELSE 'discarded' END, id, contact, created_at FROM ticket
    UNION ALL SELECT 'answered', id, contact, first_response_at FROM ticket
        WHERE counts AND first_response_at IS NOT NULL
    UNION ALL SELECT 'resolved', id, contact, resolved_at FROM resolution WHERE resolved_at IS NOT NULL
    UNION ALL SELECT 'reopened', id, contact, created_at FROM entry
        WHERE action = 'REOPENED' OR action = 'STATUS_CHANGED' AND metadata ->> 'before' = 'Closed'
"""
_RATINGS: Final = """
    SELECT date_bin('15 minutes', s.responded_at, '2000-01-01Z') FROM csat_survey s JOIN "case" c ON c.id = s.case_id
    WHERE s.org_id = %s AND s.rating IS NOT NULL AND c.is_active AND c.status <> 'Duplicate'
"""
_LEADS: Final = """
    WITH open AS (
        SELECT *, coalesce('email:' || lower(nullif(email, '')), 'phone:' || nullif(phone, '')) AS who
        FROM lead WHERE org_id = %s AND status <> 'converted'
    )
    SELECT 'lead.opened', 'lead:' || id, who, opportunity_amount, currency, created_at FROM open
    UNION ALL SELECT 'lead.answered', 'lead:' || id, who, opportunity_amount, currency, first_response_at FROM open
        WHERE first_response_at IS NOT NULL
    UNION ALL SELECT 'lead.lost', 'lead:' || id, who, opportunity_amount, currency, updated_at FROM open
        WHERE status = 'closed'
"""
_DEALS: Final = """
    WITH deal AS (
        SELECT o.*, l.contact_id FROM opportunity o LEFT JOIN opportunity_contacts l ON l.opportunity_id = o.id
        WHERE o.org_id = %s
    )
    SELECT 'opened', id, contact_id, amount, currency, created_at FROM deal
    UNION ALL SELECT lower(substr(stage, 8)), id, contact_id, amount, currency, stage_changed_at FROM deal
        WHERE stage IN ('CLOSED_WON', 'CLOSED_LOST')
"""


def facts(desk: Desk, source: str, currency: str = "USD") -> Iterator[Fact]:
    """Return what an adapter has to tell of a desk.

    Args:
        desk: an organisation.
        source: what the adapter's customers' names begin with.
        currency: the organisation's, of amounts that name none.
    """

    def customer(contact: object | None) -> str | None:
        return None if contact is None else f"{source}:{contact}"

    with desk.database() as run:
        for identity, contact, time in run(_LINKS, desk.org, desk.org):
            yield Fact("identity.linked", identity, None, customer(contact), time)
        for verb, ticket, contact, time in run(_TICKETS, desk.org):
            yield Fact(f"contact.{verb}", f"ticket:{ticket}", None, customer(contact), time)
        for (time,) in run(_RATINGS, desk.org):
            yield Fact("survey.answered", None, None, None, time)
        for kind, reference, who, amount, code, time in run(_LEADS, desk.org):
            yield Fact(kind, reference, _money(amount, code or currency), who, time)
        for verb, deal, contact, amount, code, time in run(_DEALS, desk.org):
            kind, reference = f"opportunity.{verb}", f"opportunity:{deal}"
            yield Fact(kind, reference, _money(amount, code or currency), customer(contact), time)


def _money(amount: Any, currency: str) -> Money | None:
    return None if amount is None else Money(amount, currency)
