"""The shop's customers: who is there, and who of them buys in a month."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from typing import TypeAlias

import attrs

from cxkit.simulate.chance import Chance, pick
from cxkit.simulate.truths import COMES_BACK, ORDER_CHANNELS, ORDERS_A_MONTH, RETURNS

Plan: TypeAlias = dict[int, list[tuple[int, str, bool]]]
"""Day number → customer, channel, and whether the customer joins with this order."""


@attrs.define
class Customers:
    """Everybody who is or becomes a customer, by number; half are customers when the simulation begins.

    Buying is a chain by month: who bought comes again with one probability, who didn't with another. So a month's
    retention is a plain share of independent people.

    Attributes:
        joins: the day on which each joins, sorted; before the first day for those who are there already.
        bought: whether each bought in the month planned last.
        linked: whether the e-mail address of each is known to be theirs.
    """

    joins: list[int]
    bought: bytearray
    linked: bytearray

    @classmethod
    def of(cls, count: int, days: int, chance: Chance) -> Customers:
        """Return customers before their first month: as many of them have just bought as in the long run do."""
        present = count - count // 2
        joins = [-1] * present + sorted(int(chance() * days) for _ in range(count // 2))
        in_long_run = COMES_BACK / (1 - RETURNS + COMES_BACK)
        bought = bytearray(chance() < in_long_run for _ in range(present))
        return cls(joins, bought + bytearray(count // 2), bytearray(count))

    def name(self, number: int) -> str:
        """Return a customer's number as the shop writes it."""
        return f"c{number + 1:06d}"

    def email(self, number: int) -> str:
        """Return what identifies a customer who orders as a guest."""
        return f"email:customer{number + 1:06d}@example.com"

    def present(self, day: int) -> int:
        """Return how many there are on a day: those are the first ones."""
        return bisect_right(self.joins, day)

    def plan(self, first: int, last: int, chance: Chance) -> Plan:
        """Return who buys in a month, whose first and last day are given by number."""
        plan: Plan = defaultdict(list)
        before = bisect_left(self.joins, max(first, 0))
        for number in range(before):
            if chance() < (RETURNS if self.bought[number] else COMES_BACK):
                self.bought[number] = 1
                for _ in range(pick(chance, ORDERS_A_MONTH)):
                    plan[_day(first, last, chance)].append((number, pick(chance, ORDER_CHANNELS), False))
            else:
                self.bought[number] = 0
        for number in range(before, self.present(last)):
            join = self.joins[number]
            self.bought[number] = 1
            plan[join].append((number, pick(chance, ORDER_CHANNELS), True))
            for _ in range(pick(chance, ORDERS_A_MONTH) - 1):
                plan[_day(join, last, chance)].append((number, pick(chance, ORDER_CHANNELS), False))
        return plan


def _day(first: int, last: int, chance: Chance) -> int:
    return first + int(chance() * (last - first + 1))
