"""How often intervals hold the truth, by simulation: ``python -m bench.coverage`` writes docs/coverage.md."""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import chain
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final
from zlib import crc32

from bench import coverage_cases, coverage_ratios

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.coverage_cases import Case

RUNS, QUICK_RUNS = 10_000, 2_000_000
LOW, HIGH = 0.93, 0.97
PAGE: Final = Path(__file__).parent.parent / "docs" / "coverage.md"
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
_ROOMS = (
    coverage_cases.shares, coverage_cases.nets, coverage_cases.weighted, coverage_cases.clustered,
    coverage_cases.means, coverage_cases.counts, coverage_cases.quantiles, coverage_ratios.ratios,
    coverage_ratios.growth, coverage_ratios.products, coverage_ratios.gaps, coverage_ratios.differences,
)  # fmt: skip


def cases() -> list[Case]:
    """Return all cases."""
    return list(chain.from_iterable(room() for room in _ROOMS))


def coverage(case: Case, runs: int | None = None) -> float:
    """Return how often the interval of a case holds the truth; the case itself is the seed."""
    chance = Random(crc32(f"{case.interval}{case.setting}{case.n}".encode()))
    held, runs = 0, runs or (QUICK_RUNS if case.quick else RUNS)
    for _ in range(runs):
        estimate = case.draw(chance)
        low, high = estimate.low, estimate.high
        held += (low is None or low <= case.truth) and (high is None or case.truth <= high)
    return held / runs


def _nth(number: int) -> float:
    return coverage(cases()[number])


def kept(share: float) -> bool:
    """Say whether a coverage, to a tenth of a per cent, lies within what is promised."""
    return LOW <= round(share, 3) <= HIGH


def table(found: Sequence[tuple[Case, float]]) -> str:
    """Return a Markdown table, a line for each case."""
    lines = ["| interval | setting | n | coverage | within |", "| --- | --- | --- | --- | --- |"]
    for case, share in found:
        within = ("yes" if kept(share) else "no") if case.promised else "–"
        lines.append(f"| {case.interval} | {case.setting} | {case.n:,} | {100 * share:.1f} % | {within} |")
    return "\n".join(lines)


def main() -> int:
    """Measure all cases, and write them into the page; the exit code says whether all that is promised is kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    jobs = parser.parse_args().jobs
    known = cases()
    with ProcessPoolExecutor(jobs) as pool:
        found = list(zip(known, pool.map(_nth, range(len(known))), strict=True))
    made = table(found)
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{made}\n\n{END}{after}", encoding="utf-8")
    missed = [(case, share) for case, share in found if case.promised and not kept(share)]
    for case, share in missed:
        print(f"{case.interval}, {case.setting}, n = {case.n}: {100 * share:.2f} %", file=sys.stderr)
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
