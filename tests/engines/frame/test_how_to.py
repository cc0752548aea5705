"""What the how-to page says of tables in servers, on servers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import cxkit

pl = pytest.importorskip("polars", reason="pip install 'cxkit[frame]'")

if TYPE_CHECKING:
    from tests.servers.postgres_server import PostgresServer

PAGE = Path(__file__).parents[3] / "docs" / "how-to.md"
SALES = {
    "id": ["1", "2", "3"],
    "kind": ["order.placed"] * 3,
    "ts_us": [1_772_332_200_000_000, 1_772_334_300_000_000, 1_772_336_400_000_000],
    "user_id": ["c1", "c2", "c2"],
    "shop": ["Hanoi", "Hue", "Hue"],
}


def made_by(name: str, replaced: dict[str, str]) -> dict[str, Any]:
    """Run the Python beneath a name of the section, with what is here for what it names; return what it made."""
    section = PAGE.read_text("utf-8").partition("## Score where the data is\n")[2].partition("\n## ")[0]
    (code,) = re.findall(rf"^\*\*{name}\.\*\*.*?^```py\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    for there, here in replaced.items():
        assert there in code
        code = code.replace(there, here)
    namespace: dict[str, Any] = {"cxkit": cxkit}
    exec(code, namespace)  # noqa: S102 - the page is ours
    return namespace


@pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")
def test_postgresql(postgres: PostgresServer) -> None:
    """A table of a server's, with names of its own."""
    ibis = pytest.importorskip("ibis", reason="pip install 'cxkit[ibis]'")
    connection = ibis.postgres.connect(host=str(postgres.folder), user="cxkit", database="postgres")
    connection.create_table("sale", pl.DataFrame(SALES).to_arrow())
    there = 'host="db.example", user="shop", database="shop"'
    try:
        made = made_by("PostgreSQL", {there: f'host="{postgres.folder}", user="cxkit", database="postgres"'})
        made["shop"].disconnect()
    finally:
        connection.raw_sql("drop table sale")
        connection.disconnect()

    assert made["card"].get("orders").value == 3
    assert made["card"].get("repeat_purchase_rate").value == 0.5


@pytest.mark.xdist_group("spark")
def test_spark(spark: Any, tmp_path: Path) -> None:
    """A folder of partitions."""
    for (shop,), part in pl.DataFrame(SALES).partition_by("shop", as_dict=True, include_key=False).items():
        folder = tmp_path / f"shop={shop}"
        folder.mkdir()
        part.write_parquet(folder / "0.parquet")

    card = made_by("Spark", {'"sales"': f'"{tmp_path}"'})["card"]

    assert card.get("orders", shop="Hue").value == 2
    assert card.get("repeat_purchase_rate").value == 0.5
