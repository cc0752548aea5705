"""Referrals, reviews and share of wallet against the literature's figures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

import cxkit
from cxkit import event, metrics
from cxkit.errors import InvalidValueError
from cxkit.metrics import wallet_share
from cxkit.stats import ByState, DistinctState, FrequencyState, MomentsState, SpansState, TallyState

START = datetime(2026, 3, 1, tzinfo=UTC)


def test_referral_rate():
    """Who sent one, of all customers."""
    states = {"customers": DistinctState(200), "senders": DistinctState(50, nulls=4)}
    found = metrics.referral_rate().estimate(states)
    assert (found.value, found.n, found.excluded) == (0.25, 200, {"referral of nobody known": 4})


# Three invitations a customer of which 15 % convert: K = .45 (worked by hand).
def test_viral_coefficient():
    """Invitations for each customer times the share that converts, with an interval made of both."""
    sent = FrequencyState({6: 50})
    converted = SpansState(gaps=MomentsState(n=45), unmatched=255)
    found = metrics.viral_coefficient().estimate(
        {"customers": DistinctState(100), "sent": sent, "converted": converted}
    )
    assert (found.value, found.n, found.unit) == (pytest.approx(0.45), 100, "ratio")
    assert found.low < 0.45 < found.high
    # By hand: invitations 3 ± .59826 (t, 99), conversion .15 (.11401, .19476) by Wilson; MOVER of the two.
    assert (found.low, found.high) == pytest.approx((0.309657, 0.611650), abs=5e-6)


def test_nobody_invites():
    """Without referrals K is zero, and the interval stays above it."""
    found = metrics.viral_coefficient().estimate({"customers": DistinctState(100)})
    assert (found.value, found.low) == (0, 0)


# Keiningham, Aksoy, Buoye & Cooil 2011: (1 - rank / (n + 1)) · 2 / n.
@pytest.mark.parametrize(("rank", "share"), [(1, 0.5), (2, 1 / 3), (3, 1 / 6), (1.5, 5 / 12)])
def test_wallet_share(rank: float, share: float):
    """Among three brands; a tie shares the mean of its ranks."""
    assert wallet_share(rank, 3) == pytest.approx(share)


@pytest.mark.parametrize(("rank", "brands"), [(0, 3), (4, 3), (1, 0)])
def test_no_rank(rank: float, brands: int):
    """A rank that isn't one among so many brands is refused."""
    with pytest.raises(InvalidValueError, match="rank"):
        wallet_share(rank, brands)


def test_wallet_allocation():
    """The mean over customers, who use different numbers of brands; what is no rank is counted."""
    parts = {
        None: TallyState({1.0: (2, 2, 2)}),
        "1": TallyState({1.0: (1, 1, 1), 2.0: (1, 1, 1)}),
        "3": TallyState({1.0: (1, 1, 1), 3.0: (1, 1, 1)}, nulls=1),
        "many": TallyState({1.0: (1, 1, 1)}),
    }
    found = metrics.wallet_allocation().estimate({"ranks": ByState(parts)})
    assert found.value == pytest.approx((1 + 0.5 + 1 / 6) / 3)
    assert (found.n, found.excluded) == (3, {"no rank among its brands": 5})


def test_reviews_are_their_orders():
    """A review counts for its order, once and in time."""

    def at(days: float, kind: str, reference: str) -> cxkit.Event:
        return event(kind, reference=reference, time=START + timedelta(days=days), id=f"{kind}{reference}{days}")

    events = [
        at(0, "order.placed", "1"), at(5, "review.posted", "1"), at(6, "review.posted", "1"),
        at(0, "order.placed", "2"), at(40, "review.posted", "2"),
        at(0, "order.placed", "3"), at(40, "order.placed", "4"),
    ]  # fmt: skip
    found = cxkit.score(events, "review_rate").get("review_rate")
    assert (found.value, found.excluded) == (pytest.approx(1 / 3), {"window not over": 1})
