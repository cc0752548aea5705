"""The command line, ``cxkit`` or ``python -m cxkit``: a file a command, which loads what it needs when it runs."""

from __future__ import annotations

import gc
import sys
from io import TextIOWrapper

import click

from cxkit import __version__
from cxkit.cli.adapters import adapters
from cxkit.cli.check import check
from cxkit.cli.cohorts import cohorts
from cxkit.cli.describe import describe
from cxkit.cli.engines import engines
from cxkit.cli.export import export
from cxkit.cli.failures import Commands
from cxkit.cli.forget import forget
from cxkit.cli.identities import identities
from cxkit.cli.import_ import import_
from cxkit.cli.metrics import metrics
from cxkit.cli.nonresponse import nonresponse
from cxkit.cli.pull import pull
from cxkit.cli.push import push
from cxkit.cli.receive import receive
from cxkit.cli.recipes import recipes
from cxkit.cli.samplesize import sample_size
from cxkit.cli.score import score
from cxkit.cli.simulate import simulate
from cxkit.cli.weigh import weigh

__all__ = ["main"]


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="cxkit")
def main() -> None:
    """Customer-experience metrics, from events to scorecards with intervals.

    Exit codes: 0 fine, 1 bad data (the good rows are used all the same), 2 wrong usage, 130 interrupted.
    """
    # Events by the million make no cycles, and the collector would look at each several times: a third of all time.
    gc.set_threshold(100_000, 50, 100)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a sign that the terminal's encoding lacks is no reason to stop


for _command in (
    score,
    describe,
    metrics,
    recipes,
    cohorts,
    nonresponse,
    weigh,
    sample_size,
    import_,
    export,
    simulate,
    identities,
    forget,
    engines,
    adapters,
    check,
    pull,
    push,
    receive,
):
    main.add_command(_command)
