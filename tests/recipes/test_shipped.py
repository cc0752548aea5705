"""The recipes that come with cxkit, on lines as the programs write them."""

from __future__ import annotations

import io
from collections import Counter

import pytest

import cxkit
from cxkit import recipes

SHOPIFY = """\
Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,Taxes,\
Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,Lineitem price,\
Shipping Country,Notes,Cancelled at,Payment Method,Refunded Amount,Vendor,Id,Tags,Source,Phone
#1001,ada@example.com,paid,2026-01-05 10:15:00 +0700,fulfilled,2026-01-06 09:00:00 +0700,yes,USD,47.00,6.00,3.29,56.29,\
NEW5,5.00,Standard,2026-01-05 10:14:00 +0700,2,Fern,16.00,VN,,,card,0.00,Us,5550001,,web,
#1001,ada@example.com,,,,,,,,,,,,,,2026-01-05 10:14:00 +0700,1,Bag,20.00,,,,,,Us,,,,
#1002,,refunded,2026-02-01 12:00:00 +0700,unfulfilled,,no,USD,25.00,0.00,0.00,25.00,,0.00,,2026-02-01 12:00:00 +0700,\
1,Mug,25.00,VN,,2026-02-02 08:30:00 +0700,card,25.00,Us,5550002,,pos,+84900000000
"""


def test_shopify():
    """An order of two lines is one order; fulfilled is shipped; what was given back is once an order."""
    reading = recipes.read(io.StringIO(SHOPIFY), "shopify-orders")
    events = list(reading)
    first, second = (event for event in events if event.kind == "order.placed")

    assert Counter(event.kind for event in events) == {
        "order.placed": 2, "order.shipped": 1, "order.cancelled": 1, "order.refunded": 1,
    }  # fmt: skip
    assert reading.reasons == {}
    assert (first.reference, first.customer, str(first.amount)) == ("#1001", "ada@example.com", "56.29 USD")
    assert (first.time.isoformat(), first.channel) == ("2026-01-05T03:14:00+00:00", "web")
    assert first.data == {"items": "3", "country": "VN", "discount_code": "NEW5"}
    assert (second.customer, second.channel) == ("+84900000000", "store")
    refund = next(event for event in events if event.kind == "order.refunded")
    assert (refund.reference, str(refund.amount), refund.time.isoformat()) == (
        "#1002", "25.00 USD", "2026-02-02T01:30:00+00:00",
    )  # fmt: skip
    assert cxkit.score(events, "refund_rate").get("refund_rate").value == 0.5


WOOCOMMERCE = """\
order_id,order_number,date,status,shipping_total,tax_total,order_total,refunded_total,order_currency,payment_method,\
customer_id,billing_first_name,billing_email,billing_country
4415,#4415,2026-01-05 04:48:06,completed,5.00,0,45.00,0,EUR,stripe,12,Ada,ada@example.com,DE
4416,#4416,2026-01-06 10:00:00,refunded,0,0,20.00,20.00,EUR,paypal,0,Bo,bo@example.com,FR
4417,#4417,2026-01-07 10:00:00,cancelled,0,0,9.00,0,EUR,paypal,0,Cy,cy@example.com,FR
4418,#4418,2026-01-08 10:00:00,failed,0,0,9.00,0,EUR,paypal,0,Cy,cy@example.com,FR
"""


def test_woocommerce():
    """What was never paid is no order; times are the site's."""
    reading = recipes.read(io.StringIO(WOOCOMMERCE), "woocommerce-orders", input_tz="Europe/Berlin")
    events = list(reading)

    assert [(event.kind, event.reference) for event in events] == [
        ("order.placed", "4415"), ("order.placed", "4416"), ("order.refunded", "4416"), ("order.placed", "4417"),
        ("order.cancelled", "4417"),
    ]  # fmt: skip
    assert (events[0].customer, events[0].time.isoformat()) == ("ada@example.com", "2026-01-05T03:48:06+00:00")
    assert (reading.left_out, reading.rejected) == (1, 0)


def test_woocommerce_of_the_import_export_suite():
    """The other layout has other names and times; a guest's number is nobody."""
    lines = (
        "order_id,order_date,status,order_total,order_currency,customer_id,customer_email,billing_email\n"
        "7,9/6/2026 6:29:00,completed,30,USD,5,,\n8,9/7/2026 6:29,processing,10,USD,0,,\n"
    )
    known, guest = recipes.read(io.StringIO(lines), "woocommerce-orders")

    assert (known.customer, known.time.isoformat()) == ("5", "2026-09-06T06:29:00+00:00")
    assert guest.customer is None


ZENDESK = """\
Summation column,Id,Requester,Requester id,Assignee,Group,Subject,Tags,Status,Priority,Via,Ticket type,Created at,\
Updated at,Assigned at,Solved at,Resolution time,Satisfaction Score,Reopens,Replies,First reply time in minutes,\
First resolution time in minutes,Full resolution time in minutes
1,101,Ada,9001,Kim,Support,Where is it?,,Closed,Normal,Mail,Question,2026-01-05 09:00,2026-01-08 09:00,\
2026-01-05 09:10,2026-01-07 09:00,48,Good,1,3,30,600,2880
1,102,Bo,9002,Kim,Support,Broken,,Solved,High,Web Widget,Problem,2026-01-06 09:00,2026-01-07 09:00,2026-01-06 09:10,\
2026-01-06 12:00,3,Offered,0,1,60,180,180
1,103,Cy,9003,,Support,Hello?,,New,,Chat,,2026-01-07 09:00,2026-01-07 09:00,,,,Unoffered,0,0,,,
"""


def test_zendesk():
    """A ticket is opened, answered, resolved and rated at the times that the export can say."""
    reading = recipes.read(io.StringIO(ZENDESK), "zendesk-tickets")
    events = list(reading)

    assert Counter(event.kind for event in events) == {
        "contact.opened": 3, "contact.answered": 2, "contact.reopened": 1, "contact.resolved": 3, "survey.sent": 2,
        "survey.answered": 1,
    }  # fmt: skip
    assert (reading.rejected, reading.left_out) == (0, 0)
    assert {event.channel for event in events} == {"email", "web", "chat"}
    metrics = ["first_response_time", "resolution_time", "reopen_rate", "csat", "response_rate"]
    card = cxkit.score(events, metrics, as_of="2026-03-01")
    assert card.get("first_response_time").value == pytest.approx(30 * 60, rel=0.01)
    assert card.get("reopen_rate").value == 0.5
    assert card.get("resolution_time").value == pytest.approx(3 * 3600, rel=0.01)
    assert card.get("csat").value == 1.0
    assert card.get("response_rate").value == 0.5


SURVEYMONKEY = """\
Respondent ID,Collector ID,Start Date,End Date,IP Address,Email Address,First Name,Last Name,Custom Data 1,\
How likely is it that you would recommend this company to a friend or colleague?,\
"Overall, how satisfied or dissatisfied are you with our company?",The company made it easy for me to handle my issue.
,,,,,,,,,,Response,Response
118,7,01/05/2026 09:30:00 AM,01/05/2026 09:31:10 AM,,ada@example.com,,,,10,Very satisfied,Strongly agree
119,7,01/05/2026 02:30:00 PM,01/05/2026 02:33:00 PM,,,,,c42,Not at all likely - 0,Somewhat dissatisfied,
"""
TYPEFORM = """\
#,How likely are you to recommend us to a friend or colleague?,How satisfied are you with us?,Email,Start Date (UTC),\
Submit Date (UTC),Network ID
9f86d081,9,5,ada@example.com,2026-01-05 10:00:00,2026-01-05 10:05:00,ab12
9f86d082,6,6,,2026-01-05 11:00:00,2026-01-05 11:05:00,ab13
"""


def test_surveys():
    """Each answered question of a respondent is an answer; the second header is none; a score off its scale is told."""
    reading = recipes.read(io.StringIO(SURVEYMONKEY), "survey", input_tz="America/New_York")
    events = list(reading)

    assert [(event.instrument, event.score, event.reference) for event in events] == [
        ("nps", 10.0, "118"), ("csat", 5.0, "118"), ("ces", 7.0, "118"), ("nps", 0.0, "119"), ("csat", 2.0, "119"),
    ]  # fmt: skip
    assert (events[0].customer, events[3].customer) == ("ada@example.com", "c42")
    assert events[3].time.isoformat() == "2026-01-05T19:33:00+00:00"
    assert (reading.left_out, reading.rejected) == (1, 0)

    told: list[str] = []
    answers = list(
        recipes.read(
            io.StringIO(TYPEFORM),
            "survey",
            input_tz="America/New_York",
            on_reject=lambda error, _: told.append(str(error)),
        )
    )
    assert [(answer.instrument, answer.score) for answer in answers] == [("nps", 9.0), ("csat", 5.0), ("nps", 6.0)]
    assert answers[0].time.isoformat() == "2026-01-05T10:05:00+00:00"  # in UTC, whatever the account's zone
    assert told == ["<StringIO>:3: score: 6.0 is outside the scale of 'csat', 1…5"]


def test_questions_of_ones_own_are_missed_aloud():
    """A survey whose questions the recipe doesn't know gives nothing, and says which columns it looked for."""
    reading = recipes.read(io.StringIO("#,Was it nice?,Submit Date (UTC)\n1,9,2026-01-05 10:00:00\n"), "survey")

    assert list(reading) == []
    assert "the file lacks these columns of the recipe: 'Respondent ID'" in reading.warnings[0]
    assert "'NPS'" in reading.warnings[0]


LINES = """\
Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country
489434,85048,LIGHTS,12,2009-12-01 07:45:00,6.95,13085.0,United Kingdom
489434,79323P,CHERRY,12,2009-12-01 07:46:00,6.755,13085.0,United Kingdom
C489449,22087,BUNTING,-2,2009-12-01 10:33:00,2.95,16321.0,Australia
489521,21646,,-50,2009-12-01 11:44:00,0.0,,United Kingdom
A506401,B,Adjust bad debt,1,2010-04-29 13:36:00,-53594.36,,United Kingdom
489600,21646,CASE,1,2010-07-01 08:00:00,2,,France
"""


def test_online_retail_as_csv():
    """Invoices are orders, cancellations refunds of the customer, write-offs and bad debt neither."""
    reading = recipes.read(io.StringIO(LINES), "online-retail")
    events = list(reading)

    assert [(event.kind, event.reference, event.customer, event.amount_minor) for event in events] == [
        ("order.placed", "489434", "13085", 16446), ("order.placed", "489600", None, 200),
        ("order.refunded", "C489449", "16321", 590),
    ]  # fmt: skip
    assert events[1].time.isoformat() == "2010-07-01T07:00:00+00:00"  # London's summer
    assert (reading.left_out, reading.rejected) == (2, 0)
