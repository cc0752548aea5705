"""Reading the files that a recipe describes: their lines in, events out, and an account of the rest."""

from __future__ import annotations

import json
import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from cxkit.errors import BadRowError, InvalidValueError, nearest
from cxkit.files.account import Account, OnReject
from cxkit.files.cells import clean
from cxkit.files.reading import Format, check_format, format_in
from cxkit.files.row import Rules
from cxkit.files.source import Readable, Source
from cxkit.model.calendar import zone
from cxkit.model.instrument import INSTRUMENTS, Instruments
from cxkit.recipes.flat import check_columns, flat, row_json
from cxkit.recipes.groups import Groups
from cxkit.recipes.joining import joined
from cxkit.recipes.layout import layout, wanted
from cxkit.recipes.lines import line_maker
from cxkit.recipes.load import load
from cxkit.recipes.model import Recipe
from cxkit.recipes.numbers import number_reader

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping, Sequence

    from cxkit.model.event import Event
    from cxkit.recipes.flat import Flat, Reject
    from cxkit.recipes.joining import Joined
    from cxkit.recipes.model import Join


@attrs.frozen
class Asked:
    """What the caller says of files where the recipe says otherwise, or nothing.

    Attributes:
        format: what they are.
        encoding: how their text is encoded.
        tz: the zone of times without offset.
        second: the files of joins, by the name of the join.
        on_reject: takes lines that can't be taken.
        strict: whether the first such line is raised.
    """

    format: Format | None
    encoding: str | None
    tz: str | None
    second: Mapping[str, Readable]
    on_reject: OnReject | None
    strict: bool


class RecipeReading(Account):
    """The events of files that a recipe describes. A context manager that closes the files.

    Events of a line each are given as the lines are read, and memory stays flat. Those of several lines come at the
    end; until then their values are held, not their lines. A line that can't be taken for an event is counted and
    handed to `on_reject`, once; the other events of that line, and the other lines, go on.

    Attributes:
        name: the names of the files.
        recipe: the recipe.
        rows: how many lines were read up to now, headers and blank ones apart.
        left_out: how many of them no filter of the recipe took.
        unmatched: how many had a key that a joined file lacks, by the name of the join.
        asked: what the caller says of the files.
        rules: how events are made.
        sources: the files.
        formats: what they are.
    """

    def __init__(self, files: Sequence[Readable], recipe: Recipe, rules: Rules, asked: Asked) -> None:
        """Begin; `read` is the way to make one."""
        super().__init__(asked.on_reject, strict=asked.strict)
        self.recipe = recipe
        self.rows = 0
        self.left_out = 0
        self.unmatched: dict[str, int] = {}
        self._lacking: tuple[str, ...] = ()
        self.asked = asked
        self.rules = rules
        self.sources: list[Source] = []
        try:
            for file in files:
                self.sources.append(Source(file, asked.encoding or recipe.input.encoding or "utf-8-sig"))
            self.formats = [format_in(source, asked.format) for source in self.sources]
        except BaseException:
            self._close()
            raise
        self.name = ", ".join(source.name for source in self.sources)
        self._iterator = self._read()

    @property
    def bytes_read(self) -> int:
        """How many bytes of the files were read up to now, packed as they are."""
        return sum(source.bytes_read for source in self.sources)

    @property
    def bytes_total(self) -> int | None:
        """How many bytes the files have, or None where nobody knows."""
        sizes = [source.bytes_total for source in self.sources]
        return None if None in sizes else sum(size for size in sizes if size is not None)

    def close(self) -> None:
        """Close the files, unless they were handed over open; nothing more is read."""
        self._iterator.close()
        self._close()

    def _close(self) -> None:
        for source in self.sources:
            source.close()

    def notes(self) -> list[str]:
        """Say in sentences what became of lines that gave no event, and of keys that a joined file lacks."""
        found = []
        if self.left_out:
            found.append(f"{self.left_out:,} of {self.rows:,} lines gave no event: no filter of the recipe takes them")
        for name, number in self.unmatched.items():
            if number:
                found.append(
                    f"{number:,} of {self.rows:,} lines have a key that {name!r} lacks: its columns are empty there"
                )
        return found

    def _read(self) -> Generator[Event]:
        groups = [Groups(rule) for rule in self.recipe.events if rule.group]
        try:
            seconds = [self.joined(join, self.refuse) for join in self.recipe.joins]
            for source, fmt in zip(self.sources, self.formats, strict=True):
                with closing(source):
                    yield from self._events(source, fmt, seconds, groups)
                    if source.damage is not None:
                        self.damaged = True
                        error = InvalidValueError("file", source.name, source.damage)
                        self.refuse(source.name, max(1, source.line), error, json.dumps(source.tail))
            numbers = number_reader(self.recipe.input)
            for each in groups:
                for group, key, event in each.events(self.rules, numbers):
                    if isinstance(event, InvalidValueError):
                        self.refuse(group.file, group.line, event, row_json(each.rule.group, key))
                    else:
                        self.events += 1
                        yield event
            self.tell_lacking(self._lacking)
        finally:
            self._close()

    def tell_lacking(self, columns: Sequence[str]) -> None:
        """Warn of columns that the file lacks, where no line gave an event: the recipe may be of something else."""
        if self.rows and not self.events and columns:
            lacking = ", ".join(map(repr, columns))
            self.warnings.append(f"no line gave an event, and the file lacks these columns of the recipe: {lacking}")

    def _rejecter(self, source: Source) -> Reject:
        def reject(line: int, error: InvalidValueError, row: str) -> None:
            self.rows += 1
            self.refuse(source.name, line, error, row)

        return reject

    def joined(self, join: Join, refuse: Callable[[str, int, InvalidValueError, str], object]) -> Joined:
        """Read the file of a join; `refuse` takes lines that are none: file, number, reason, and the whole as JSON."""
        file = self.asked.second.get(join.name, Path(self.recipe.folder, join.file or ""))
        with closing(Source(file, join.input.encoding or "utf-8-sig")) as source:
            encoding = source.encoding.removesuffix("-sig")

            def reject(line: int, error: InvalidValueError, row: str) -> None:
                refuse(source.name, line, error, row)

            found = joined(join, source, format_in(source), lambda column, cell: clean(column, cell, encoding), reject)
            if source.damage is not None:
                raise InvalidValueError("file", source.name, source.damage)
            self.unmatched[join.name] = 0
            return found

    def lines_of(self, source: Source, fmt: str, seconds: Sequence[Joined], reject: Reject) -> Flat:
        """Return the lines of a file, which has the columns that the recipe looks at; `reject` takes those of none."""
        reading = self.recipe.input
        names = wanted(self.recipe, seconds)
        try:
            lines = flat(source, fmt, reading, names, reject)
            if lines.names or not source.damage:
                check_columns(lines.names, names, reading)
        except BadRowError:
            raise
        except InvalidValueError as error:
            raise InvalidValueError(f"{source.name}: {error.field}", error.value, error.reason) from None
        if lines.mended and any(rule.group for rule in self.recipe.events):
            reason = "holds lines that belong to others, which aren't here: mend them in the file that they come from"
            raise InvalidValueError("file", source.name, reason)
        return lines

    def _events(  # noqa: C901 - one loop over all lines, where a call for each would cost more than all it does
        self, source: Source, fmt: str, seconds: Sequence[Joined], groups: Sequence[Groups]
    ) -> Generator[Event]:
        """Give the events of the lines of one file; add its lines to the groups."""
        lines = self.lines_of(source, fmt, seconds, self._rejecter(source))
        tz = self.asked.tz or self.recipe.input.tz
        laid = layout(self.recipe, lines.names, seconds, tz, source.encoding.removesuffix("-sig"))
        self._lacking = laid.lacking
        makers = [line_maker(rule, laid.scope, self.rules) for rule in self.recipe.events if not rule.group]
        adders = [each.adder(laid.scope) for each in groups]
        complete, file = laid.complete, source.name
        for line, given in lines.lines:
            self.rows += 1
            failed: InvalidValueError | None = None
            taken = False
            try:
                cells = complete(given)
            except InvalidValueError as error:
                self.refuse(file, line, error, row_json(lines.names, given))
                continue
            for make in makers:
                try:
                    event = make(cells)
                except InvalidValueError as error:
                    failed = failed or error
                else:
                    if event is not None:
                        taken = True
                        self.events += 1
                        yield event
            for add in adders:
                try:
                    taken = add(cells, file, line) or taken
                except InvalidValueError as error:
                    failed = failed or error
            if failed is not None:
                self.refuse(file, line, failed, row_json(lines.names, given))
            elif not taken:
                self.left_out += 1
        for second in seconds:
            self.unmatched[second.join.name] = second.unmatched


def read(  # noqa: PLR0913 - what files may need to be told
    files: Readable | Iterable[Readable],
    recipe: Recipe | str | os.PathLike[str],
    *,
    joins: Mapping[str, Readable] | None = None,
    format: Format | None = None,  # noqa: A002 - what it is called on the command line too
    dataset: str | None = None,
    input_tz: str | None = None,
    on_reject: OnReject | None = None,
    strict: bool = False,
    instruments: Instruments = INSTRUMENTS,
    encoding: str | None = None,
) -> RecipeReading:
    r"""Open the files that a recipe describes, all of them as one.

    Args:
        files: a path, ``-`` for standard input or an open file, or several of them: CSV, NDJSON, Parquet, workbooks.
        recipe: a recipe, the name of one that comes with cxkit, or the path of a TOML file.
        joins: the files that the recipe joins, by its names for them, where it doesn't say itself where they are.
        format: what the files are; told from names or contents unless given.
        dataset: the source of events that name none; the recipe's name unless given.
        input_tz: the zone of times that have no offset; the recipe's unless given.
        on_reject: takes each line that can't be taken, as a BadRowError and the line as JSON.
        strict: whether the first such line is raised.
        instruments: the scales that scores must lie on.
        encoding: how text is encoded; the recipe's unless given.

    Raises:
        InvalidValueError: a file can't be opened or lacks a column, or the recipe is wrong; the place is named.
        UnknownNameError: there is no such recipe, time zone or join.

    >>> import io
    >>> from cxkit import recipes
    >>> lines = io.StringIO("Id;Am;Total\n7;31.01.2026;12,90\n7;31.01.2026;3,10\n8;01.02.2026;5,00\n")
    >>> recipe = recipes.loads('''
    ... name = "till"
    ... [input]
    ... delimiter = ";"
    ... decimal = ","
    ... time_format = "%d.%m.%Y"
    ... tz = "Europe/Berlin"
    ... [[events]]
    ... kind = "order.placed"
    ... group = ["Id"]
    ... time = "Am"
    ... reference = "Id"
    ... amount = "Total"
    ... currency = { constant = "EUR" }
    ... ''')
    >>> [(order.id, str(order.amount)) for order in recipes.read(lines, recipe)]
    [('order.placed:7', '16.00 EUR'), ('order.placed:8', '5.00 EUR')]
    """
    chosen = recipe if isinstance(recipe, Recipe) else load(recipe)
    check_format(format)
    if input_tz is not None:
        zone(input_tz)
    several: list[Any] = [files] if isinstance(files, str | os.PathLike) or hasattr(files, "read") else list(files)
    if not several:
        raise InvalidValueError("files", files, "are none: name one at least")
    second = dict(joins or {})
    known = [join.name for join in chosen.joins]
    for name in second:
        if name not in known:
            near = nearest(name, known)
            hint = f"; is {near!r} meant?" if near else f". There is: {', '.join(known) or 'nothing'}"
            raise InvalidValueError("joins", name, f"isn't a file that the recipe joins{hint}")
    for join in chosen.joins:
        if join.file is None and join.name not in second:
            reason = f"needs its file: say where it is (--with {join.name}=FILE, or joins={{{join.name!r}: …}})"
            raise InvalidValueError("joins", join.name, reason)
    asked = Asked(format, encoding, input_tz, second, on_reject, strict)
    rules = Rules(dataset=chosen.name if dataset is None else dataset, instruments=instruments)
    return RecipeReading(several, chosen, rules, asked)
