"""Merging: parts make the card of the whole, for every metric and every cut it survives, and nothing else is merged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, Any
from zlib import crc32

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cxkit
from cxkit import States
from cxkit.errors import InvalidValueError, NotMergeableError, UnknownNameError
from cxkit.metrics import BUILT_IN
from cxkit.simulate import simulate_shop
from cxkit.stats import Where, kept_whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cxkit.model import Event
    from cxkit.report import Scorecard

DAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
AS_OF = "2026-01-01"
BOTH = ("customer", "reference")
VARIANTS = (
    "nps[answers=latest]",
    "nps[interval=clustered]",
    "csat[answers=first]",
    "csat_mean",
    "first_response_time[at=p90]",
    "retention_rate[every=quarter]",
)


def _pool() -> list[Event]:
    """Return events of a small shop, thinned so that customers meet often, some without customer or reference."""
    chance = Random(4)
    found = []
    for event in simulate_shop(customers=30, days=365):
        if event.kind in {"product.viewed", "visit.started"} and chance.random() < 0.9:
            continue
        if event.kind.startswith("identity."):
            continue  # tested apart
        lost = chance.random()
        if lost < 0.05:
            event = attrs.evolve(event, customer=None)  # noqa: PLW2901 - a variant of it
        elif lost < 0.1:
            event = attrs.evolve(event, reference=None)  # noqa: PLW2901
        found.append(event)
    return found


POOL = _pool()
tables = st.lists(st.sampled_from(POOL), max_size=60, unique_by=lambda event: (event.source, event.id))
few = settings(max_examples=15)


def by_split(columns: frozenset[str]) -> list[str]:
    """Return the metrics that survive a split that keeps some columns whole."""
    metrics = [make() for make in BUILT_IN] + [cxkit.metrics.nps(answers="latest")]
    return [metric.label for metric in metrics if all(kept_whole(need) <= columns for need in metric.needs.values())]


def saved(card: Scorecard) -> States:
    """Return the states of a card, as they are read back from a file."""
    assert card.states is not None
    states = States.from_json(card.states.to_json())
    assert states == card.states
    return states


def answers(*scores: float, day: int = 0, **columns: Any) -> list[Event]:
    """Return answers of a day, a minute apart."""
    return [
        cxkit.event(
            "survey.answered",
            **{"instrument": "nps", "score": score, "time": DAY + timedelta(days=day, minutes=at), **columns},
        )
        for at, score in enumerate(scores)
    ]


def orders(*customers: str, day: int = 0, **columns: Any) -> list[Event]:
    """Return orders of a day, one a customer."""
    return [
        cxkit.event(
            "order.placed", customer=customer, reference=f"{day}-{at}", time=DAY + timedelta(day, 60 * at), **columns
        )
        for at, customer in enumerate(customers)
    ]


def refused(parts: Sequence[Scorecard | States], **how: Any) -> str:
    """Return the sentence with which a merge is refused."""
    with pytest.raises(NotMergeableError) as caught:
        cxkit.merge(parts, **how)
    return str(caught.value)


# ---------------------------------------------------------------------------------------------------------------- laws


@few
@given(tables, st.integers(1, 5), st.sampled_from((None, "month")), st.sampled_from(((), ("channel",))))
def test_shards_make_the_identical_card(events: list[Event], number: int, every: Any, by: tuple[str, ...]) -> None:
    """Every metric survives the cut of `shards`: rows, notes and warnings are those of the whole, in any order."""
    asked: dict[str, Any] = {"by": by, "every": every, "as_of": AS_OF, "tz": "Asia/Ho_Chi_Minh"}
    parts = [saved(cxkit.score(part, **asked)) for part in cxkit.shards(events, number)]

    assert cxkit.merge(reversed(parts), over=BOTH) == cxkit.score(events, **asked)


@few
@given(tables, st.sampled_from(VARIANTS), st.integers(0, 9))
def test_variants_survive_shards_too(events: list[Event], metric: str, number: int) -> None:
    """So do metrics with options, put together one after the other."""
    first, *others = [cxkit.score(part, metric, as_of=AS_OF) for part in cxkit.shards(events, 1 + number % 3)]
    whole = first
    for other in others:
        whole = cxkit.merge([saved(whole), saved(other)], over=BOTH)

    assert whole == cxkit.score(events, metric, as_of=AS_OF)


@pytest.mark.parametrize("over", ["customer", "reference", "channel"])
@few
@given(tables, st.integers(0, 99))
def test_metrics_survive_the_splits_they_say(over: str, events: list[Event], salt: int) -> None:
    """Parts that share no value of a column make the whole's rows, of all metrics that survive such a split."""
    parts: list[list[Event]] = [[], []]
    for event in events:
        value = getattr(event, over)
        parts[crc32(f"{salt}{event.id if value is None else value}".encode()) % 2].append(event)
    metrics = by_split(frozenset({over}))
    cards = [cxkit.score(part, metrics, as_of=AS_OF, every="quarter") for part in parts]

    assert len(metrics) > 5
    assert (
        cxkit.merge(map(saved, cards), over=over).rows
        == cxkit.score(events, metrics, as_of=AS_OF, every="quarter").rows
    )


@few
@given(tables, st.lists(st.integers(0, 364), max_size=3))
def test_parts_that_are_times_apart(events: list[Event], cuts: list[int]) -> None:
    """Cut at any instants, all that merges over events is the whole's, open bounds and periods too."""
    starts = [datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=cut) for cut in sorted(set(cuts))]
    parts: list[list[Event]] = [[] for _ in range(len(starts) + 1)]
    for event in events:
        parts[sum(event.time >= start for start in starts)].append(event)
    metrics = by_split(frozenset())
    asked: dict[str, Any] = {"every": "month", "by": "channel", "metrics": metrics}
    cards = [cxkit.score(part, **asked) for part in parts]

    assert len(metrics) > 5
    assert cxkit.merge(map(saved, cards)).rows == cxkit.score(events, **asked).rows


@few
@given(tables, st.lists(st.integers(2, 12), max_size=3))
def test_months_are_added_to_months(events: list[Event], months: list[int]) -> None:
    """Cut where a period ends, what counts each customer once within a period survives, and so does the warning."""
    starts = [datetime(2025, month, 1, tzinfo=UTC) for month in sorted(set(months))]
    parts: list[list[Event]] = [[] for _ in range(len(starts) + 1)]
    for event in events:
        parts[sum(event.time >= start for start in starts)].append(event)
    counting = ["active_customers", "nps[answers=latest]", "nps[interval=clustered]", "purchase_frequency"]
    asked: dict[str, Any] = {"every": "month", "by": "channel", "metrics": [*counting, "nps", "revenue"]}
    cards = [saved(cxkit.score(part, **asked)) for part in parts]

    assert cxkit.merge(cards) == cxkit.score(events, **asked)


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_states_are_the_same_whoever_computed_them(engine: str) -> None:
    """A part from one engine and a part from another make the card that either makes of the whole."""
    asked: dict[str, Any] = {
        "metrics": ["nps[answers=latest]", "revenue", "active_customers", "first_response_time", "retention_rate"],
        "every": "quarter",
        "by": "channel",
        "as_of": AS_OF,
    }
    one, other = cxkit.shards(POOL, 2)
    rows, frame, rest = cxkit.score(one, **asked), cxkit.score(one, engine=engine, **asked), cxkit.score(other, **asked)

    assert saved(frame) == saved(rows)
    assert cxkit.merge([saved(frame), rest], over=BOTH) == cxkit.score(POOL, **asked)


def test_linked_customers_are_one_in_shards() -> None:
    """Shards go by canonical customers, so that who is linked is counted once, whoever's part the link stood in."""
    links = [
        cxkit.event("identity.linked", customer=f"c{n}", reference=f"phone:{n}", time=DAY + timedelta(days=9))
        for n in range(20)
    ]
    events = [*orders(*[f"c{n}" for n in range(20)]), *orders(*[f"phone:{n}" for n in range(20)], day=1), *links]
    metrics = ["active_customers", "repeat_purchase_rate", "time_to_second_purchase"]
    whole = cxkit.score(events, metrics, as_of="2026-04-01")

    merged = cxkit.merge(
        [cxkit.score(part, metrics, as_of="2026-04-01") for part in cxkit.shards(events, 4)], over=BOTH
    )

    assert merged == whole
    assert merged.get("active_customers").value == 20


def test_notes_are_those_of_the_whole() -> None:
    """Rates that were used in any part, and identities that too many share in any, are told of the whole."""
    money = {"USD": cxkit.Money("10", "USD"), "EUR": cxkit.Money("10", "EUR"), "VND": cxkit.Money("9000", "VND")}
    days = [orders("a", day=day, amount=amount) for day, amount in enumerate(money.values())]
    days[2] += [
        cxkit.event("identity.linked", customer=f"c{n}", reference="guest@pos", time=DAY + timedelta(days=3))
        for n in range(12)
    ]
    asked: dict[str, Any] = {"metrics": "revenue", "currency": "USD", "rates": {"EUR": "1.10"}}
    cards = [saved(cxkit.score(day, **asked)) for day in days]
    merged = cxkit.merge(cards)

    assert merged == cxkit.score([event for day in days for event in day], **asked)
    assert any("1 EUR = 1.10 USD" in note for note in merged.notes)
    assert any("guest@pos (12)" in note for note in merged.notes)
    assert {row.currency for row in merged} == {"USD", "VND"}


# --------------------------------------------------------------------------------------------------- what isn't merged


def test_what_counts_customers_is_named() -> None:
    """A metric that was asked for and would count somebody twice is refused, with what would do."""
    cards = [cxkit.score(orders("a", "b", day=day), ["orders", "active_customers"]) for day in (0, 1)]

    sentence = refused(cards)
    assert sentence == (
        "active_customers counts each customer once, and parts that are only times apart may share one: "
        "cut the events by customer, or score orders alone"
    )
    metrics = ["first_response_time", "resolution_time", "first_contact_resolution"]
    by_month = [cxkit.score(orders("a", day=day), ["orders", "active_customers"], every="month") for day in (0, 1)]
    assert refused(by_month).endswith("cut the events by customer or where a month ends, or score orders alone")
    retention = [cxkit.score(orders("a", day=day), "retention_rate", every="month") for day in (0, 40)]
    assert refused(retention).endswith("may share one: cut the events by customer")
    assert refused([cxkit.score(orders("a", day=day), metrics) for day in (0, 1)], over="customer") == (
        "first_response_time, resolution_time, first_contact_resolution count each reference once, and parts that were "
        "split by customer may share one: cut the events by customer and reference"
    )


def test_what_nobody_asked_for_is_left_out() -> None:
    """Without named metrics those that survive stay, the card says which don't, and so does the next merge."""
    cards = [cxkit.score(orders("a", "b", day=day)) for day in range(3)]
    merged = cxkit.merge([cards[2], saved(cxkit.merge(cards[:2]))])

    assert set(merged.metrics) == {"orders", "revenue", "average_transaction_value"}
    assert merged.get("orders").value == 6
    assert any("active_customers" in note and note.startswith("Left out") for note in merged.notes)
    assert not any("first_response_time" in note for note in merged.notes)  # there are no contacts
    assert merged.states is not None
    assert "active_customers" in merged.states.left_out


def test_answers_a_customer_are_not_known_of_parts_that_may_share_customers() -> None:
    """The warning of repeated answers isn't lost in silence."""
    cards = [cxkit.score(answers(9, 9, day=day, customer="a"), "nps") for day in (0, 1)]

    assert cards[0].repeats
    assert not cxkit.merge(cards).repeats
    assert cxkit.merge(cards).notes[-1].startswith("Whether customers answer repeatedly isn't known")


@pytest.mark.parametrize(
    ("one", "other", "sentence"),
    [
        ({"tz": "Europe/Berlin"}, {}, "tz is 'Europe/Berlin' in part 1 and 'UTC' in part 2: score them alike"),
        ({"every": "month"}, {"every": "week"}, "every is 'month' in part 1 and 'week' in part 2"),
        ({"by": "channel"}, {}, "by is 'channel' in part 1 and none in part 2"),
        ({"max_people": 3}, {}, "max_people is 3 in part 1 and 10 in part 2"),
        ({"currency": "USD"}, {}, "currency is 'USD' in part 1 and none in part 2"),
        (
            {"currency": "USD", "rates": {"EUR": "1.08"}},
            {"currency": "USD", "rates": {"EUR": "1.09"}},
            "rates is {'EUR': '1.08'} in part 1 and {'EUR': '1.09'} in part 2",
        ),
        ({"metrics": "csat"}, {}, "csat is in part 1 alone: score both of part 1 and part 2 with the same metrics"),
        ({"metrics": "nps[interval=wald]"}, {}, "nps[interval=wald] is in part 1 alone"),
        ({"metrics": None}, {}, "metrics were asked by name in one of part 1 and part 2 and not in the other"),
        ({"metrics": None, "card": "perception"}, {}, "metrics were asked by name in one of part 1 and part 2"),
    ],
)
def test_parts_must_be_asked_alike(one: dict[str, Any], other: dict[str, Any], sentence: str) -> None:
    """Whatever differs is named with both values."""
    alike: dict[str, Any] = {"metrics": "nps"}
    parts = [answers(9, 9, channel="web"), answers(3, day=1, channel="web")]
    cards = [cxkit.score(part, **alike | more) for part, more in zip(parts, (one, other), strict=True)]

    assert sentence in refused(cards)


def test_journey_maps_must_be_one() -> None:
    """Segments that mean something else aren't put together."""
    own = cxkit.JourneyMap.preset("hourglass")
    moved = attrs.evolve(own, touchpoints=tuple(attrs.evolve(each, area="service") for each in own.touchpoints))
    cards = [
        cxkit.score(answers(9, day=day, touchpoint="storefront.checkout"), "nps", by="area", journey_map=chosen)
        for day, chosen in enumerate((own, moved))
    ]

    assert refused(cards) == "journey_map is one map in part 1 and one map in part 2: score them alike"


def test_the_same_time_twice_is_refused() -> None:
    """Parts whose times overlap may hold the same events, unless it is said what they don't share."""
    cards = [cxkit.score(answers(9, score, source=source), "nps") for source, score in (("till", 3), ("web", 8))]

    assert refused(cards) == (
        "part 1 has events until 2026-03-02T09:01:00+00:00 and part 2 from 2026-03-02T09:00:00+00:00, so that some "
        "might count twice: cut them by time, or say what no two parts share, such as over customer"
    )
    assert cxkit.merge(cards, over="source").get("nps").n == 4


def test_a_day_may_come_late() -> None:
    """Spans are kept apart, so that what lies between two can be added; what is there already can't."""
    monday, tuesday, wednesday = (cxkit.score(answers(9, day=day), "nps") for day in range(3))
    merged = cxkit.merge([monday, wednesday])

    assert cxkit.merge([merged, tuesday]).get("nps").n == 3
    assert refused([merged, cxkit.score(answers(9, 8, day=2), "nps")]).startswith("part 1 has events until")


def test_the_same_part_twice_is_refused() -> None:
    """It is known by its content, also within what was merged before, whatever the split is said to be."""
    one, other = (cxkit.score(orders(customer), "orders") for customer in ("a", "b"))
    one_more = cxkit.score(orders("c", "d"), "orders")
    merged = cxkit.merge([one, one_more], over="customer")

    assert refused([merged, saved(one)], over="customer") == (
        "part 1 and part 2 hold the same events, which would count twice: leave one out"
    )
    assert refused([other, other], over="customer").startswith("part 1 and part 2 hold the same events")


@pytest.mark.parametrize(
    ("metric", "kinds"),
    [("retention_rate", "order.placed"), ("cart_abandonment_rate", "cart.updated")],
)
def test_when_the_data_ends_must_be_said(metric: str, kinds: str) -> None:
    """Parts would otherwise each take their own latest event, and call what isn't over in one lost in another."""
    parts = [[cxkit.event(kinds, customer=f"c{n}", reference=f"r{n}", time=DAY + timedelta(days=n))] for n in (0, 90)]
    cards = [cxkit.score(part, metric) for part in parts]

    assert f"{metric} read until when the data is complete" in refused(cards, over=BOTH)
    later = [
        cxkit.score(part, metric, as_of=as_of) for part, as_of in zip(parts, ("2026-07-01", "2026-07-02"), strict=True)
    ]
    assert refused(later, over=BOTH).startswith("as_of is 2026-07-01T00:00:00+00:00 in part 1 and 2026-07-02T00:00")


def test_links_may_reach_into_another_part() -> None:
    """A card that counts customers isn't merged where identities were linked; sums of events are."""
    link = cxkit.event("identity.linked", customer="a", reference="b", time=DAY)
    cards = [cxkit.score(part, ["orders", "active_customers"]) for part in ([*orders("a"), link], orders("b", day=1))]
    assert refused(cards, over="customer") == (
        "identities are linked in part 1, and whom of the other parts they link isn't known, so active_customers can't "
        "be merged: cut the events with cxkit.shards, which resolves identities first"
    )
    by_customer = [cxkit.score(part, "orders", by="customer") for part in ([*orders("a"), link], orders("b", day=1))]
    assert "so orders can't be merged" in refused(by_customer)
    sums = [cxkit.score(part, "orders") for part in ([*orders("a"), link], orders("b", day=1))]
    assert cxkit.merge(sums).get("orders").value == 2


def test_a_later_link_may_reach_into_an_earlier_month() -> None:
    """Where identities are linked, customers within a month are left out too, and nothing else is lost for it."""
    link = cxkit.event("identity.linked", customer="a", reference="b", time=DAY + timedelta(days=50))
    months = [orders("a", "b"), [*orders("c", day=40), link]]
    cards = [cxkit.score(month, every="month") for month in months]
    apart = [cxkit.score(part, every="month") for part in (months[0], months[1][:1])]

    assert cxkit.merge(apart).get("active_customers", period="2026-03").value == 2
    assert "active_customers" not in cxkit.merge(cards).metrics
    assert cxkit.merge(cards).get("orders", period="2026-03").value == 2
    assert cxkit.score([*months[0], *months[1]], every="month").get("active_customers", period="2026-03").value == 1


def test_metrics_are_defined_once() -> None:
    """Two versions of a metric aren't put together, nor is one shown by another formula than it was computed for."""
    plain = cxkit.metrics.active_customers()
    ((name, need),) = plain.needs.items()
    other = attrs.evolve(plain, needs={name: attrs.evolve(need, where=Where(kind="visit.started"))})
    one, two = cxkit.score(orders("a"), plain), cxkit.score(orders("b"), [other])

    sentence = "active_customers is defined otherwise in part 1 than in part 2"
    assert refused([one, two], over="customer").startswith(sentence)
    sentence = "active_customers is defined otherwise here than where its states were computed"
    assert refused([two]).startswith(sentence)


def test_a_metric_of_ones_own_is_handed_over() -> None:
    """What the catalogue doesn't know is given to the merge."""
    own = attrs.evolve(cxkit.metrics.orders(), name="baskets")
    cards = [cxkit.score(orders("a", day=day), own) for day in (0, 1)]

    assert cxkit.merge(cards, metrics=[own]).get("baskets").value == 2
    with pytest.raises(InvalidValueError, match="metrics: 'baskets' isn't in the catalogue here"):
        cxkit.merge(cards)


def test_picked_and_folded_cards_have_no_states() -> None:
    """Which rows were picked isn't known of the states, and which segments are largest isn't known of a part."""
    card = cxkit.score(orders("a", "b", channel="web"), "orders", by="channel")
    assert card.filter(channel="web").states is None
    assert cxkit.score(orders("a"), "orders", by="channel", top=1).states is None
    with pytest.raises(InvalidValueError, match=r"part 2: .* has no states: rows were picked"):
        cxkit.merge([card, card.overall()])
    with pytest.raises(InvalidValueError, match="part 1: 'nps' isn't a scorecard"):
        cxkit.merge(["nps"])
    with pytest.raises(InvalidValueError, match="parts"):
        cxkit.merge([])


def test_segments_show_what_parts_share() -> None:
    """A promise that the parts' own segments break is refused."""
    cards = [cxkit.score(answers(9, score, channel="web"), "nps", by=("item", "channel")) for score in (3, 8)]

    assert refused(cards, over="channel") == "channel 'web' is in part 1 and in part 2: no two parts may share one"
    assert cxkit.merge(cards, over="source").get("nps").n == 4
    app = cxkit.score(answers(9, channel="app"), "nps", by=("item", "channel"))
    assert cxkit.merge([cards[0], app], over="channel").get("nps").n == 3


@pytest.mark.parametrize("over", ["custmer", ("customer", "event"), "plan"])
def test_a_split_is_by_columns_of_events(over: Any) -> None:
    """A misspelled column would make a promise about nothing."""
    card = cxkit.score(orders("a"), "orders")
    with pytest.raises(UnknownNameError, match="column that events are split by"):
        cxkit.merge([card, card], over=over)
    with pytest.raises(InvalidValueError, match="over"):
        cxkit.merge([card, card], over=())


# ---------------------------------------------------------------------------------------------------- bounds and looks


def test_bounds_go_on_from_each_other() -> None:
    """A store is scored day by day: bounds that touch are one, whether or not anything happened near them."""
    events = [*answers(9, 8, day=0), *answers(3, day=1), *answers(10, day=2)]
    days = [f"2026-03-0{day}" for day in (2, 3, 4, 5)]
    asked: dict[str, Any] = {"metrics": "nps", "every": "month"}
    cards = [cxkit.score(events, since=since, until=until, **asked) for since, until in pairwise(days)]

    assert (
        cxkit.merge([cards[2], cards[0], cards[1]]).rows
        == cxkit.score(events, since=days[0], until=days[-1], **asked).rows
    )
    assert refused([cards[0], cards[2]]) == (
        "until is 2026-03-03T00:00:00+00:00 in part 1 and since is 2026-03-04T00:00:00+00:00 in part 2: "
        "score each part from where another ends"
    )
    before = cxkit.score(events, until=days[1], **asked)
    assert cxkit.merge([cards[1], before]).rows == cxkit.score(events, until=days[2], **asked).rows
    assert "in part 1 and since is none in part 2" in refused([before, cxkit.score(events, **asked)])


def test_the_latest_end_of_the_data_counts() -> None:
    """Of parts that are times apart each has its own end; the last of all ends the whole."""
    asked: dict[str, Any] = {"metrics": "nps", "every": "month"}
    monday = cxkit.score(answers(9), as_of="2026-03-03", **asked)
    tuesday = cxkit.score(answers(9, day=1), as_of="2026-04-01", **asked)
    undated = cxkit.score(answers(9, day=40), **asked)

    assert [row.partial for row in cxkit.merge([monday, tuesday]).overall()] == [True]
    assert saved(cxkit.merge([monday, tuesday])).asked.as_of_us == saved(tuesday).asked.as_of_us
    assert saved(cxkit.merge([monday, undated])).asked.as_of_us == saved(undated).last_us


def test_a_merged_card_is_shown_as_its_first_part() -> None:
    """Level and targets are how a card is shown; what one part hides stays hidden."""
    monday = cxkit.score(answers(9, 3, channel="web"), "nps", by="channel", level=0.9, targets={"nps": 40})
    tuesday = cxkit.score(answers(9, day=1, channel="web"), "nps", by="channel", min_n=5)
    merged = cxkit.merge([saved(monday), saved(tuesday)])

    assert merged.get("nps").level == 0.9
    assert [row.verdict for row in merged.overall()] == ["undecided"]
    assert [row.hidden for row in merged if not row.overall] == [True]
    assert cxkit.merge(monday) == monday
