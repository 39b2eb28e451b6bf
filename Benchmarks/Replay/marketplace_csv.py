"""Rows of a dataset's compressed CSV files, with every row that does not parse counted."""

import calendar
import csv
import lzma
import pathlib
import sys
import time


class Dataset:
    """Files of one folder; `failures` maps a reason to a number of rows."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.failures = {}

    def rows(self, name):
        """The rows of NAME.csv.xz as dictionaries."""
        with lzma.open(self.folder / f"{name}.csv.xz", "rt", encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)

    def fail(self, reason):
        self.failures[reason] = self.failures.get(reason, 0) + 1

    def report(self, name, events):
        """Says on standard error what was made of the dataset."""
        print(f"{name}: {events} events", file=sys.stderr)
        for reason, count in sorted(self.failures.items()):
            print(f"{name}: {count} × {reason}", file=sys.stderr)


def seconds(text):
    """UTC seconds of "2018-03-01 12:00:00", or None for an empty field."""
    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%d %H:%M:%S")) if text else None


def minor(text):
    """Minor units of "12.34"."""
    return round(float(text) * 100)
