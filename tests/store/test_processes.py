"""Threads, forks, several processes, and a process that is killed."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from cxkit.store import open_store

SOURCE = Path(__file__).parents[2] / "src"
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

PRELUDE = """
import json, os, sys, threading
from cxkit.errors import StoreError
from cxkit.model.event import Event, uuid7
from cxkit.store import open_store

def visit(id):
    return Event(id=id, ts_us=0, kind="visit.started", source="app", customer="c42")

def fork(child):
    "Run a function in a fork; return how to wait for what it returns."
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        status = 1
        try:
            os.write(write, json.dumps(child()).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(write)
    def result():
        with os.fdopen(read) as pipe:
            text = pipe.read()
        assert os.waitpid(pid, 0)[1] == 0
        return json.loads(text)
    return result

"""


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Start another Python on some code."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "PYTHON"))}
    environment["PYTHONPATH"] = str(SOURCE)
    return subprocess.Popen(
        [sys.executable, "-c", PRELUDE + code, *map(str, arguments)],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def finish(process: subprocess.Popen[str]) -> object:
    """Wait for the process and return the JSON that it printed."""
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return json.loads(out)


def ids(place: object) -> set[str]:
    """Return the ids in a store; of a file after SQLite has looked through the whole of it."""
    if Path(str(place)).is_file():
        with closing(sqlite3.connect(str(place))) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with open_store(str(place)) as store:
        return {event.id for event in store.events(ordered=False)}


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_kill_loses_nothing_acknowledged(place: str) -> None:
    """Killed 20 times at random moments, a process never loses what `append` or `add` had returned from."""
    chance = random.Random(20)
    acknowledged: set[str] = set()
    for _ in range(20):
        process = start(
            """
with open_store(sys.argv[1]) as store:
    os.write(1, b"ready\\n")
    while True:
        ids = [uuid7() for _ in range(40)]
        for id in ids[:20]:
            store.append(visit(id))
            os.write(1, id.encode() + b"\\n")
        store.add(map(visit, ids[20:]), batch=5)
        os.write(1, ("\\n".join(ids[20:]) + "\\n").encode())
""",
            place,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0.0, 0.1))
        process.kill()
        out, _ = process.communicate()
        lines = out.split("\n")[:-1]  # the last may have been cut off
        acknowledged.update(lines)

        assert process.returncode == -signal.SIGKILL
        assert acknowledged <= ids(place)
    assert len(acknowledged) > 200


def test_threads_of_several_processes(place: str) -> None:
    """Four processes with four threads each write one new file: nothing is lost, and what they share is kept once."""
    processes = [
        start(
            """
outcomes = []
def work(thread):
    for number in range(60):
        outcomes.append(store.append(visit(f"{sys.argv[2]}-{thread}-{number}")))
        outcomes.append(store.append(visit(f"shared-{number}")))
    report = store.add((visit(f"shared-{number}") for number in range(120)), batch=30)
    outcomes.extend(["new"] * report.new + ["duplicate"] * report.duplicates)

with open_store(sys.argv[1]) as store:
    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
print(json.dumps(outcomes))
""",
            place,
            name,
        )
        for name in "abcd"
    ]
    counts: Counter[str] = Counter()
    for process in processes:
        counts.update(finish(process))

    own = {f"{name}-{thread}-{number}" for name in "abcd" for thread in range(4) for number in range(60)}
    assert ids(place) == own | {f"shared-{number}" for number in range(120)}
    assert counts == {"new": 16 * 60 + 120, "duplicate": 16 * (60 + 120) - 120}


@needs_fork
def test_fork_while_threads_write(place: str) -> None:
    """A fork may come while another thread holds the lock: parent and child both write on, and lose nothing."""
    process = start(
        """
store = open_store(sys.argv[1])
done, written = threading.Event(), []
def work():
    while not done.is_set():
        id = uuid7()
        store.append(visit(id))
        written.append(id)
        store.add(map(visit, many := [uuid7() for _ in range(500)]))
        written.extend(many)

def child():
    mine = [uuid7() for _ in range(50)]
    assert {store.append(visit(id)) for id in mine} == {"new"}
    assert store.append(visit(mine[0])) == "duplicate"
    return mine

threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads: thread.start()
results = [fork(child) for _ in range(10)]
for result in results: written += result()
done.set()
for thread in threads: thread.join()
store.close()
print(json.dumps(written))
""",
        place,
    )
    written = finish(process)

    assert ids(place) == set(written)
    assert len(written) > 10 * 50


@needs_fork
def test_child_outlives_its_parents_store(tmp_path: Path) -> None:
    """What a child writes after its parent closed the store, or ended, is there: the log isn't removed under it."""
    process = start(
        """
store = open_store(sys.argv[1])
store.append(visit("parent"))
read, write = os.pipe()
reading = store.events()
def child():
    store.append(visit("child, before"))
    os.close(write)
    os.read(read, 1)
    assert store.append(visit("child, after")) == "new"
    assert [event.id for event in reading] == ["parent"]
    return len(store)

result = fork(child)
while len(store) < 2: pass
assert [event.id for event in reading] == ["parent"]
store.append(visit("parent, after"))
store.close()
os.close(write)
print(result())
""",
        tmp_path / "shop.db",
    )

    assert finish(process) == 4
    assert ids(tmp_path / "shop.db") == {"parent", "child, before", "parent, after", "child, after"}


@needs_fork
def test_fork_while_reading(tmp_path: Path) -> None:
    """Readers under way give the rest of their events on both sides, each once, though others write meanwhile."""
    process = start(
        """
with open_store(sys.argv[1]) as store:
    store.add(visit(f"{number:05d}") for number in range(5000))
    readings = [store.events(), store.events(ordered=False)]
    begun = [[next(reading).id for _ in range(1500)] for reading in readings]
    def rest():
        store.append(visit(uuid7()))
        return [begin + [event.id for event in reading] for begin, reading in zip(begun, readings)]
    result = fork(rest)
    print(json.dumps([rest(), result()]))
""",
        tmp_path / "shop.db",
    )
    parent, child = finish(process)

    assert parent == child == [[f"{number:05d}" for number in range(5000)]] * 2


@needs_fork
def test_fork_that_cannot_wait(tmp_path: Path) -> None:
    """When the store can't be had before the fork in time, the child is told; the parent goes on."""
    process = start(
        """
store = open_store(sys.argv[1], timeout=0.1)
held, done = threading.Event(), threading.Event()
def hold():
    with store._connections:
        held.set()
        done.wait()

def child():
    try:
        store.append(visit("child"))
    except StoreError as error:
        return str(error)

thread = threading.Thread(target=hold)
thread.start()
held.wait()
result = fork(child)
message = result()
done.set()
thread.join()
store.append(visit("parent"))
print(json.dumps(message))
""",
        tmp_path / "shop.db",
    )

    assert str(finish(process)).endswith(
        "shop.db: the store was in use while the process forked: open it again in the child"
    )
    assert ids(tmp_path / "shop.db") == {"parent"}


@needs_fork
def test_fork_of_a_store_in_memory() -> None:
    """A store without a file is copied, as everything in memory is."""
    process = start("""
with open_store(":memory:") as store:
    store.append(visit("1"))
    result = fork(lambda: [store.append(visit("2")), len(store)])
    store.append(visit("3"))
    print(json.dumps([result(), [event.id for event in store.events()]]))
""")

    assert finish(process) == [["new", 2], ["1", "3"]]


def test_reading_waits_for_nobody(place: str) -> None:
    """Readers read while a writer is at it, each a whole number of batches."""
    process = start(
        """
with open_store(sys.argv[1]) as store:
    print("ready", flush=True)
    for number in range(60):
        store.add([visit(f"{number}-{place}") for place in range(100)], batch=100)
print("true")
""",
        place,
    )
    assert process.stdout is not None
    process.stdout.readline()
    seen = []
    with open_store(place) as store:
        while process.poll() is None:
            seen.append(sum(1 for _ in store.events()))
        seen.append(len(store))

    assert finish(process) is True
    assert seen == sorted(seen)
    assert {n % 100 for n in seen} == {0}
    assert seen[-1] == 6000
