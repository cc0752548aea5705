"""The cases: each interval in settings of which the truth is known."""

from __future__ import annotations

import math
from bisect import bisect
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import attrs
from bench import made_states as made

from cxkit import metrics
from cxkit.metrics import Estimate, Given, Metric

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from random import Random

MINUTE = 60_000_000
SCALE_11 = tuple(map(float, range(11)))
SCALE_7 = tuple(map(float, range(1, 8)))


@attrs.frozen
class Case:
    """An interval in one setting.

    Attributes:
        interval: what it is, and of which metric.
        setting: what is drawn.
        n: how many observations, about.
        truth: the number that the interval should hold.
        draw: draws a sample, and returns its estimate.
        promised: whether coverage is promised there: moderate n, rates from .1 to .9, tails that aren't long.
        quick: whether a sample costs so little that more of them are drawn.
    """

    interval: str
    setting: str
    n: int
    truth: float
    draw: Callable[[Random], Estimate]
    promised: bool = True
    quick: bool = False


def shares() -> Iterator[Case]:
    """Wilson's interval: every share of answers, of spans and of customers has it."""
    metric, known = metrics.csat(), dict[tuple[int, int], Estimate]()
    for n in (50, 100, 500):
        for p in (0.1, 0.3, 0.5, 0.7, 0.9):
            heaped = list(accumulate(math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)))

            def draw(chance: Random, n: int = n, heaped: list[float] = heaped) -> Estimate:
                k = bisect(heaped, chance.random() * heaped[-1])
                if (k, n) not in known:
                    known[k, n] = metric.estimate({"answers": made.tally([5.0] * k + [1.0] * (n - k))})
                return known[k, n]

            yield Case("Wilson: csat and all shares", f"share {p:g}", n, p, draw, quick=True)


NETS = ((0.5, 0.2), (0.3, 0.5), (0.1, 0.1), (0.9, 0.05), (0.1, 0.8), (0.45, 0.45))


def nets() -> Iterator[Case]:
    """The adjusted Wald interval of a net share."""
    metric = metrics.nps()
    for n in (50, 100, 500):
        for plus, minus in NETS:
            weights = (plus, minus, 1 - plus - minus)

            def draw(chance: Random, n: int = n, weights: Sequence[float] = weights) -> Estimate:
                return metric.estimate({"answers": made.tally(chance.choices((10.0, 3.0, 8.0), weights, k=n))})

            name = f"promoters {plus:g}, detractors {minus:g}"
            yield Case("adjusted Wald: nps, sentiment", name, n, 100 * (plus - minus), draw)
    for interval in ("wald", "goodman"):
        plain = metrics.nps(interval=interval)

        def on_request(chance: Random, plain: Metric = plain) -> Estimate:
            return plain.estimate({"answers": made.tally(chance.choices((10.0, 3.0, 8.0), (0.9, 0.05, 0.05), k=50))})

        name = "promoters 0.9, detractors 0.05"
        yield Case(f"{interval}, on request: nps", name, 50, 85.0, on_request, promised=False)


def weighted() -> Iterator[Case]:
    """The same with weights: of no meaning, and of groups that were asked too seldom and differ."""
    groups = ((0.8, 0.5, (0.6, 0.1, 0.3)), (0.2, 0.5, (0.2, 0.5, 0.3)))  # of the sample, of the whole, their answers
    truth = sum(whole * (p - d) for _, whole, (p, d, _) in groups)
    alike = (0.4, 0.3, 0.3)
    for n in (50, 100, 500):

        def of_chance(chance: Random, n: int = n) -> Estimate:
            scores = chance.choices((10.0, 3.0, 8.0), alike, k=n)
            weights = chance.choices((500_000, 1_000_000, 2_500_000), k=n)
            return metrics.nps().estimate({"answers": made.weighed(zip(scores, weights, strict=True))})

        def of_groups(chance: Random, n: int = n) -> Estimate:
            drawn = []
            for part, whole, answers in groups:
                k = round(part * n)
                drawn += [(s, round(1e6 * whole * n / k)) for s in chance.choices((10.0, 3.0, 8.0), answers, k=k)]
            return metrics.nps().estimate({"answers": made.weighed(drawn)})

        def of_shares(chance: Random, n: int = n) -> Estimate:
            scores = chance.choices((5.0, 2.0), (0.3, 0.7), k=n)
            weights = chance.choices((500_000, 1_000_000, 2_500_000), k=n)
            return metrics.csat().estimate({"answers": made.weighed(zip(scores, weights, strict=True))})

        yield Case("adjusted Wald, weighted: nps", "weights .5 to 2.5 by chance", n, 10.0, of_chance)
        yield Case("adjusted Wald, weighted: nps", "a group of 20 % weighed to 50 %", n, 100 * truth, of_groups)
        yield Case("Wilson, weighted: csat", "weights .5 to 2.5 by chance, share .3", n, 0.3, of_shares)


def means() -> Iterator[Case]:
    """The t interval."""
    skewed = (0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.3)
    truth = sum(score * p for score, p in zip(SCALE_7, skewed, strict=True))
    atv, waits = metrics.average_transaction_value(), metrics.first_response_time(at="mean")
    for n in (50, 100, 500):

        def of_scores(chance: Random, n: int = n) -> Estimate:
            return metrics.ces().estimate({"answers": made.tally(chance.choices(SCALE_7, skewed, k=n))})

        yield Case("t: ces, csat_mean, stars, sense …", "1-7, most answers high", n, truth, of_scores)
        for sigma in (0.5, 1.0):

            def of_amounts(chance: Random, n: int = n, sigma: float = sigma) -> Estimate:
                amounts = [made.lognormal(chance, 4000, sigma) for _ in range(n)]
                return atv.estimate({"amounts": made.moments(amounts)}, Given(currency="USD"))

            mean = 40 * math.exp(sigma * sigma / 2)
            yield Case("t: average_transaction_value", f"lognormal, σ = {sigma:g}", n, mean, of_amounts, sigma < 1)

        def of_waits(chance: Random, n: int = n) -> Estimate:
            return waits.estimate({"spans": made.spans([round(chance.expovariate(1 / 30) * MINUTE) for _ in range(n)])})

        yield Case("t: mean durations", "exponential", n, 1800.0, of_waits)


def counts() -> Iterator[Case]:
    """Counts, and sums of a count of amounts."""
    for mean in (10, 50, 100, 500):

        def of_counts(chance: Random, mean: int = mean) -> Estimate:
            return metrics.active_customers().estimate({"customers": made.distinct(made.poisson(chance, mean))})

        yield Case("Poisson score: orders, active_customers", f"mean {mean}", mean, mean, of_counts, mean >= 50)
        if mean < 50:
            continue
        for sigma in (0.5, 1.0):

            def of_sums(chance: Random, mean: int = mean, sigma: float = sigma) -> Estimate:
                amounts = [made.lognormal(chance, 4000, sigma) for _ in range(made.poisson(chance, mean))]
                return metrics.revenue().estimate({"amounts": made.moments(amounts)}, Given(currency="USD"))

            truth = 40 * math.exp(sigma * sigma / 2) * mean
            name = f"lognormal amounts, σ = {sigma:g}"
            yield Case("compound Poisson: revenue", name, mean, truth, of_sums, sigma < 1)


def quantiles() -> Iterator[Case]:
    """Order statistics: exponential gaps."""
    for n in (50, 100, 500):
        for at, q in (("p50", 0.5), ("p90", 0.9), ("p95", 0.95)):
            metric = metrics.first_response_time(at=at)

            def draw(chance: Random, n: int = n, metric: Metric = metric) -> Estimate:
                gaps = [round(chance.expovariate(1 / 30) * MINUTE) for _ in range(n)]
                return metric.estimate({"spans": made.spans(gaps)})

            promised = n > 50 or q <= 0.9
            yield Case("order statistics: durations", at, n, -1800 * math.log(1 - q), draw, promised)


def clustered() -> Iterator[Case]:
    """Customers who answer repeatedly: each keeps to their first answer as often as the setting says."""
    weights = (0.4, 0.2, 0.4)
    for customers, times, alike in ((50, (4,), 0.9), (100, (4,), 0.9), (100, (1, 2, 6), 0.9), (200, (4,), 0.3)):

        def sample(
            chance: Random, customers: int = customers, times: tuple[int, ...] = times, alike: float = alike
        ) -> list[list[float]]:
            found = []
            for _ in range(customers):
                (first,) = chance.choices((10.0, 3.0, 8.0), weights)
                found.append(
                    [
                        first if chance.random() < alike else chance.choices((10.0, 3.0, 8.0), weights)[0]
                        for _ in range(chance.choice(times))
                    ]
                )
            return found

        def of_nps(chance: Random, sample: Any = sample, interval: Any = "clustered") -> Estimate:  # noqa: ANN401
            answers = sample(chance)
            states: dict[str, Any] = {"answers": made.tally(score for own in answers for score in own)}
            if interval == "clustered":
                signs = [[1 if score == 10 else -1 if score == 3 else 0 for score in own] for own in answers]
                states["clusters"] = made.clusters(signs)
            return metrics.nps(interval=interval).estimate(states)

        def of_csat(chance: Random, sample: Any = sample) -> Estimate:  # noqa: ANN401
            answers = sample(chance)
            scores = (5.0 if score == 10 else 1.0 for own in answers for score in own)
            hits = [[int(score == 10) for score in own] for own in answers]
            states = {"answers": made.tally(scores), "clusters": made.clusters(hits)}
            return metrics.csat(interval="clustered").estimate(states)

        name = f"{customers} customers, {' or '.join(map(str, times))} answers each, alike {alike:g}"
        n = customers * sum(times) // len(times)
        yield Case("clustered: nps", name, n, 20.0, of_nps)
        yield Case("clustered: csat", name, n, 0.4, of_csat)
        if (customers, times) == (100, (4,)):
            plain = lambda chance, of=of_nps: of(chance, interval="adjusted-wald")  # noqa: E731 - one word changed
            yield Case("not clustered: nps", name, n, 20.0, plain, promised=False)
