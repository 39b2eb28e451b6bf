"""The tables that `probity policy judge` writes: one row an order or a question."""

import csv
import dataclasses

import numpy as np

INTEGERS = {"asked": np.int64, "known": np.int64, "account": np.uint64, "order": np.uint64,
            "outcome": np.int64, "events": np.int64}
REALS = ("score", "floor", "probability")
COUNTERS = 10


@dataclasses.dataclass
class Rows:
    """Columns of equal length, in the order of the file."""

    part: np.ndarray
    asked: np.ndarray
    known: np.ndarray
    account: np.ndarray
    order: np.ndarray
    outcome: np.ndarray
    score: np.ndarray
    floor: np.ndarray
    probability: np.ndarray
    events: np.ndarray
    evidence: np.ndarray
    days: np.ndarray
    idle: np.ndarray
    counters: list

    def __len__(self):
        return len(self.asked)

    def take(self, which):
        """The rows that a mask or a list of positions chooses."""
        return dataclasses.replace(self, **{
            field.name: getattr(self, field.name)[which]
            for field in dataclasses.fields(self) if field.name != "counters"})


def read(path):
    """The table at `path`; an error that names the line, where it is not as it should be."""
    with open(path, encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        header = next(reader, [])
        lines = list(reader)
    missing = [name for name in ("part", *INTEGERS, *REALS, "days", "idle") if name not in header]
    if missing:
        raise ValueError(f"{path}: no column {', '.join(missing)}")
    at = header.index("events") + 1
    counters = header[at:at + COUNTERS]
    if header[at + COUNTERS:] != ["days", "idle"]:
        raise ValueError(f"{path}: ten counters, days and idle must follow events")
    for number, line in enumerate(lines, 2):
        if len(line) != len(header):
            raise ValueError(f"{path}: line {number} has {len(line)} fields, not {len(header)}")
    columns = dict(zip(header, zip(*lines))) if lines else {name: () for name in header}
    return make(path, columns, counters)


def make(path, columns, counters):
    def column(name, kind):
        try:
            return np.array([kind(value) for value in columns[name]], kind)
        except ValueError as error:
            raise ValueError(f"{path}: column {name}: {error}") from error

    # A question's outcome may be known at no moment that anybody told.
    columns["known"] = [k or a for k, a in zip(columns["known"], columns["asked"])]
    for name in ("days", "idle"):
        columns[name] = [value or "nan" for value in columns[name]]
    evidence = [column(name, np.float64) for name in counters]
    return Rows(
        part=np.array(columns["part"], dtype=str), counters=counters,
        evidence=np.column_stack(evidence),
        **{name: column(name, kind) for name, kind in INTEGERS.items()},
        **{name: column(name, np.float64) for name in (*REALS, "days", "idle")})


def require_same(a, b):
    """Both tables must ask the same: only what is forecast may differ."""
    for name in ("part", "asked", "account", "order", "outcome"):
        if len(a) != len(b) or (getattr(a, name) != getattr(b, name)).any():
            raise ValueError(f"two judgements of the same events differ in `{name}`")
