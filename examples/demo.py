"""What cxkit makes of real purchases and of a simulated year: ``nox -s demo``, or ``python examples/demo.py``."""

from __future__ import annotations

import sys
from pathlib import Path
from time import perf_counter

import cxkit
from cxkit.simulate import TRUTHS, simulate_shop

CDNOW = Path(__file__).parent / "data" / "CDNOW_sample.txt"
CITATION = """\
Fader & Hardie (2001), Forecasting Repeat Sales at CDNOW: A Case Study, Interfaces 31(3, part 2), S94–S107."""


def heading(text: str) -> None:
    """Print a heading."""
    print(f"\n\n{text}\n{'═' * len(text)}\n")


def show_cdnow() -> None:
    """Score real purchases, as a whole and by month."""
    orders = list(cxkit.recipes.read(CDNOW, "cdnow"))  # a recipe says what the lines of a file mean
    heading(f"Real: {len(orders):,} purchases of CDs")
    print(cxkit.score(orders))
    print()
    monthly = ["orders", "active_customers", "average_transaction_value", "retention_rate"]
    print(cxkit.score(orders, monthly, every="month"))
    print(f"\n{CITATION}")


def show_shop() -> None:
    """Score a simulated year by channel and by month, and compare its last two quarters."""
    events = list(simulate_shop())
    heading(f"Simulated: a year of a shop, {len(events):,} events")
    begin = perf_counter()
    voice = ["nps", "csat", "ces", "first_response_time"]
    print(cxkit.score(events, voice, by="channel", tz=TRUTHS.tz))
    print()
    monthly = ["orders", "nps", "csat", "ces", "retention_rate"]
    print(cxkit.score(events, monthly, every="month", tz=TRUTHS.tz))
    worse = TRUTHS.worse_channel
    heading(f"What changed by {worse}: the last quarter of the simulated year, and the one before")
    card = cxkit.score(events, voice, by="channel", every="quarter", tz=TRUTHS.tz).filter(channel=worse)
    print(cxkit.compare(after=card.latest(), before=card.latest(2)))
    took = perf_counter() - begin
    waits = TRUTHS.first_response_time[worse] / 60, TRUTHS.worse_first_response_time / 60
    print(
        "\nThe truth, as it is planted: in October, for calls and answers from then on,\n"
        f"- NPS falls from {TRUTHS.nps[worse]:+.0f} to {TRUTHS.worse_nps:+.0f},\n"
        f"- the median wait rises from {waits[0]:g} to {waits[1]:g} minutes,\n"
        "- and satisfaction and effort stay as they are.\n"
        f"\nThree scorecards of {len(events):,} events and the comparison took {took:.1f} s."
    )


def main() -> None:
    """Show both, and what to try next."""
    if hasattr(sys.stdout, "reconfigure"):  # a Windows console may know fewer letters than the tables use
        sys.stdout.reconfigure(encoding="utf-8")
    show_cdnow()
    show_shop()
    heading("Next")
    print(
        "pip install .                                         cxkit for your own Python\n"
        "cxkit simulate --out shop.csv                         the events of the simulated shop\n"
        "cxkit score shop.csv --metric nps --by channel        a scorecard of any file of events\n"
        "cxkit metrics                                         what can be scored, and from which events\n"
        "docs/tutorial.md                                      from your app's first event to a comparison"
    )


if __name__ == "__main__":
    main()
