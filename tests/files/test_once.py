from __future__ import annotations

import attrs

from cxkit.files import once
from cxkit.model.event import event


def test_correction_takes_the_place_of_what_it_corrects() -> None:
    """Of rows with one source and id the last counts, in the first one's place; another source's is another."""
    first, other = event("order.placed", reference="o-1"), event("order.placed", reference="o-2")
    corrected = attrs.evolve(first, customer="c42")
    elsewhere = attrs.evolve(first, source="till")

    assert list(once([first, other, elsewhere, corrected])) == [corrected, other, elsewhere]
