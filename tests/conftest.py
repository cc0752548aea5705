"""Fixtures that several rooms share."""

from __future__ import annotations

from tests.places import fleeting, new_place, place
from tests.servers.postgres import postgres
from tests.servers.spark import spark, spark_connect

__all__ = ["fleeting", "new_place", "place", "postgres", "spark", "spark_connect"]
