"""How much of a figure is luck: the same measure over accounts drawn anew.

Accounts are drawn, not rows: orders of one account resemble each other, and counting
them as independent would make every interval too narrow.
"""

import numpy as np

COUNT = 1_000
SEED = 20_260_301


def weights(accounts, count=COUNT, seed=SEED):
    """For each of `count` draws, how often each row is in it."""
    _, index = np.unique(accounts, return_inverse=True)
    size = int(index.max()) + 1
    generator = np.random.default_rng(seed)
    for _ in range(count):
        drawn = np.bincount(generator.integers(0, size, size), minlength=size)
        yield drawn[index].astype(float)


def aucs(rankings, accounts, count=COUNT, seed=SEED):
    """AUC of each ranking in each draw: draws × rankings. A draw serves all rankings."""
    return np.array([[ranking.auc(drawn) for ranking in rankings]
                     for drawn in weights(accounts, count, seed)])


def interval(values):
    """The middle 95 %, or None where no draw has a value."""
    values = values[~np.isnan(values)]
    if not len(values):
        return None
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def difference(ours, theirs):
    """Interval of ours − theirs draw by draw, and the share of draws in which it is above 0."""
    values = ours - theirs
    values = values[~np.isnan(values)]
    if not len(values):
        return None
    return interval(values), float(np.mean(values > 0))
