"""Shopify for cxkit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cxkit
from cxkit_shopify.adapter import Shopify
from cxkit_shopify.config import ShopifyConfig

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Shopify", "ShopifyConfig"]


@cxkit.hookimpl
def cxkit_register_adapters(register: Callable[[type[Shopify]], None]) -> None:
    """Register the adapter."""
    register(Shopify)
