"""Tables of the reference that are made of the code itself, so that they can't grow old.

In a page: a block of the directive ``cxkit-table`` with a table's name, or of ``cxkit-help`` with a command's.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import click
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from cxkit.api.cards import CARDS
from cxkit.cli import main
from cxkit.engines import capabilities
from cxkit.metrics import BUILT_IN
from cxkit.model import INSTRUMENTS
from cxkit.plugins import hookspecs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sphinx.application import Sphinx


def _markdown(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def metrics() -> str:
    """Return a table of the metrics."""
    rows = []
    for make in BUILT_IN:
        made = make()
        parameters = inspect.signature(make).parameters.items()
        options = [f"`{name}={'none' if one.default is None else one.default}`" for name, one in parameters]
        read = " ".join(f"`{kind}`" for kind in made.reads)
        name = f"[`{made.name}`](definitions.md#{made.name})"
        rows.append((name, made.title, made.unit, read, " ".join(options) or "none", made.source))
    return _markdown(("name", "title", "unit", "reads", "options", "source"), rows)


def engines() -> str:
    """Return a table of what each engine computes."""
    able = capabilities()
    rows = [
        (f"`{statistic}`", *("yes" if statistic in able[engine] else "no" for engine in able))
        for statistic in sorted(set().union(*able.values()))
    ]
    return _markdown(("statistic", *able), rows)


def cards() -> str:
    """Return a table of the ready-made cards."""
    return _markdown(("card", "metrics"), [(f"`{name}`", ", ".join(card)) for name, card in CARDS.items()])


def instruments() -> str:
    """Return a table of the instruments."""
    rows = [(f"`{each.name}`", each.title, each.scale, each.better, each.source) for each in INSTRUMENTS.values()]
    return _markdown(("name", "question", "scale", "better", "source"), rows)


def hooks() -> str:
    """Return a table of the hooks."""
    rows = [
        (f"`{name}`", str(inspect.getdoc(hook)).partition("\n")[0])
        for name, hook in vars(hookspecs).items()
        if name.startswith("cxkit_")
    ]
    return _markdown(("hook", "what for"), rows)


TABLES: dict[str, Callable[[], str]] = {
    "cards": cards,
    "engines": engines,
    "hooks": hooks,
    "instruments": instruments,
    "metrics": metrics,
}


class Table(SphinxDirective):
    """A table of `TABLES`."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Make it, and read it as the page is read."""
        return self.parse_text_to_nodes(TABLES[self.arguments[0]]())


class Help(SphinxDirective):
    """What a command says of itself."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Ask the command."""
        name = self.arguments[0]
        command = main.commands[name]
        with click.Context(command, info_name=f"cxkit {name}", max_content_width=100, terminal_width=100) as context:
            text = command.get_help(context)
        return [nodes.literal_block(text, text, language="text")]


def _without_attrs(*about: object) -> tuple[str, str] | None:
    """Show a default that attrs makes anew each time as an ellipsis; its own word for it says nothing."""
    signature, returns = about[-2:]
    return None if signature is None else (str(signature).replace("= NOTHING", "= ..."), str(returns or ""))


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx of the directives."""
    app.add_directive("cxkit-table", Table)
    app.add_directive("cxkit-help", Help)
    app.connect("autodoc-process-signature", _without_attrs)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
