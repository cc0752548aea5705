"""Saving what a scorecard is made from, and adding it to that of other events."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import click

from cxkit.cli.failures import WrongUsage, blaming_usage
from cxkit.cli.intake import check_outputs
from cxkit.cli.options import split_commas

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cxkit.report import Scorecard, States

# What a card of saved parts alone may still be asked.
_WITHOUT_FILE = frozenset(
    {"files", "added", "over", "save", "form", "fail_on_missed", "config", "no_config", "verbose"}
)


@attrs.frozen
class Saving:
    """What is merged with the card, and where its states go.

    Attributes:
        added: the saved states, by their files' names.
        over: what no two parts share; empty where they are times apart.
        save: the file that the states are written to, or None.
    """

    added: tuple[tuple[str, States], ...] = ()
    over: tuple[str, ...] = ()
    save: str | None = None

    def __bool__(self) -> bool:
        """Say whether anything is saved or added."""
        return bool(self.added or self.save)


def saving(
    files: Sequence[str], rejects: str | None, added: Sequence[str], over: Sequence[str], save: str | None
) -> Saving:
    """Return what `--add`, `--over` and `--save` ask for.

    Raises:
        WrongUsage: they contradict each other, or a file would be written over that is read.
        InvalidValueError: a saved file can't be read.
    """
    from cxkit.report import States

    if save == "-":
        message = "--save needs a file: standard output is for the card"
        raise WrongUsage(message)
    check_outputs([save], files)
    check_outputs([rejects], [*files, *added, *([save] if save else [])])
    if over and not added:
        message = "--over says what FILE shares with no --add: name what is added, too"
        raise WrongUsage(message)
    return Saving(tuple((file, States.load(file)) for file in added), tuple(split_commas(tuple(over))), save)


def check_alone(context: click.Context) -> None:
    """Refuse what can't be asked without events to ask it of.

    Raises:
        MissingParameter: there is nothing to score or to add.
        WrongUsage: it names the option.
    """
    given = [
        parameter
        for parameter in context.command.params
        if context.get_parameter_source(parameter.name or "") is click.core.ParameterSource.COMMANDLINE
    ]
    if not any(parameter.name == "added" for parameter in given):
        raise click.MissingParameter(ctx=context, param=context.command.params[0])
    for parameter in given:
        if parameter.name not in _WITHOUT_FILE:
            message = (
                f"{parameter.opts[-1]} asks something of FILE, and none is named: saved states are as they were asked"
            )
            raise WrongUsage(message)


def check_before(card: Scorecard, files: Sequence[str], saving: Saving) -> None:
    """Refuse what can be told before a long file is read.

    Args:
        card: the card of no events at all, asked as the real one will be.
        files: what will be read.
        saving: what it will be merged with.

    Raises:
        WrongUsage: the card can't be saved or merged.
    """
    if not saving:
        return
    if card.states is None:
        message = "--top can't be saved or added to: which segments are largest is known of the whole alone"
        raise WrongUsage(message)
    from cxkit.api.merging import merged_states

    with blaming_usage():
        merged_states([(_name(files), card.states), *saving.added], saving.over or "event")


def merged(card: Scorecard | None, files: Sequence[str], saving: Saving, *, rejected: int = 0) -> Scorecard:
    """Return the card with what is added to it, its states saved.

    Args:
        card: the card of the files, or None without any.
        files: what it was made of.
        saving: what is added, and where the states go.
        rejected: how many rows couldn't be taken.

    Raises:
        NotMergeableError: the merged card would lie.
        InvalidValueError: the states can't be written.
    """
    from cxkit.api.merging import merge_named

    parts = list(saving.added)
    if card is not None and card.states is not None:
        parts.insert(0, (_name(files), attrs.evolve(card.states, rejected=rejected)))
    whole = merge_named(parts, saving.over or "event")
    if saving.save is not None and whole.states is not None:
        whole.states.save(saving.save)
    return whole


def _name(files: Sequence[str]) -> str:
    """Return what errors call the files that are scored."""
    from cxkit.store.opening import is_url, shown_name

    if len(files) > 1:
        return f"{len(files)} files"
    if files[0] == "-":
        return "standard input"
    return shown_name(files[0]) if is_url(files[0]) else Path(files[0]).name
