"""A metric: what it needs of the events, and a formula that makes an estimate of it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ParamSpec

import attrs

from cxkit.errors import UnknownNameError
from cxkit.metrics.estimate import Estimate
from cxkit.stats import By, Spans, filters_of

if TYPE_CHECKING:
    from cxkit.stats import State, Statistic

P = ParamSpec("P")


@attrs.frozen
class Given:
    """What a formula is told besides its states.

    Attributes:
        level: the confidence level.
        currency: the currency of a money metric's row, or None.
    """

    level: float = 0.95
    currency: str | None = None


Formula = Callable[[Mapping[str, Any], Given], Estimate]


@attrs.frozen
class Metric:
    """A number of customer experience, defined once.

    Attributes:
        name: its name in the catalogue.
        title: its name for people.
        unit: what its values are; ``money`` becomes the row's currency.
        better: ``higher``, ``lower``, or None where neither is.
        needs: the statistics it reads, by the names its formula uses.
        formula: states and what is given → estimate.
        source: where the definition comes from.
        options: the options that differ from their defaults.
        per: a column whose values are never put together: its `By` needs give a row each.

    >>> from cxkit import metrics
    >>> metrics.nps(answers="latest").label
    'nps[answers=latest]'
    """

    name: str
    title: str
    unit: str
    better: str | None
    needs: Mapping[str, Statistic]
    formula: Formula
    source: str
    options: Mapping[str, Any] = attrs.field(factory=dict)
    per: str | None = None

    @property
    def label(self) -> str:
        """Its name with the options that tell it from its default."""
        if not self.options:
            return self.name
        return f"{self.name}[{','.join(f'{name}={_spell(value)}' for name, value in self.options.items())}]"

    @property
    def reads(self) -> tuple[str, ...]:
        """The kinds of events it reads; empty where it reads any."""
        kinds: set[str] = set()
        for statistic in self.needs.values():
            if statistic.reads is None:
                return ()
            kinds |= statistic.reads
        return tuple(sorted(kinds))

    @property
    def asks(self) -> tuple[frozenset[str], ...]:
        """Sets of kinds of each of which the data must hold one, or the metric has nothing to say of it.

        >>> from cxkit import metrics
        >>> sorted(map(sorted, metrics.first_response_time().asks))
        [['contact.answered'], ['contact.opened']]
        """
        # What spoils a span needn't ever have happened; what starts and ends it must.
        filters = [
            where
            for statistic in self.needs.values()
            for where in ((statistic.start, statistic.end) if isinstance(statistic, Spans) else filters_of(statistic))
        ]
        kinds = {where.kinds for where in filters if where.kinds}
        least = [each for each in kinds if not any(other < each for other in kinds)]
        return tuple(sorted(least, key=sorted))

    def estimate(self, states: Mapping[str, State], given: Given | None = None) -> Estimate:
        """Return the estimate of states; those left out are zero.

        Raises:
            UnknownNameError: a state that the metric doesn't need.

        >>> from cxkit import metrics
        >>> metrics.orders().estimate({}).value
        0
        """
        for name in states.keys() - self.needs.keys():
            raise UnknownNameError(f"state of {self.name}", name, self.needs)
        whole = {name: states.get(name, self._zero(statistic)) for name, statistic in self.needs.items()}
        return self.formula(whole, given or Given())

    def _zero(self, statistic: Statistic) -> State:
        # A metric that is never put together across a column gets one part of its `By` needs.
        return statistic.of.zero() if self.per is not None and isinstance(statistic, By) else statistic.zero()


def _spell(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return "none" if value is None else str(value)


def factory(make: Callable[P, Metric]) -> Callable[P, Metric]:
    """Decorate the function that makes a metric: the options given become part of its label.

    >>> @factory
    ... def visits(*, kind: str = "visit.started") -> Metric:
    ...     return Metric("visits", "Visits", "count", "higher", {}, lambda states, given: Estimate(None), "here")
    >>> visits(kind="product.viewed").label
    'visits[kind=product.viewed]'
    """
    signature = inspect.signature(make)
    defaults = {name: parameter.default for name, parameter in signature.parameters.items()}

    @functools.wraps(make)
    def made(*args: P.args, **kwargs: P.kwargs) -> Metric:
        given = signature.bind(*args, **kwargs).arguments
        changed = {name: value for name, value in given.items() if value != defaults[name]}
        return attrs.evolve(make(*args, **kwargs), options=changed)

    return made
