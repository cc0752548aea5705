# ruff: noqa: S608 - the words are our own
"""The twenty metrics by channel and month, and over all channels, as one would write them by hand in DuckDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.handwritten_twenty_polars import Values

_MONTH = "year(make_timestamp(ts_us)) * 12 + month(make_timestamp(ts_us)) - 1 as month"
_CELLS = "group by grouping sets ((channel, month), (month))"
_TABLES = f"""
create temp table orders as
    with delivered as (
        select reference, min(ts_us) as delivered from events where kind = 'order.delivered' group by reference
    ), refunded as (
        select reference, min(ts_us) as refunded from events where kind = 'order.refunded' group by reference
    )
    select channel, {_MONTH}, ts_us, customer, amount_minor, delivered - ts_us as delivery, refunded
    from events left join delivered using (reference) left join refunded using (reference) where kind = 'order.placed';
create temp table contacts as
    with answered as (
        select reference, min(ts_us) as answered from events where kind = 'contact.answered' group by reference
    ), resolved as (
        select reference, max(ts_us) as resolved from events where kind = 'contact.resolved' group by reference
    )
    select channel, {_MONTH}, reference, answered - ts_us as response, resolved - ts_us as resolution
    from events left join answered using (reference) left join resolved using (reference) where kind = 'contact.opened';
create temp table surveys as
    with answered as (
        select reference, min(ts_us) as answered from events where kind = 'survey.answered' group by reference
    )
    select channel, {_MONTH}, ts_us, answered - ts_us as gap
    from events left join answered using (reference) where kind = 'survey.sent';
create temp table buyers as
    select channel, month, customer, count(*) as times, grouping(channel) as whole
    from orders where customer is not null group by grouping sets ((channel, month, customer), (month, customer));
"""
_LAST = "(select max(ts_us) from events)"
_QUERIES = (
    f"""
    select channel, month, count(*) as orders, sum(amount_minor) / 100 as revenue,
        avg(amount_minor) / 100 as average_transaction_value, sum(amount_minor::double * amount_minor) as squares,
        quantile_disc(delivery, 0.5) / 1e6 as delivery_time,
        avg((coalesce(delivery, 518400000000) <= 432000000000)::int) filter (ts_us + 432000000000 <= {_LAST})
            as on_time_delivery,
        avg((refunded is not null)::int) as refund_rate
    from orders {_CELLS}
    """,
    """
    select channel, month, count(*) as active_customers, avg((times > 1)::int) as repeat_purchase_rate,
        avg(times) as purchase_frequency
    from buyers group by channel, month, whole
    """,
    """
    select before.channel, before.month + 1 as month, avg((buyers.customer is not null)::int) as retention_rate,
        avg((buyers.customer is null)::int) as churn_rate
    from buyers as before left join buyers on buyers.whole = before.whole and buyers.customer = before.customer
        and buyers.month = before.month + 1 and buyers.channel is not distinct from before.channel
    group by before.channel, before.month, before.whole
    """,
    f"""
    select channel, month, quantile_disc(response, 0.5) / 1e6 as first_response_time,
        quantile_disc(resolution, 0.5) / 1e6 as resolution_time
    from contacts {_CELLS}
    """,
    f"""
    with placed as (select channel, month, count(*) as orders from orders {_CELLS}),
        opened as (select channel, month, count(distinct reference) as contacts from contacts {_CELLS})
    select placed.channel, placed.month, coalesce(contacts, 0) / orders as contact_rate
    from placed left join opened on opened.month = placed.month and opened.channel is not distinct from placed.channel
    """,
    f"""
    select channel, month, avg((coalesce(gap, 2678400000000) <= 2592000000000)::int) as response_rate
    from surveys where ts_us + 2592000000000 <= {_LAST} {_CELLS}
    """,
    f"""
    with answers as (select channel, {_MONTH}, instrument, score from events where kind = 'survey.answered')
    select channel, month, 100 * avg((score >= 9)::int - (score <= 6)::int) filter (instrument = 'nps') as nps,
        avg((score >= 4)::int) filter (instrument = 'csat') as csat,
        avg(score) filter (instrument = 'csat') as csat_mean, avg(score) filter (instrument = 'ces') as ces
    from answers {_CELLS}
    """,
    f"""
    with visits as (
        select channel, {_MONTH}, customer from events where kind = 'visit.started' and customer is not null
    ), visitors as (
        select channel, month, customer, count(*) as times, grouping(channel) as whole
        from visits group by grouping sets ((channel, month, customer), (month, customer))
    )
    select channel, month, avg(times) as visit_frequency from visitors group by channel, month, whole
    """,
)


def twenty_metrics(path: str) -> Values:
    """Return the values of each (channel, month), months counted from year 0; None is all channels."""
    import duckdb

    values: Values = {}
    with duckdb.connect() as connection:
        connection.read_parquet(path).create_view("events")
        connection.execute(_TABLES)
        for query in _QUERIES:
            found = connection.execute(query)
            names = [name for name, *_ in found.description or ()]
            for channel, month, *rest in found.fetchall():
                numbers = [None if value is None else float(value) for value in rest]
                values.setdefault((channel, int(month)), {}).update(zip(names[2:], numbers, strict=True))
    return values
