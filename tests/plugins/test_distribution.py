"""The example plugin, built and installed as a third party's distribution, and used from other processes."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import cxkit
from cxkit.files import write_events

if TYPE_CHECKING:
    from collections.abc import Callable

    from cxkit import Event

EXAMPLE = Path(__file__).parents[2] / "examples" / "cxkit-abandonment"

# Scores by name alone, as a user would, and prints the estimates that are asked for.
SCORE = """
import json, sys, attrs, cxkit

asked = json.load(sys.stdin)
cards = [cxkit.score(asked["file"], asked["metrics"], engine=engine, by=asked["by"]) for engine in asked["engines"]]
assert "cxkit_abandonment" in sys.modules
print(json.dumps([card.to_dicts() for card in cards]))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that the example was installed into, beside no other distribution."""
    for tool in ("pip", "hatchling"):
        if find_spec(tool) is None:
            pytest.skip(f"{tool} isn't installed: pip install --group test, or {sys.executable} -m ensurepip for pip")
    target = tmp_path_factory.mktemp("site")
    options = ["--no-build-isolation", "--no-deps", "--no-index", "--disable-pip-version-check", "--quiet"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(target), str(EXAMPLE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return target


@pytest.fixture(scope="module")
def run(site: Path) -> Callable[..., str]:
    """Return what runs Python with the plugin installed, and returns what it prints."""

    def run(*arguments: str, stdin: str = "") -> str:
        env = {name: value for name, value in os.environ.items() if not name.startswith("COV_")}
        env["PYTHONPATH"] = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
        command = [sys.executable, "-W", "error", *arguments]
        done = subprocess.run(command, env=env, input=stdin, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def at(time: str) -> datetime:
    """Return a moment of January 2026, written as day and time."""
    return datetime.fromisoformat(f"2026-01-{time}").replace(tzinfo=UTC)


def cart_events() -> list[Event]:
    """Return six carts that can be told and two that can't, and the orders beside them."""
    rows = [
        ("cart.updated", "an", "k1", "app", "01 10:00"),  # ordered the day after, on the web
        ("cart.updated", "an", "k1", "web", "01 11:00"),
        ("order.placed", "an", "o1", "web", "02 09:00"),
        ("checkout.started", "bo", "k2", "web", "03 10:00"),  # never ordered
        ("order.placed", "cy", "o2", "web", "01 12:00"),  # ordered before the cart alone
        ("cart.updated", "cy", "k3", "web", "05 10:00"),
        ("cart.updated", "di", "k4", "app", "04 10:00"),  # ordered after eight days
        ("order.placed", "di", "o3", "app", "12 10:00"),
        ("cart.updated", "an", "k7", "web", "10 10:00"),  # ordered when the seventh day ended, which is in time
        ("order.placed", "an", "o4", "web", "17 10:00"),
        ("cart.updated", "bo", "k1", "web", "20 08:00"),  # another customer's cart of the same reference
        ("order.placed", "bo", "o5", "web", "20 08:00"),  # at the same moment
        ("cart.updated", "eve", "k5", "web", "28 10:00"),  # ordered, but its week isn't over
        ("order.placed", "eve", "o6", "web", "29 10:00"),
        ("cart.updated", None, "k6", "web", "06 10:00"),  # nobody's
        ("order.placed", "fay", "o7", "store", "31 10:00"),  # no cart: and the end of the data
    ]
    return [
        cxkit.event(kind, customer=customer, reference=reference, channel=channel, time=at(time))
        for kind, customer, reference, channel, time in rows
    ]


def contact_events() -> list[Event]:
    """Return three contacts that were resolved after 3 h, 30 min and 2 h, and one that wasn't."""
    rows = [
        ("contact.opened", "t1", "01 08:00"),
        ("contact.resolved", "t1", "01 09:00"),
        ("contact.reopened", "t1", "01 10:00"),
        ("contact.resolved", "t1", "01 11:00"),
        ("contact.opened", "t2", "02 08:00"),
        ("contact.resolved", "t2", "02 08:30"),
        ("contact.opened", "t3", "03 08:00"),
        ("contact.resolved", "t3", "03 10:00"),
        ("contact.opened", "t4", "04 08:00"),
    ]
    return [cxkit.event(kind, reference=reference, channel="phone", time=at(time)) for kind, reference, time in rows]


@pytest.fixture(scope="module")
def events_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a file of all these events."""
    path = tmp_path_factory.mktemp("events") / "events.csv"
    write_events([*cart_events(), *contact_events()], path)
    return str(path)


@pytest.fixture(scope="module")
def rows_of(run: Callable[..., str], events_file: str) -> Callable[..., list[list[dict[str, Any]]]]:
    """Return what scores the file by metrics' names in another process: a card's rows for each engine."""

    def rows_of(*metrics: str, engines: tuple[str, ...] = ("rows",), by: str = "") -> list[list[dict[str, Any]]]:
        asked = {"file": events_file, "metrics": metrics, "engines": engines, "by": [by] if by else []}
        return json.loads(run("-c", SCORE, stdin=json.dumps(asked)))

    return rows_of


def test_is_a_distribution_of_its_own(site: Path) -> None:
    """What was installed is the plugin with its metadata, and nothing of cxkit or of this project."""
    assert {path.name for path in site.iterdir()} == {"cxkit_abandonment", "cxkit_abandonment-1.0.0.dist-info"}
    assert "cxkit_abandonment" not in sys.modules


def test_uses_public_names_alone() -> None:
    """All that the plugin imports of cxkit is in an `__all__`."""
    tree = ast.parse((EXAMPLE / "src" / "cxkit_abandonment" / "__init__.py").read_text("utf-8"))
    taken = [
        node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and str(node.module).startswith("cxkit")
    ]

    assert {node.module for node in taken} == {"cxkit", "cxkit.errors", "cxkit.metrics", "cxkit.stats"}
    for node in taken:
        public = getattr(import_module(node.module), "__all__", dir(cxkit.errors))
        assert {alias.name for alias in node.names} <= set(public)


def test_carts(rows_of: Callable[..., list[list[dict[str, Any]]]]) -> None:
    """Of six carts three were abandoned: never ordered, ordered before, ordered too late."""
    ((rate,),) = rows_of("lost_cart_rate")

    assert (rate["value"], rate["n"], rate["unit"], rate["method"]) == (0.5, 6, "share", "wilson")
    assert rate["excluded"] == {"window not over": 1, "no customer or reference": 1}
    # Wilson's bounds of 3 in 6: (1/2 + z²/12 ± z √(1/24 + z²/144)) / (1 + z²/6) with z = 1.959964.
    assert (round(rate["low"], 6), round(rate["high"], 6)) == (0.187616, 0.812384)


@pytest.mark.parametrize(
    ("days", "abandoned", "n", "immature"),
    [(0, 6, 7, 0), (1, 4, 7, 0), (10, 2, 6, 1), (11, 2, 6, 1), (12, 2, 5, 2), (40, None, 0, 7)],
)
def test_window(
    rows_of: Callable[..., list[list[dict[str, Any]]]], days: int, abandoned: int, n: int, immature: int
) -> None:
    """A longer window forgives later orders, and leaves out more carts that can't be told yet."""
    ((rate,),) = rows_of(f"lost_cart_rate[days={days}]")

    assert (rate["metric"], rate["n"]) == (f"lost_cart_rate[days={days}]", n)
    assert rate["value"] == (None if abandoned is None else abandoned / n)
    assert rate["excluded"].get("window not over", 0) == immature


def test_carts_belong_to_where_they_began(rows_of: Callable[..., list[list[dict[str, Any]]]]) -> None:
    """A cart that moved from the app to the web counts where it began."""
    ((*rows,),) = rows_of("lost_cart_rate", by="channel")

    found = {row["channel"]: (row["value"], row["n"]) for row in rows if not row["overall"]}
    assert found == {"app": (0.5, 2), "web": (0.5, 4), "store": (None, 0)}


def test_last_resolution(rows_of: Callable[..., list[list[dict[str, Any]]]]) -> None:
    """A contact that was reopened is resolved for the last time; quantiles are within one per cent, the mean exact."""
    spelled = ("", "[at=p90]", "[at=mean]")
    ((median, ninety, mean),) = rows_of(*(f"last_resolution_time{options}" for options in spelled))

    assert median["value"] == pytest.approx(7200, rel=0.01)
    assert (ninety["value"], mean["value"]) == (pytest.approx(10_800, rel=0.01), 6600)
    assert (median["low"], median["high"]) == (0, None)  # of three values no rank is sure to bound the median
    # t with two degrees of freedom, 4.302653; s = 4529.90; clipped at zero.
    assert (mean["low"], round(mean["high"], 1)) == (0, 17852.9)
    for row in (median, ninety, mean):
        assert (row["n"], row["unit"], row["excluded"]) == (3, "seconds", {"no end yet": 1})


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_engines_agree(rows_of: Callable[..., list[list[dict[str, Any]]]], engine: str) -> None:
    """A metric that knows no engine gives the same on all of them."""
    pytest.importorskip(engine)
    metrics = ("lost_cart_rate", "lost_cart_rate[days=1]", "last_resolution_time")

    of_rows, of_tables = rows_of(*metrics, engines=("rows", engine), by="channel")
    assert len(of_rows) > len(metrics)
    assert of_tables == of_rows


def test_command_line_lists_them(run: Callable[..., str]) -> None:
    """`cxkit metrics` lists the plugin's metrics beside the built-in ones."""
    listed = run("-m", "cxkit", "metrics")

    for name in ("lost_cart_rate", "last_resolution_time", "nps"):
        assert name in listed


def test_command_line_scores_them(run: Callable[..., str], events_file: str) -> None:
    """`cxkit score` takes them by name, with options."""
    spelled = "lost_cart_rate[days=10]"
    scored = json.loads(run("-m", "cxkit", "score", events_file, "--metric", spelled, "--format", "json"))

    (row,) = scored["rows"]
    assert (row["metric"], row["value"], row["n"]) == (spelled, 2 / 6, 6)


def test_option_out_of_range(run: Callable[..., str], events_file: str) -> None:
    """A wrong option of a plugin's metric is one sentence, as for a built-in one."""
    call = f"cxkit.score({events_file!r}, 'last_resolution_time[at=p60]')"
    code = f"import cxkit\ntry: {call}\nexcept ValueError as error: print(error)"

    assert run("-c", code) == "at: 'p60' isn't one of p50, p90, p95, mean\n"
