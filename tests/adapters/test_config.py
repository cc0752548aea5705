from __future__ import annotations

from decimal import Decimal

import attrs
import pytest

from cxkit.adapters import Secret, configured, variable_of
from cxkit.errors import InvalidValueError, UnknownNameError

KEY = "s3cr3t-K3y"


@attrs.frozen(kw_only=True)
class Settings:
    """Settings of every type that there is."""

    url: str
    password: Secret
    hook: Secret | None = None
    page: int = 100
    rate: float = 1.5
    archived: bool = False
    shops: tuple[str, ...] = ()
    states: tuple[str, ...] | None = None
    region: str | None = None


NEEDED = {"url": "https://till.example", "password": KEY}


def made(given=None, written=None, environment=None):
    """Return settings of a till."""
    return configured("till", Settings, given or {}, written, environment or {})


def test_arguments_before_environment_before_file() -> None:
    """What is nearest counts, setting by setting."""
    found = made(
        {"url": "argument", "page": None},
        {"url": "file", "page": 3, "region": "file", "rate": Decimal("0.1")},
        {"CXKIT_TILL_URL": "env", "CXKIT_TILL_PAGE": "2", "CXKIT_TILL_PASSWORD": KEY, "CXKIT_OTHER_RATE": "9"},
    )

    assert (found.url, found.page, found.region, found.rate) == ("argument", 2, "file", 0.1)
    assert found.password == Secret(KEY)


def test_variables_have_plain_names() -> None:
    """Signs that no shell takes in a variable are underscores."""
    assert variable_of("my-till.eu", "hook_secret") == "CXKIT_MY_TILL_EU_HOOK_SECRET"


def test_references_are_read_from_the_environment() -> None:
    """``env:NAME`` stands for a variable, in a file and in an argument."""
    found = made({"url": "env:SHOP"}, {"password": "env:TOKEN"}, {"SHOP": "https://a.example", "TOKEN": KEY})

    assert (found.url, found.password.reveal()) == ("https://a.example", KEY)


def test_a_reference_to_nothing_is_named() -> None:
    """A variable that isn't set is named with the setting that refers to it."""
    with pytest.raises(InvalidValueError, match=r"^till\.password: .* refers to the variable TOKEN, which isn't set"):
        made({"url": "x"}, {"password": "env:TOKEN"})


@pytest.mark.parametrize("value", [KEY, 7, ["env:TOKEN"], True])
@pytest.mark.parametrize("setting", ["password", "hook"])
def test_a_secret_in_a_file_is_refused(setting: str, value: object) -> None:
    """Files are committed and copied: a secret itself isn't taken from one, nor shown."""
    with pytest.raises(InvalidValueError, match=f"write 'env:CXKIT_TILL_{setting.upper()}' in the file") as caught:
        made({key: item for key, item in NEEDED.items() if key != setting}, {setting: value})

    assert KEY not in str(caught.value)
    assert KEY not in repr(caught.value.args)


@pytest.mark.parametrize(
    ("setting", "text", "value"),
    [
        ("page", "7", 7), ("page", 7, 7), ("page", Decimal(7), 7), ("page", 7.0, 7),
        ("rate", "0.25", 0.25), ("rate", 2, 2.0), ("rate", Decimal("0.1"), 0.1),
        ("archived", "Yes", True), ("archived", "off", False), ("archived", True, True), ("archived", "0", False),
        ("shops", "a, b", ("a", "b")), ("shops", ["a", "b"], ("a", "b")), ("shops", "a", ("a",)),
        ("states", "a,b", ("a", "b")), ("states", ["a"], ("a",)),
        ("region", "VN", "VN"), ("hook", KEY, Secret(KEY)), ("hook", Secret(KEY), Secret(KEY)),
    ],
)  # fmt: skip
def test_values_are_read_as_what_they_are(setting: str, text: object, value: object) -> None:
    """Text of a command line and values of a file become what the setting has."""
    assert getattr(made({**NEEDED, setting: text}), setting) == value


@pytest.mark.parametrize(
    ("setting", "value", "reason"),
    [
        ("page", "many", "isn't a whole number"), ("page", "2.5", "isn't a whole number"),
        ("page", 2.7, "isn't a whole number"), ("page", Decimal("2.7"), "isn't a whole number"),
        ("page", True, "isn't a whole number"), ("page", float("inf"), "isn't a whole number"),
        ("page", [7], "isn't a whole number"),
        ("rate", "fast", "isn't a number"), ("rate", "nan", "isn't a number"), ("rate", float("inf"), "isn't a number"),
        ("archived", "maybe", "isn't yes or no"), ("archived", 7, "isn't yes or no"),
        ("shops", 7, "isn't a list"), ("shops", [7], "isn't text"), ("states", {"a": 1}, "isn't a list"),
        ("url", 7, "isn't text"), ("region", ["VN"], "isn't text"),
        ("password", 7, "isn't text"), ("password", "", "is empty"), ("password", "a\nb", "holds a line break"),
    ],
)  # fmt: skip
def test_values_that_cannot_be_taken_are_named(setting: str, value: object, reason: str) -> None:
    """What isn't of the setting's type is refused by the setting's name."""
    with pytest.raises(InvalidValueError, match=reason) as caught:
        made({**NEEDED, setting: value})

    assert caught.value.field == f"till.{setting}"


@pytest.mark.parametrize("place", ["given", "written"])
def test_a_mistyped_setting_is_suggested(place: str) -> None:
    """A setting that there isn't is refused wherever it stands, with the one that was meant; its value isn't shown."""
    settings = {"given": dict(NEEDED), "written": {}}
    settings[place]["pasword"] = KEY

    with pytest.raises(UnknownNameError, match="unknown setting of till 'pasword'; did you mean 'password'") as caught:
        made(settings["given"], settings["written"])

    assert KEY not in str(caught.value)


def test_what_lacks_is_told_with_ways_to_give_it() -> None:
    """All settings that lack are named at once, and where the first may stand."""
    with pytest.raises(InvalidValueError, match="url, password") as caught:
        made()
    with pytest.raises(InvalidValueError, match=r"'password' lacks: give it by .* CXKIT_TILL_PASSWORD, or \[adapters"):
        made({"url": "x"})

    assert "--set url=" in str(caught.value)
