#!/usr/bin/env python3
"""Turns the invoices of a wholesaler (UCI Online Retail II) into Probity's events.

    uci_to_events.py FOLDER > events.ndjson

README.md beside this file says which column becomes which event. Rows that
cannot be used are counted on standard error, by reason.
"""

import json
import sys

from marketplace_csv import Dataset, minor, seconds

# The two files overlap from 1 to 9 December 2010: that copy is dropped from the first.
OVERLAP_START = seconds("2010-12-01 00:00:00")


def read(folder):
    data = Dataset(folder)
    invoices = {}
    for name, until in [("online_retail_2009-2010", OVERLAP_START), ("online_retail_2010-2011", None)]:
        for row in data.rows(name):
            add_line(data, invoices, row, until)
    invoices = sorted(invoices.values(), key=lambda invoice: (invoice["at"], invoice["number"]))
    name_orders(data, invoices)
    return [event for invoice in invoices if (event := invoice_event(data, invoice))], data


def add_line(data, invoices, row, until):
    """Adds an invoice line to its invoice; the two files name their columns differently."""
    number = row.get("Invoice") or row.get("InvoiceNo")
    customer = row.get("Customer ID") or row.get("CustomerID")
    try:
        at = seconds(row["InvoiceDate"])
        amount = minor(row.get("Price") or row.get("UnitPrice")) * int(row["Quantity"])
    except (TypeError, ValueError):
        data.fail("lines that do not parse")
        return
    if until and at >= until:
        data.fail("lines that the other file repeats")
        return
    if not customer:
        data.fail("lines without a customer")
        return
    invoice = invoices.setdefault(
        number, {"number": number, "order": {"order": number}, "customer": int(float(customer)),
                 "at": at, "amount": 0, "goods": set()})
    invoice["amount"] += amount
    invoice["goods"].add(row["StockCode"])


def is_cancelling(invoice):
    return invoice["number"].startswith("C")


def name_orders(data, invoices):
    """Gives each cancelling invoice the order it is most likely about.

    The data does not say. It is the customer's latest order before it with any of its
    goods, else the latest of all. With none before it, it names none: under a number of
    its own it would be an order that nobody placed. How many there are of each is
    reported with the rows that cannot be used.
    """
    orders = {}
    for invoice in invoices:
        earlier = orders.setdefault(invoice["customer"], [])
        if not is_cancelling(invoice):
            if invoice["amount"] > 0:
                earlier.append(invoice)
            continue
        same = next((o for o in reversed(earlier) if o["goods"] & invoice["goods"]), None)
        if same:
            data.fail("cancelling invoices of an order with the same goods (kept)")
        elif earlier:
            data.fail("cancelling invoices of the order before, none having the goods (kept)")
        else:
            data.fail("cancelling invoices with no order before (kept, naming none)")
        found = same or (earlier[-1] if earlier else None)
        invoice["order"] = found["order"] if found else {}


def invoice_event(data, invoice):
    event = {"at": invoice["at"], "buyer": invoice["customer"], "merchant": 1, **invoice["order"],
             "amount": abs(invoice["amount"])}
    if is_cancelling(invoice):
        return {"type": "claimOpened", **event, "claimKind": "quality", "allegation": "other"}
    if invoice["amount"] <= 0:
        data.fail("invoices over nothing")
        return None
    return {"type": "settled", **event}


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    events, data = read(sys.argv[1])
    for event in events:
        print(json.dumps(event))
    data.report("uci", len(events))


if __name__ == "__main__":
    main()
