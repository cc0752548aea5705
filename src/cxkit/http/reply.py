"""What a vendor answered, read whole and checked."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import attrs

from cxkit.errors import RetriableAdapterError

if TYPE_CHECKING:
    from collections.abc import Mapping

_LINK = re.compile(r'<([^<>]*)>((?:\s*;\s*[\w!#$&+.^`|~-]+\*?\s*=\s*(?:"[^"]*"|[^",;\s]+))*)')
_PARAMETER = re.compile(r';\s*([\w!#$&+.^`|~-]+)\*?\s*=\s*(?:"([^"]*)"|([^",;\s]+))')


@attrs.frozen
class Reply:
    """An answer with a good status.

    Attributes:
        status: 200 to 299.
        headers: name → value; names in lower case.
        content: the bytes.
        call: what was asked, for errors: no secret is in it.
    """

    status: int
    headers: Mapping[str, str] = attrs.field(repr=False)
    content: bytes = attrs.field(repr=False)
    call: str
    _read: list[Any] = attrs.field(factory=list, init=False, repr=False, eq=False)

    def json(self) -> Any:  # noqa: ANN401 - whatever JSON holds
        """Return what the body says; numbers with a point are Decimals, for money is never a float.

        Raises:
            RetriableAdapterError: it isn't JSON but a page of HTML, which gateways answer for a vendor that is down,
                or is cut short.

        >>> Reply(200, {}, b'{"total": 0.1}', "GET /orders").json()
        {'total': Decimal('0.1')}
        """
        if not self._read:
            self._read.append(self._parsed())
        return self._read[0]

    def _parsed(self) -> Any:  # noqa: ANN401 - whatever JSON holds
        if not self.content:
            return None
        try:
            return json.loads(self.content, parse_float=Decimal, parse_constant=_no_number)
        except (ValueError, RecursionError, ArithmeticError):  # the last: an exponent that no Decimal has
            kind = "a page of HTML" if self.content.lstrip()[:1] == b"<" else "no JSON, or JSON cut short"
            raise RetriableAdapterError(f"{self.call}: the answer is {kind}: try again later") from None

    def link(self, relation: str) -> str | None:
        """Return the address that a ``Link`` header gives for a relation such as ``next`` (RFC 8288), or None.

        >>> Reply(200, {"link": '</orders?page=2>; rel="next"'}, b"", "GET /orders").link("next")
        '/orders?page=2'
        """
        for address, parameters in _LINK.findall(self.headers.get("link", "")):
            for name, quoted, plain in _PARAMETER.findall(parameters):
                if name.lower() == "rel" and relation in (quoted or plain).lower().split():
                    return str(address)
        return None


def _no_number(word: str) -> None:
    raise ValueError(word)
