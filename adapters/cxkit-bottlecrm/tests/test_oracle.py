"""BottleCRM's own figures against cxkit's, on the same data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.servers.bottlecrm_desk import desk

import cxkit
from cxkit.adapters import Secret, Wire
from cxkit.metrics import csat, csat_mean, first_response_time, resolution_time
from cxkit_bottlecrm import BottleCrm, BottleCrmConfig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.bottlecrm import BottleCrm as Server
    from tests.servers.bottlecrm_desk import Desk

    from cxkit import Estimate, Metric

pytestmark = pytest.mark.xdist_group("vendors")  # one server for all of them

HOUR = timedelta(hours=1)
HOUR_S = 3600.0
TICKETS = 11
RATINGS = (5, 5, 4, 3, 1, 5, 2, 4, 5, 5, 1)
ZONE = "Asia/Ho_Chi_Minh"  # the organisation's


def pulled(desk: Desk, place: Path) -> Path:
    """Pull all of a desk into a store, and return where it is."""
    config = BottleCrmConfig(url=desk.server.url, token=Secret(desk.access_token()))
    done = cxkit.pull(BottleCrm(config, Wire(allow_private=True)), place)
    assert (done.errors, done.rejected) == ((), 0)
    return place


def work_a_week(desk: Desk) -> None:
    """Let people open tickets, and agents answer, close and reopen them, as a week brings it."""
    agent = desk.call("GET", "/api/profile/")["user_obj"]["id"]
    customers = [desk.contact(f"C{n}", email=f"c{n}@example.com") for n in range(3)]
    for n in range(TICKETS):
        priority = ("Low", "Normal", "High", "Urgent")[n % 4]
        ticket = desk.ticket(customers[n % 3], priority=priority, assigned_to=[agent])
        desk.age(ticket, by=HOUR * (n * n + 1) / 7)
        desk.reply(ticket, "A note among ourselves.", internal=True)
        desk.age(ticket, by=HOUR / 3)
        desk.reply(ticket)
        desk.age(ticket, by=HOUR * (3 + n) / 5)
        desk.close(ticket)
        if n % 4 == 1:  # the customer writes again, and it is closed a second time
            desk.age(ticket, by=HOUR / 2)
            desk.customer_reply(ticket, customers[n % 3])
            desk.age(ticket, by=HOUR * 2)
            desk.reply(ticket)
            desk.close(ticket)
        if n % 4 == 2:  # an agent was too quick
            desk.reopen(ticket)
            desk.age(ticket, by=HOUR / 4)
            desk.close(ticket)
        desk.rate(ticket, RATINGS[n])
        desk.age(ticket, by=HOUR * 13 * n)
    unanswered, hidden, doubled, twin = (desk.ticket(customers[0], assigned_to=[agent]) for _ in range(4))
    for ticket in (hidden, doubled):
        desk.reply(ticket)
        desk.close(ticket)
    desk.rate(hidden, 1)
    desk.deactivate(hidden)
    desk.merge(doubled, twin)
    desk.age(unanswered, twin, by=HOUR)


Week = tuple["Desk", Path, datetime, datetime]


@pytest.fixture(scope="module")
def week(bottlecrm: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Week]:
    """Return a desk with a week's work, a store of it, and a span that holds it all."""
    with desk(bottlecrm) as made:
        work_a_week(made)
        now = datetime.now(UTC)
        yield (
            made,
            pulled(made, tmp_path_factory.mktemp("desk") / "desk.db"),
            now - timedelta(days=30),
            now + timedelta(days=1),
        )


def test_cxkit_and_bottlecrm_agree(week: Week) -> None:
    """First response, resolution and satisfaction: to the last digit where both are exact, else to a histogram's."""
    desk, store, since, until = week
    first, solved = desk.figures("analytics/frt", since, until), desk.figures("analytics/mttr", since, until)
    rated = desk.figures("csat/aggregate", since, until)
    (agent,) = desk.figures("analytics/agents", since, until)["results"]

    def ours(metric: Metric) -> Estimate:
        return cxkit.score(store, metric, tz=ZONE).get(metric.label)

    # The means are exact on both sides.
    mean = ours(first_response_time(at="mean"))
    assert mean.n == first["count"] == TICKETS
    assert mean.value == pytest.approx(agent["avg_frt_hours"] * HOUR_S, rel=1e-12)
    mean = ours(resolution_time(at="mean"))
    assert mean.n == solved["count"] == TICKETS
    assert mean.value == pytest.approx(solved["mean_hours"] * HOUR_S, rel=1e-12)
    # BottleCRM interpolates between two durations, cxkit takes one, within one per cent: of 11 both take the same.
    for metric, figures in ((first_response_time, first), (resolution_time, solved)):
        assert ours(metric(at="p50")).value == pytest.approx(figures["median_hours"] * HOUR_S, rel=0.01)
        assert ours(metric(at="p90")).value == pytest.approx(figures["p90_hours"] * HOUR_S, rel=0.01)
    # A rating of a ticket that was deleted counts for neither.
    assert ours(csat_mean()).n == rated["count"] == TICKETS
    assert ours(csat_mean()).value == rated["average"]
    top = (rated["distribution"]["4"] + rated["distribution"]["5"]) / rated["count"]
    assert ours(csat()).value == pytest.approx(top, rel=1e-12)


def test_they_agree_by_priority_and_by_day(week: Week) -> None:
    """Each priority's mean resolution time, and how many were answered of each local day's tickets."""
    desk, store, since, until = week
    solved = desk.figures("analytics/mttr", since, until)["by_priority"]
    by_priority = cxkit.score(store, resolution_time(at="mean"), by="priority", tz=ZONE)
    ours = {row.segment["priority"]: row.estimate for row in by_priority.rows if row.segment and row.estimate.n}
    assert {name: estimate.n for name, estimate in ours.items()} == {
        name: each["count"] for name, each in solved.items()
    }
    for name, each in solved.items():
        assert ours[name].value == pytest.approx(each["mean_hours"] * HOUR_S, rel=1e-12)

    days = desk.figures("analytics/frt", since, until)["series"]
    by_day = cxkit.score(store, first_response_time(at="p50"), every="day", tz=ZONE)
    counted = {str(row.period): row.estimate.n for row in by_day.rows if row.period and row.estimate.n}
    assert counted == {day["bucket"]: day["count"] for day in days if day["count"]}


def test_the_durations_are_the_same_one_by_one(week: Week) -> None:
    """Quantiles as BottleCRM computes them, of the durations that cxkit read, are its own: not near, but the same."""
    desk, store, since, until = week
    first, solved = desk.figures("analytics/frt", since, until), desk.figures("analytics/mttr", since, until)
    for kind, figures in (("contact.answered", first), ("contact.resolved", solved)):
        waits = _waits(store, kind)
        assert _interpolated(waits, 0.5) == pytest.approx(figures["median_hours"] * HOUR_S, rel=1e-12)
        assert _interpolated(waits, 0.9) == pytest.approx(figures["p90_hours"] * HOUR_S, rel=1e-12)


def test_what_differs_is_a_ticket_that_is_open_again(our_desk: Desk, tmp_path: Path) -> None:
    """BottleCRM forgets a closing when the ticket is reopened; cxkit counts it, as the last there was."""
    settled, again = our_desk.ticket(), our_desk.ticket()
    for ticket in (settled, again):
        our_desk.age(ticket, by=HOUR)
        our_desk.close(ticket)
    our_desk.reopen(again)
    store, now = pulled(our_desk, tmp_path / "desk.db"), datetime.now(UTC)
    figures = our_desk.figures("analytics/mttr", now - timedelta(days=1), now)
    both = cxkit.score(store, resolution_time(at="mean")).get("resolution_time")
    assert (figures["count"], both.n) == (1, 2)
    with cxkit.connect(store) as shop:
        closed = [event for event in shop.store.events() if (event.reference or "").endswith(f":ticket:{settled}")]
    one = cxkit.score(closed, resolution_time(at="mean")).get("resolution_time")
    assert one.value == pytest.approx(figures["mean_hours"] * HOUR_S, rel=1e-12)


def _waits(store: Path, kind: str) -> list[float]:
    with cxkit.connect(store) as shop:
        events = list(shop.store.events())
    opened = {event.reference: event.ts_us for event in events if event.kind == "contact.opened"}
    ended: dict[str | None, int] = {}
    for event in events:
        if event.kind == kind and event.reference in opened:
            ended[event.reference] = max(event.ts_us, ended.get(event.reference, 0))
    return sorted((end - opened[reference]) / 1e6 for reference, end in ended.items())


def _interpolated(values: list[float], share: float) -> float:
    place = share * (len(values) - 1)
    below = int(place)
    above = min(below + 1, len(values) - 1)
    return values[below] + (values[above] - values[below]) * (place - below)
