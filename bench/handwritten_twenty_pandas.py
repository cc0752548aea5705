"""The twenty metrics by channel and month, and over all channels, as one would write them by hand in pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from bench.handwritten_twenty_polars import Values

COLUMNS = ["ts_us", "kind", "customer", "channel", "reference", "instrument", "score", "amount_minor"]
DAY_US = 86_400_000_000


def twenty_metrics(path: str) -> Values:
    """Return the values of each (channel, month), months counted from year 0; None is all channels."""
    import pandas as pd

    events = pd.read_parquet(path, columns=COLUMNS)
    at = pd.to_datetime(events["ts_us"], unit="us")
    events["month"] = at.dt.year * 12 + at.dt.month - 1
    last = events["ts_us"].max()
    kinds = dict(tuple(events.groupby("kind")))
    values: Values = {}
    for by in (["channel", "month"], ["month"]):
        for column in _cells(kinds, last, by):
            for place, value in column.items():
                cell = place if isinstance(place, tuple) else (None, place)
                values.setdefault(cell, {})[column.name] = None if pd.isna(value) else float(value)
    return values


def _cells(kinds: dict[str, pd.DataFrame], last: int, by: list[str]) -> list[Any]:
    def first(kind: str) -> pd.Series:
        return kinds[kind].groupby("reference")["ts_us"].min()

    orders = kinds["order.placed"].copy()
    orders["delivery"] = orders["reference"].map(first("order.delivered")) - orders["ts_us"]
    orders["refunded"] = orders["reference"].isin(kinds["order.refunded"]["reference"])
    orders["on_time"] = orders["delivery"] <= 5 * DAY_US
    sales, amounts = orders.groupby(by), orders.groupby(by)["amount_minor"]
    ripe = orders[orders["ts_us"] + 5 * DAY_US <= last].groupby(by)
    buyers = orders.groupby([*by, "customer"]).size().rename("times").reset_index()
    customers = buyers.groupby(by)["times"]
    before = buyers.assign(month=buyers["month"] + 1).drop(columns="times")
    kept = before.merge(buyers, on=[*by, "customer"], how="left")
    stayed = kept["times"].notna().groupby([kept[name] for name in by]).mean()
    contacts = kinds["contact.opened"].copy()
    contacts["response"] = contacts["reference"].map(first("contact.answered")) - contacts["ts_us"]
    resolved = kinds["contact.resolved"].groupby("reference")["ts_us"].max()
    contacts["resolution"] = contacts["reference"].map(resolved) - contacts["ts_us"]
    opened = contacts.groupby(by)
    surveys = kinds["survey.sent"].copy()
    surveys["answered"] = surveys["reference"].map(first("survey.answered")) - surveys["ts_us"] <= 30 * DAY_US
    surveys = surveys[surveys["ts_us"] + 30 * DAY_US <= last]
    answers = kinds["survey.answered"]
    scores = {name: of.groupby(by)["score"] for name, of in answers.groupby("instrument")}
    promoters = answers.assign(net=(answers["score"] >= 9).astype(int) - (answers["score"] <= 6))
    satisfied = answers.assign(top=answers["score"] >= 4)
    visits = kinds["visit.started"].groupby([*by, "customer"]).size()
    found = {
        "orders": amounts.size(),
        "revenue": amounts.sum() / 100,
        "average_transaction_value": amounts.mean() / 100,
        "squares": (orders["amount_minor"].astype(float) ** 2).groupby([orders[name] for name in by]).sum(),
        "delivery_time": sales["delivery"].quantile(0.5, interpolation="lower") / 1e6,
        "on_time_delivery": ripe["on_time"].mean(),
        "refund_rate": sales["refunded"].mean(),
        "active_customers": customers.size(),
        "repeat_purchase_rate": (buyers["times"] > 1).groupby([buyers[name] for name in by]).mean(),
        "purchase_frequency": customers.mean(),
        "retention_rate": stayed,
        "churn_rate": 1 - stayed,
        "first_response_time": opened["response"].quantile(0.5, interpolation="lower") / 1e6,
        "resolution_time": opened["resolution"].quantile(0.5, interpolation="lower") / 1e6,
        "contact_rate": opened["reference"].nunique().reindex(amounts.size().index, fill_value=0) / amounts.size(),
        "response_rate": surveys.groupby(by)["answered"].mean(),
        "nps": 100 * promoters[promoters["instrument"] == "nps"].groupby(by)["net"].mean(),
        "csat": satisfied[satisfied["instrument"] == "csat"].groupby(by)["top"].mean(),
        "csat_mean": scores["csat"].mean(),
        "ces": scores["ces"].mean(),
        "visit_frequency": visits.groupby(by).mean(),
    }
    return [column.rename(name) for name, column in found.items()]
