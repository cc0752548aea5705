"""The journey map reads its TOML strictly, names what is wrong, and writes what it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import texts

from cxkit.errors import InvalidValueError, UnknownNameError
from cxkit.model.event import CHANNELS
from cxkit.model.journeymap import PRESETS, JourneyMap, Stage
from cxkit.model.touchpoint import AREAS, ATTRIBUTES, Touchpoint

if TYPE_CHECKING:
    from pathlib import Path

SHOP = """
name = "shop"
title = "Our shop"

[[stage]]
key = "buy"
title = "Buy"

[[stage]]
key = "use"

[[touchpoint]]
key = "storefront.checkout"
title = "Checkout"
stage = "buy"
area = "commerce"
channel = "web"
expectation = "Pay in a minute"
programme = "Guest checkout"
owner = "web shop"

[[touchpoint]]
key = "desk.phone"
"""


def _refusal(text: str) -> InvalidValueError:
    with pytest.raises(InvalidValueError) as caught:
        JourneyMap.loads(text, file="shop.toml")
    return caught.value


def test_toml_becomes_a_map():
    """Every field of the file is in the map; a title that is left out is the key."""
    assert JourneyMap.loads(SHOP) == JourneyMap(
        name="shop",
        title="Our shop",
        stages=[Stage(key="buy", title="Buy"), Stage(key="use", title="use")],
        touchpoints=[
            Touchpoint(
                key="storefront.checkout",
                title="Checkout",
                stage="buy",
                area="commerce",
                channel="web",
                expectation="Pay in a minute",
                programme="Guest checkout",
                owner="web shop",
            ),
            Touchpoint(key="desk.phone"),
        ],
    )
    assert JourneyMap.loads('name = "bare"') == JourneyMap(name="bare")
    assert JourneyMap(name="bare").title == "bare"


def test_attributes_are_by_touchpoint():
    """An attribute is a dictionary of those touchpoints that have it; another name is an error."""
    shop = JourneyMap.loads(SHOP)
    expected = {
        "stage": "buy",
        "area": "commerce",
        "channel": "web",
        "programme": "Guest checkout",
        "owner": "web shop",
    }
    assert {name: shop.attribute(name) for name in ATTRIBUTES} == {
        name: {"storefront.checkout": value} for name, value in expected.items()
    }
    with pytest.raises(UnknownNameError, match=r"unknown attribute of touchpoints 'aera'; did you mean 'area'?"):
        shop.attribute("aera")
    with pytest.raises(UnknownNameError):
        shop.attribute("key")


def test_touchpoints_are_found_by_key():
    """`get` finds a touchpoint or suggests the nearest."""
    shop = JourneyMap.loads(SHOP)
    assert shop.get("desk.phone").key == "desk.phone"
    with pytest.raises(UnknownNameError, match=r"unknown touchpoint 'desk.fone'; did you mean 'desk.phone'?"):
        shop.get("desk.fone")


@pytest.mark.parametrize(
    ("old", "new", "field", "value", "reason"),
    [
        ('name = "shop"', "", "name", None, "is missing"),
        ('name = "shop"', "name = 5", "name", 5, "isn't text"),
        ('name = "shop"', 'name = ""', "name", "", "is empty"),
        ('name = "shop"', 'name = "shop"\nnmae = "x"', "key", "nmae", "did you mean 'name'?"),
        ('name = "shop"', 'name = "shop"\nversion = 1', "key", "version", "There is: name, title, stage, touchpoint"),
        ('key = "use"', 'title = "Use"', "stage #2: key", None, "is missing"),
        ('key = "use"', 'key = "use"\narea = "sales"', "stage 'use': key", "area", "There is: key, title"),
        ('key = "use"', 'key = "buy"', "stage", "buy", "is there twice"),
        ('key = "use"', "key = 1", "stage #2: key", 1, "isn't text"),
        ("[[stage]]\nkey", '[[stages]]\nkey = "x"\n[[stage]]\nkey', "key", "stages", "did you mean 'stage'?"),
        ('key = "desk.phone"', 'key = "storefront.checkout"', "touchpoint", "storefront.checkout", "is there twice"),
        ('key = "desk.phone"', 'titel = "x"', "touchpoint #2: key", "titel", "did you mean 'title'?"),
        ('stage = "buy"', 'stage = "bye"', "touchpoint 'storefront.checkout': stage", "bye", "did you mean 'buy'?"),
        ('stage = "buy"', 'stage = "zz"', "touchpoint 'storefront.checkout': stage", "zz", "There is: buy, use"),
        ('stage = "buy"', 'stgae = "buy"', "touchpoint 'storefront.checkout': key", "stgae", "did you mean 'stage'?"),
        (
            'area = "commerce"',
            'area = "e-commerce"',
            "touchpoint 'storefront.checkout': area",
            "e-commerce",
            "'commerce'",
        ),
        ('channel = "web"', "channel = ['web']", "touchpoint 'storefront.checkout': channel", ["web"], "isn't text"),
        ('owner = "web shop"', 'owner = ""', "touchpoint 'storefront.checkout': owner", "", "is empty"),
    ],
)
def test_what_is_wrong_is_named(old: str, new: str, field: str, value: object, reason: str):
    """File, key, value and the nearest right one are in the error."""
    assert old in SHOP
    error = _refusal(SHOP.replace(old, new, 1))
    assert (error.field, error.value) == (f"shop.toml: {field}", value)
    assert reason in error.reason


@pytest.mark.parametrize("stage", ['stage = "buy"', "stage = ['buy']", '[stage]\nkey = "buy"', "stage = [{}, 1]"])
def test_stages_are_tables(stage: str):
    """What isn't a list of tables is refused with the way to write one."""
    error = _refusal(f'name = "x"\n{stage}')
    assert error.field == "shop.toml: stage"
    assert error.reason == "isn't a list of tables: start each with [[stage]]"


@pytest.mark.parametrize("text", ["name = ", "name = 'a'\nname = 'b'", "\x00", "[[stage]", "name = 'a'\rtitle='b'"])
def test_what_is_no_toml_is_refused(text: str):
    """Text that isn't TOML is refused with the reason and the place."""
    error = _refusal(text)
    assert (error.field, error.value) == ("shop.toml", text)
    assert error.reason.startswith("isn't TOML: ")


def test_a_map_is_loaded_from_a_file(tmp_path: Path):
    """A file is UTF-8, with or without a byte order mark, and errors give its name."""
    path = tmp_path / "shop.toml"
    for content in (SHOP.encode(), SHOP.encode("utf-8-sig"), SHOP.replace("\n", "\r\n").encode()):
        path.write_bytes(content)
        assert JourneyMap.load(path) == JourneyMap.load(str(path)) == JourneyMap.loads(SHOP)
    path.write_bytes('name = "Café"'.encode("latin-1"))
    with pytest.raises(InvalidValueError, match=r"shop\.toml: b'\\xe9' isn't UTF-8"):
        JourneyMap.load(path)
    path.write_text("name = 1", encoding="utf-8")
    with pytest.raises(InvalidValueError, match=r"shop\.toml: name: 1 isn't text"):
        JourneyMap.load(path)
    with pytest.raises(FileNotFoundError):
        JourneyMap.load(tmp_path / "none.toml")


_named = st.fixed_dictionaries({"key": texts(max_size=6)}, optional={"title": texts(max_size=6)})


@st.composite
def journey_maps(draw: st.DrawFn) -> JourneyMap:
    """Draw a valid map with any text in it."""
    stages = draw(st.lists(_named.map(lambda fields: Stage(**fields)), max_size=3, unique_by=lambda stage: stage.key))
    text = st.none() | texts(max_size=6)
    touchpoints = st.builds(
        Touchpoint,
        key=texts(max_size=6),
        stage=st.sampled_from([None, *(stage.key for stage in stages)]),
        area=st.sampled_from([None, *AREAS]),
        channel=text,
        expectation=text,
        programme=text,
        owner=text,
    )
    return JourneyMap(
        name=draw(texts(max_size=6)),
        stages=stages,
        touchpoints=draw(st.lists(touchpoints, max_size=3, unique_by=lambda touchpoint: touchpoint.key)),
    )


@given(journey_maps())
def test_every_map_comes_back_from_toml(made: JourneyMap):
    """Quotes, backslashes, line ends, control characters and emoji in any field survive `dumps` and `loads`."""
    assert JourneyMap.loads(made.dumps()) == made


@given(st.text() | st.text("name =\"'[]\nstageouchpik.1{}#\\", max_size=30))
def test_nothing_but_a_refusal_comes_of_nonsense(text: str):
    """Any text is a map or an InvalidValueError that can be shown."""
    try:
        assert isinstance(JourneyMap.loads(text), JourneyMap)
    except InvalidValueError as error:
        assert str(error)  # noqa: PT017 - that it is raised isn't the point


@pytest.mark.parametrize(
    ("name", "stages"),
    [
        ("hourglass", "know like trust try buy repeat refer"),
        ("five-stages", "discover consider decide use advocate-or-leave"),
    ],
)
def test_presets_have_their_stages(name: str, stages: str):
    """A preset has the stages of its definition and a touchpoint, fully described, in each."""
    journey = JourneyMap.preset(name)
    assert journey.name == name
    assert [stage.key for stage in journey.stages] == stages.split()
    assert set(journey.attribute("stage").values()) == set(stages.split())
    assert all(None not in attrs.astuple(touchpoint) for touchpoint in journey.touchpoints)
    assert set(journey.attribute("area").values()) == set(AREAS)
    assert set(journey.attribute("channel").values()) <= set(CHANNELS)


def test_presets_are_listed():
    """All presets load, are the list's and an unknown one suggests the nearest."""
    assert [JourneyMap.preset(name).name for name in PRESETS] == list(PRESETS)
    with pytest.raises(UnknownNameError, match=r"did you mean 'hourglass'\?"):
        JourneyMap.preset("hourglas")
    with pytest.raises(UnknownNameError):
        JourneyMap.preset("../presets/hourglass")


def test_a_map_is_frozen():
    """Stages and touchpoints are tuples, whatever they were given as, and the map can be hashed."""
    journey = JourneyMap(name="x", stages=iter([Stage(key="buy")]), touchpoints=[Touchpoint(key="k", stage="buy")])
    assert hash(journey) == hash(JourneyMap.loads(journey.dumps()))
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        journey.stages = ()  # type: ignore[misc]
    with pytest.raises(InvalidValueError, match="touchpoint 'k': stage: 'buy' isn't a stage of this map"):
        attrs.evolve(journey, stages=())
