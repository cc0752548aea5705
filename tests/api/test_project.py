"""cx.toml: found upwards, checked key by key, and used by the library when it is asked to."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

import cxkit
from cxkit import Project
from cxkit.errors import InvalidValueError, UnknownNameError

if TYPE_CHECKING:
    from pathlib import Path

DAY = datetime(2026, 2, 28, 23, 30, tzinfo=UTC)
EVENTS = [
    cxkit.event(
        "order.placed", amount=cxkit.Money("10", "EUR"), channel="web", touchpoint="storefront.checkout", time=DAY
    ),
    cxkit.event("survey.answered", instrument="nps", score=9, channel="web", touchpoint="desk.phone", time=DAY),
]
WHOLE = """
tz = "Europe/Berlin"
input_tz = "Asia/Ho_Chi_Minh"
card = "board"
metrics = ["csat"]
by = ["channel", "stage"]
every = "month"
journey_map = "maps/shop.toml"
level = 0.9
min_n = 10
top = 8
max_people = 5
currency = "USD"

[cards]
board = ["nps[answers=latest]", "revenue"]

[targets]
nps = 40
csat = ">= 80 %"
first_response_time = "4 h"

[rates]
EUR = 1.08
VND = "0.000041"
"""
MAP = 'name = "shop"\n[[stage]]\nkey = "buy"\n[[touchpoint]]\nkey = "storefront.checkout"\nstage = "buy"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a project in it."""
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "shop.toml").write_text(MAP, "utf-8")
    (tmp_path / "cx.toml").write_text(WHOLE, "utf-8")
    return tmp_path


def test_every_key(folder: Path) -> None:
    """All that a project may say; a rate is the number that is written, not what a float makes of it."""
    found = Project.load(folder / "cx.toml")
    assert found.path == folder / "cx.toml"
    assert (found.tz, found.input_tz, found.every, found.by) == (
        "Europe/Berlin", "Asia/Ho_Chi_Minh", "month", ("channel", "stage"),
    )  # fmt: skip
    assert (found.level, found.min_n, found.top, found.max_people) == (0.9, 10, 8, 5)
    assert found.rates == {"EUR": Decimal("1.08"), "VND": "0.000041"}
    assert found.targets["first_response_time"] == "4 h"
    assert found.journey_map.attribute("stage") == {"storefront.checkout": "buy"}
    assert [getattr(metric, "label", metric) for metric in found.asked()] == ["nps[answers=latest]", "revenue", "csat"]


def test_the_library_uses_it_when_asked(folder: Path) -> None:
    """A path, or a project, stands for whatever isn't given; what is given goes before it."""
    for project in (folder / "cx.toml", str(folder / "cx.toml"), Project.load(folder / "cx.toml")):
        card = cxkit.score(EVENTS, project=project, min_n=1)
        assert card.metrics == ("nps[answers=latest]", "revenue", "csat")
        assert (card.by, card.every, card.tz, card.periods) == (
            ("channel", "stage"), "month", "Europe/Berlin", ("2026-03",),
        )  # fmt: skip
        assert card.get("revenue").value == 10.8
        assert card.get("revenue", channel="web", stage="buy").level == 0.9
    other = cxkit.score(EVENTS, "orders", project=folder / "cx.toml", by="stage", tz="UTC", min_n=1)
    assert (other.metrics, other.by, other.periods) == (("orders",), ("stage",), ("2026-02",))
    assert cxkit.score(EVENTS, card="perception", project=folder / "cx.toml").metrics[:2] == ("nps", "csat")


def test_targets_of_a_project_are_for_what_is_shown(folder: Path) -> None:
    """A target of a metric that isn't asked for is passed over; one of the call goes before."""
    card = cxkit.score(EVENTS, "nps", project=folder / "cx.toml", targets={"nps": 60})
    assert {row.target.value for row in card} == {60}


def test_another_currency_leaves_the_rates_behind(folder: Path) -> None:
    """Rates to the dollar are none to the dong; single rates go before the project's."""
    project = Project.load(folder / "cx.toml")
    assert project.overridden(currency="VND").rates == {}
    assert project.overridden(rates={"EUR": "2"}).rates == {"EUR": "2", "VND": "0.000041"}
    assert project.overridden(currency="VND", rates={"EUR": "30000"}).rates == {"EUR": "30000"}


def test_it_is_found_upwards(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder or above it, as far as the repository or the home folder; the library doesn't look by itself."""
    deep = folder / "a" / "b"
    deep.mkdir(parents=True)
    assert Project.find(deep).path == folder / "cx.toml"
    monkeypatch.chdir(deep)
    assert Project.find().path == folder / "cx.toml"
    assert cxkit.score(EVENTS, "nps").by == ()
    (folder / "a" / ".git").mkdir()
    assert Project.find(deep) is None
    (folder / "a" / "cx.toml").write_text("", "utf-8")
    assert Project.find(deep).path == folder / "a" / "cx.toml"
    (folder / "a" / "cx.toml").unlink()
    (folder / "a" / ".git").rmdir()
    monkeypatch.setenv("HOME", str(folder / "a"))
    monkeypatch.setenv("USERPROFILE", str(folder / "a"))
    assert Project.find(deep) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'metric = ["nps"]',
            "cx.toml: metric: 'metric' isn't known here; did you mean 'metrics'\\? There is: adapters, by, card, ",
        ),
        ('metrics = ["nps", "csta"]', r"cx.toml: metrics\[2\]: 'csta' isn't known here; did you mean 'csat'"),
        (
            'metrics = ["nps[answer=latest]"]',
            r"cx.toml: metrics\[1\]: 'answer' isn't known here; did you mean 'answers'",
        ),
        ('metrics = ["nps", "nps"]', "cx.toml: metrics: 'nps' is there twice"),
        ("metrics = 3", r"cx.toml: metrics: 3 isn't a list of text, such as \['channel'\]"),
        ('card = "servce"', "cx.toml: card: 'servce' isn't known here; did you mean 'service'"),
        ('[cards]\nboard = ["npps"]', r"cx.toml: cards.board\[1\]: 'npps' isn't known here; did you mean 'nps'"),
        ("cards = 3", "cx.toml: cards: 3 isn't a table"),
        ("by = [1]", "cx.toml: by: .* isn't a list of text"),
        ('every = "months"', "cx.toml: every: 'months' isn't known here; did you mean 'month'"),
        ('tz = "Europe/Berln"', "cx.toml: tz: 'Europe/Berln' isn't known here; did you mean 'Europe/Berlin'"),
        ("tz = 3", "cx.toml: tz: 3 isn't text"),
        ('journey_map = "shop.toml"', r"cx.toml: journey_map: 'shop.toml' can't be read \(No such file"),
        ("level = 95", "cx.toml: level: 95 isn't between 0 and 1"),
        ("min_n = 0", "cx.toml: min_n: 0 isn't a whole number from 1"),
        ('top = "3"', "cx.toml: top: '3' isn't a whole number from 1"),
        ('currency = "usd"', "cx.toml: currency: 'usd' must be written 'USD'"),
        ("[rates]\nEUR = 1.08", "cx.toml: rates: .* need to know into what: give currency"),
        ('currency = "USD"\n[rates]\nEUR = 0', "cx.toml: rates.EUR: 0 isn't a rate: write a positive number"),
        ('currency = "USD"\n[rates]\nEUX = 1', "cx.toml: rates: 'EUX' isn't a currency of ISO 4217"),
        ("[targets]\nnsp = 40", "cx.toml: targets.nsp: 'nsp' isn't known here; did you mean 'nps'"),
        ("[targets]\ncsat = 80", "cx.toml: targets.csat: 80 would be 8000 %: write 80 % or 0.8"),
        ("targets = 3", "cx.toml: targets: 3 isn't a table"),
        ("tz = ", "cx.toml: 'tz = ' isn't TOML: "),
    ],
)
def test_what_is_wrong_is_said_of_its_place(text: str, message: str) -> None:
    """File, key, value, and the nearest name."""
    with pytest.raises(InvalidValueError, match=rf"^{message}"):
        Project.loads(text)


def test_files_that_cant_be_read(tmp_path: Path) -> None:
    """A file that isn't there, or isn't text."""
    with pytest.raises(InvalidValueError, match=r"project: .*cx.toml' can't be read: No such file"):
        cxkit.score(EVENTS, project=tmp_path / "cx.toml")
    (tmp_path / "cx.toml").write_bytes(b'tz = "\xff"')
    with pytest.raises(InvalidValueError, match="isn't UTF-8"):
        Project.load(tmp_path / "cx.toml")


def test_workspaces(folder: Path) -> None:
    """A workspace scores as its project says, and shares identities as it allows."""
    with cxkit.connect(":memory:", project=folder / "cx.toml") as cx:
        cx.add(EVENTS)
        assert cx.max_people == 5
        assert cx.score(min_n=1).metrics == ("nps[answers=latest]", "revenue", "csat")
        assert cx.score("orders", top=1).by == ("channel", "stage")
    with cxkit.connect(":memory:", project=Project(), max_people=3) as cx:
        assert (cx.max_people, cx.score("orders").by) == (3, ())


def test_an_unknown_card_of_a_call(folder: Path) -> None:
    """A project's own cards are suggested too."""
    with pytest.raises(UnknownNameError, match="unknown card 'bord'; did you mean 'board'"):
        cxkit.score(EVENTS, card="bord", project=folder / "cx.toml")


def test_a_projects_card_goes_before_one_that_comes_along() -> None:
    """A card may be replaced under its name."""
    project = Project.loads('[cards]\nservice = ["orders"]')
    assert cxkit.score(EVENTS, card="service", project=project).metrics == ("orders",)


@pytest.mark.parametrize("asked", [{"project": 3}, {"project": ["cx.toml"]}])
def test_what_is_no_project(asked: dict[str, Any]) -> None:
    """A path or a project."""
    with pytest.raises(InvalidValueError, match=r"project: .* isn't a project or the path of one"):
        cxkit.score(EVENTS, **asked)
