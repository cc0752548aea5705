"""``cxkit adapters``: the adapters that are installed, and what each wants to know."""

from __future__ import annotations

from typing import Any

import click


@click.command()
@click.argument("name", required=False)
def adapters(name: str | None) -> None:
    """List the adapters that are installed, or the settings of one."""
    from cxkit.api.adapting import adapter_class
    from cxkit.cli.tables import print_grids, print_text
    from cxkit.plugins import registry
    from cxkit.report.grid import Grid

    if name is not None:
        _show(name)
        return
    known = registry(adapters=True)
    if not known.adapters:
        print_text("no adapter is installed: pip install one, such as cxkit-vendure")
    else:
        rows = []
        for each in sorted(known.adapters):
            kind = adapter_class(each)
            can = ["pull", *(method for method in ("receive", "push") if hasattr(kind, method))]
            rows.append((each, (kind.title, ", ".join(can))))
        print_grids([Grid("", "adapter", ("system", "can"), tuple(rows))])


def _show(name: str) -> None:
    """Print the settings of an adapter."""
    import attrs

    from cxkit.adapters import variable_of
    from cxkit.api.adapting import adapter_class
    from cxkit.cli.tables import print_grids
    from cxkit.report.grid import Grid

    rows = []
    for field in attrs.fields(adapter_class(name).Config):
        setting = field.alias or field.name
        secret = "Secret" in str(field.type)
        default = "needed" if field.default is attrs.NOTHING else "" if secret else _shown(field.default)
        rows.append((setting, (variable_of(name, setting), default, "secret" if secret else "")))
    print_grids([Grid("", "setting", ("variable", "default", ""), tuple(rows))])


def _shown(default: Any) -> str:  # noqa: ANN401 - whatever a default is
    import attrs

    if default is None or isinstance(default, attrs.Factory):  # type: ignore[arg-type]
        return ""
    return ", ".join(default) if isinstance(default, tuple) else str(default)
