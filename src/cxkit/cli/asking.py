"""Commands that ask something of files of events, and show what comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cxkit.cli.intake import How
    from cxkit.report.shown import Shown


def ask(question: Callable[..., Shown], files: Sequence[str], how: How, form: str, **asked: Any) -> None:  # noqa: ANN401
    """Put a question to the events of files, and print the answer; end as bad rows demand.

    Args:
        question: a function of the API.
        files: what to read.
        how: how to read it.
        form: how to print.
        asked: the function's arguments; those that are None aren't given.
    """
    from cxkit.cli.failures import blaming_usage
    from cxkit.cli.intake import Intake, check_outputs
    from cxkit.cli.score import _blaming_map, _events, _for_engine
    from cxkit.cli.tables import print_shown

    given = {name: value for name, value in asked.items() if value is not None}
    check_outputs([how.rejects], files)
    with blaming_usage():
        question([], **given)  # nothing, so that a wrong option is told before a long file is read
    if _for_engine(files, how, given.get("engine")):
        print_shown(question(files[0], **given), form)
        return
    with Intake(how) as intake, _blaming_map(has_map="journey_map" in given):
        table = intake.table(files, given.get("engine"))
        found = question(_events(files, intake) if table is None else table, **given)
    print_shown(found, form)
    intake.end()
