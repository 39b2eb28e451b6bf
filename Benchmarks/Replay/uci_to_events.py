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
    events = [event for invoice in invoices.values() if (event := invoice_event(data, invoice))]
    events.sort(key=lambda event: event["at"])
    return events, data


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
        number, {"number": number, "customer": int(float(customer)), "at": at, "amount": 0})
    invoice["amount"] += amount


def invoice_event(data, invoice):
    event = {"at": invoice["at"], "buyer": invoice["customer"], "merchant": 1,
             "order": invoice["number"], "amount": abs(invoice["amount"])}
    if invoice["number"].startswith("C"):
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
