"""A simulated shop: a year of an omnichannel business whose true numbers are known."""

from cxkit.simulate.shop import simulate_shop
from cxkit.simulate.truths import TRUTHS, Truths

__all__ = ["TRUTHS", "Truths", "simulate_shop"]
