"""Ids for rows that bring none: made from what they say, so that the same file gives the same ids again."""

from __future__ import annotations

from array import array
from hashlib import blake2b
from typing import Final

_FIRST_SIZE: Final = 2**10


class Ids:
    """Gives ids to rows by their content and by how often that content came before.

    The same file gives the same ids when it is read again, shuffled, renamed, packed or turned into another format, and
    rows that are true duplicates stay as many as they are. It keeps 8 bytes of hash of each content, in a table that is
    a third to two thirds full: some 16 MB for a million rows without ids.

    >>> ids = Ids()
    >>> [ids.of(content)[-2:] for content in ("a", "b", "a")]
    ['-1', '-1', '-2']
    """

    __slots__ = ("_again", "_free", "_mask", "_seen")

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._again: dict[int, int] = {}
        self._start(_FIRST_SIZE)

    def _start(self, size: int) -> None:
        self._seen = array("q", bytes(8 * size))
        self._mask = size - 1
        self._free = size * 2 // 3

    def of(self, content: str) -> str:
        """Return the id of the next row with this content: 96 bits of BLAKE2b and the occurrence."""
        # Python's own hash is 8 bytes too, and quicker; that it differs from process to process is no matter here.
        key = hash(content) or 1
        count = 1
        if self._is_new(key):
            self._free -= 1
            if not self._free:
                self._grow()
        else:
            self._again[key] = count = self._again.get(key, 1) + 1
        return f"{blake2b(content.encode(), digest_size=12).hexdigest()}-{count}"

    def _is_new(self, key: int) -> bool:
        """Say whether a hash is seen for the first time, and note it: it stands where it says, or at the next gap."""
        seen, mask = self._seen, self._mask
        at = key & mask
        while found := seen[at]:
            if found == key:
                return False
            at = (at + 1) & mask
        seen[at] = key
        return True

    def _grow(self) -> None:
        known = self._seen
        self._start(2 * len(known))
        for key in known:
            if key:
                self._is_new(key)
                self._free -= 1
