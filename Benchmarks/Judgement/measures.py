"""How good forecasts were: what each measure is, for marks that are higher where worse.

Where marks or probabilities are equal, their rows count as one group, so that no
measure depends on the order in which equals happen to stand.
"""

import numpy as np

BINS = 10
WORST_SHARE = 0.1


class Ranking:
    """Rows in the order of their marks, made once and weighed often."""

    def __init__(self, marks, outcome):
        marks = np.asarray(marks, float)
        if not np.isfinite(marks).all():
            raise ValueError("a mark that is no number cannot be ranked")
        self.order = np.argsort(marks, kind="stable")
        ordered = marks[self.order]
        self.starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        self.is_bad = np.asarray(outcome, bool)[self.order]

    def groups(self, weights=None):
        """Weight of the good and of the bad with each mark, from the lowest mark up."""
        weights = np.ones(len(self.order)) if weights is None else weights[self.order]
        bad = np.add.reduceat(np.where(self.is_bad, weights, 0.0), self.starts)
        return np.add.reduceat(weights, self.starts) - bad, bad

    def auc(self, weights=None):
        """Odds that a bad row is marked higher than a good one; ties count half.

        NaN where one of the two kinds is not there.
        """
        good, bad = self.groups(weights)
        pairs = good.sum() * bad.sum()
        if pairs == 0:
            return float("nan")
        below = np.cumsum(good) - good
        return float((bad * (below + good / 2)).sum() / pairs)

    def average_precision(self):
        """Mean precision at each bad row found, going from the highest mark down."""
        good, bad = (side[::-1] for side in self.groups())
        if bad.sum() == 0:
            return float("nan")
        found = np.cumsum(bad)
        return float((bad / bad.sum() * found / (found + np.cumsum(good))).sum())

    def lift(self, share=WORST_SHARE):
        """Share of bad rows among the worst `share` of all, over their share in all.

        Of a group that the line cuts through, its mean counts.
        """
        good, bad = (side[::-1] for side in self.groups())
        if bad.sum() == 0:
            return float("nan")
        size = good + bad
        room = share * size.sum() - (np.cumsum(size) - size)
        taken = np.clip(room, 0, size)
        return float((taken * bad / size).sum() / bad.sum() / share)

    def roc(self):
        """Points (share of good, share of bad) marked at least so high, from none to all."""
        good, bad = (np.cumsum(side[::-1]) for side in self.groups())
        return np.column_stack([np.r_[0, good / good[-1]], np.r_[0, bad / bad[-1]]])


def brier(probability, outcome):
    """Mean square of what the forecasts were off."""
    return float(np.mean((np.asarray(probability) - np.asarray(outcome)) ** 2))


def log_loss(probability, outcome):
    """Mean surprise: what parameters are chosen by."""
    p = np.clip(probability, 1e-6, 1 - 1e-6)
    return float(-np.mean(np.where(np.asarray(outcome, bool), np.log(p), np.log(1 - p))))


def reliability(probability, outcome, bins=BINS):
    """(rows, mean forecast, share that went wrong) in bins of equally many rows.

    Rows with the same forecast share the mean of their outcomes before they are cut
    into bins.
    """
    probability, outcome = np.asarray(probability, float), np.asarray(outcome, float)
    order = np.argsort(probability, kind="stable")
    values, group = np.unique(probability[order], return_inverse=True)
    shared = np.bincount(group, outcome[order]) / np.bincount(group)
    pieces = np.array_split(np.arange(len(order)), min(bins, len(order)))
    return [(len(piece), float(values[group[piece]].mean()), float(shared[group[piece]].mean()))
            for piece in pieces]


def calibration_error(probability, outcome, bins=BINS):
    """ECE: how far forecast and outcome are apart in a bin, in the mean over all rows."""
    table = reliability(probability, outcome, bins)
    return sum(rows * abs(mean - share) for rows, mean, share in table) / len(probability)
