from __future__ import annotations

import copy
import json
import logging
import pickle
import pprint
import traceback

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.pretty import pretty_repr

from cxkit.errors import InvalidValueError
from cxkit.model.secret import Secret

KEY = "s3cr3t-K3y"


@attrs.frozen
class Settings:
    """What an adapter has."""

    url: str
    key: Secret


SETTINGS = Settings("https://shop.example", Secret(KEY))


def _within(secret: Secret) -> bytes:
    """Write what holds one."""
    return pickle.dumps([{"key": secret}])


@pytest.mark.parametrize(
    "shown",
    [
        repr(Secret(KEY)),
        str(Secret(KEY)),
        f"{Secret(KEY)}",
        f"{Secret(KEY)!r:>40}",
        f"{Secret(KEY):>40}",
        "{:s}".format(Secret(KEY)),  # noqa: UP032 - one of the ways
        "%s %r" % (Secret(KEY), Secret(KEY)),  # noqa: UP031 - one of the ways
        repr(SETTINGS),
        repr({"key": [Secret(KEY)]}),
        str(attrs.asdict(SETTINGS)),
        pprint.pformat(SETTINGS),
        pretty_repr(SETTINGS),
        pretty_repr(Secret(KEY)),
        ascii(Secret(KEY)),
        str(InvalidValueError("key", Secret(KEY), "is wrong")),
    ],
)
def test_no_way_of_showing_shows_it(shown: str) -> None:
    """Whatever writes a value for people writes that there is one."""
    assert KEY not in shown
    assert "Secret(" in shown


def test_logs_do_not_show_it(caplog: pytest.LogCaptureFixture) -> None:
    """A line of a log with it holds no secret."""
    logging.getLogger("shop").warning("%s %r %s", Secret(KEY), SETTINGS, {"key": Secret(KEY)})

    assert KEY not in caplog.text


def test_tracebacks_with_variables_do_not_show_it() -> None:
    """A traceback that shows variables, as rich's and debuggers' do, shows no secret."""

    def fail(key: Secret, settings: Settings) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as caught:
        fail(Secret(KEY), SETTINGS)
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    frames = [pretty_repr(frame.f_locals) for frame, _ in traceback.walk_tb(caught.tb)]

    assert KEY not in "".join(shown.format())
    assert KEY not in "".join(frames)
    assert "Secret(" in frames[-1]


@pytest.mark.parametrize("write", [pickle.dumps, _within, copy.copy, copy.deepcopy])
def test_it_is_not_written_down(write: object) -> None:
    """It can't be pickled, nor can what holds it; a copy is itself."""
    secret = Secret(KEY)
    if write in {copy.copy, copy.deepcopy}:
        assert write(secret) is secret  # type: ignore[operator]
        assert attrs.evolve(SETTINGS, url="x").key is SETTINGS.key
    else:
        with pytest.raises(TypeError, match="can't be pickled"):
            write(secret)  # type: ignore[operator]
    with pytest.raises(TypeError):
        json.dumps(secret)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        vars(secret)


@given(st.text(), st.text())
def test_equal_texts_are_equal_secrets(one: str, other: str) -> None:
    """Two are equal as their texts are, and their hashes tell nothing of these."""
    texts = [text for text in (one, other) if text and not set(text) & set("\r\n\0")]
    secrets = [Secret(text) for text in texts]

    for secret, text in zip(secrets, texts, strict=True):
        assert secret.reveal() == text
        assert secret == Secret(text)
        assert secret != text
        assert hash(secret) == hash(Secret("another"))
    if len(secrets) == 2:
        assert (secrets[0] == secrets[1]) == (one == other)


@pytest.mark.parametrize("text", ["", "s3cr3t\n", "s3\r\ncr3t", "s3\0cr3t"])
def test_what_no_header_carries_is_refused(text: str) -> None:
    """A key with a line break, or none at all, is refused without showing it."""
    with pytest.raises(InvalidValueError, match="is empty or holds a line break") as caught:
        Secret(text)

    assert "s3" not in str(caught.value)


@pytest.mark.parametrize("value", [None, 7, b"s3cr3t", ["s3cr3t"]])
def test_what_is_no_text_is_refused(value: object) -> None:
    """Something else is refused by its type, without showing it."""
    with pytest.raises(InvalidValueError, match="isn't text") as caught:
        Secret(value)  # type: ignore[arg-type]

    assert "s3cr3t" not in str(caught.value)
