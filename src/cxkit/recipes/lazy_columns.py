"""The lines of a flat file as columns of few different cells each: what a cell means is then found out once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import attrs

from cxkit.errors import InvalidValueError
from cxkit.files.cells import clean
from cxkit.recipes.flat import check_columns
from cxkit.recipes.lazy_lines import ROW
from cxkit.recipes.model import Input
from cxkit.recipes.typed import cells_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import polars as pl

    from cxkit.recipes.flat import Flat

_CHUNK: Final = 65_536
_PLAINLY: Final = Input()


class NotCompilable(Exception):  # noqa: N818 - no error: it says that rows must be read
    """A recipe or a file that is left to the row engine as a whole."""


class Coded:
    """A column: its different cells, its entries, and which of them each line has.

    Attributes:
        lines: the values of each line as a typed file holds them; None where they are text.
        decimal: the sign before decimals.
    """

    def __init__(  # noqa: PLR0913 - what cells are, and how they are read
        self,
        name: str,
        at: pl.Series | None,
        entries: Any,  # noqa: ANN401 - pyarrow has no types
        *,
        reading: Input = _PLAINLY,
        encoding: str = "utf-8",
        lines: pl.Series | None = None,
    ) -> None:
        """Take the entries, a list of texts as the file has them or an Arrow array of text, or typed values."""
        self.lines = lines
        self.decimal = reading.decimal
        self._coded = at, entries
        self._name = name
        self._nulls = reading.nulls
        self._encoding = encoding

    @cached_property
    def _found(self) -> tuple[pl.Series, Any]:
        at, entries = self._coded
        if at is not None:
            return at, entries
        assert self.lines is not None  # noqa: S101 - there is the one or the other
        return _encoded(self.lines.to_arrow())

    @property
    def at(self) -> pl.Series:
        """The entry of each line."""
        return self._found[0]

    @property
    def _entries(self) -> Any:  # noqa: ANN401 - pyarrow has no types
        return self._found[1]

    @cached_property
    def typed(self) -> pl.Series | None:
        """The entries as a typed file holds them; None where they are text."""
        import polars as pl

        return None if self.lines is None else pl.Series(pl.from_arrow(self._entries), dtype=self.lines.dtype)

    @cached_property
    def given(self) -> list[str]:
        """The entries as texts, before anything is done to them."""
        return self._entries if isinstance(self._entries, list) else cells_of(self._entries, self.decimal)

    @cached_property
    def _cleaned(self) -> tuple[pl.Series, pl.Series | None]:
        import polars as pl

        texts = self._entries
        if isinstance(texts, list) or self.lines is not None:
            texts = self.given
        bad: list[int] = []
        try:
            found = pl.Series(texts, dtype=pl.String) if isinstance(texts, list) else pl.Series(pl.from_arrow(texts))
        except UnicodeEncodeError:  # a byte that isn't of the encoding
            found = None
        if found is None or not _clean(found if isinstance(texts, list) else texts):
            made: list[str] = []
            for place, cell in enumerate(self.given):
                try:
                    made.append(clean(self._name, cell, self._encoding))
                except InvalidValueError:
                    made.append("")
                    bad.append(place)
            found = pl.Series(made, dtype=pl.String)
        nulls = found == min(self._nulls) if len(self._nulls) == 1 else found.is_in(list(self._nulls))
        found = found.set(nulls, None) if nulls.any() else found
        return found, pl.Series(range(len(found)), dtype=pl.Int64).is_in(bad) if bad else None

    @property
    def cells(self) -> pl.Series:
        """The entries as the model holds text; null where there is nothing."""
        return self._cleaned[0]

    @property
    def bad(self) -> pl.Series | None:
        """Which entries are no text, so that their lines can't be taken at all; None for none."""
        return None if self.lines is not None else self._cleaned[1]

    def given_at(self, lines: list[int]) -> list[str]:
        """Return the cells of some lines, before anything is done to them."""
        if self.lines is not None:
            return cells_of(self.lines.gather(lines).to_arrow(), self.decimal)
        entries = self.at.gather(lines).to_list()
        if isinstance(self._entries, list):
            return [self._entries[entry] for entry in entries]
        return cells_of(self._entries.take(entries), self.decimal)


@attrs.frozen(eq=False)
class Sheet:
    """The lines of a file.

    Attributes:
        names: its columns.
        columns: their cells.
        numbers: on which line of the file each stands.
        rejects: the lines that are none: number, reason, and the whole of it as JSON.
    """

    names: tuple[str, ...]
    columns: tuple[Coded, ...]
    numbers: Sequence[int]
    rejects: tuple[tuple[int, InvalidValueError, str], ...] = ()

    def given(self, lines: Iterable[int]) -> Iterator[tuple[int, list[str]]]:
        """Give lines by their place, as the file has them."""
        wanted = list(lines)
        if not wanted:
            return
        found = [column.given_at(wanted) for column in self.columns]
        yield from zip(wanted, map(list, zip(*found, strict=True)), strict=True)


def sheet_of_parquet(path: str, wanted: Sequence[str], reading: Input) -> Sheet:
    """Return columns of a Parquet file, whose dictionaries are taken as they stand there.

    Raises:
        NotCompilable: a column of a type that is left to Python, or a file that can't be read.
        InvalidValueError: a column isn't there.
    """
    import polars as pl
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(path)
        check_columns(schema.names, wanted, reading)
        names = [name for name in schema.names if name in wanted]
        kinds = {name: schema.field(name).type for name in names}
        if not names or not all(map(_plain, kinds.values())):
            raise NotCompilable(path)
        texts = [name for name in names if _is_text(kinds[name])]

        def of_texts() -> Any:  # noqa: ANN401 - pyarrow has no types
            with pq.ParquetFile(path, read_dictionary=texts) as file:
                return file.read(columns=texts)

        with ThreadPoolExecutor(1) as beside:
            waiting = beside.submit(of_texts)
            typed = pl.scan_parquet(path, glob=False).select(name for name in names if name not in texts).collect()
            table = waiting.result()
    except (pa.ArrowException, pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise NotCompilable(path) from error
    for column in typed:
        if column.dtype.is_float() and (1.0 / column.filter(column == 0.0) < 0.0).any():
            raise NotCompilable(column.name)  # minus nought is nought, and another text
    columns = []
    for name in names:
        if name in texts:
            columns.append(Coded(name, *_encoded(table[name]), reading=reading))
        else:
            columns.append(Coded(name, None, None, reading=reading, lines=typed[name]))
    return Sheet(tuple(names), tuple(columns), range(1, (table.num_rows if texts else len(typed)) + 1))


def _encoded(column: Any) -> tuple[pl.Series, Any]:  # noqa: ANN401 - pyarrow has no types
    """Return the entry of each line, and the entries, an Arrow array; what is null has one too."""
    import polars as pl
    import pyarrow as pa

    coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.chunk(0) if coded.num_chunks == 1 else coded.unify_dictionaries().combine_chunks()
        coded = pa.concat_arrays(coded.chunks) if isinstance(coded, pa.ChunkedArray) else coded
    entries = coded.dictionary
    indices = coded.indices.view(pa.uint32()) if coded.indices.type == pa.int32() else coded.indices
    at = pl.Series(pl.from_arrow(indices), dtype=pl.UInt32)
    if coded.null_count:
        at = at.fill_null(len(entries))
        entries = pa.concat_arrays([entries, pa.nulls(1, entries.type)])
    return at, entries


def sheet_of_table(cells: pl.DataFrame, names: Sequence[str], wanted: Sequence[str], reading: Input) -> Sheet:
    """Return the lines that `lazy_lines.cells_of` has cut."""
    import polars as pl

    columns = []
    for place, name in enumerate(names):
        column = cells[f"c{place}"].to_arrow()
        if name in wanted:
            at, entries = _encoded(column)
        else:
            at, entries = pl.Series(range(len(cells)), dtype=pl.UInt32), column
        columns.append(Coded(name, at, entries, reading=reading))
    return Sheet(tuple(names), tuple(columns), (cells[ROW] + 2).to_list())


def _clean(texts: Any) -> bool:  # noqa: ANN401 - pyarrow has no types
    """Say whether texts are as the model holds them already: all in ASCII, and without the sign that no text holds."""
    import pyarrow as pa

    held = texts if isinstance(texts, pa.Array) else texts.to_arrow().cast(pa.large_string())
    content = held.buffers()[2]
    content = b"" if content is None else content.to_pybytes()
    return content.isascii() and b"\0" not in content


def _plain(kind: Any) -> bool:  # noqa: ANN401 - pyarrow has no types
    from pyarrow import types as of

    if of.is_timestamp(kind):
        return bool(kind.unit != "ns")
    return bool(_is_text(kind) or of.is_integer(kind) or of.is_floating(kind) or of.is_boolean(kind)) or bool(
        of.is_date32(kind) or of.is_decimal128(kind)
    )


def _is_text(kind: Any) -> bool:  # noqa: ANN401 - pyarrow has no types
    from pyarrow import types as of

    return bool(of.is_string(kind) or of.is_large_string(kind))


def sheet_of_lines(
    lines: Flat, reading: Input, encoding: str, rejects: list[tuple[int, InvalidValueError, str]]
) -> Sheet:
    """Return the columns of lines that Python reads; `rejects` gets those that are none meanwhile."""
    import polars as pl

    seen: list[dict[str, int]] = [{} for _ in lines.names]
    found: list[list[pl.Series]] = [[pl.Series([], dtype=pl.UInt32)] for _ in lines.names]
    numbers: list[int] = []
    while chunk := list(islice(lines.lines, _CHUNK)):
        numbers += [number for number, _ in chunk]
        for known, parts, cells in zip(seen, found, zip(*[cells for _, cells in chunk], strict=True), strict=True):
            parts.append(pl.Series([known.setdefault(cell, len(known)) for cell in cells], dtype=pl.UInt32))
    columns = [
        Coded(name, pl.concat(parts), list(known), reading=reading, encoding=encoding)
        for name, known, parts in zip(lines.names, seen, found, strict=True)
    ]
    return Sheet(lines.names, tuple(columns), numbers, tuple(rejects))
