"""Four processes each score a part of the customers, and make the identical card: ``python examples/shards.py``."""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cxkit
from cxkit.files import write_events
from cxkit.simulate import simulate_shop

PROCESSES = 4
# Where the data ends must be the same for all: each shard has a latest event of its own.
ASKED: dict[str, Any] = {"by": "channel", "every": "quarter", "as_of": "2026-01-01"}


def score_shard(file: str) -> str:
    """Score one shard, and hand over what its card is made from: a few sums and counts, whatever the file's size."""
    states = cxkit.score(file, **ASKED).states
    assert states is not None  # noqa: S101 - segments aren't folded
    return states.to_json()


def main() -> None:
    """Cut, score and merge, and hold the result to the card of the whole."""
    if hasattr(sys.stdout, "reconfigure"):  # a Windows console may know fewer letters than the tables use
        sys.stdout.reconfigure(encoding="utf-8")
    events = list(simulate_shop(customers=200))
    with TemporaryDirectory() as folder:
        files = [str(Path(folder) / f"shard-{number}.ndjson") for number in range(PROCESSES)]
        for file, shard in zip(files, cxkit.shards(events, PROCESSES), strict=True):
            write_events(shard, file)
            print(f"{Path(file).name}: {len(shard):,} events")
        with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
            parts = [cxkit.States.from_json(states) for states in pool.map(score_shard, files)]
    merged = cxkit.merge(parts, over=("customer", "reference"))
    print(f"\n{merged.overall().filter(metric='retention_rate')}\n")
    whole = cxkit.score(events, **ASKED)
    print(f"{len(merged):,} rows of {len(merged.metrics)} metrics, identical to the whole's: {merged == whole}")


if __name__ == "__main__":
    main()
