"""The commands on a store in a database: where a file may stand, its URL may."""

from __future__ import annotations

import json
from itertools import count
from typing import TYPE_CHECKING

import pytest

import cxkit

from .conftest import GOOD

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.postgres_server import PostgresServer

_numbers = count()


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    """Return where a store may be made, with a password, which this server doesn't ask for."""
    return postgres.url(f"cli_{next(_numbers)}").replace("cxkit@", "cxkit:s3cret@")


def test_into_the_database_and_out_of_it(run, good: Path, tmp_path: Path, url: str):
    """Import, score, describe and export do what they do with a file; nothing that is printed has the password."""
    folder = tmp_path / "files"
    folder.mkdir()
    results = [
        run("import", good, "--into", url),
        run("import", good, "--into", url),
        run("import", url, "--into", folder / "copy.db"),
        run("export", url, "--to", folder / "out.csv"),
        run("score", url, "-m", "orders,nps", "--by", "channel", "--top", "1", "--format", "json"),
        run("describe", url, "--format", "json"),
    ]

    assert [result.exit_code for result in results] == [0] * 6
    assert not any("s3cret" in result.output for result in results)
    assert results[0].stdout == f"{good}: 5 new, 0 duplicates, 0 corrected, 0 refused\n"
    assert results[1].stdout == f"{good}: 0 new, 5 duplicates, 0 corrected, 0 refused\n"
    name = url.replace(":s3cret", "")
    assert results[2].stdout == f"{name}: 5 new, 0 duplicates, 0 corrected, 0 refused\n"
    again = run("score", folder / "out.csv", "-m", "orders,nps", "--by", "channel", "--top", "1", "--format", "json")
    assert json.loads(results[4].stdout) == json.loads(again.stdout)
    assert json.loads(results[5].stdout)["events"] == 5


def test_people_in_the_database(run, url: str):
    """Identities and forget name the store without its password, and forget asks first."""
    with cxkit.connect(url) as cx:
        cx.link("c42", "email:an@example.com")
        cx.emit("visit.started", customer="c42")
    listed = run("identities", url)
    asked = run("forget", url, "c42", stdin="n\n")
    done = run("forget", url, "c42", "--yes")

    assert "email:an@example.com" in listed.stdout
    assert f"Erase c42, email:an@example.com from {url.replace(':s3cret', '')} for good?" in asked.stderr
    assert done.stdout == "c42: 2 events and 0 replaced versions erased, under 2 identities\n"
    assert not any("s3cret" in result.output for result in (listed, asked, done))


def test_scored_with_files(run, tmp_path: Path, url: str):
    """A store and a file of the same events count each once, also where they are gone through twice."""
    file = tmp_path / "some.csv"
    file.write_text(GOOD)
    run("import", file, "--into", url)

    once = run("score", url, "-m", "orders", "--format", "csv")
    for more in ((), ("--top", "1", "--by", "channel")):
        both = run("score", url, file, "-m", "orders", "--format", "csv", *more)
        assert both.exit_code == 0
        assert both.stdout.splitlines()[1].split(",")[-8:] == once.stdout.splitlines()[1].split(",")[-8:]


def test_a_server_that_is_not_there(run, good: Path):
    """The sentence names the store and what is wrong, and the exit code is that of bad data."""
    result = run("import", good, "--into", "postgresql://shop:s3cret@/shop?host=/nowhere")

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: postgresql://shop@/shop?host=/nowhere: the server can't be connected to: ")
    assert "s3cret" not in result.output
