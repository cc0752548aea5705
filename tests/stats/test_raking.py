"""Raking against closed forms, a second solver, and the conditions that tell the best weights from any others."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxkit.stats.raking import ROUNDS, Cell, rake

COLUMNS = (("a", "b", "c"), ("x", "y"), ("p", None))


def reached(counts: dict[Cell, int], weights: dict[Cell, float], at: int, value: str | None) -> float:
    """Return a value's weighted share."""
    total = math.fsum(n * weights[cell] for cell, n in counts.items())
    return math.fsum(n * weights[cell] for cell, n in counts.items() if cell[0][at] == value) / total


@st.composite
def samples(draw) -> tuple[dict[Cell, int], list[dict[str | None, float]]]:
    """Draw a table in which no cell is empty, and margins for it."""
    begun = draw(st.sampled_from(((1.0,), (0.5, 1.0, 2.0))))
    cells = [((a, b, c), w) for a in COLUMNS[0] for b in COLUMNS[1] for c in COLUMNS[2] for w in begun]
    counts = {cell: draw(st.integers(1, 40)) for cell in cells}
    margins = []
    for values in COLUMNS:
        parts = [draw(st.integers(1, 20)) for _ in values]
        margins.append({value: part / sum(parts) for value, part in zip(values, parts, strict=True)})
    return counts, margins


def test_two_by_two():
    """Raking keeps the odds ratio, so that two margins of two values leave a quadratic equation for one cell."""
    table = {(("web", "young"), 1.0): 40, (("web", "old"), 1.0): 20, (("store", "young"), 1.0): 10,
             (("store", "old"), 1.0): 30}  # fmt: skip
    raked = rake(table, [{"web": 0.5, "store": 0.5}, {"young": 0.4, "old": 0.6}])

    # t of web and young; odds ratio 6: t(.1 + t) = 6 (.5 - t)(.4 - t), or 5t² - 5.5t + 1.2 = 0.
    t = (5.5 - math.sqrt(5.5**2 - 4 * 5 * 1.2)) / 10
    shares = [table[cell] * weight / 100 for cell, weight in raked.weights.items()]
    assert shares == pytest.approx([t, 0.5 - t, 0.4 - t, 0.1 + t], abs=1e-10)


def test_one_margin_is_post_stratification():
    """One margin is met in one round: wanted ÷ observed is the weight."""
    raked = rake({(("a",), 1.0): 30, (("b",), 1.0): 50, (("c",), 1.0): 20}, [{"a": 0.25, "b": 0.25, "c": 0.5}])

    assert list(raked.weights.values()) == pytest.approx([25 / 30, 25 / 50, 50 / 20], rel=1e-12)
    assert raked.rounds == 1


def test_margins_that_hold_already_change_nothing():
    """Where the sample is as the whole, no round is needed."""
    raked = rake({(("a",), 2.0): 30, (("b",), 2.0): 70}, [{"a": 0.3, "b": 0.7}])

    assert (list(raked.weights.values()), raked.rounds, raked.converged) == ([1.0, 1.0], 0, True)


@settings(max_examples=40)
@given(samples())
def test_margins_are_met(sample):
    """Every margin holds, the mean weight is 1, and each factor belongs to a value: ln w is a sum over margins."""
    counts, margins = sample
    raked = rake(counts, margins)

    assert raked.converged
    weights = dict(raked.weights)
    for at, margin in enumerate(margins):
        for value, share in margin.items():
            assert reached(counts, weights, at, value) == pytest.approx(share, abs=1e-9)
    assert math.fsum(n * weights[cell] for cell, n in counts.items()) == pytest.approx(sum(counts.values()))
    begun = {cell[1] for cell in counts}
    for w in begun:
        factors = {values: math.log(weights[values, w] / w) for values, each in counts if each == w}
        for (a, b, c), factor in factors.items():
            rest = factors["a", b, c] + factors[a, "x", c] + factors[a, b, "p"] - factors["a", "x", c]
            apart = factors["a", b, "p"] + factors[a, "x", "p"] - factors["a", "x", "p"]
            assert factor - factors["a", b, c] == pytest.approx(factors[a, "x", "p"] - factors["a", "x", "p"], abs=1e-8)
            assert rest - apart == pytest.approx(factor, abs=1e-8)


@settings(max_examples=10)
@given(samples(), st.sampled_from((1.5, 2.0, 3.0)), st.sampled_from((0.0, 0.3)))
def test_the_second_solver_agrees(sample, high, low):
    """Within bounds too, the weights are those that SciPy finds by maximising the dual of the distance."""
    optimize, np = pytest.importorskip("scipy.optimize"), pytest.importorskip("numpy")
    counts, margins = sample
    raked = rake(counts, margins, low=low, high=high)
    if not raked.converged:  # no weights within the bounds meet the margins, or hardly: nothing to compare
        assert raked.gap > 0
        return
    cells = list(counts)
    n = np.array([counts[cell] for cell in cells], float)
    begun = np.array([cell[1] for cell in cells])
    begun *= n.sum() / (n * begun).sum()
    columns = [(at, value) for at, margin in enumerate(margins) for value in margin]
    design = np.array([[float(cell[0][at] == value) for at, value in columns] for cell in cells])
    wanted = np.array([margins[at][value] for at, value in columns]) * n.sum()

    def weights(u):
        return np.clip(begun * np.exp(np.clip(design @ u, -50, 50)), low, high)

    found = optimize.least_squares(
        lambda u: (design * (n * weights(u))[:, None]).sum(0) / n.sum() - wanted / n.sum(),
        np.zeros(len(columns)), xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=300,
    )  # fmt: skip
    if found.cost < 1e-20:
        mine = np.array([raked.weights[cell] for cell in cells])
        assert np.abs(mine - weights(found.x)).max() < 1e-5


def test_bounds_are_kept_while_margins_are_met():
    """A greatest weight takes from the one and gives to the others that share its values."""
    counts = {(("web", "young"), 1.0): 60, (("web", "old"), 1.0): 20, (("store", "young"), 1.0): 15,
              (("store", "old"), 1.0): 5}  # fmt: skip
    margins = [{"web": 0.6, "store": 0.4}, {"young": 0.6, "old": 0.4}]
    free, bound = rake(counts, margins), rake(counts, margins, high=2.2)

    assert max(free.weights.values()) > 2.5
    assert bound.converged
    assert max(bound.weights.values()) == 2.2
    assert reached(counts, dict(bound.weights), 1, "old") == pytest.approx(0.4, abs=1e-9)


@pytest.mark.parametrize(
    ("counts", "margins", "high"),
    [
        # All of the web are young, and old is wanted more often than the store.
        ({(("web", "young"), 1.0): 50, (("store", "old"), 1.0): 50}, [{"web": 0.7, "store": 0.3},
         {"young": 0.4, "old": 0.6}], math.inf),
        # Ten of a hundred would have to weigh four times the mean.
        ({(("web",), 1.0): 90, (("store",), 1.0): 10}, [{"web": 0.6, "store": 0.4}], 3.0),
    ],
)  # fmt: skip
def test_what_cannot_be_met_is_told(counts, margins, high):
    """Nothing is raised: the nearest point comes back with what is missing, and where."""
    raked = rake(counts, margins, high=high)

    assert not raked.converged
    assert raked.rounds <= ROUNDS
    assert raked.gap > 0.05
    assert raked.worst is not None
    assert max(raked.weights.values()) <= high
