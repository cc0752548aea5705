"""What pulling a real Vendure costs beside what the shop itself needs, what mapping alone costs, and how much memory.

The shop is that of the tests; its orders are one that was placed and paid in it, copied in its file.
"""

from __future__ import annotations

import json
import os
import sqlite3
import statistics
import sys
import tempfile
import time
import tracemalloc
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from bench.line import Line

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "adapters" / "cxkit-vendure" / "src"))

from tests.servers.vendure import running  # noqa: E402

import cxkit  # noqa: E402
from cxkit.adapters import Facts, Secret, State, Wire  # noqa: E402
from cxkit_vendure import Vendure, VendureConfig  # noqa: E402 - found there
from cxkit_vendure.mapping import Terms, order_placed  # noqa: E402

if TYPE_CHECKING:
    from tests.servers.vendure import VendureServer

ORDERS = 10_000
FEW = 1_000
SHARE = 0.9
RECORDS_A_SECOND = 50_000
MORE_MEMORY = 1.25
RECORDED = ROOT / "adapters" / "cxkit-vendure" / "tests" / "recorded.json"
# Orders seven minutes apart, so that few are within a lookback of another.
WHEN = "strftime('%Y-%m-%d %H:%M:%f', '2026-01-01', '+' || (n.i * 7) || ' minutes')"
TABLES = {
    "order": ("id", {"code": "'B' || n.i", "orderPlacedAt": WHEN, "createdAt": WHEN, "updatedAt": WHEN}),
    "order_channels_channel": ("orderId", {}),
    "order_line": ("orderId", {"id": "{first} + n.i"}),
    "payment": ("orderId", {"id": "{first} + n.i", "createdAt": WHEN, "updatedAt": WHEN}),
}


def copied(shop: VendureServer, order: str, count: int, first: int) -> None:
    """Copy an order with what belongs to it, under new numbers from one on."""
    with closing(sqlite3.connect(shop.file, timeout=60)) as connection, connection:
        for table, (number, others) in TABLES.items():
            names = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
            new = {name: text.format(first=first) for name, text in others.items()} | {number: f"{first} + n.i"}
            values = ", ".join(new.get(name, f't."{name}"') for name in names)
            columns = ", ".join(f'"{name}"' for name in names)
            connection.execute(
                f"""WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
                INSERT INTO "{table}" ({columns}) SELECT {values} FROM "{table}" t, n WHERE t."{number}" = ?""",  # noqa: S608
                (order,),
            )


def processor_s(process: int) -> float:
    """Return the processor seconds that another process has used, as Linux tells them."""
    fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def adapter(shop: VendureServer) -> Vendure:
    """Return the adapter for a shop, with its pages of 250."""
    config = VendureConfig(url=shop.url, user=shop.user, password=Secret(shop.password))
    return Vendure(config, Wire(allow_private=True))


def pull(shop: VendureServer, stream: str) -> Line:
    """Pull a stream of all orders into a store; processor time, ours and the shop's."""
    reader = adapter(shop)
    with tempfile.TemporaryDirectory(dir=".") as folder:
        ours, theirs, began = time.process_time(), processor_s(shop.process), time.perf_counter()
        done = cxkit.pull(reader, Path(folder) / "shop.db", streams=stream)
        ours, theirs = time.process_time() - ours, processor_s(shop.process) - theirs
        wall = time.perf_counter() - began
    records = done.streams[0].records
    what = f"Vendure: {stream}, {records:,} records pulled in {wall:.1f} s: the shop's share of the processor time"
    share = theirs / (ours + theirs)
    if records < ORDERS:
        message = f"{records} of {ORDERS} orders were read"
        raise RuntimeError(message)
    return Line(what, 100 * share, "%", "all of it", 100, f"≥ {100 * SHARE:.0f} %", share >= SHARE)


def mapping() -> Line:
    """Make events of recorded orders, as the shop answered them; each was a cart, and is an order."""
    records = json.loads(RECORDED.read_text("utf-8"))["orders"] * (ORDERS // 5)
    terms = Terms(Facts("vendure:shop.example"))
    speeds = []
    for _ in range(7):
        began = time.process_time()
        for record in records:
            for _event in order_placed(record, terms):
                pass
        speeds.append(len(records) / (time.process_time() - began))
    best, median = max(speeds), statistics.median(speeds)
    what = "Vendure: orders into events, the best of 7 runs"
    return Line(what, best, "records/s", "the median", median, f"≥ {RECORDS_A_SECOND:,}", best >= RECORDS_A_SECOND)


def peak(shop: VendureServer, until: int) -> int:
    """Return the most memory that is in use while so many records are read, page by page."""
    read = 0
    tracemalloc.start()
    for page in adapter(shop).read("orders", State()):
        read += page.records
        if read >= until:
            break
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def memory(shop: VendureServer) -> Line:
    """Read few orders and all; the pages are as large."""
    peak(shop, FEW)  # what is imported on the way is counted once
    few, all_of_them = peak(shop, FEW), peak(shop, ORDERS)
    good = all_of_them <= MORE_MEMORY * few
    what = f"Vendure: memory in use at most, {ORDERS:,} orders"
    return Line(what, all_of_them / 1e6, "MB", f"{FEW:,} orders", few / 1e6, f"≤ {MORE_MEMORY} ×", good)


def lines() -> list[Line]:
    """Measure it all."""
    with running() as shop:
        copied(shop, shop.place_order(email="an@example.org"), ORDERS, 100_000)
        return [pull(shop, "orders"), pull(shop, "outcomes"), mapping(), memory(shop)]
