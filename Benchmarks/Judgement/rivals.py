"""Rivals that keep a few numbers an account: what one would otherwise write in an afternoon.

Each sees only what was known before the question. Its settings are those that were most
likely in the orders whose outcomes were known before the split, out of a small grid.
"""

import dataclasses
import typing

import numpy as np

import measures
from calibration import calibrate

STRENGTHS = (0.5, 1, 2, 4, 8, 16, 32, 64)
LAST = (5, 10, 20)
HALF_LIVES = (30, 60, 90, 180, 360, 720)
NEVER = 1e9
DEVIATIONS = 1.96


@dataclasses.dataclass
class Sight:
    """What a rival may look at to answer some questions."""

    # How past orders went, as far as it is known.
    orders: object
    # Incidents and orders as they came, where one is told long before the other.
    incidents: object = None
    placed: object = None
    # By account: what rivals that know who rates whom need.
    trust: object = None


@dataclasses.dataclass
class Candidate:
    """A rival with its settings."""

    name: str
    settings: dict
    # From a `Sight` to marks that are higher where worse.
    mark: typing.Callable
    is_probability: bool = True
    family: str = "constant"


def smoothed(pair, strength, mean):
    """A rate, shrunk to the mean as if `strength` orders of that rate had been seen."""
    bad, total = pair
    return (bad + strength * mean) / (total + strength)


def wilson(pair, z=DEVIATIONS):
    """Upper bound of a rate: 1 where nothing was seen.

    Source: Wilson, Probable inference, JASA 1927.
    """
    bad, total = (np.asarray(side, float) for side in pair)
    n = np.maximum(total, 1e-9)
    rate = bad / n
    middle = rate + z * z / (2 * n)
    spread = z * np.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    return np.where(total > 0, np.minimum((middle + spread) / (1 + z * z / n), 1.0), 1.0)


def candidates(mean, has_tallies):
    """All rivals of this kind with all their settings; `mean` is the share that goes wrong."""
    found = [Candidate("Wilson bound of the past rate", {"z": DEVIATIONS},
                       lambda s: wilson(s.orders.counts()), is_probability=False)]
    for m in STRENGTHS:
        found.append(Candidate("past rate, smoothed", {"strength": m},
                               lambda s, m=m: smoothed(s.orders.counts(), m, mean)))
        for n in LAST:
            found.append(Candidate("rate of the last orders", {"last": n, "strength": m},
                                   lambda s, m=m, n=n: smoothed(s.orders.last(n), m, mean)))
        for h in HALF_LIVES:
            found.append(Candidate(
                "beta reputation, forgetting", {"halfLifeDays": h, "strength": m},
                lambda s, m=m, h=h: smoothed(s.orders.faded(h), m, mean)))
        for h in (*HALF_LIVES, NEVER) if has_tallies else ():
            found.append(Candidate(
                "incidents per order as they come", {"halfLifeDays": h, "strength": m},
                lambda s, m=m, h=h: tally(s, h, m, mean), is_probability=False))
    return found


def tally(sight, half_life, strength, mean):
    """Logarithm of incidents per order placed; there may be more of these than orders."""
    incidents, _ = sight.incidents.faded(half_life)
    _, placed = sight.placed.faded(half_life)
    return np.log(smoothed((incidents, placed), strength, mean))


class Fitted:
    """A rival as it was most likely in the past."""

    def __init__(self, options, sight, outcome):
        """Chooses among `options`, settings of one rival, by the log loss on known orders."""
        losses = []
        for option in options:
            marks = option.mark(sight)
            turn = (lambda m: m) if option.is_probability else calibrate(marks, outcome)
            losses.append((measures.log_loss(turn(marks), outcome), len(losses), option, turn))
        self.log_loss, _, self.candidate, self.turn = min(losses, key=lambda entry: entry[:2])

    def forecast(self, sight):
        """(marks, probabilities) of other questions."""
        marks = self.candidate.mark(sight)
        return marks, self.turn(marks)


def fit(options, sight, outcome):
    """A `Fitted` for each name among the candidates, in order of first mention."""
    names = list(dict.fromkeys(option.name for option in options))
    return [Fitted([o for o in options if o.name == name], sight, outcome) for name in names]
