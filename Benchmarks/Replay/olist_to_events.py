#!/usr/bin/env python3
"""Turns the orders of the Olist marketplace into Probity's events, in order of time.

    olist_to_events.py FOLDER > events.ndjson

README.md beside this file says which column becomes which event. Rows that
cannot be used are counted on standard error, by reason.
"""

import json
import sys

from marketplace_csv import Dataset, minor, seconds


def read(folder):
    """All events as (time, order in which they are written, event)."""
    data = Dataset(folder)
    persons = {row["customer_id"]: row["customer_unique_id"] for row in data.rows("customers")}
    shares = seller_shares(data)
    orders = {row["order_id"]: row for row in data.rows("orders")}
    events = []
    for order in orders.values():
        buyer = persons.get(order["customer_id"])
        if buyer is None:
            data.fail("orders without a customer")
            continue
        if order["order_id"] not in shares:
            data.fail(f"orders without items (status {order['order_status']})")
            continue
        for seller, share in shares[order["order_id"]].items():
            events += order_events(data, order, buyer, seller, share)
    for review in data.rows("order_reviews"):
        events += review_events(data, review, orders, persons, shares)
    events.sort(key=lambda event: event["at"])
    return events, data


def seller_shares(data):
    """order → seller → amount in minor units and first date by which to hand over."""
    shares = {}
    for item in data.rows("order_items"):
        try:
            amount, limit = minor(item["price"]), seconds(item["shipping_limit_date"])
        except ValueError:
            data.fail("items that do not parse")
            continue
        share = shares.setdefault(item["order_id"], {}).setdefault(
            item["seller_id"], {"amount": 0, "limit": limit})
        share["amount"] += amount
        share["limit"] = min(share["limit"], limit)
    return shares


def order_events(data, order, buyer, seller, share):
    try:
        purchased = seconds(order["order_purchase_timestamp"])
        carried = seconds(order["order_delivered_carrier_date"])
        delivered = seconds(order["order_delivered_customer_date"])
    except ValueError:
        data.fail("orders whose dates do not parse")
        return []
    common = {"buyer": buyer, "merchant": seller, "order": order["order_id"]}
    events = []
    if carried:
        events.append({"type": "pickedUp", "at": carried, **common,
                       "late": carried > share["limit"]})
    status = order["order_status"]
    if status == "delivered" and delivered:
        placed = {"orderedAt": purchased} if purchased <= delivered else {}
        if not placed:
            data.fail("orders delivered before they were placed (kept, without that date)")
        events.append({"type": "settled", "at": delivered, **common, "amount": share["amount"],
                       **placed})
    elif status == "unavailable":
        events.append({"type": "cancelled", "at": purchased, **common, "by": "merchant",
                       "cause": "outOfStock"})
    elif status == "canceled":
        events.append({"type": "cancelled", "at": purchased, **common, "by": "buyer",
                       "cause": "other"})
    else:
        data.fail(f"orders that came to no end (status {status})")
    return events


def review_events(data, review, orders, persons, shares):
    try:
        stars = int(review["review_score"])
        opened = seconds(review["review_creation_date"])
        decided = seconds(review["review_answer_timestamp"])
    except ValueError:
        data.fail("reviews that do not parse")
        return []
    order = orders.get(review["order_id"])
    if order is None or review["order_id"] not in shares:
        data.fail("reviews of orders that are not there, or have no items")
        return []
    if stars > 2:
        return []
    allegation = "defective" if order["order_delivered_customer_date"] else "notReceived"
    events = []
    for seller, share in shares[review["order_id"]].items():
        common = {"buyer": persons[order["customer_id"]], "merchant": seller,
                  "order": review["order_id"], "claim": review["review_id"],
                  "amount": share["amount"], "claimKind": "quality"}
        events.append({"type": "claimOpened", "at": opened, **common, "allegation": allegation})
        events.append({"type": "claimDecided", "at": decided, **common, "verdict": "upheld"})
    return events


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    events, data = read(sys.argv[1])
    for event in events:
        print(json.dumps(event))
    data.report("olist", len(events))


if __name__ == "__main__":
    main()
