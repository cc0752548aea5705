"""Service: how long customers wait, and whether that settles it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from cxkit.errors import InvalidValueError
from cxkit.metrics.answers import share_estimate
from cxkit.metrics.durations import AT, At, duration_estimate, ended_metric, time_metric
from cxkit.metrics.estimate import Estimate
from cxkit.metrics.metric import Given, Metric, factory
from cxkit.metrics.money import AMOUNTS, events_of
from cxkit.metrics.options import chosen, window
from cxkit.metrics.ratios import count_ratio
from cxkit.stats import Distinct, IsNull, Less, Moments, Not, Sketch, Spans, Tally, Unless, Where

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cxkit.stats import TallyState

_OPENED, _ANSWERED = Where(kind="contact.opened"), Where(kind="contact.answered")
_RESOLVED, _REOPENED = Where(kind="contact.resolved"), Where(kind="contact.reopened")
_ABANDONED = Where(kind="contact.abandoned")
_MEASURED = Where(duration_us=Not(IsNull()))
_SECOND = 1_000_000
_LONGEST_S = 86_400 * 366


@factory
def first_response_time(*, at: At = "p50") -> Metric:
    """First response time: from a contact's opening to its first answer, by the day the contact was opened.

    Args:
        at: ``p50``, ``p90``, ``p95`` (within one per cent) or ``mean`` (exact).

    Source: first reply time as desks define it; quantile interval David & Nagaraja 2003, Order Statistics, 7.1.
    """
    spans, source = Spans(_OPENED, _ANSWERED), "first contact.answered - contact.opened"
    return time_metric("first_response_time", "First response time", spans, at, source)


@factory
def resolution_time(*, at: At = "p50") -> Metric:
    """Resolution time: from a contact's opening to its last resolution, so that a reopened one counts on.

    Args:
        at: ``p50``, ``p90``, ``p95`` (within one per cent) or ``mean`` (exact).

    Source: full resolution time as desks define it; quantile interval David & Nagaraja 2003, Order Statistics, 7.1.
    """
    spans, source = Spans(_OPENED, _RESOLVED, ends="last"), "last contact.resolved - contact.opened"
    return time_metric("resolution_time", "Resolution time", spans, at, source)


@factory
def wait_time(*, at: At = "p50") -> Metric:
    """Wait time: how long those who were answered had waited, as `duration` of contact.answered says.

    Args:
        at: ``p50``, ``p90``, ``p95`` (within one per cent) or ``mean`` (exact: the average speed of answer).

    Source: speed of answer as contact centres define it; quantile interval David & Nagaraja 2003, 7.1.
    """
    chosen("at", at, AT)
    negative = Where(duration_us=Less(0))
    waited = _ANSWERED & Where(duration_us=Not(Less(0)))

    def formula(states: Mapping[str, Any], given: Given) -> Estimate:
        gaps = states["waits"]
        excluded = {
            "no wait measured": gaps.nulls,
            "negative wait": states["negative"].n,
            "wait out of range": gaps.out,
        }
        return duration_estimate(gaps, states["histogram"], at, given, excluded)

    return Metric(
        name="wait_time",
        title="Wait time",
        unit="seconds",
        better="lower",
        needs={
            "waits": Moments(waited, of="duration_us"),
            "histogram": Sketch(waited & _MEASURED, of="duration_us"),
            "negative": Tally(_ANSWERED & negative, "kind"),
        },
        formula=formula,
        source="duration of contact.answered; interval David & Nagaraja 2003",
    )


@factory
def first_contact_resolution(*, within_days: float = 7.0) -> Metric:
    """First-contact resolution: contacts resolved without reopening and without a further contact by the same customer.

    All of it within a window from the opening; contacts whose window isn't over yet are left out, as are those of
    nobody known, for who can say whether they came again.

    Args:
        within_days: the window.

    Source: net first-contact resolution with a repeat-contact window, as in Cleveland 2019, Call Center Management on
        Fast Forward; interval Wilson 1927.
    """
    spans = Spans(
        _OPENED,
        _RESOLVED,
        window_us=window("within_days", within_days),
        unless=(Unless(_REOPENED), Unless(_OPENED, "customer")),
    )
    title = "First-contact resolution"
    return ended_metric("first_contact_resolution", title, "higher", spans, "resolution", "Cleveland 2019")


@factory
def reopen_rate(*, within_days: float = 30.0) -> Metric:
    """Reopen rate: resolved contacts that were reopened within a window, by the day they were first resolved.

    Args:
        within_days: the window; ``inf`` is for ever.

    Source: reopened ÷ resolved as desks define it; interval Wilson 1927.
    """
    spans = Spans(_RESOLVED, _REOPENED, window_us=window("within_days", within_days))
    source = "contact.reopened ÷ contact.resolved"
    return ended_metric("reopen_rate", "Reopen rate", "lower", spans, "reopening", source)


def _seconds(name: str, seconds: float) -> int:
    if not 0 <= seconds <= _LONGEST_S:
        raise InvalidValueError(name, seconds, f"must lie within 0…{_LONGEST_S:,} seconds")
    return round(seconds * _SECOND)


def _counted(state: TallyState) -> int:
    return state.n


@factory
def abandonment_rate(*, short_seconds: float = 0.0) -> Metric:
    """Abandonment rate: contacts given up while waiting, of those given up or answered.

    A contact counts as answered once, however many answers it got.

    Args:
        short_seconds: those who gave up sooner aren't counted: they hardly waited.

    Source: Cleveland 2019, Call Center Management on Fast Forward; interval Wilson 1927.
    """
    least = _seconds("short_seconds", short_seconds)

    def formula(states: Mapping[str, Any], given: Given) -> Estimate:
        answered = states["answered"].n + states["answered"].nulls
        short = _counted(states["short"]) if least else 0
        abandoned = _counted(states["abandoned"]) - short
        excluded = {"given up at once": short}
        if not answered + abandoned:
            return Estimate(None, level=given.level, unit="share", method="wilson", excluded=excluded)
        return share_estimate(abandoned / (answered + abandoned), answered + abandoned, given, excluded)

    return Metric(
        name="abandonment_rate",
        title="Abandonment rate",
        unit="share",
        better="lower",
        needs={
            "answered": Distinct(_ANSWERED, of="reference"),
            "abandoned": Tally(_ABANDONED, "kind"),
            "short": Tally(_ABANDONED & Where(duration_us=Less(least)), "kind"),
        },
        formula=formula,
        source="Cleveland 2019; interval Wilson 1927",
    )


Rule = Literal[
    "offered", "answered", "abandoned-in-time-met", "abandoned-in-time-excluded", "short-met", "short-excluded"
]
RULES: Final = (
    "offered", "answered", "abandoned-in-time-met", "abandoned-in-time-excluded", "short-met", "short-excluded",
)  # fmt: skip


@factory
def service_level(*, seconds: float = 20.0, rule: Rule = "offered", short_seconds: float = 5.0) -> Metric:
    """Service level: the share of contacts answered within a threshold, by one of six rival formulas.

    With A answered, of which a in time, and B abandoned, of which b within the threshold and s within a short time:
    ``offered`` a/(A+B); ``answered`` a/A; ``abandoned-in-time-met`` (a+b)/(A+B); ``abandoned-in-time-excluded``
    a/(A+B-b); ``short-met`` (a+s)/(A+B); ``short-excluded`` a/(A+B-s). Contacts without a measured wait aren't counted.

    Args:
        seconds: the threshold, inclusive.
        rule: the formula.
        short_seconds: up to when giving up is short, inclusive.

    Source: Cleveland 2019, Call Center Management on Fast Forward; interval Wilson 1927.
    """
    chosen("rule", rule, RULES)
    soon = Where(duration_us=Less(_seconds("seconds", seconds) + 1))
    at_once = Where(duration_us=Less(_seconds("short_seconds", short_seconds) + 1))

    def formula(states: Mapping[str, Any], given: Given) -> Estimate:
        answered, in_time, abandoned, early, short = (
            _counted(states[name]) for name in ("answered", "in_time", "abandoned", "early", "short")
        )
        met, of = {
            "offered": (in_time, answered + abandoned),
            "answered": (in_time, answered),
            "abandoned-in-time-met": (in_time + early, answered + abandoned),
            "abandoned-in-time-excluded": (in_time, answered + abandoned - early),
            "short-met": (in_time + short, answered + abandoned),
            "short-excluded": (in_time, answered + abandoned - short),
        }[rule]
        excluded = {"no wait measured": _counted(states["unmeasured"])}
        if not of:
            return Estimate(None, level=given.level, unit="share", method="wilson", excluded=excluded)
        return share_estimate(met / of, of, given, excluded)

    both = Where(kind=("contact.answered", "contact.abandoned"))
    return Metric(
        name="service_level",
        title="Service level",
        unit="share",
        better="higher",
        needs={
            "answered": Tally(_ANSWERED & _MEASURED, "kind"),
            "in_time": Tally(_ANSWERED & soon, "kind"),
            "abandoned": Tally(_ABANDONED & _MEASURED, "kind"),
            "early": Tally(_ABANDONED & soon, "kind"),
            "short": Tally(_ABANDONED & at_once, "kind"),
            "unmeasured": Tally(both & Where(duration_us=IsNull()), "kind"),
        },
        formula=formula,
        source="Cleveland 2019; interval Wilson 1927",
    )


@factory
def contact_rate() -> Metric:
    """Contact rate: contacts opened for each order placed.

    Source: contacts ÷ orders; interval of a ratio of two Poisson counts, Przyborowski & Wilenski 1940.
    """

    def formula(states: Mapping[str, Any], given: Given) -> Estimate:
        contacts = states["contacts"]
        return count_ratio(contacts.n + contacts.nulls, events_of(states["orders"]), given, {})

    return Metric(
        name="contact_rate",
        title="Contact rate",
        unit="ratio",
        better="lower",
        needs={"contacts": Distinct(_OPENED, of="reference"), "orders": AMOUNTS},
        formula=formula,
        source="contact.opened ÷ order.placed; interval Przyborowski & Wilenski 1940",
    )
