"""push: each customer's scores back to the system in which people serve them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from cxkit.adapters import Profile, Pusher
from cxkit.api.adapting import opened, store_of
from cxkit.api.score import score
from cxkit.errors import UnsupportedError
from cxkit.model.instrument import INSTRUMENTS
from cxkit.model.money import Money

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping

    from cxkit.adapters import Adapter, Pushed
    from cxkit.api.arguments import MetricLike
    from cxkit.api.workspace import Workspace
    from cxkit.model.event import Event
    from cxkit.model.identity import Identities
    from cxkit.store import Store

METRICS: Final = ("csat_mean", "orders", "revenue", "refund_rate")
_NPS: Final = "nps"
_PROMOTER, _DETRACTOR = 9, 6  # Reichheld 2003: 9 and 10 promote, 0 to 6 detract


def push(
    adapter: Adapter | str,
    store: Store | Workspace | str | os.PathLike[str],
    *,
    metrics: Iterable[MetricLike] = METRICS,
    **settings: Any,  # noqa: ANN401 - as the adapter has them
) -> Pushed:
    """Write what a store knows of a vendor's customers to the vendor's records of them.

    What is known of a person under any of their identities counts, from whatever system it came.

    Args:
        adapter: an adapter, or the name of one that a plugin brings.
        store: a store, a workspace, or the path or URL of a store.
        metrics: what is computed for each customer, beside ``nps_score`` and ``nps_group``; see `profiles`.
        settings: of the adapter given by name; see `pull`.

    Raises:
        UnsupportedError: the adapter can't write back.
        RetriableAdapterError: the vendor can't answer just now; to push again is right then.
        FatalAdapterError: it refuses us.
    """
    with opened(adapter, settings) as writer, store_of(store) as known:
        if not isinstance(writer, Pusher):
            raise UnsupportedError(f"adapter {writer.name!r} can't write back: it only reads")
        return writer.push(profiles(known, writer.source, metrics=metrics))


def profiles(store: Store, source: str, *, metrics: Iterable[MetricLike] = METRICS) -> Iterator[Profile]:
    """Return what a store knows of the customers of a source, in the order of their ids.

    Args:
        store: the store.
        source: an adapter's source, which is the namespace of its customers.
        metrics: each is computed of one customer's events, and goes by its label; money is `Money`. By default mean
            satisfaction, orders, revenue and the share of orders that were refunded.

    Yields:
        For each customer the metrics' values, and ``nps_score`` and ``nps_group``: the latest answer from 0 to 10, and
        ``promoter``, ``passive`` or ``detractor`` (Reichheld 2003). What nothing was observed for is None.

    >>> from cxkit.store import open_store
    >>> from cxkit.model.event import event
    >>> with open_store(":memory:") as store:
    ...     _ = store.append(event("survey.answered", customer="desk:7", instrument="nps", score=9))
    ...     _ = store.append(event("order.placed", customer="desk:7", reference="o-1"))
    ...     [profile] = profiles(store, "desk", metrics=["orders"])
    >>> profile.customer, profile.scores
    ('7', {'nps_score': 9.0, 'nps_group': 'promoter', 'orders': 1})
    """
    people = store.identities()
    card = score(store.events(ordered=False), list(metrics), by="customer")
    currencies: dict[str, set[str | None]] = {}
    for row in card.rows:
        currencies.setdefault(row.metric, set()).add(row.currency)
    found: dict[str, dict[str, float | str | Money | None]] = {}
    for row in card.rows:
        customer = row.segment.get("customer")
        if row.overall or customer is None:
            continue
        value: float | Money | None = row.estimate.value
        label = row.metric
        if row.currency is not None:
            # Several currencies are several scores: they can't be added.
            label = label if len(currencies[label]) == 1 else f"{label}_{row.currency.lower()}"
            if value is not None:
                value = Money(Decimal(repr(value)), row.currency, rounding="ROUND_HALF_EVEN")
        found.setdefault(customer, {})[label] = value
    answers = _latest_answers(store.events(kinds=["survey.answered"], ordered=False), people)
    labels = dict.fromkeys(label for scores in found.values() for label in scores)
    # Also those of whom nothing is known any more: what stood at the vendor's is to go.
    known = {people.canonical(event.customer) for event in store.events(ordered=False) if event.customer is not None}
    for customer, theirs in sorted(_members(known, people, f"{source}:").items()):
        canonical = people.canonical(theirs)
        answer = answers.get(canonical)
        scores = found.get(canonical, {})
        yield Profile(
            customer,
            {"nps_score": answer, "nps_group": _group(answer), **{label: scores.get(label) for label in labels}},
        )


def _members(canonical: Iterable[str], people: Identities, namespace: str) -> Mapping[str, str]:
    """Return the vendor's own ids of people → the identity that they are part of."""
    return {
        member.removeprefix(namespace): member
        for customer in canonical
        for member in people.members(customer)
        if member.startswith(namespace)
    }


def _latest_answers(events: Iterable[Event], people: Identities) -> dict[str, float]:
    latest: dict[str, tuple[tuple[int, str, str], float]] = {}
    for event in events:
        if event.instrument != _NPS or event.customer is None or event.score is None:
            continue
        customer, when = people.canonical(event.customer), (event.ts_us, event.source, event.id)
        if customer not in latest or when > latest[customer][0]:
            latest[customer] = (when, event.score)
    return {customer: answer for customer, (_, answer) in latest.items()}


def _group(answer: float | None) -> str | None:
    scale = INSTRUMENTS[_NPS]
    if answer is None or not scale.low <= answer <= scale.high:
        return None
    return "promoter" if answer >= _PROMOTER else "detractor" if answer <= _DETRACTOR else "passive"
