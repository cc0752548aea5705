"""The simulated shop in whole columns: many customers in little time, a block of them at a time."""

from cxkit.simulate.columns.tables import customers_for, simulate_tables

__all__ = ["customers_for", "simulate_tables"]
