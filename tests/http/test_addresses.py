from __future__ import annotations

import socket
from typing import Any

import pytest

from cxkit.errors import FatalAdapterError, InvalidValueError, RetriableAdapterError
from cxkit.http.addresses import base_of, public_address

PRIVATE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",  # noqa: S104
    "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1",
    "::1", "::", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001:db8::1", "::10.0.0.1",
    "::ffff:10.0.0.1", "::ffff:127.0.0.1", "2002:a00:1::", "64:ff9b::a00:1", "64:ff9b::7f00:1",
]  # fmt: skip
PUBLIC = ["93.184.216.34", "8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Return a directory in place of DNS: name → addresses."""
    book: dict[str, list[str]] = {}

    def find(host: str, port: int, **_: Any) -> list[Any]:
        if host not in book:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in book[host]]

    monkeypatch.setattr(socket, "getaddrinfo", find)
    return book


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_refused(names: dict[str, list[str]], address: str) -> None:
    """An answer of DNS that isn't public is refused, however it is written."""
    names["shop.example"] = [address]

    with pytest.raises(FatalAdapterError, match="isn't public: allow_private admits it"):
        public_address("shop.example", 443)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_called(names: dict[str, list[str]], address: str) -> None:
    """A public address is what will be connected to."""
    names["shop.example"] = [address]

    assert public_address("shop.example", 443) == address


def test_one_private_address_among_public_ones_is_too_many(names: dict[str, list[str]]) -> None:
    """A name whose addresses are public but for one could lead there next time."""
    names["shop.example"] = ["8.8.8.8", "10.0.0.1"]

    with pytest.raises(FatalAdapterError, match=r"10\.0\.0\.1 isn't public"):
        public_address("shop.example", 443)


@pytest.mark.parametrize("host", ["nobody.example", "a" * 64 + ".example", ".."])
def test_unknown_names_may_be_known_later(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name without an address may have one later; also one that DNS can't even ask for."""

    def refuse(host: str, *_: object, **__: object) -> None:
        host.encode("idna")
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)

    with pytest.raises(RetriableAdapterError, match="no address is known"):
        public_address(host, 443)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("shop.example", "isn't an address to call"),
        ("ftp://shop.example", "isn't an address to call"),
        ("https://", "isn't an address to call"),
        ("https://shop.example:port", "isn't an address"),
        ("https://[::1", "isn't an address"),
        ("https://an:s3cr3t@shop.example", "carries a user or a password"),
        ("https://s3cr3t@shop.example", "carries a user or a password"),
        ("https://shop.example/api?key=s3cr3t", "carries a query"),
        ("https://shop.example/api#s3cr3t", "carries a query"),
        ("http://shop.example", "isn't https"),
    ],
)
def test_bases_are_checked(url: str, reason: str) -> None:
    """What can't be called is refused before anything is sent, and a secret in it isn't shown."""
    with pytest.raises(InvalidValueError, match=reason) as caught:
        base_of(url, allow_private=False)

    assert "s3cr3t" not in str(caught.value)


def test_plain_http_can_be_allowed() -> None:
    """A shop in one's own network is called if somebody says so."""
    assert base_of("http://localhost:3000/shop-api", allow_private=True).port == 3000
