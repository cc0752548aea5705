"""The names of the model are all there, and loading them loads little."""

from __future__ import annotations

import subprocess
import sys

import pytest

import cxkit.model


def test_public_names_are_listed():
    """`__all__` is sorted as ruff sorts it, has no name twice, and every name is there."""
    assert len(set(cxkit.model.__all__)) == len(cxkit.model.__all__)
    for name in cxkit.model.__all__:
        assert getattr(cxkit.model, name).__doc__
    star: dict[str, object] = {}
    exec("from cxkit.model import *", star)  # noqa: S102 - the import is what is tested
    assert star.keys() - {"__builtins__"} == set(cxkit.model.__all__)


def test_names_that_load_later_are_in_the_list():
    """What is loaded on demand is public, and comes from the module it is said to come from."""
    assert cxkit.model._LATER.keys() < set(cxkit.model.__all__)
    for name, module in cxkit.model._LATER.items():
        assert getattr(cxkit.model, name) is vars(sys.modules[f"cxkit.model.{module}"])[name]


def test_an_unknown_name_is_an_attribute_error():
    """A name that isn't there fails as in any module."""
    with pytest.raises(AttributeError, match=r"module 'cxkit.model' has no attribute 'Journey'"):
        _ = cxkit.model.Journey


def test_importing_the_model_loads_no_more_than_needed():
    """Whoever only makes events doesn't pay for TOML, zones, resources, URLs, maps and identities."""
    script = (
        "import sys, types\n"
        "sys.modules['cxkit'] = package = types.ModuleType('cxkit')\n"  # what cxkit itself loads is another matter
        f"package.__path__ = {list(cxkit.__path__)!r}\n"
        "import cxkit.model.event\n"
        "late = 'tomllib zoneinfo importlib.resources urllib.parse difflib cxkit.model.journeymap "
        "cxkit.model.identity cxkit.model.instrument cxkit.model.touchpoint cxkit.model.cloudevents'.split()\n"
        "print(*[name for name in late if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
