"""Recipes: how the exports of other programs become events, said in TOML."""

from __future__ import annotations

from cxkit.recipes.load import load, loads, names, shipped
from cxkit.recipes.model import Recipe
from cxkit.recipes.reading import RecipeReading, read

__all__ = ["Recipe", "RecipeReading", "load", "loads", "names", "read", "shipped"]
