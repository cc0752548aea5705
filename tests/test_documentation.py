"""The pages say all there is, and what they say of the project is so."""

from __future__ import annotations

import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from cxkit import errors
from cxkit.cli import main
from cxkit.metrics import BUILT_IN
from cxkit.model import CHANNELS, COLUMNS, KINDS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [*sorted(DOCS.glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]

# Public rooms whose names all stand in the reference; what needs no entry of its own is named with the reason.
ROOMS = {
    "cxkit": {"adapters", "errors", "metrics", "recipes", "signatures", "stats"},  # modules, with headings of their own
    "cxkit.adapters": set(),
    "cxkit.testing": {"Deed"},  # an argument's type
    "cxkit.files": {"FORMATS", "WRITE_FORMATS", "Format", "OnReject", "WriteFormat"},  # arguments' types
    "cxkit.metrics": {"BUILT_IN"},  # the table of metrics
    "cxkit.plugins": {"hookspec"},  # ours alone
    "cxkit.recipes": set(),
    "cxkit.simulate": {"TRUTHS"},  # the only `Truths`
    "cxkit.signatures": {"TOLERANCE", "Secrets"},  # an argument's default and its type
    "cxkit.stats": set(),
    "cxkit.store": {"Durability", "Outcome"},  # arguments' types
}


def text_of(page: str) -> str:
    """Return a page."""
    return (DOCS / page).read_text("utf-8")


@pytest.mark.parametrize(("room", "known"), ROOMS.items(), ids=ROOMS)
def test_reference_names_everything_public(room: str, known: set[str]) -> None:
    """Every public name has an entry in the reference."""
    entries = {
        line.rpartition(".")[2]
        for line in re.findall(r"^\.\. [\w:]+:: ([\w.]+)$", text_of("reference.md"), re.MULTILINE)
    }

    assert set(import_module(room).__all__) - entries - known == set()


def test_error_tree_is_whole() -> None:
    """The tree at the top of the errors, which the reference shows, has every one of them under its parent."""
    tree = str(errors.__doc__)
    found = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, Exception)]

    lines = [re.match(r"([│├└─ ]+)(\w+Error)\b", line) for line in tree.splitlines()]
    depth = {match[2]: len(match[1]) // 4 for match in lines if match}
    assert {each.__name__ for each in found} == depth.keys()
    for each in found:
        if each is not errors.CxkitError:
            parent = next(one for one in each.__mro__[1:] if one in found)
            assert depth[each.__name__] == depth[parent.__name__] + 1


@pytest.mark.parametrize("name", [make.__name__ for make in BUILT_IN])
def test_every_metric_is_defined(name: str) -> None:
    """Every built-in metric has a heading in the definitions."""
    assert f"\n## {name}\n" in text_of("definitions.md")


def test_columns_kinds_and_channels_are_listed() -> None:
    """The page about events has every column, kind and channel, and no column that there isn't."""
    page = text_of("events.md")
    table = page[page.index("## Columns") : page.index("## Kinds")]

    assert tuple(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == COLUMNS
    assert {f"`{name}`" for name in (*KINDS, *CHANNELS)} <= set(re.findall(r"`[a-z_.]+`", page))


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_command_is_in_the_reference(command: str) -> None:
    """Every command's help is shown."""
    assert f"### cxkit {command}\n\n```{{cxkit-help}} {command}\n" in text_of("reference.md")


@pytest.mark.parametrize("page", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_floors_are_those_that_are_checked(page: str) -> None:
    """The drawing of the floors is the contract that import-linter holds."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["id"] == "floors")

    block = (ROOT / page).read_text("utf-8").partition("## The floors")[2].partition("```text\n")[2].partition("```")[0]
    drawn = [re.split(r" {2,}", line)[0] for line in block.splitlines()]
    assert drawn == [layer.replace("(", "").replace(")", "") for layer in layers]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every link to a file of the project leads to one, and to a heading that is there."""
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", page.read_text("utf-8")):
        path, _, anchor = target.partition("#")
        linked = page.parent / path if path else page
        assert linked.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", linked.read_text("utf-8"), re.MULTILINE)
            anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in anchors, target
