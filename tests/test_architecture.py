"""The floors hold, what is optional stays optional, and importing cxkit does nothing else."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src" / "cxkit").rglob("*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))

# Loaded on first need: optional, slow, or there to open something.
LAZY = {
    "asyncio", "click", "cryptography", "duckdb", "httpx", "importlib.metadata", "narwhals", "numpy", "pandas",
    "phonenumbers", "pluggy", "polars", "psycopg", "pyarrow", "rich", "scipy", "socket", "sqlite3", "subprocess",
    "tenacity",
}  # fmt: skip

# Prints, as JSON, what was loaded and what was done while cxkit was imported. What the import system itself opens
# (sources, bytecode, folder listings) is called from its frozen modules, and is no business of cxkit's.
WATCH = """
import json, sys

def watch(event, args):
    if event.partition(".")[0] in WATCHED and not sys._getframe(1).f_code.co_filename.startswith("<frozen "):
        done.append(f"{event} {args[:1]}")

WATCHED = {"open", "os", "shutil", "socket", "sqlite3", "subprocess", "tempfile", "urllib", "ctypes"}
done, before = [], set(sys.modules)
sys.addaudithook(watch)
import cxkit
loaded = sorted(set(sys.modules) - before)
print(json.dumps({"done": done, "loaded": loaded}))
"""


def run_python(code: str, path: Path | None = None) -> dict[str, list[str]]:
    """Run code in a new Python, with a folder to import from if there is one; return the JSON that it prints."""
    places = [str(path)] if path else []
    env = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "PYTHON"))}
    env["PYTHONPATH"] = os.pathsep.join([*places, *os.environ.get("PYTHONPATH", "").split(os.pathsep)]).strip(":;")
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """Return a folder that holds an installed plugin, which leaves a mark when it is imported."""
    info = tmp_path / "cxkit_trap-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: cxkit-trap\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[cxkit]\ntrap = cxkit_trap\n")
    (tmp_path / "cxkit_trap.py").write_text("from pathlib import Path\nPath(__file__).with_suffix('.mark').touch()\n")
    return tmp_path


@pytest.fixture(scope="module")
def watched() -> dict[str, list[str]]:
    """Return what importing cxkit loaded and did."""
    return run_python(WATCH)


def test_import_loads_attrs_and_the_standard_library_alone(watched: dict[str, list[str]]) -> None:
    """Importing cxkit loads no third party but attrs."""
    roots = {name.partition(".")[0] for name in watched["loaded"]}

    assert "cxkit" in roots
    assert roots - sys.stdlib_module_names <= {"cxkit", "attr", "attrs"}


def test_import_loads_nothing_slow_or_optional(watched: dict[str, list[str]]) -> None:
    """Importing cxkit loads none of what is to be loaded on first need."""
    loaded = set(watched["loaded"])

    assert LAZY & (loaded | {name.partition(".")[0] for name in loaded}) == set()


def test_import_opens_nothing(watched: dict[str, list[str]]) -> None:
    """Importing cxkit opens no file, folder, socket, database or process."""
    assert watched["done"] == []


@pytest.mark.parametrize("deed", ["open('pyproject.toml')", "os.listdir('.')", "socket.socket()"])
def test_watch_sees_deeds(deed: str) -> None:
    """The watch would see an import that opened something."""
    code = WATCH.replace("import cxkit", f"import os, socket; it = {deed}; getattr(it, 'close', list)()")

    assert [line for line in run_python(code)["done"] if line.startswith(deed.partition("(")[0].partition(".")[0])]


def test_import_loads_no_plugin(plugin: Path) -> None:
    """An installed plugin isn't imported with cxkit, but on first need."""
    loaded = run_python(WATCH, plugin)["loaded"]

    (found,) = distributions(path=[str(plugin)])
    assert [entry.group for entry in found.entry_points] == ["cxkit"]
    assert "cxkit_trap" not in loaded
    assert not (plugin / "cxkit_trap.mark").exists()


def test_looking_a_metric_up_loads_nothing_that_calls_vendors() -> None:
    """Plugins without an adapter do without what adapters need, and so does whoever scores a file."""
    code = "import json, sys, cxkit.plugins.manager; print(json.dumps({'loaded': sorted(sys.modules)}))"

    loaded = set(run_python(code)["loaded"])

    assert {"cxkit.adapters", "cxkit.http", "socket", "sqlite3"} & loaded == set()


def test_floors_hold() -> None:
    """The contracts in pyproject.toml are kept: floors, purity, engines apart."""
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], capture_output=True, text=True, check=False, cwd=ROOT)

    assert done.returncode == 0, done.stdout + done.stderr


def test_pure_floors_forbid_every_dependency() -> None:
    """A dependency added to the project is forbidden to the pure floors until somebody decides otherwise."""
    declared = names_of(PROJECT["project"]["dependencies"]) | optional_libraries()
    contracts = {contract["id"]: contract for contract in PROJECT["tool"]["importlinter"]["contracts"]}

    assert declared - {"attrs", "tzdata"} <= set(contracts["pure"]["forbidden_modules"])


def names_of(requirements: list[str]) -> set[str]:
    """Return the import names of requirements, which for ours are the distributions' names, but for Ibis'."""
    names = {re.match(r"[\w-]+", line).group().replace("-", "_") for line in requirements}
    return {name.removesuffix("_framework") for name in names}


def optional_libraries() -> set[str]:
    """Return the libraries that the extras bring."""
    extras = PROJECT["project"]["optional-dependencies"]
    return set().union(*map(names_of, extras.values())) - {"cxkit"}


def imports_of(tree: ast.AST) -> list[str]:
    """Return the full names that a tree imports: a module, or a module and what is taken from it."""
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def at_import(tree: ast.Module) -> ast.Module:
    """Return what runs when a module is imported: no function's body, nothing for type checkers alone."""

    class Cut(ast.NodeTransformer):
        def visit_FunctionDef(self, _: ast.FunctionDef) -> None:
            """Drop a function: it runs later."""

        def visit_AsyncFunctionDef(self, _: ast.AsyncFunctionDef) -> None:
            """Drop a coroutine: it runs later."""

        def visit_If(self, node: ast.If) -> ast.AST:
            """Keep the other branch of what only type checkers read."""
            if ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}:
                return ast.Module(body=[self.visit(child) for child in node.orelse], type_ignores=[])
            return self.generic_visit(node)

    return Cut().visit(tree)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT / "src").as_posix())
def test_optional_libraries_are_imported_where_needed(path: Path) -> None:
    """No module imports the library of an extra when it is imported itself; the suite of tests is for pytest alone."""
    names = imports_of(at_import(ast.parse(path.read_text("utf-8"))))

    needed = {"pytest"} if path.parent.name == "testing" else set()
    assert ({name.partition(".")[0] for name in names} & optional_libraries()) - needed == set()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT / "src").as_posix())
def test_narwhals_is_imported_in_its_stable_form(path: Path) -> None:
    """Narwhals promises to keep `narwhals.stable.v2` alone."""
    names = [name for name in imports_of(ast.parse(path.read_text("utf-8"))) if name.partition(".")[0] == "narwhals"]

    assert [name for name in names if f"{name}.".startswith("narwhals.stable.v2.")] == names


def test_one_file_imports_httpx() -> None:
    """All calls go through one file, which says what may be called and what is shown; plugins go through it too."""
    plugins = sorted((ROOT / "adapters").glob("*/src/**/*.py"))
    found = [
        path.relative_to(ROOT).as_posix()
        for path in (*SOURCES, *plugins)
        if {"httpcore", "httpx", "requests", "urllib.request", "http.client"}
        & {part for name in imports_of(ast.parse(path.read_text("utf-8"))) for part in modules_of(name)}
    ]

    assert found == ["src/cxkit/http/client.py"]


def modules_of(name: str) -> list[str]:
    """Return a name and all that it stands in: a.b.c is in a.b and in a."""
    parts = name.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts) + 1)]


def test_optional_imports_are_recognised() -> None:
    """The check sees an import in a class or a try, and passes over functions and type checkers' branches."""
    tree = ast.parse(
        "import a\nif TYPE_CHECKING:\n import b\nelse:\n import c\ndef f():\n import d\n"
        "class E:\n import e.f\n def g(self):\n  import g\ntry:\n from h import i\nfinally:\n pass\n"
    )

    assert imports_of(at_import(tree)) == ["a", "c", "e.f", "h.i"]
