"""For the tests of plugins: the conformance suite of adapters. It needs pytest: ``pip install "cxkit[testing]"``."""

from cxkit.testing.source import DEEDS, Deed, Fact, Source
from cxkit.testing.suite import AdapterSuite
from cxkit.testing.weather import Weather

__all__ = ["DEEDS", "AdapterSuite", "Deed", "Fact", "Source", "Weather"]
