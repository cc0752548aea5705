"""What the how-to page says of PostgreSQL, on a server."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from click.testing import CliRunner

import cxkit
from cxkit.cli import main

if TYPE_CHECKING:
    import pytest
    from tests.servers.postgres_server import PostgresServer

PAGE = Path(__file__).parents[2] / "docs" / "how-to.md"


def test_the_page_about_postgresql(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its Python and its commands run, in their order, and come to what they should."""
    section = PAGE.read_text("utf-8").partition("## Keep events in PostgreSQL\n")[2].partition("\n## ")[0]
    here = section.replace("postgresql://shop@db.example/shop", postgres.url("how_to"))
    blocks = re.findall(r"^```(py|sh)\n(.*?)^```", here, re.MULTILINE | re.DOTALL)
    code, commands = ("".join(block for language, block in blocks if language == name) for name in ("py", "sh"))
    monkeypatch.chdir(tmp_path)
    exec(code, {"cxkit": cxkit})  # noqa: S102 - the page is ours
    results = [CliRunner().invoke(main, shlex.split(line)[1:]) for line in commands.splitlines()]

    assert "+100" in capsys.readouterr().out
    assert [result.exit_code for result in results] == [0] * 5
    assert "also known as" in results[3].output
    with cxkit.connect(postgres.url("how_to")) as cx:
        kept = len(list(cx.events()))
    assert kept > 1000
    assert (tmp_path / "out.csv").read_text("utf-8").count("\n") == kept + 1
