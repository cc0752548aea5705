"""Recipes as TOML: what is wrong is named by its place."""

from __future__ import annotations

import pytest

from cxkit import recipes
from cxkit.errors import InvalidValueError, UnknownNameError
from cxkit.recipes.model import Column, Constant, Product, Reduced, Renamed, Whole

WHOLE = """
name = "shop"
title = "Our shop"
about = "What it reads."
[input]
tz = "Europe/Berlin"
time_format = ["%d.%m.%Y", "iso"]
decimal = ","
thousands = "."
delimiter = ";"
encoding = "cp1252"
sheet = "Orders"
skip = 2
after_header = 1
optional = ["Note"]
nulls = ["n/a", "-"]
[[joins]]
name = "people"
file = "people.csv"
on = { Customer = "id" }
columns = ["segment"]
prefix = "customer_"
[values.channels]
Online = "web"
[[events]]
kind = "order.placed"
group = ["Invoice"]
where = { Quantity = { at_least = 1 }, any = [{ Status = "paid" }, { Status = { null = true } }] }
time = { latest = { column = "Date", format = "%d.%m.%Y", tz = "UTC" } }
customer = { column = "Customer", whole = true }
channel = { column = "Channel", values = "channels", default = "store" }
amount = { product = ["Quantity", "Price", -1, 0.5], rounding = "half-up" }
currency = { constant = "EUR" }
[events.properties]
lines = { count = true }
note = "Note"
segment = "customer_segment"
"""


def test_a_whole_recipe_is_read():
    """Every part of the schema comes back in its place."""
    recipe = recipes.loads(WHOLE, folder="shop")
    (rule,) = recipe.events

    assert (recipe.name, recipe.title, recipe.about, recipe.folder) == ("shop", "Our shop", "What it reads.", "shop")
    assert recipe.input.formats == ("%d.%m.%Y", "iso")
    assert recipe.input.nulls == {"", "n/a", "-"}
    assert (recipe.input.skip, recipe.input.after_header, recipe.input.sheet) == (2, 1, "Orders")
    assert recipe.joins[0].input.delimiter == ";"  # written as the first file
    assert recipe.joins[0].input.skip == 0  # which is about that file alone
    assert rule.columns["time"] == Reduced("latest", Column("Date", ("%d.%m.%Y",), "UTC"))
    assert rule.columns["customer"] == Reduced("first", Whole(Column("Customer")))
    assert rule.columns["channel"] == Reduced("first", Renamed(Column("Channel"), {"Online": "web"}, "store"))
    factors = (Column("Quantity"), Column("Price"), Constant("-1"), Constant("0.5"))
    assert (rule.columns["amount"], rule.rounding) == (Reduced("total", Product(factors)), "half-up")
    assert rule.properties["lines"] == Reduced("count", None)
    assert recipe.reads() == (
        "Customer", "Invoice", "Quantity", "Status", "Date", "Channel", "Price", "Note", "customer_segment",
    )  # fmt: skip


EVENT = '[[events]]\nkind = "order.placed"\ntime = "At"\n'

WRONG = [
    ("name = ", "isn't TOML"),
    ('name = "x"', "recipe.events: None is missing"),
    ('name = "x"\nevents = []', r"events: \[\] are none"),
    ('name = "x"\n[event]\n' + EVENT, "recipe: 'event' isn't a key that is known here; did you mean 'events'"),
    ('name = ""\n' + EVENT, "name: '' is empty"),
    ('name = "x"\n[input]\ndelimeter = ";"\n' + EVENT, "input: 'delimeter' isn't a key .* did you mean 'delimiter'"),
    ('name = "x"\n[input]\ndelimiter = ";;"\n' + EVENT, "input.delimiter: ';;' isn't one sign"),
    ('name = "x"\n[input]\nthousands = "."\n' + EVENT, "input.thousands: '.' is the decimal sign too"),
    ('name = "x"\n[input]\ntz = "Berlin"\n' + EVENT, "input.tz: 'Berlin' isn't an IANA time zone"),
    ('name = "x"\n[input]\ntime_format = "dd.mm.yyyy"\n' + EVENT, "input.time_format: 'dd.mm.yyyy' isn't iso, unix"),
    ('name = "x"\n[input]\ntime_format = "%d.%m"\n' + EVENT, "needs %Y or %y, once"),
    ('name = "x"\n[input]\ntime_format = "%d.%m.%Y %Q"\n' + EVENT, "has the directive '%Q', which isn't one of"),
    ('name = "x"\n[input]\ntime_format = "%d.%m.%Y %I:%M"\n' + EVENT, "needs %I with %p"),
    ('name = "x"\n[input]\ntime_format = "%d.%m.%Y %M"\n' + EVENT, "has parts of an hour and no hour"),
    ('name = "x"\n[input]\ntime_format = "%d.%m.%Y %d"\n' + EVENT, "says something twice"),
    ('name = "x"\n[input]\nskip = -1\n' + EVENT, "input.skip: -1 isn't a whole number of 0 or more"),
    ('name = "x"\n[input]\nencoding = "latin-0"\n' + EVENT, "encoding: 'latin-0' isn't an encoding"),
    ('name = "x"\n[input]\ncolumns = ["a"]\nafter_header = 1\n' + EVENT, "input.after_header: 1 needs a header"),
    ('name = "x"\n[[events]]\nkind = "placed"\ntime = "At"', "events #1.kind: 'placed' doesn't read as noun.verb"),
    ('name = "x"\n[[events]]\nkind = "order.placed"', "events #1.time: None is missing"),
    ('name = "x"\n' + EVENT + 'amount = "Total"', "events #1.currency: None is missing: money needs one"),
    ('name = "x"\n' + EVENT + 'amount = "Total"\ncurrency = "EUR"', "'EUR' is a column's name here: write { constant"),
    ('name = "x"\n' + EVENT + 'amount = "Total"\ncurrency = { constant = "EURO" }', "'EURO' isn't a currency"),
    ('name = "x"\n' + EVENT + 'amount = "a"\namount_minor = "b"\ncurrency = "c"', "says the same as 'amount'"),
    ('name = "x"\n' + EVENT + "score = 5", r"events #1.score: 5 isn't the name of a column: .* \{ constant = 5 \}"),
    ('name = "x"\n' + EVENT + "score = { colunm = 'a' }", "'colunm' isn't a key .* did you mean 'column'"),
    ('name = "x"\n' + EVENT + "score = { column = 'a', constant = 5 }", "says column and constant at once"),
    ('name = "x"\n' + EVENT + "score = {}", "says nothing: it needs one of column"),
    ('name = "x"\n' + EVENT + "score = { total = 'a' }", "'total' needs lines: add group"),
    ('name = "x"\n' + EVENT + "customer = { column = 'a', format = 'iso' }", "'format' isn't a key"),
    ('name = "x"\n' + EVENT + "customer = { column = 'a', values = 'chanels' }", "'chanels' isn't a table of"),
    ('name = "x"\n' + EVENT + "customer = { column = 'a', whole = false }", "whole: False must be true"),
    ('name = "x"\n' + EVENT + "customer = { text = 'o-{Order' }", "has a brace that names no column"),
    ('name = "x"\n' + EVENT + "customer = { text = 'o' }", "names no column: write { constant"),
    ('name = "x"\n' + EVENT + "customer = { first_of = [] }", "isn't a list with something in it"),
    ('name = "x"\n' + EVENT + "customer = { constant = '' }", "is empty: leave the column out"),
    ('name = "x"\n' + EVENT + "where = { a = { over = 1 } }", r"events #1.where.a: 'over' isn't a key"),
    ('name = "x"\n' + EVENT + "where = { a = { above = '1' } }", "where.a.above: '1' isn't a number"),
    ('name = "x"\n' + EVENT + "where = { a = { null = 1 } }", "where.a.null: 1 isn't true or false"),
    ('name = "x"\n' + EVENT + "where = { a = {} }", "asks for nothing"),
    ('name = "x"\n' + EVENT + "where = { a = { above = inf } }", "isn't a number"),
    ('name = "x"\n' + EVENT + "amount = { sum = ['a'], rounding = 'up' }\ncurrency = 'c'", "amount.rounding: 'up'"),
    ('name = "x"\n[[events]]\nkind = "a.b"\ntime = { product = ["a"] }', "isn't a time"),
    ('name = "x"\n[[events]]\nkind = "a.b"\ngroup = ["a", "a"]\ntime = "t"', "group: 'a' is there twice"),
    ('name = "x"\n[[events]]\nkind = "a.b"\ngroup = ["a"]\ntime = { first = "t" }', "of a time it is one of earliest"),
    ('name = "x"\n[[joins]]\nname = "j"\non = {}\n' + EVENT, "joins #1.on: {} names no key"),
    ('name = "x"\n' + '[[joins]]\nname = "j"\non = { a = "b" }\n' * 2 + EVENT, "joins #2.name: 'j' is there twice"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), WRONG, ids=range(len(WRONG)))
def test_what_is_wrong_is_named(text, message):
    """File, place, value and what to do stand in one sentence."""
    with pytest.raises(InvalidValueError, match=message) as caught:
        recipes.loads(text, file="shop.toml")

    assert str(caught.value).startswith("shop.toml")


def test_recipes_are_found_by_name_and_by_file(tmp_path):
    """A name is one of cxkit's own; a file knows its folder, where the files of joins are looked for."""
    file = tmp_path / "till.toml"
    file.write_text('name = "till"\n' + EVENT, encoding="utf-8-sig")

    assert recipes.load("cdnow").name == "cdnow"
    assert recipes.load(file).folder == str(tmp_path)
    with pytest.raises(UnknownNameError, match="unknown recipe 'cdnwo'; did you mean 'cdnow'"):
        recipes.load("cdnwo")
    with pytest.raises(InvalidValueError, match=r"recipe: .*no\.toml' can't be read: No such file"):
        recipes.load(tmp_path / "no.toml")
    file.write_bytes(b'name = "caf\xe9"\n')
    with pytest.raises(InvalidValueError, match="isn't UTF-8"):
        recipes.load(file)


@pytest.mark.parametrize("name", recipes.names())
def test_every_recipe_of_ours_is_whole(name):
    """Each has the name of its file, a title, and says what it reads."""
    recipe = recipes.load(name)

    assert recipe.name == name
    assert recipe.title != name
    assert len(recipe.about) > 100
