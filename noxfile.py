"""Everything that is run over the project: ``nox`` checks it, ``nox -s demo`` shows it, ``nox -s bench`` measures it.

No Python is ever downloaded: versions that aren't on the machine are skipped, each with a line that says so.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = False
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "types", "layers", "tests", "docs"]
os.environ["UV_PYTHON_DOWNLOADS"] = "never"

ROOT = Path(__file__).parent
PROJECT = nox.project.load_toml(ROOT / "pyproject.toml")
PYTHONS = nox.project.python_versions(PROJECT)
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
EXTRAS = ".[ed25519,excel,frame,ibis,pandas,phone,postgres,testing]"
WITH_SPARK = (".[ed25519,excel,frame,ibis,pandas,phone,postgres,spark,testing]", "pyspark[connect]")
ADAPTERS = sorted(ROOT.glob("adapters/cxkit-*"))
PARALLEL = ("-n", "auto", "--dist", "loadgroup")  # what shares a server that is slow to start stays on one worker

if HERE not in PYTHONS:  # else the tests could be skipped on every version, and nobody would notice
    message = f"nox runs on Python {HERE}: run it on one that cxkit supports ({', '.join(PYTHONS)})"
    raise SystemExit(message)


def show_pyenv_versions() -> None:
    """Let the supported versions that pyenv keeps be found, for its shims show only what is activated."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    kept: dict[str, list[tuple[int, ...]]] = {}
    for folder in (root / "versions").glob("*.*.*"):
        if re.fullmatch(r"\d+\.\d+\.\d+", folder.name):
            version = tuple(map(int, folder.name.split(".")))
            kept.setdefault(f"{version[0]}.{version[1]}", []).append(version)
    newest = [".".join(map(str, max(kept[name]))) for name in PYTHONS if name in kept]
    if newest:
        os.environ.setdefault("PYENV_ROOT", str(root))
        os.environ.setdefault("PYENV_VERSION", ":".join(newest))


show_pyenv_versions()


def group(name: str) -> tuple[str, ...]:
    """Return the requirements of a dependency group."""
    return nox.project.dependency_groups(PROJECT, name)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, format, declared dependencies and the news fragments."""
    session.install(*group("lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("deptry", "src", silent=True)
    for adapter in ADAPTERS:
        with session.chdir(adapter):
            session.run("deptry", "src", silent=True)
    session.run("towncrier", "build", "--draft", "--version", "next", silent=True)


@nox.session
def types(session: nox.Session) -> None:
    """Check the types as the oldest supported Python sees them."""
    session.install("-e", *WITH_SPARK, *group("lint"), *group("test"), "nox")
    session.run("mypy")


@nox.session
def layers(session: nox.Session) -> None:
    """Check that imports only go down the floors."""
    session.install("-e", ".", *group("lint"))
    session.run("lint-imports")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests on a Python; on the one that runs nox with coverage, Spark and the vendors' servers: minutes."""
    session.install("-e", *(WITH_SPARK if session.python == HERE else [EXTRAS]), *group("test"))
    if session.python != HERE:
        session.run("pytest", *PARALLEL, *(session.posargs or ["tests", "--ignore=tests/testing/test_mutants.py"]))
        return
    session.install("--no-deps", *(part for adapter in ADAPTERS for part in ("-e", str(adapter))))
    coverage = [] if session.posargs else ["--cov", "--cov-report=term"]
    session.run("pytest", *PARALLEL, *coverage, *session.posargs)


@nox.session
def servers(session: nox.Session) -> None:
    """Install the systems that adapters are tried against, from the public registries, into build/servers."""
    session.install("-e", ".", "pip>=24.2", "pytest>=9")
    session.run("python", "-m", "tests.servers.install", *session.posargs)


@nox.session(python=PYTHONS[0], venv_backend="uv")
def lowest(session: nox.Session) -> None:
    """Run the tests on the oldest Python with the oldest dependencies that pyproject.toml admits."""
    session.install("--resolution=lowest-direct", "-e", EXTRAS)
    session.install(*group("test"))
    session.run("pytest", *PARALLEL, *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Run the examples of the pages and of the docstrings, and build the pages; a broken reference fails."""
    session.install("-e", EXTRAS, *group("docs"), *group("test"))
    told = [str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("adapters/*/README.md"))]
    examples = [str((path / "src").relative_to(ROOT)) for path in ADAPTERS]
    session.run("pytest", *(session.posargs or ["README.md", "docs", "src", *told, *examples]))
    session.run("sphinx-build", "-q", "-W", "--keep-going", "docs", "build/docs")


@nox.session
def demo(session: nox.Session) -> None:
    """Install cxkit as a user does, without extras, and show what it makes of real and simulated purchases."""
    session.install(".")
    session.run("python", "examples/demo.py", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure speed and size, each beside its yardstick, and write docs/benchmarks.md."""
    session.install("-e", EXTRAS, *group("bench"))
    session.run("python", "-m", "bench", *session.posargs)
