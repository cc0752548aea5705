"""The cases of ratios, of gaps and of differences."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from bench import made_states as made
from bench.coverage_cases import MINUTE, SCALE_7, Case

from cxkit import metrics
from cxkit.api.compare import compare
from cxkit.api.nonresponse import _group
from cxkit.metrics import Estimate, Given
from cxkit.report import Row, Scorecard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random


def ratios() -> Iterator[Case]:
    """Ratios of counts, of money and of means."""
    for n in (50, 100, 500):

        def visits(chance: Random, n: int = n) -> Estimate:
            each = [1 + int(math.log(1 - chance.random()) / math.log(0.6)) for _ in range(n)]
            return metrics.visit_frequency().estimate({"events": made.frequency(each)})

        yield Case("t: visit_frequency, purchase_frequency", "geometric visits, mean 2.5", n, 2.5, visits)
        for rate in (0.1, 0.5, 0.9):

            def contacts(chance: Random, n: int = n, rate: float = rate) -> Estimate:
                return metrics.count_ratio(made.poisson(chance, rate * n), made.poisson(chance, n), Given(), {})

            yield Case("conditional: contact_rate", f"{rate:g} contacts an order", n, rate, contacts)
        for rate in (0.1, 0.3):

            def refunds(chance: Random, n: int = n, rate: float = rate) -> Estimate:
                orders = [made.lognormal(chance, 4000, 0.5) for _ in range(made.poisson(chance, n))]
                back = [amount for amount in orders if chance.random() < rate]
                states = {"amounts": made.moments(orders), "refunds": made.moments(back)}
                return metrics.refund_rate(by="amount").estimate(states, Given(currency="USD"))

            name = f"{rate:g} of orders, lognormal σ = .5"
            yield Case("delta, log: refund_rate by amount", name, n, rate, refunds)


def _customers(chance: Random, n: int) -> list[tuple[int, int]]:
    """Draw what n customers spent a year before, and spend now: 70 % stay, and spend about as much as they did."""
    found = []
    for _ in range(n):
        then = made.lognormal(chance, 10_000, 0.6)
        found.append((then, round(then * math.exp(chance.gauss(0.1, 0.4))) if chance.random() < 0.7 else 0))
    return found


def growth() -> Iterator[Case]:
    """What customers of a year before spend now, with those won by referral and without."""
    kept = 0.7 * math.exp(0.1 + 0.08)
    for n in (50, 100, 500):

        def retention(chance: Random, n: int = n) -> Estimate:
            state = made.returns(_customers(chance, n))
            return metrics.net_revenue_retention().estimate({"returns": state}, Given(currency="USD"))

        def earned(chance: Random, n: int = n) -> Estimate:
            new = [made.lognormal(chance, 10_000, 0.6) for _ in range(made.poisson(chance, 0.3 * n))]
            state = made.returns(_customers(chance, n), new)
            return metrics.earned_growth().estimate({"returns": state}, Given(currency="USD"))

        yield Case("linearised: net_revenue_retention", "70 % stay, amounts lognormal σ = .6", n, kept, retention)
        yield Case("linearised: earned_growth", "the same, and 30 % as many won", n, kept + 0.3 - 1, earned)


def products() -> Iterator[Case]:
    """Invitations a customer times the share that converts."""
    for n in (50, 100, 500):
        for invitations, conversion in ((3.0, 0.15), (0.5, 0.3)):

            def draw(chance: Random, n: int = n, of: float = invitations, p: float = conversion) -> Estimate:
                each = [made.poisson(chance, of * chance.expovariate(1)) for _ in range(n)]
                sent = sum(each)
                states = {
                    "customers": made.distinct(n),
                    "sent": made.frequency(each),
                    "converted": made.matched(made.binomial(chance, sent, p), sent),
                }
                return metrics.viral_coefficient().estimate(states)

            name = f"{invitations:g} invitations, {conversion:g} convert"
            yield Case("MOVER: viral_coefficient", name, n, invitations * conversion, draw)


def gaps() -> Iterator[Case]:
    """Perceived less expected, over touchpoints and items."""
    perceived, expected = (0.05, 0.05, 0.1, 0.2, 0.3, 0.2, 0.1), (0.01, 0.02, 0.07, 0.1, 0.2, 0.3, 0.3)
    truth = sum(s * (p - e) for s, p, e in zip(SCALE_7, perceived, expected, strict=True))
    for n in (50, 100):

        def draw(chance: Random, n: int = n) -> Estimate:
            def answers(weights: tuple[float, ...]) -> Any:  # noqa: ANN401 - a state
                items = {item: made.tally(chance.choices(SCALE_7, weights, k=n // 4)) for item in ("1", "2")}
                return made.by(items)

            states = {
                "perception": made.by({place: answers(perceived) for place in ("desk", "shop")}),
                "expectation": made.by({place: answers(expected) for place in ("desk", "shop")}),
            }
            return metrics.expectation_gap().estimate(states)

        yield Case("Welch: expectation_gap", "two touchpoints, two items, 1-7", n, truth, draw)


def _difference(after: Estimate, before: Estimate) -> Estimate:
    cards = [Scorecard((Row("m", "m", "higher", {}, True, None, False, None, each),)) for each in (after, before)]  # noqa: FBT003
    found = compare(after=cards[0], before=cards[1]).rows[0]
    return Estimate(found.value, found.low, found.high)


def _two(make: Callable[[Random, int], Estimate]) -> Callable[[Random], Estimate]:
    return lambda chance: _difference(make(chance, 0), make(chance, 1))


def differences() -> Iterator[Case]:
    """What `compare` says of two samples, and `nonresponse` of part and whole."""
    for n in (50, 100, 500):

        def of_shares(chance: Random, at: int, n: int = n) -> Estimate:
            k = made.binomial(chance, n, (0.8, 0.7)[at])
            return metrics.share_estimate(k / n, n, Given(), {})

        def of_nets(chance: Random, at: int, n: int = n) -> Estimate:
            weights = ((0.5, 0.2, 0.3), (0.4, 0.3, 0.3))[at]
            return metrics.nps().estimate({"answers": made.tally(chance.choices((10.0, 3.0, 8.0), weights, k=n))})

        def of_means(chance: Random, at: int, n: int = n) -> Estimate:
            scores = chance.choices(SCALE_7, (1, 1, 1, 2, 3, 4 + at, 4), k=n)
            return metrics.ces().estimate({"answers": made.tally(scores)})

        def of_medians(chance: Random, at: int, n: int = n) -> Estimate:
            gaps = [round(chance.expovariate(1 / (30 + 10 * at)) * MINUTE) for _ in range(n)]
            return metrics.first_response_time().estimate({"spans": made.spans(gaps)})

        def silent(chance: Random, n: int = n) -> Estimate:
            web = made.binomial(chance, n, 0.5)
            k = [made.binomial(chance, asked, rate) for asked, rate in ((web, 0.5), (n - web, 0.3))]
            return _group("channel", "web", (web, k[0]), (n, sum(k)), 0.95).difference

        means = [
            sum(s * w for s, w in zip(SCALE_7, (1, 1, 1, 2, 3, 4 + at, 4), strict=True)) / (16 + at) for at in (0, 1)
        ]
        yield Case("compare: shares (Newcombe)", ".8 against .7", n, 0.1, _two(of_shares))
        yield Case("compare: nps (adjusted Wald)", "30 against 10", n, 20.0, _two(of_nets))
        yield Case("compare: means (MOVER of t)", "ces, 1-7", n, means[0] - means[1], _two(of_means))
        yield Case("compare: medians (MOVER)", "30 against 40 minutes", n, -600 * math.log(2), _two(of_medians))
        yield Case("nonresponse: part and whole (Newcombe)", "half asked, .5 and .3 answer", n, 0.125, silent)
