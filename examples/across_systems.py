"""One customer, three systems, one scorecard: a cart, a till with its back office, and a desk that hears how it went.

What Vendure, Tryton and BottleCRM know is pulled into one store, the customers are tied by e-mail address and phone
number, the whole is scored by channel, and what is known of each customer goes back to the desk. The settings stand in
``cx.toml`` or in the environment, as for ``cxkit pull``::

    python examples/across_systems.py shop.db
"""

from __future__ import annotations

import sys

import cxkit

SYSTEMS = ("vendure", "tryton", "bottlecrm")
METRICS = ("orders", "revenue", "refund_rate", "csat", "first_response_time")


def main(place: str) -> int:
    """Pull, tie, score and write back; return how many records couldn't be taken."""
    rejected = 0
    with cxkit.connect(place) as cx:
        for system in SYSTEMS:
            pulled = cxkit.pull(system, cx)
            new = sum(stream.report.new for stream in pulled.streams)
            rejected += pulled.rejected
            print(f"{pulled.source}: {new:,} new events")

        people = cx.identities()
        systems_of: dict[str, set[str]] = {}
        for customer in {event.customer for event in cx.events() if event.customer}:
            systems_of.setdefault(people.canonical(customer), set()).add(customer.partition(":")[0])
        everywhere = sum(len(known & set(SYSTEMS)) > 1 for known in systems_of.values())
        print(f"{len(systems_of)} customers, {everywhere} of them known to more than one system\n")

        print(cx.score(METRICS, by="channel"))

        pushed = cxkit.push("bottlecrm", cx)
        print(f"\n{pushed.written} contacts written back, {pushed.unchanged} unchanged")
    return rejected + len(pushed.rejects)


if __name__ == "__main__":
    sys.exit(bool(main(sys.argv[1] if len(sys.argv) > 1 else "shop.db")))
