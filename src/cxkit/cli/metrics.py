"""``cxkit metrics``: what can be scored."""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from cxkit.metrics.catalogue import Factory


@click.command()
@click.argument("name", required=False, metavar="[METRIC]")
@click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True, help="How to print."
)
def metrics(name: str | None, form: str) -> None:
    """List the metrics, or show one in full.

    A metric's options are written in brackets: nps[answers=latest,interval=wald].
    """
    from cxkit.cli.failures import blaming_usage
    from cxkit.plugins import registry

    catalogue = registry().catalogue
    with blaming_usage():
        chosen = list(catalogue.factories) if name is None else [catalogue.metric(name).name]
    facts = [facts_of(catalogue.factories[each]) for each in chosen]
    if form == "json":
        from cxkit.cli.tables import print_data

        shown = facts if name is None else facts[0]
        print_data(json.dumps(shown, ensure_ascii=False, indent=2) + "\n")
    elif name is None:
        _print_all(facts)
    else:
        _print_one(facts[0])


def facts_of(factory: Factory) -> dict[str, Any]:
    """Return what there is to know about a metric.

    >>> from cxkit import metrics
    >>> facts_of(metrics.nps)["reads"]
    ['survey.answered']
    """
    metric = factory()
    parameters = inspect.signature(factory).parameters
    return {
        "name": metric.name,
        "title": metric.title,
        "unit": metric.unit,
        "better": metric.better,
        "reads": list(metric.reads),
        "options": {name: parameter.default for name, parameter in parameters.items()},
        "source": metric.source,
        "description": inspect.getdoc(factory) or "",
    }


def _options(facts: dict[str, Any]) -> str:
    return ", ".join(f"{name}={_spelled(value)}" for name, value in facts["options"].items())


def _spelled(value: object) -> str:
    """Return a default as the brackets of a metric take it."""
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _events(facts: dict[str, Any]) -> str:
    return ", ".join(facts["reads"]) or "any"


def _print_all(facts: list[dict[str, Any]]) -> None:
    from cxkit.cli.tables import print_grids
    from cxkit.report.grid import Grid

    columns = ("title", "unit", "events it reads", "options", "source")
    lines = tuple(
        (each["name"], (each["title"], each["unit"], _events(each), _options(each), each["source"])) for each in facts
    )
    print_grids([Grid("", "metric", columns, lines)])


def _print_one(facts: dict[str, Any]) -> None:
    from cxkit.cli.tables import print_text

    better = f", {facts['better']} is better" if facts["better"] else ""
    lines = [
        f"{facts['name']}: {facts['title']} ({facts['unit']}{better})",
        "",
        facts["description"],
        "",
        f"Reads: {_events(facts)}",
        f"Options: {_options(facts) or 'none'}",
    ]
    if facts["source"] not in facts["description"]:
        lines.append(f"Definition: {facts['source']}")
    print_text("\n".join(lines))
