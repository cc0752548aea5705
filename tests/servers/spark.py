"""Spark on this machine, for the tests: one session a worker, of which little is asked but that it is Spark."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

HOW_TO_GET_IT: Final = (
    "Java 17 or newer and PySpark are needed: apt-get install openjdk-17-jre-headless, pip install 'cxkit[spark]'"
)
SETTINGS: Final = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "2g",
    "spark.log.level": "OFF",
    # A table of a thousand rows is planned for longer than it is computed on: so that little is planned.
    "spark.default.parallelism": "2",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.shuffle.partitions": "2",
    # Nor does it pay to compile what runs for a minute as if it ran for days.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}
# Connect is served too, on a port of the server's choice.
CONNECT: Final = {
    "spark.plugins": "org.apache.spark.sql.connect.SparkConnectPlugin",
    "spark.connect.grpc.binding.address": "127.0.0.1",
    "spark.connect.grpc.binding.port": "0",
}
EXECUTORS: Final = 2
_OLDEST: Final = 17


def need_spark() -> None:
    """Skip a test where Spark can't run."""
    java = shutil.which("java")
    if java is None or find_spec("pyspark") is None:
        pytest.skip(HOW_TO_GET_IT)
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=True).stderr
    found = re.search(r'version "(\d+)', said)
    if found is None or int(found[1]) < _OLDEST:
        pytest.skip(HOW_TO_GET_IT)


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """Return a session of this process's own."""
    need_spark()
    # Its workers are to be the Python that asks, not whichever comes first.
    os.environ["PYSPARK_PYTHON"] = sys.executable
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]")
    for name, value in (SETTINGS | CONNECT).items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    yield session
    session.stop()


@pytest.fixture(scope="session")
def spark_connect(spark: Any) -> Iterator[Any]:
    """Return a session of the same Spark, through Connect: a client that sends plans, and has no Java."""
    main = sys.modules["__main__"]
    if not hasattr(main, "__file__"):  # as in a worker of pytest-xdist: Spark would take it for a doctest, and exit
        main.__file__ = __file__
    try:
        from pyspark.sql.connect.session import SparkSession
    except ImportError as error:
        pytest.skip(f"{error}: pip install 'pyspark[connect]'")
    service = getattr(spark._jvm, "org.apache.spark.sql.connect.service.SparkConnectService$")
    port = getattr(service, "MODULE$").localPort()
    session = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").getOrCreate()
    yield session
    session.stop()


def submit(script: Path, *arguments: object, folder: Path) -> tuple[str, list[dict[str, Any]]]:
    """Run a script by spark-submit on a cluster of this machine's: a master, workers, and executors of their own.

    The executors' Python has the standard library and what Spark brings, and nothing else.

    Args:
        script: what to run.
        arguments: what to hand over to it.
        folder: an empty one, for what Spark writes.

    Returns:
        What the script printed, and Spark's log of what happened.
    """
    import pyspark

    home, log, bare = folder / "home", folder / "log", folder / "python"
    home.mkdir()
    log.mkdir()
    for part in ("bin", "jars", "python"):  # workers keep their files in Spark's home, which isn't ours to write into
        (home / part).symlink_to(Path(pyspark.__file__).parent / part)
    libraries = os.pathsep.join(map(str, sorted((home / "python" / "lib").glob("*.zip"))))
    bare.write_text(f'#!/bin/sh\nPYTHONPATH="{libraries}" exec "{sys.executable}" -S "$@"\n')
    bare.chmod(0o755)
    env = os.environ | {
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "PYSPARK_PYTHON": str(bare),
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    settings = SETTINGS | {
        "spark.eventLog.enabled": "true",
        "spark.eventLog.compress": "false",
        "spark.eventLog.dir": log.as_uri(),
        "spark.eventLog.rolling.enabled": "false",
        "spark.executor.memory": "512m",
    }
    command = [str(home / "bin" / "spark-submit"), "--master", f"local-cluster[{EXECUTORS},1,512]"]
    for name, value in settings.items():
        command += ["--conf", f"{name}={value}"]
    command += map(str, (script, *arguments))
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    (events,) = [file for file in log.iterdir() if file.suffix != ".crc"]
    return done.stdout, [json.loads(line) for line in events.read_text("utf-8").splitlines()]
