"""Fixtures that several rooms share."""

from __future__ import annotations

from tests.places import fleeting, new_place, place
from tests.servers.bottlecrm import bottlecrm
from tests.servers.postgres import postgres
from tests.servers.spark import spark, spark_connect
from tests.servers.tryton import tryton
from tests.servers.vendure import vendure

__all__ = ["bottlecrm", "fleeting", "new_place", "place", "postgres", "spark", "spark_connect", "tryton", "vendure"]
