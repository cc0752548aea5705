"""What goes wrong ends as one sentence on standard error and an exit code, never as a traceback.

The codes: 0 fine, 1 bad data, 2 wrong usage, 130 interrupted (Ctrl-C), 141 nobody reads what is printed (``| head``).
"""

from __future__ import annotations

import os
import sys
import warnings
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

import click

from cxkit.errors import (
    BadRowError,
    CxkitError,
    InvalidValueError,
    MissingExtraError,
    UnknownNameError,
    UnsupportedError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

BAD_DATA: Final = 1
INTERRUPTED: Final = 130
NOBODY_READS: Final = 141  # what a shell says of a program that SIGPIPE ended

# What a reader is told by an option, not by the file.
_OPTIONS: Final = frozenset({"dataset", "encoding", "format", "input_tz", "since", "until"})


class BadData(click.ClickException):
    """The data is to be mended."""

    exit_code = BAD_DATA


class WrongUsage(click.ClickException):
    """The command is to be mended. Other than click's own error it says so without repeating how commands look."""

    exit_code = 2


class Commands(click.Group):
    """A group whose commands may raise any of cxkit's errors."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - whatever a command returns
        """Run the command that is asked for; see what goes wrong off."""
        try:
            try:
                with warnings.catch_warnings():
                    warnings.showwarning = _show_warning
                    return super().invoke(ctx)
            finally:
                sys.stdout.flush()  # here, and not at exit, where nobody could catch that nobody reads
        except CxkitError as error:
            raise failure_of(error) from error
        except (KeyboardInterrupt, click.Abort):
            click.echo("interrupted", err=True)
            raise click.exceptions.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            _drop_output()
            raise click.exceptions.Exit(NOBODY_READS) from None
        except OSError as error:
            raise BadData(_of_system(error)) from error


def failure_of(error: CxkitError) -> BadData | WrongUsage:
    """Return what an error of the library is here: is the command to be mended, or the data?

    >>> failure_of(UnknownNameError("metric", "npss", ["nps"])).exit_code
    2
    """
    is_usage = isinstance(error, UnknownNameError | UnsupportedError | MissingExtraError)
    is_option = isinstance(error, InvalidValueError) and error.field in _OPTIONS and not isinstance(error, BadRowError)
    return WrongUsage(str(error)) if is_usage or is_option else BadData(str(error))


@contextmanager
def blaming_usage() -> Iterator[None]:
    """Blame the command, not the data, for whatever fails in here."""
    try:
        yield
    except CxkitError as error:
        raise WrongUsage(str(error)) from error
    except OSError as error:
        raise WrongUsage(_of_system(error)) from error


def warn(sentence: str) -> None:
    """Say something on standard error that isn't a failure."""
    click.echo(f"warning: {sentence}", err=True)


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    """Say a warning, such as that a plugin is broken, in one line without the place in the code."""
    warn(" ".join(str(message).split()))


def _of_system(error: OSError) -> str:
    reason = error.strerror or str(error) or type(error).__name__
    return f"{os.fsdecode(error.filename)}: {reason}" if isinstance(error.filename, str | bytes) else reason


def _drop_output() -> None:
    """Let what still waits for standard output go nowhere, so that Python doesn't complain when it exits."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
