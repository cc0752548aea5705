"""``cxkit sample-size``: how many answers a number needs."""

from __future__ import annotations

import json
from typing import Any

import click


@click.command("sample-size")
@click.argument("metric", metavar="METRIC")
@click.option("--margin", type=float, metavar="D", help="Half the width of the interval that is wanted.")
@click.option("--difference", type=float, metavar="D", help="Instead, the least difference of two groups that matters.")
@click.option("--level", type=float, default=0.95, show_default=True, help="Confidence level of the interval.")
@click.option("--power", type=float, default=0.8, show_default=True, help="Probability to see the difference.")
@click.option("--variance", type=float, metavar="V", help="Of a net share: p + d - (p - d)². [default: 1, the most]")
@click.option("--share", type=float, metavar="P", help="The share expected. [default: 0.5, which needs the most]")
@click.option("--sd", type=float, metavar="S", help="Of a mean: a guess of the scores' standard deviation.")
@click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True, help="How to print."
)
def sample_size(metric: str, form: str, **given: Any) -> None:  # noqa: ANN401 - as the API has it
    """Say how many answers a metric needs.

    METRIC is nps, share, mean, or any metric that is one of these. Margins and differences are in points for NPS,
    between 0 and 1 for a share, and in the score's own unit for a mean.
    """
    import attrs

    from cxkit.api.samplesize import sample_size as size_of
    from cxkit.cli.failures import blaming_usage
    from cxkit.cli.tables import print_data, print_text

    with blaming_usage():
        found = size_of(metric, **{name: value for name, value in given.items() if value is not None})
    if form == "json":
        print_data(json.dumps(attrs.asdict(found), ensure_ascii=False, indent=2) + "\n")
    else:
        print_text(f"{found}\nSolved for: {found.method}.")
