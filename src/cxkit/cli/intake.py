"""Reading the files that a command is given, and saying which of their rows can't be taken."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs
import click

from cxkit.cli.failures import BAD_DATA, WrongUsage, blaming_usage, warn
from cxkit.cli.progress import progress
from cxkit.store.opening import is_store, shown_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Self

    from cxkit.cli.progress import Follow
    from cxkit.errors import BadRowError
    from cxkit.files import OnReject, Reading, RejectWriter
    from cxkit.model.event import Event
    from cxkit.recipes import RecipeReading

_SHOWN: Final = 5
_PARQUET: Final = b"PAR1"


@attrs.frozen
class How:
    """How files are to be read, as the options say.

    Attributes:
        format: what they are, where neither name nor content tells.
        input_tz: the zone of times without offset.
        encoding: how text is encoded; None is UTF-8.
        dataset: the source of rows that name none.
        rejects: the file that keeps the rows that can't be taken.
        strict: whether the first such row ends it all.
        recipe: the recipe that describes them, its name or its file; None where they are files of events.
        second: the files that it joins, by its names for them.
    """

    format: str | None = None
    input_tz: str | None = None
    encoding: str | None = None
    dataset: str | None = None
    rejects: str | None = None
    strict: bool = False
    recipe: str | None = None
    second: tuple[tuple[str, str], ...] = ()


def is_parquet(file: str) -> bool:
    """Say whether a file is a whole Parquet file: its mark stands at both ends."""
    path = Path(file)
    if not file.endswith(".parquet") or not path.is_file() or path.stat().st_size < 2 * len(_PARQUET):
        return False
    with path.open("rb") as opened:
        head = opened.read(len(_PARQUET))
        opened.seek(-len(_PARQUET), os.SEEK_END)
        return head == opened.read() == _PARQUET


def check_outputs(written: Iterable[str | None], read: Iterable[str]) -> None:
    """Refuse to write over a file that is read: its good rows would be lost.

    Raises:
        WrongUsage: a file is on both sides, or rejects would go where the result goes.
    """
    inputs = {Path(file).resolve() for file in read if file != "-"}
    for file in written:
        if file is not None and file != "-" and Path(file).resolve() in inputs:
            message = f"{shown_name(file)} is read here, so it can't be written to: name another file"
            raise WrongUsage(message)


class Intake:
    """Reads files one after the other, and keeps account of the rows that can't be taken.

    A context manager: at its end the rejects are finished and the first of them are shown.

    Attributes:
        rows: how many rows were read.
        rejected: how many of them couldn't be taken.
        follow: passes things through, and shows how far they are.
    """

    follow: Follow

    def __init__(self, how: How) -> None:
        """Take the options; nothing is opened before the block begins."""
        self.rows = 0
        self.rejected = 0
        self._how = how
        self._first: list[BadRowError] = []
        self._stack = ExitStack()
        self._writer: RejectWriter | None = None

    def __enter__(self) -> Self:
        """Open the file of rejects."""
        from cxkit.files import RejectWriter

        self._stack.callback(self._tell)  # last, when there is no progress on the terminal any more
        if self._how.rejects is not None:
            with blaming_usage():
                self._writer = self._stack.enter_context(RejectWriter(self._how.rejects))
        self.follow = self._stack.enter_context(progress())
        return self

    def __exit__(self, *_: object) -> None:
        """Finish the file of rejects, and say what couldn't be taken."""
        self._stack.close()

    def end(self) -> None:
        """End the command: with the code for bad data if a row couldn't be taken."""
        if self.rejected:
            click.get_current_context().exit(BAD_DATA)

    def of(self, files: Sequence[str], *, again: bool = False) -> Iterator[Event]:
        """Give the events of several files: those of a recipe as one, for what belongs together may stand in two.

        Args:
            files: the files.
            again: whether they were read before, so that what can't be taken was told.

        Raises:
            InvalidValueError: a file can't be read, or the recipe is wrong.
        """
        if self._how.recipe is not None:
            return self._by_recipe(files, again=again)
        return chain.from_iterable(map(self.again if again else self.events, files))

    def _by_recipe(self, files: Sequence[str], *, again: bool) -> Iterator[Event]:
        label = Path(files[0]).name if len(files) == 1 else f"{len(files)} files"
        with self._recipe_reading(files, again=again) as reading:
            try:
                yield from self.follow(reading, label, reading.bytes_total, lambda: reading.bytes_read)
            finally:
                if not again:
                    self._account(reading)

    def _recipe_reading(self, files: Sequence[str], *, again: bool) -> RecipeReading:
        from cxkit import recipes
        from cxkit.plugins import registry

        stores = [file for file in files if is_store(file)]
        if stores:
            message = f"{shown_name(stores[0])} is a store, which holds events already: score it without --recipe"
            raise WrongUsage(message)
        how = self._how
        with blaming_usage():
            return recipes.read(
                files,
                recipes.load(how.recipe or ""),
                joins=dict(how.second),
                format=how.format,  # type: ignore[arg-type]
                dataset=how.dataset,
                input_tz=how.input_tz,
                on_reject=None if again else self._reject,
                strict=how.strict and not again,
                instruments=registry().instruments,
                encoding=how.encoding,
            )

    def _account(self, reading: RecipeReading) -> None:
        self.rows += reading.rows
        self.rejected += reading.rejected
        for sentence in reading.warnings:
            warn(sentence)
        for sentence in reading.notes():
            click.echo(f"note: {sentence}", err=True)

    def events(self, file: str) -> Iterator[Event]:
        """Give the events of a file; rows that can't be taken are kept account of.

        Raises:
            BadRowError: the file's header can't be used, or reading is strict.
            InvalidValueError: the file can't be read at all.
        """
        if is_store(file):
            from cxkit.api import connect

            with connect(file) as workspace:
                store = workspace.store
                yield from self.follow(store.events(ordered=False), Path(shown_name(file)).name, len(store))
            return
        with self._accounted(file) as reading:
            label = "standard input" if file == "-" else Path(file).name
            yield from self.follow(reading, label, reading.bytes_total, lambda: reading.bytes_read)

    def table(self, files: Sequence[str], engine: str | None) -> Any | None:  # noqa: ANN401 - a native table
        """Return the events of a file as the table of an engine, each once; None where rows must be read.

        Raises:
            BadRowError: reading is strict.
            InvalidValueError: the file can't be read at all.
        """
        alone = len(files) == 1 and Path(files[0]).is_file() and not is_store(files[0])
        if engine not in {"polars", "duckdb"} or not alone:
            return None
        if self._how.recipe is not None:
            from cxkit.recipes.lazy_recipe import lazy_table

            with self._recipe_reading(files, again=False) as reading:
                try:
                    return lazy_table(reading, engine)
                finally:
                    self._account(reading)
        from cxkit.recipes.lazy import lazy_events

        with self._accounted(files[0]) as reading:
            return lazy_events(reading, engine)

    @contextmanager
    def _accounted(self, file: str) -> Iterator[Reading]:
        with self._reading(file, on_reject=self._reject, strict=self._how.strict) as reading:
            try:
                yield reading
            finally:
                self.rows += reading.rows
                self.rejected += reading.rejected
                for warning in reading.warnings:
                    warn(f"{file}: {warning}")

    def again(self, file: str) -> Iterator[Event]:
        """Give the events of a file once more; what can't be taken was told before."""
        if is_store(file):
            yield from self.events(file)
            return
        with self._reading(file, on_reject=None, strict=False) as reading:
            yield from self.follow(
                reading, f"{Path(file).name}, again", reading.bytes_total, lambda: reading.bytes_read
            )

    def _reading(self, file: str, *, on_reject: OnReject | None, strict: bool) -> Reading:
        from cxkit.files import read_events
        from cxkit.plugins import registry

        asked: dict[str, Any] = {} if self._how.encoding is None else {"encoding": self._how.encoding}
        return read_events(
            file,
            format=self._how.format,  # type: ignore[arg-type]
            dataset=self._how.dataset,
            input_tz=self._how.input_tz,
            on_reject=on_reject,
            strict=strict,
            instruments=registry().instruments,
            **asked,
        )

    def _reject(self, error: BadRowError, row: str) -> None:
        if self._writer is not None:
            self._writer(error, row)
        if len(self._first) < _SHOWN:
            self._first.append(error)

    def _tell(self) -> None:
        if not self.rejected or self._how.strict:  # the one that ended it is the failure itself
            return
        for error in self._first:
            click.echo(str(error), err=True)
        more = self.rejected - len(self._first)
        if more:
            click.echo(f"… and {more:,} more", err=True)
        kept = f"kept in {self._how.rejects}" if self._how.rejects else "--rejects FILE keeps them"
        click.echo(f"couldn't be taken: {self.rejected:,} of {self.rows:,} rows; {kept}", err=True)
