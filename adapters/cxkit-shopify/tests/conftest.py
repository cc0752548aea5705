"""Shopify's schema, that tests ask for."""

from __future__ import annotations

from tests.servers.shopify import shopify_schema

__all__ = ["shopify_schema"]
