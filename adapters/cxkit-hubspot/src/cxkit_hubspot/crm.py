"""HubSpot's CRM as it is asked: searches, batches, associations, the recycle bin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

import attrs

from cxkit.adapters import Batch, by_headers, us_of
from cxkit.errors import FatalAdapterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from cxkit.adapters import Http, Reply

    Filter = Mapping[str, str]

Item = TypeVar("Item")

VERSION: Final = "2026-09"
CONTACTS: Final = "contacts"
ID: Final = "hs_object_id"

_FIRST: Final = "0"  # the first page of a search; no other is ever asked for
_IN_BATCH, _IN_BATCH_WITH_HISTORY, _IN_ASSOCIATIONS, _IN_LIST = 100, 50, 1000, 100
_BETWEEN_SEARCHES: Final = 0.21  # seconds: five searches in one are allowed, of which no header tells how many are left
_NOT_FOUND: Final = "OBJECT_NOT_FOUND"


@attrs.frozen
class Record:
    """A record of the CRM, with what HubSpot gives apart from it.

    Attributes:
        number: its id.
        fields: its properties, all of them texts; None and an empty text are both nothing.
        at: when it last changed, as the search says; empty where it wasn't searched.
        history: the values that the property asked for has had, the newest first.
        contacts: the ids of the contacts associated with it.
    """

    number: str
    fields: Mapping[str, str | None]
    at: str = ""
    history: Sequence[Mapping[str, Any]] = ()
    contacts: Sequence[str] = ()

    def get(self, name: str) -> str | None:
        """Return a property; None where it is empty."""
        return self.fields.get(name) or None

    @property
    def merged(self) -> tuple[str, ...]:
        """The ids of records that were merged into this one."""
        text = self.fields.get("hs_merged_object_ids")
        return tuple(number for number in text.split(";") if number) if text else ()


@attrs.frozen
class Kind:
    """One type of records.

    Attributes:
        name: as addresses name it.
        clock: the property that tells the last change.
        properties: those that are read.
        history: the one whose former values are read too; empty for none.
        associated: whether the contacts associated with it are read.
    """

    name: str
    clock: str
    properties: tuple[str, ...]
    history: str = ""
    associated: bool = True


class Crm:
    """HubSpot's CRM."""

    def __init__(self, http: Http, page: int) -> None:
        """Prepare it; nothing is asked yet.

        Args:
            http: calls HubSpot.
            page: how many records a search is asked for.
        """
        self._http = http
        self._page = page

    # ------------------------------------------------------------------------------------------------------- searching

    def changes(self, kind: Kind) -> Callable[[int | None, int], Batch[Record]]:
        """Return what fetches the records of a type that changed since a time, as `by_time` asks.

        HubSpot gives 10,000 results of a query and no more, and an import or a nightly job gives many thousands of
        records one time. So the second page of a query is never asked for: the next begins at the time of the last
        record, and where one time fills a page, behind the last record's id.
        """
        last, walked = "", -1

        def fetch(since: int | None, skip: int) -> Batch[Record]:
            nonlocal last, walked
            if since is None:
                found, more = self.search(kind, [], kind.clock)
                return Batch(self.complete(kind, found), more)
            time = str(since // 1000)
            if not skip:
                # Whoever asks again for a time that was walked through by id gets what follows it: nothing slips past
                # an id as it would past a count.
                operator = "GT" if since == walked else "GTE"
                found, more = self.search(kind, [_filter(kind.clock, operator, time)], kind.clock)
                if not more or not found or us_of(found[-1].at) > since:
                    return Batch(self.complete(kind, found), more)
                last = "0"
            of_it = [*(_filter(kind.clock, operator, time) for operator in ("GTE", "LTE")), _filter(ID, "GT", last)]
            found, more = self.search(kind, of_it, ID)
            last = found[-1].number if found else last
            if not more:
                # The list goes on behind this time. One record is enough to say so.
                later, more = self.search(kind, [_filter(kind.clock, "GT", time)], kind.clock, limit=1)
                found, walked = [*found, *later], since
            return Batch(self.complete(kind, found), more)

        return fetch

    def search(
        self, kind: Kind, filters: Sequence[Filter], sort: str, *, limit: int | None = None
    ) -> tuple[list[Record], bool]:
        """Return the first records that pass all filters, in rising order of a property, and whether there are more."""
        asked = {
            "filterGroups": [{"filters": list(filters)}] if filters else [],
            "sorts": [sort],
            "properties": list(kind.properties),
            "limit": limit or self._page,
            "after": _FIRST,
        }
        began = self._http.wire.clock()

        def pace(reply: Reply, now: float) -> float:
            return max(by_headers(reply, now), began + _BETWEEN_SEARCHES - now)

        reply = self._http.post(_path(kind.name, "search"), asked, repeatable=True, pace=pace)
        found = _made(reply, lambda each: _record(each, each["properties"].get(kind.clock) or each["updatedAt"]))
        return found, _next(reply.json()) is not None

    # ---------------------------------------------------------------------------------------------------- by their ids

    def complete(self, kind: Kind, records: Sequence[Record]) -> list[Record]:
        """Return records with their history and contacts, which a search doesn't give."""
        if kind.history:
            fresh = {record.number: record for record in self.read(kind, [record.number for record in records])}
            # One that was deleted since is as the search has it.
            records = [attrs.evolve(fresh.get(record.number, record), at=record.at) for record in records]
        return self.with_contacts(kind, records)

    def with_contacts(self, kind: Kind, records: Sequence[Record]) -> list[Record]:
        """Return records with the contacts associated with them."""
        if not kind.associated:
            return list(records)
        found = self.associated(kind.name, [record.number for record in records])
        return [attrs.evolve(record, contacts=found.get(record.number, ())) for record in records]

    def read(self, kind: Kind, numbers: Iterable[str], *, archived: bool = False) -> list[Record]:
        """Return the records of ids, without their contacts; those that there aren't are left out.

        The record of an id that was merged into another is the other.
        """
        found: dict[str, Record] = {}
        history = [kind.history] if kind.history and not archived else []
        for some in _parts(list(dict.fromkeys(numbers)), _IN_BATCH_WITH_HISTORY if history else _IN_BATCH):
            asked = {
                "inputs": [{"id": number} for number in some],
                "properties": list(kind.properties),
                "propertiesWithHistory": history,
            }
            path = _path(kind.name, "batch/read")
            reply = self._http.request(
                "POST", path, params={"archived": "true"} if archived else None, json=asked, repeatable=True
            )
            for record in _made(reply, lambda each: _record(each, history=kind.history)):
                found[record.number] = record
        return list(found.values())

    def associated(self, kind: str, numbers: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return the ids of the contacts of records, the oldest first."""
        found: dict[str, set[str]] = {}
        wanted: list[dict[str, str]] = [{"id": number} for number in dict.fromkeys(numbers)]
        asked: set[tuple[str, str]] = set()
        while wanted:
            following: list[dict[str, str]] = []
            for some in _parts(wanted, _IN_ASSOCIATIONS):
                path = f"/crm/associations/{VERSION}/{kind}/{CONTACTS}/batch/read"
                for number, to, after in _made(self._http.post(path, {"inputs": some}, repeatable=True), _association):
                    found.setdefault(number, set()).update(to)
                    if after is not None and (number, after) in asked:
                        raise FatalAdapterError(f"{kind} {number}: page {after!r} of its contacts comes again")
                    if after is not None:
                        asked.add((number, after))
                        following.append({"id": number, "after": after})
            wanted = following
        return {number: tuple(sorted(contacts, key=_age)) for number, contacts in found.items()}

    def archived(self, kind: Kind, after: str | int | None) -> Batch[Record]:
        """Return a page of the recycle bin."""
        asked = {"archived": "true", "limit": min(self._page, _IN_LIST), "properties": ",".join(kind.properties)}
        reply = self._http.get(_path(kind.name), {**asked, "after": after})
        return Batch.at(_made(reply, _record), _next(reply.json()))


def results(reply: Reply) -> list[Any]:
    """Return what an answer holds.

    Batches are answered with status 207 where some of it couldn't be had. That there is no such record, or that it has
    no association, is no fault; another error mustn't pass for an absence.

    Raises:
        FatalAdapterError: the answer holds no results, or errors of another kind.

    >>> from cxkit.adapters import Reply
    >>> results(Reply(207, {}, b'{"results": [], "errors": [{"category": "OBJECT_NOT_FOUND"}]}', "POST /read"))
    []
    """
    body = reply.json()
    found = body.get("results") if isinstance(body, dict) else None
    if not isinstance(found, list):
        raise FatalAdapterError(f"{reply.call}: the answer has no results: is url that of HubSpot's API?")
    for error in errors(body):
        raise FatalAdapterError(f"{reply.call}: a part couldn't be had: {error.get('message')}")
    return found


def errors(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the errors of a batch, but those that say that there is nothing."""
    for error in body.get("errors") or ():
        if error.get("category") != _NOT_FOUND:
            yield error


def _made(reply: Reply, make: Callable[[Any], Item]) -> list[Item]:
    """Return what is made of each part of an answer.

    Raises:
        FatalAdapterError: one can't be read.
    """
    try:
        return [make(each) for each in results(reply)]
    except (LookupError, TypeError, AttributeError) as error:
        said = f"{reply.call}: the answer isn't as expected: {type(error).__name__}: {error}"
        raise FatalAdapterError(said) from None


def _record(each: Any, at: str = "", *, history: str = "") -> Record:  # noqa: ANN401 - JSON
    """Return a record of an answer."""
    values = each.get("propertiesWithHistory") or {}
    return Record(str(each["id"]), {**each["properties"]}, at, values.get(history) or ())


def _association(each: Any) -> tuple[str, tuple[str, ...], str | None]:  # noqa: ANN401 - JSON
    """Return the record that is associated, with what, and where there is more of it."""
    return str(each["from"]["id"]), tuple(str(to["toObjectId"]) for to in each["to"]), _next(each)


def _parts(items: list[Item], size: int) -> Iterator[list[Item]]:
    for begin in range(0, len(items), size):
        yield items[begin : begin + size]


def _path(kind: str, action: str = "") -> str:
    return f"/crm/objects/{VERSION}/{kind}" + (f"/{action}" if action else "")


def _filter(name: str, operator: str, value: str) -> Filter:
    return {"propertyName": name, "operator": operator, "value": value}


def _next(body: Mapping[str, Any]) -> str | None:
    """Return where the next page is."""
    after = ((body.get("paging") or {}).get("next") or {}).get("after")
    return None if after is None else str(after)


def _age(number: str) -> tuple[int, str]:
    """Return what puts ids in the order in which they were given: they are numbers that rise."""
    return (int(number), number) if number.isdigit() else (0, number)
