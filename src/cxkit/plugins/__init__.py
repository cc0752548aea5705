"""Plugins: the hooks, and what came through them."""

from cxkit.plugins.hookspecs import hookimpl, hookspec
from cxkit.plugins.manager import BrokenPluginWarning, Registry, registry

__all__ = ["BrokenPluginWarning", "Registry", "hookimpl", "hookspec", "registry"]
