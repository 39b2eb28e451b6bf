"""Converters on a few lines: what becomes of a row, and that none is lost in silence."""

import lzma
import pathlib
import tempfile
import unittest

import datasets
import otc_to_events
import uci_to_events
from otc_to_events import Rating


class Folder(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.folder = pathlib.Path(directory.name)

    def write(self, name, text):
        path = self.folder / name
        data = text.encode()
        path.write_bytes(lzma.compress(data) if name.endswith(".xz") else data)


FIRST = "Invoice,StockCode,Quantity,InvoiceDate,Price,Customer ID\n"
SECOND = "InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID\n"


class UCITests(Folder):
    def read(self, first, second=""):
        self.write("online_retail_2009-2010.csv.xz", FIRST + first)
        self.write("online_retail_2010-2011.csv.xz", SECOND + second)
        return uci_to_events.read(self.folder)

    def orders_of_claims(self, first):
        events, data = self.read(first)
        found = [e.get("order") for e in events if e["type"] == "claimOpened"]
        return found, {reason: count for reason, count in data.failures.items()
                       if reason.startswith("cancelling")}

    def test_a_cancellation_names_the_latest_order_with_its_goods(self):
        found, counts = self.orders_of_claims(
            "100,CUP,2,2010-01-01 10:00:00,1.00,7\n"
            "101,CUP,2,2010-01-02 10:00:00,1.00,7\n"
            "102,PAN,1,2010-01-03 10:00:00,5.00,7\n"
            "C103,CUP,-1,2010-01-04 10:00:00,1.00,7\n")
        self.assertEqual(found, ["101"])
        self.assertEqual(
            counts, {"cancelling invoices of an order with the same goods (kept)": 1})

    def test_without_the_goods_it_names_the_latest(self):
        found, counts = self.orders_of_claims(
            "100,CUP,2,2010-01-01 10:00:00,1.00,7\n"
            "101,PAN,2,2010-01-02 10:00:00,1.00,7\n"
            "C102,MUG,-1,2010-01-04 10:00:00,1.00,7\n")
        self.assertEqual(found, ["101"])
        self.assertEqual(
            list(counts), ["cancelling invoices of the order before, none having the goods (kept)"])

    def test_later_orders_and_those_of_others_are_not_named(self):
        found, counts = self.orders_of_claims(
            "100,CUP,2,2010-01-01 10:00:00,1.00,8\n"
            "C101,CUP,-1,2010-01-04 10:00:00,1.00,7\n"
            "102,CUP,2,2010-01-05 10:00:00,1.00,7\n")
        self.assertEqual(found, [None])
        self.assertEqual(
            counts, {"cancelling invoices with no order before (kept, naming none)": 1})

    def test_rows_that_cannot_be_used_are_counted(self):
        events, data = self.read(
            "100,CUP,two,2010-01-01 10:00:00,1.00,7\n"
            "101,CUP,2,the first,1.00,7\n"
            "102,CUP,2,2010-01-01 10:00:00,1.00,\n"
            "103,CUP,0,2010-01-01 10:00:00,1.00,7\n"
            "104,CUP,2,2010-12-02 10:00:00,1.00,7\n",
            "104,CUP,2,2010-12-02 10:00:00,1.00,7\n")
        self.assertEqual([event["order"] for event in events], ["104"])
        self.assertEqual(data.failures, {
            "lines that do not parse": 2, "lines without a customer": 1,
            "invoices over nothing": 1, "lines that the other file repeats": 1})

    def test_the_year_asks_about_regular_customers(self):
        split = 1_000
        orders = [(1, t) for t in (1, 2, 3, 4, 1_001, 1_002, 1_003, 1_004)]
        orders += [(2, t) for t in (1, 2, 3, 4, 5, 1_001, 1_002, 1_003, 1_004, 1_005)]
        # Customer 3 has too few invoices on one side.
        orders += [(3, t) for t in (1, 2, 3, 4, 5, 1_001)]
        asked = datasets.uci_year([(1, 999), (1, 1_000)] + orders[:0], orders, split)
        self.assertEqual(asked.accounts, ["buyer:1", "buyer:2"])
        self.assertEqual(asked.reference[1], [1 / 4, 0])
        self.assertEqual(asked.outcomes, [1, 0])


class OTCTests(Folder):
    def read(self, ratings, labels=""):
        self.write("otc_network.csv.xz", ratings)
        self.write("otc_gt.csv", labels)
        return otc_to_events.read(self.folder)

    def test_ratings_by_those_with_a_good_label_are_dropped(self):
        ratings, labels, data = self.read(
            "1,5,10,1300000000.5\n2,5,-10,1300000001.5\n3,5,1,1300000002.5\n", "1,+1\n2,-1\n")
        self.assertEqual([r.rater for r in ratings], [2, 3])
        self.assertEqual(labels, {1: 1, 2: -1})
        self.assertEqual(sum(data.failures.values()), 1)

    def test_rows_that_do_not_parse_are_counted(self):
        ratings, _, data = self.read(
            "1,5,3,1300000000\n1,5\n1,5,x,1300000000\n1,5,0,1300000000\n1,5,11,1300000000\n"
            "1,5,3,soon\n1,5,3,nan\n", "1,good\n2\n3,0\n")
        self.assertEqual(len(ratings), 1)
        self.assertEqual(
            data.failures, {"ratings that do not parse": 6, "labels that do not parse": 3})

    def test_ratings_are_numbered_in_order_of_time(self):
        ratings, _, _ = self.read("1,5,3,1300000009.9\n2,5,3,1300000001\n")
        self.assertEqual(
            ratings, [Rating(1, 2, 5, 3, 1_300_000_001), Rating(2, 1, 5, 3, 1_300_000_009)])

    def test_a_negative_rating_is_a_sale_with_its_refund(self):
        events = otc_to_events.events_of([Rating(7, 1, 5, -3, 1_300_000_000)])
        self.assertEqual(
            [event["type"] for event in events], ["settled", "claimOpened", "claimDecided"])
        for event in events:
            self.assertEqual((event["buyer"], event["merchant"], event["order"], event["amount"],
                              event["at"]), ("t1", "t5", 7, 300, 1_300_000_000))
        self.assertEqual(events[-1]["verdict"], "upheld")

    def test_a_positive_rating_is_a_sale(self):
        events = otc_to_events.events_of([Rating(7, 1, 5, 3, 1_300_000_000)])
        self.assertEqual([event["type"] for event in events], ["settled"])

    def test_what_is_said_of_a_rater_is_no_order(self):
        rating = Rating(7, 1, 5, -3, 1_300_000_000)
        plain = len(otc_to_events.events_of([rating]))
        for way, types in (("returns", ["returnInspected"]),
                           ("abuse", ["settled", "claimOpened", "claimDecided"])):
            added = otc_to_events.events_of([rating], way)[plain:]
            self.assertEqual([event["type"] for event in added], types)
            for event in added:
                self.assertEqual(event["buyer"], "t5")
                self.assertNotIn("order", event)

    def test_labels_are_asked_about_when_the_last_rating_is_in(self):
        asked = datasets.otc_labels(
            [Rating(1, 9, 5, 3, 100), Rating(2, 9, 5, -5, 200)], {5: -1, 6: 1})
        self.assertEqual((asked.accounts, asked.outcomes), (["merchant:t5"], [1]))
        self.assertEqual(asked.at, [201])
        self.assertEqual(asked.reference[1], [1.0])


if __name__ == "__main__":
    unittest.main()
