"""Events in a schema of a PostgreSQL database."""

from cxkit.store.postgres.store import PostgresStore

__all__ = ["PostgresStore"]
