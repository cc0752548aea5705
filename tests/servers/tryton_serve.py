"""Serve a Tryton: run by Tryton's own Python, never by ours: ``python tryton_serve.py PORT``.

It is Tryton's WSGI application, as any server would serve it, with the settings that its environment names. Two things
are made cheaper, since tests call thousands of times: passwords are digested in less time than they should be, and one
that was right once is remembered; and connections to SQLite are kept, as Tryton keeps those to PostgreSQL, else it
reads a schema of hundreds of tables three times a call.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from functools import cache

import pwdlib
from pwdlib.hashers.argon2 import Argon2Hasher
from trytond.application import app
from trytond.backend.sqlite.database import Database
from trytond.res import user
from werkzeug.serving import make_server


def keep_connections() -> None:
    """Hand connections that were given back to whoever wants one next; all in one thread, as SQLite demands."""
    idle = defaultdict(list)
    connect, put_connection = Database.connect, Database.put_connection

    def connect_again(self: Database) -> Database:
        if self._conn is None and idle[self.name]:
            self._conn = idle[self.name].pop()
        return connect(self)

    def keep(self: Database, connection: object = None) -> None:
        put_connection(self, connection)
        if self._conn is not None:
            idle[self.name].append(self._conn)
            self._conn = None

    Database.connect, Database.put_connection = connect_again, keep


if __name__ == "__main__":
    digests = pwdlib.PasswordHash([Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1)])
    digests.verify_and_update = cache(digests.verify_and_update)
    user.PASSWORD_HASH = digests
    keep_connections()
    make_server("127.0.0.1", int(sys.argv[1]), app, threaded=False).serve_forever()
