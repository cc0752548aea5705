"""Which addresses may be called: public ones over https, unless more is allowed."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from cxkit.errors import FatalAdapterError, InvalidValueError, RetriableAdapterError

if TYPE_CHECKING:
    from urllib.parse import SplitResult

_UNICAST: Final = ip_network("2000::/3")  # what is public of IPv6, by its plan of addresses
_NAT64: Final = ip_network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an address of IPv4


def base_of(url: str, *, allow_private: bool) -> SplitResult:
    """Return the parts of the address that all calls begin with.

    Raises:
        InvalidValueError: it isn't an address to call, carries a password, or is plain http where that isn't allowed.

    >>> base_of("https://shop.example/api/", allow_private=False).hostname
    'shop.example'
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise InvalidValueError("url", url, "isn't an address: write it as https://shop.example") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise InvalidValueError("url", url, "isn't an address to call: write it as https://shop.example")
    if parts.username is not None or parts.password is not None:
        raise InvalidValueError("url", f"{parts.scheme}://{host}", "carries a user or a password: give them apart")
    if parts.query or parts.fragment:
        raise InvalidValueError("url", f"{parts.scheme}://{host}{parts.path}", "carries a query: leave it out")
    if parts.scheme == "http" and not allow_private:
        raise InvalidValueError("url", url, "isn't https: secrets would travel in the clear; allow_private admits it")
    return parts


def public_address(host: str, port: int) -> str:
    """Return an address of a host, all of whose addresses are public.

    The caller connects to the address itself, so that a name can't be given another one between check and call.

    Raises:
        FatalAdapterError: one isn't public.
        RetriableAdapterError: the name isn't known just now.

    >>> public_address("127.0.0.1", 443)
    Traceback (most recent call last):
    cxkit.errors.FatalAdapterError: 127.0.0.1: its address 127.0.0.1 isn't public: allow_private admits it
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise RetriableAdapterError(f"{host}: no address is known for this name: is it spelled right?") from None
    for *_, place in found:
        address = ip_address(str(place[0]).partition("%")[0])
        if not _is_public(address):
            raise FatalAdapterError(f"{host}: its address {address} isn't public: allow_private admits it")
    return str(found[0][4][0])


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    """Say whether everybody may call an address; of one that leads to another, whether they may call that."""
    if isinstance(address, IPv6Address):
        inner = IPv4Address(int(address) & 0xFFFF_FFFF) if address in _NAT64 else address.ipv4_mapped
        inner = inner or address.sixtofour
        if inner is None:
            return address in _UNICAST and address.is_global
        address = inner
    return address.is_global and not address.is_multicast
