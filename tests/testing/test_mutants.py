"""The suite is proven: each of many wrong adapters fails it, and the right one doesn't."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from tests.testing.mutants import MUTANTS

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Return the tests that each adapter fails, by one run of them all."""
    report = tmp_path_factory.mktemp("mutants") / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=no"]
    mutants = "tests/testing/mutants.py"
    environment = {**os.environ, "CXKIT_FIRST_FAILURE": "1"}
    subprocess.run(
        [*command, f"--junitxml={report}", mutants], cwd=ROOT, capture_output=True, check=False, env=environment
    )
    found: dict[str, list[str]] = defaultdict(list)
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - pytest wrote it just now
        name = case.get("classname", "").rpartition(".Test")[2]
        found[name] += [case.get("name", "")] if case.find("failure") is not None else []
    return found


@pytest.mark.xdist_group("mutants")
def test_the_right_one_passes(failed: dict[str, list[str]]) -> None:
    """The adapter that all others differ from in one thing fails nothing."""
    assert failed["Right"] == []


@pytest.mark.xdist_group("mutants")
@pytest.mark.parametrize("mutant", [name for name in MUTANTS if name != "Right"])
def test_wrong_ones_fail(mutant: str, failed: dict[str, list[str]]) -> None:
    """What is wrong is found."""
    assert failed[mutant], f"{mutant} passes: {MUTANTS[mutant].__doc__}"
