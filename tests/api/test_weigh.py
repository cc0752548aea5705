"""weigh: answers get weights under which their margins are those of the whole; what can't be is said in a sentence."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal

import attrs
import pytest

import cxkit
from cxkit.errors import InvalidValueError, UnknownNameError
from cxkit.files import write_events
from cxkit.model.event import PPM

WHERE = ["web"] * 6 + ["store"] * 3 + ["phone"]
SCORES = (9, 10, 3, 7, 10, 6, 9, 2, 8, 10)


def answers(**columns) -> list[cxkit.Event]:
    """Return ten answers to NPS."""
    pairs = zip(WHERE, SCORES, strict=True)
    columns = {"time": datetime(2026, 3, 1, tzinfo=UTC)} | columns
    return [
        cxkit.event("survey.answered", id=str(n), instrument="nps", channel=channel, score=score, **columns)
        for n, (channel, score) in enumerate(pairs)
    ]


SHARES = {"channel": {"web": 0.4, "store": 0.4, "phone": 0.2}}


def test_post_stratification():
    """One margin: wanted ÷ observed, in millionths, and the score counts them so."""
    weighed = cxkit.weigh(answers(), SHARES)

    assert [event.weight_ppm for event in weighed] == [666_667] * 6 + [1_333_333] * 3 + [2_000_000]
    expected = 0.4 * (3 - 2) / 6 + 0.4 * (1 - 1) / 3 + 0.2
    assert cxkit.score(weighed, "nps").get("nps").value == pytest.approx(100 * expected, abs=1e-3)
    assert [(row.value, row.answers) for row in weighed.rows] == [("web", 6), ("store", 3), ("phone", 1)]
    assert [row.reached for row in weighed.rows] == pytest.approx([0.4, 0.4, 0.2], abs=1e-6)


def test_counts_and_shares_are_the_same():
    """A margin may be how many there are of each."""
    counts = {"channel": {"web": 4000, "store": 4000, "phone": 2000}}

    assert cxkit.weigh(answers(), counts).events == cxkit.weigh(answers(), SHARES).events


def test_two_margins_hold_together():
    """Raking meets a column and a property at once; the design effect is Kish's."""
    events = [
        attrs.evolve(event, properties=json.dumps({"age": "old" if n % 2 else "young"}))
        for n, event in enumerate(answers() * 3)
    ]
    events = [attrs.evolve(event, id=str(n)) for n, event in enumerate(events)]
    margins = {"channel": {"web": 50, "store": 30, "phone": 20}, "age": {"old": 55, "young": 45}}
    weighed = cxkit.weigh(events, margins)

    weights = [float(event.weight) for event in weighed]
    total = math.fsum(weights)
    assert total / len(weights) == pytest.approx(1, abs=1e-6)
    for column, value, share in (("channel", "web", 0.5), ("channel", "phone", 0.2), ("age", "old", 0.55)):
        here = [e for e in weighed if (e.channel if column == "channel" else e.data["age"]) == value]
        assert math.fsum(float(event.weight) for event in here) / total == pytest.approx(share, abs=1e-6)
    assert weighed.design_effect == pytest.approx(len(weights) * math.fsum(w * w for w in weights) / total**2)
    assert weighed.n_effective == pytest.approx(len(weights) / weighed.design_effect)


def test_weights_there_are_where_raking_begins():
    """Weights that answers have keep their ratios within a cell."""
    events = [attrs.evolve(event, weight_ppm=PPM * (1 + (n == 0))) for n, event in enumerate(answers())]
    weighed = cxkit.weigh(events, SHARES)

    assert weighed.events[0].weight_ppm == pytest.approx(2 * weighed.events[1].weight_ppm, abs=2)
    assert any("weights that the answers had" in note for note in weighed.notes)
    assert [e.weight_ppm for e in cxkit.weigh(weighed, SHARES)] == pytest.approx([e.weight_ppm for e in weighed], abs=2)


# R survey, svymean with svydesign(ids = ~1, weights = ~w): .292308, SE .234925; Kish: deff 1.276923, n_eff 7.83133.
def test_weighted_nps_is_that_of_the_survey_package():
    """Weights of any origin count in NPS, in its standard error and in the effective number."""
    s, w = (-1, 1, 0, 1, 1, -1, 0, 1, 1, 0), (1, 2, 1, 1.5, 0.5, 1, 3, 1, 0.8, 1.2)
    events = [
        cxkit.event("survey.answered", instrument="nps", score={-1: 3, 0: 8, 1: 10}[score], weight=Decimal(str(weight)))
        for score, weight in zip(s, w, strict=True)
    ]
    nps = cxkit.score(events, "nps").get("nps")

    assert nps.value == pytest.approx(29.2308, abs=5e-5)
    assert nps.se == pytest.approx(23.4925, abs=5e-5)
    assert nps.n_effective == pytest.approx(7.83133, abs=5e-6)
    assert nps.n / nps.n_effective == pytest.approx(1.276923, abs=5e-7)
    # Raked to the shares that the weights have already, nothing moves: a channel for each weight.
    channels = [attrs.evolve(event, channel=str(event.weight_ppm)) for event in events]
    shares: dict[str, int] = defaultdict(int)
    for event in channels:
        shares[event.channel] += event.weight_ppm
    raked = cxkit.weigh([attrs.evolve(event, weight_ppm=PPM) for event in channels], {"channel": shares})
    assert raked.design_effect == pytest.approx(1.276923, abs=5e-6)
    assert cxkit.score(raked, "nps").get("nps").se == pytest.approx(23.4925, abs=1e-4)


def test_other_events_pass_through():
    """Orders, answers to other instruments and answers without a score stay as they are."""
    others = [
        cxkit.event("order.placed", reference="1"),
        cxkit.event("survey.answered", instrument="csat", score=4, channel="app"),
        cxkit.event("survey.answered", instrument="nps", channel="app"),
    ]
    weighed = cxkit.weigh([*others, *answers()], SHARES, instrument="nps")

    assert list(weighed.events[:3]) == others
    assert (len(weighed), weighed.answers) == (13, 10)


def test_a_file_is_read(tmp_path):
    """A path will do."""
    write_events(answers(), tmp_path / "answers.csv")

    assert [e.weight_ppm for e in cxkit.weigh(tmp_path / "answers.csv", SHARES)][:2] == [666_667, 666_667]


def test_trimming():
    """Weights stay within bounds, and margins hold all the same, where other answers can carry them."""
    events = [
        attrs.evolve(event, id=str(n), properties=json.dumps({"age": "old" if n % 3 else "young"}))
        for n, event in enumerate(answers() * 5)
    ]
    margins = {"channel": {"web": 0.4, "store": 0.4, "phone": 0.2}, "age": {"old": 0.4, "young": 0.6}}
    free, trimmed = cxkit.weigh(events, margins), cxkit.weigh(events, margins, trim=3)

    assert free.highest > 3.2
    assert trimmed.highest == 3.0
    assert [row.reached for row in trimmed.rows] == pytest.approx([row.wanted for row in trimmed.rows], abs=1e-6)
    assert trimmed.design_effect < free.design_effect


def test_areas_of_a_journey_map():
    """A margin by area needs the map that knows areas."""
    events = [attrs.evolve(e, touchpoint="checkout" if n % 2 else "website") for n, e in enumerate(answers())]
    journey_map = cxkit.JourneyMap.loads(
        'name = "shop"\n[[stage]]\nkey = "buy"\n'
        + "".join(
            f'[[touchpoint]]\nkey = "{key}"\nstage = "buy"\narea = "{area}"\n'
            for key, area in (("checkout", "commerce"), ("website", "marketing"))
        )
    )
    weighed = cxkit.weigh(events, {"area": {"commerce": 0.3, "marketing": 0.7}}, journey_map=journey_map)

    assert {e.weight_ppm for e in weighed} == {600_000, 1_400_000}
    with pytest.raises(InvalidValueError, match="journey map"):
        cxkit.weigh(events, {"area": {"commerce": 0.3, "marketing": 0.7}})


@pytest.mark.parametrize(
    ("margins", "said"),
    [
        ({}, "are none"),
        ({"channel": {"web": 0.6, "store": 0.4}}, "'channel' has no share for phone, which 1 answered"),
        (
            {"channel": {"web": 0.4, "store": 0.3, "phone": 0.2, "app": 0.1}},
            "gives app a share of 10 %, but nobody there answered",
        ),
        ({"channel": {"web": 0.4, "store": 0.4, "phone": 0.1}}, "sum to 0.9, not to 1"),
        (
            {"channel": {"web": 40, "store": 40, "phone": 20}, "instrument": {"nps": 1}},
            "'instrument' sums to 1 and channel to 100",
        ),
        ({"channel": {"web": 0.4, "store": 0.6, "phone": 0}}, "0 isn't a share or a number above 0, as channel=phone"),
        ({"channel": {"web": 0.4, "store": math.nan, "phone": 0.2}}, "nan isn't a share"),
        ({"item": {"1": 1.0}}, r"has no share for \(none\), which 10 answered"),
    ],
)
def test_margins_that_do_not_fit(margins, said):
    """Each says which value of which margin is at fault, and what to do."""
    with pytest.raises(InvalidValueError, match=said):
        cxkit.weigh(answers(), margins)


def test_answers_without_a_value_have_a_share_of_their_own():
    """None stands for them."""
    events = [attrs.evolve(event, channel=None if event.channel == "phone" else event.channel) for event in answers()]
    weighed = cxkit.weigh(events, {"channel": {"web": 0.4, "store": 0.4, None: 0.2}})

    assert weighed.events[-1].weight_ppm == 2_000_000
    assert "(none)" in str(weighed)


def test_an_unknown_column_is_told():
    """The nearest name is suggested."""
    with pytest.raises(UnknownNameError, match="did you mean 'channel'"):
        cxkit.weigh(answers(), {"chanel": {"web": 1.0}})


@pytest.mark.parametrize("trim", [0.9, (1.2, 3), (0.5, 1), -1, math.nan])
def test_bounds_lie_about_the_mean(trim):
    """A greatest weight below the mean can't be."""
    with pytest.raises(InvalidValueError, match="must lie about the mean weight of 1"):
        cxkit.weigh(answers(), SHARES, trim=trim)


def test_bounds_that_are_too_tight():
    """One phone answer of ten can't stand for a fifth when none may weigh more than one and a half."""
    with pytest.raises(InvalidValueError, match=r"within weights of 1\.5.*channel=phone still lies 5 points"):
        cxkit.weigh(answers(), SHARES, trim=1.5)


def test_which_instrument_must_be_said_where_there_are_several():
    """Answers to two questions are two samples."""
    both = [*answers(), cxkit.event("survey.answered", instrument="csat", score=4, channel="web")]
    with pytest.raises(InvalidValueError, match="there are answers to csat, nps"):
        cxkit.weigh(both, SHARES)
    with pytest.raises(InvalidValueError, match="instrument: 'ces' has no answers"):
        cxkit.weigh(both, SHARES, instrument="ces")
    with pytest.raises(InvalidValueError, match="no answers at all"):
        cxkit.weigh([], SHARES)


def test_a_weight_of_zero_is_refused():
    """No factor brings it up."""
    with pytest.raises(InvalidValueError, match="weight of 10 answers"):
        cxkit.weigh(answers(weight=0), SHARES)


def test_what_isn_t_an_event_is_refused():
    """A dictionary is none."""
    with pytest.raises(InvalidValueError, match=r"cxkit\.event"):
        cxkit.weigh([{"kind": "survey.answered"}], SHARES)


def test_the_report():
    """It is shown as text, Markdown, HTML, CSV and JSON, with the same figures."""
    weighed = cxkit.weigh(answers(), SHARES)

    assert str(weighed).splitlines()[2].split() == ["web", "6", "60.0", "40.0", "40.0", "0.667"]
    assert repr(weighed) == "<Weighed: 10 of 10 events, design effect 1.200>"
    assert "| phone | 1 | 10.0 | 20.0 | 20.0 | 2.000 |" in weighed.to_markdown()
    assert "<td>1.333</td>" in weighed._repr_html_()
    assert weighed.to_csv().splitlines()[0] == "column,value,answers,share,wanted,reached,weight"
    told = json.loads(weighed.to_json())
    assert told["design_effect"] == pytest.approx(1.2, abs=1e-6)
    assert told["rows"][2] == weighed.to_dicts()[2]
