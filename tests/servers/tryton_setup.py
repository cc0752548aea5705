"""Prepare a company in a fresh Tryton database: run by Tryton's own Python, never by ours.

``python tryton_setup.py TRYTOND_CONF DATABASE PASSWORD`` after ``trytond-admin`` has activated the modules. It makes a
company in Viet Nam's time zone that counts in US dollars, a chart of accounts with fiscal years, three products, a till
with cash and card, a web shop, types of complaints, and three users: one who sells, one who is in the groups that an
adapter needs, and one who is in none.
"""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from proteus import Model, Wizard, config

ZONE = "Asia/Ho_Chi_Minh"
SELLER, READER, OUTSIDER = "seller", "reader", "outsider"
_READS = ("Sales", "Sale Opportunity", "POS", "Accounting")


def make_company() -> Any:
    """Return the company, with US dollars as its currency and its own zone."""
    model = Model.get
    currency = model("currency.currency")(
        name="US Dollar", symbol="$", code="USD", numeric_code="840", rounding=Decimal("0.01"), digits=2
    )
    currency.rates.new(date=date(2020, 1, 1), rate=Decimal(1))
    currency.save()
    party = model("party.party")(name="The Shop")
    party.save()
    wizard = Wizard("company.company.config")
    wizard.execute("company")
    wizard.form.party, wizard.form.currency = party, currency
    wizard.form.timezone = ZONE
    wizard.execute("add")
    (company,) = model("company.company").find()
    company.timezone = ZONE
    company.save()
    return company


def make_accounts(company: Any) -> dict[str, Any]:
    """Return the accounts that sales need, from the universal chart, with a fiscal year of last year to next."""
    model = Model.get
    (root,) = model("account.account.template").find([("parent", "=", None)])
    wizard = Wizard("account.create_chart")
    wizard.execute("account")
    wizard.form.account_template = root
    wizard.form.company = company
    wizard.execute("create_account")
    found = {
        kind: model("account.account").find([(f"type.{kind}", "=", True), ("closed", "!=", True)], limit=1)[0]
        for kind in ("receivable", "payable", "revenue", "expense")
    }
    (found["cash"],) = model("account.account").find([("code", "=", "1.1.1")], limit=1)
    wizard.form.account_receivable, wizard.form.account_payable = found["receivable"], found["payable"]
    wizard.form.category_account_expense = found["expense"]
    wizard.form.category_account_revenue = found["revenue"]
    wizard.execute("create_properties")
    return found


def make_year(company: Any, year: int) -> None:
    """Open a fiscal year with its periods and the sequences of its invoices."""
    model = Model.get
    kinds = model("ir.sequence.type")

    def sequence(kind: str, strict: str = ".strict") -> Any:
        made = model(f"ir.sequence{strict}")(name=f"{kind} {year}", company=company, prefix=f"{year}-")
        (made.sequence_type,) = kinds.find([("name", "=", kind)], limit=1)
        made.save()
        return made

    fiscal = model("account.fiscalyear")(
        name=str(year), start_date=date(year, 1, 1), end_date=date(year, 12, 31), company=company
    )
    fiscal.move_sequence = sequence("Account Move")
    for invoices in fiscal.invoice_sequences[:]:
        fiscal.invoice_sequences.remove(invoices)
    invoices = fiscal.invoice_sequences.new()
    invoices.in_invoice_sequence = invoices.in_credit_note_sequence = sequence("Invoice")
    invoices.out_invoice_sequence = invoices.out_credit_note_sequence = sequence("Invoice")
    fiscal.save()
    fiscal.click("create_period")


def make_products(accounts: dict[str, Any]) -> None:
    """Make services, which need no stock: one at 12.50, one at 199.00, and one at 12.49 a kilogram."""
    model = Model.get
    category = model("product.category")(name="Sold", accounting=True)
    category.account_expense, category.account_revenue = accounts["expense"], accounts["revenue"]
    category.save()
    for name, price, by in (("Coffee", "12.5", "Unit"), ("Machine", "199", "Unit"), ("Tea", "12.49", "Kilogram")):
        (unit,) = model("product.uom").find([("name", "=", by)])
        template = model("product.template")(name=name, default_uom=unit, type="service", salable=True)
        template.account_category = category
        template.list_price = template.gross_price = Decimal(price)
        template.save()


def make_shops(company: Any, accounts: dict[str, Any]) -> None:
    """Make a till with cash and card, and a web shop."""
    model = Model.get
    (kind,) = model("ir.sequence.type").find([("name", "=", "POS")], limit=1)
    numbers = model("ir.sequence.strict")(name="Till", company=company, sequence_type=kind, prefix="T")
    numbers.save()
    (storage,), (customer,) = (model("stock.location").find([("code", "=", code)]) for code in ("STO", "CUS"))
    (journal,) = model("account.journal").find([("type", "=", "revenue")], limit=1)
    till = model("sale.point")(name="Front till", company=company, sequence=numbers, journal=journal)
    till.storage_location, till.customer_location = storage, customer
    till.save()
    model("sale.point.payment.method")(name="Cash", company=company, account=accounts["cash"], cash=True).save()
    model("sale.point.payment.method")(name="Card", company=company, account=accounts["cash"]).save()
    model("web.shop")(name="Online", company=company, currency=company.currency).save()


def make_complaints() -> None:
    """Make a type of complaint about a sale and one about an invoice."""
    model = Model.get
    for name, about in (("Sale", "sale.sale"), ("Invoice", "account.invoice")):
        (origin,) = model("ir.model").find([("name", "=", about)])
        model("sale.complaint.type")(name=name, origin=origin).save()


def make_users(company: Any, password: str) -> None:
    """Make an employee who sells, a user who may read what was sold, and one without any right."""
    model = Model.get
    party = model("party.party")(name="An Employee")
    party.save()
    employee = model("company.employee")(party=party, company=company)
    employee.save()
    groups = model("res.group")
    everything = groups.find()
    reads = groups.find([("name", "in", _READS)])
    for login, rights in ((SELLER, everything), (READER, reads), (OUTSIDER, ())):
        user = model("res.user")(name=login.title(), login=login, password=password)
        for group in rights:
            user.groups.append(groups(group.id))
        user.companies.append(model("company.company")(company.id))
        user.company = model("company.company")(company.id)
        if login == SELLER:
            user.employees.append(model("company.employee")(employee.id))
            user.employee = model("company.employee")(employee.id)
        user.save()


def main(settings: str, database: str, password: str) -> None:
    """Make all of it."""
    connected = config.set_trytond(database, config_file=settings)
    company = make_company()
    connected._context = Model.get("res.user").get_preferences(True, {})  # noqa: FBT003 - RPC's
    accounts = make_accounts(company)
    this_year = datetime.now(UTC).year
    for year in range(this_year - 1, this_year + 2):
        make_year(company, year)
    make_products(accounts)
    make_shops(company, accounts)
    make_complaints()
    make_users(company, password)


if __name__ == "__main__":
    main(*sys.argv[1:])
