"""Rivals that read ratings between traders: the mean received, and fairness and goodness."""

import numpy as np

from history import DAY, History
from rivals import Candidate, smoothed

RATING_MAX = 10
STRENGTHS = (0, 0.5, 1, 2, 5, 10)
# What a trader without a rating is taken for, beside the mean of all ratings.
STRANGERS = (1, 0.5, 0)
# Goodness is worked out anew so often, from all ratings: generous to what is offline.
EVERY_DAYS = 1
ROUNDS_MAX = 100


def fairness_goodness(rater, ratee, value, traders):
    """Goodness of each trader, −1…1, NaN where nobody rated it; and fairness, 0…1.

    A trader is good as far as fair raters say so, and fair as far as its ratings are
    near the goodness of whom it rates.
    Source: Kumar, Spezzano, Subrahmanian, Faloutsos: Edge Weight Prediction in Weighted
    Signed Networks, ICDM 2016.
    """
    weight = np.asarray(value, float) / RATING_MAX
    given, received = (np.bincount(side, minlength=traders) for side in (rater, ratee))
    fairness = np.ones(traders)
    goodness = np.where(received > 0, 1.0, np.nan)
    for _ in range(ROUNDS_MAX):
        before = goodness
        total = np.bincount(ratee, fairness[rater] * weight, traders)
        goodness = np.divide(total, received, out=np.full(traders, np.nan), where=received > 0)
        off = np.bincount(rater, np.abs(weight - goodness[ratee]) / 2, traders)
        fairness = 1 - np.divide(off, given, out=np.zeros(traders), where=given > 0)
        if np.nanmax(np.abs(goodness - before), initial=0) < 1e-6:
            break
    return goodness, fairness


class Trust:
    """What ratings said of traders at the moments they were asked about."""

    def __init__(self, ratings, traders, asked):
        """
        - ratings: with rater, ratee, value and at, in order of time
        - traders, asked: of each question
        """
        self.at = np.array([r.at for r in ratings])
        self.rater, self.ratee, self.value = (
            np.array([getattr(r, name) for r in ratings]) for name in ("rater", "ratee", "value"))
        self.traders, self.asked = np.asarray(traders), np.asarray(asked)
        self.found_goodness = None

    def received(self):
        """Sum and number of the ratings that each had before it was asked about."""
        return History(self.ratee, self.at, self.value).before(self.traders, self.asked).counts()

    def goodness(self):
        """By the latest working out before the question; NaN where there was no rating.

        It is worked out at the first question, and at the first after each so many days.
        """
        if self.found_goodness is None:
            self.found_goodness = self._goodness()
        return self.found_goodness

    def _goodness(self):
        size = int(max(self.rater.max(), self.ratee.max(), self.traders.max())) + 1
        found, due, goodness = np.full(len(self.asked), np.nan), -1, None
        for i in np.argsort(self.asked, kind="stable"):
            if self.asked[i] >= due:
                known = self.at < self.asked[i]
                goodness, _ = fairness_goodness(
                    self.rater[known], self.ratee[known], self.value[known], size)
                due = self.asked[i] + EVERY_DAYS * DAY
            found[i] = goodness[self.traders[i]]
        return found


def candidates(mean):
    """`mean` is that of the ratings before the split."""
    found = []
    for stranger in (mean, *STRANGERS):
        for m in STRENGTHS:
            found.append(Candidate(
                "mean received rating", {"strength": m, "stranger": round(float(stranger), 3)},
                lambda s, m=m, z=stranger: -mean_received(s.trust, m, z), is_probability=False))
        found.append(Candidate(
            "fairness and goodness",
            {"everyDays": EVERY_DAYS, "stranger": round(float(stranger), 3)},
            lambda s, z=stranger: -known_goodness(s.trust, z / RATING_MAX),
            is_probability=False, family="offline"))
    return found


def mean_received(trust, strength, stranger):
    """In mean, as if `strength` ratings had said what a stranger is taken for."""
    total, count = trust.received()
    rated = smoothed((total, np.maximum(count, 0 if strength else 1)), strength, stranger)
    return np.where(count > 0, rated, stranger)


def known_goodness(trust, stranger):
    goodness = trust.goodness()
    return np.where(np.isnan(goodness), stranger, goodness)
