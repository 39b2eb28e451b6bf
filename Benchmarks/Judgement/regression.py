"""Rivals that are trained offline on all evidence: how far one gets if nobody asks why.

A logistic regression is the ceiling of a scorecard: it may weigh every counter and every
rate as it likes, and it need not explain itself. Boosted trees may combine them too.
"""

import dataclasses

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import measures

PENALTIES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 10.0)
TREES_MAX = 400
# The latest quarter of the known orders decides on settings.
HELD_OUT = 0.25


def counters(rows):
    """Evidence as it is, and each counter's rate: of orders, or of value where it is value."""
    orders, value = rows.evidence[:, 0], rows.evidence[:, 1]
    rates = []
    for name, counter in zip(rows.counters[2:], rows.evidence[:, 2:].T):
        if name.startswith("value"):
            # In orders of the account's mean value, so that small shops are shrunk alike.
            mean = np.maximum(value, 1e-9) / np.maximum(orders, 1e-9)
            counter = np.where(value > 0, counter / mean, (counter > 0) * 1.0)
        rates.append(np.log((counter + 0.1) / (orders + 1)))
    return rows.evidence, np.column_stack(rates)


def linear_features(rows):
    evidence, rates = counters(rows)
    is_new = np.isnan(rows.days)
    days, idle = (np.nan_to_num(column, nan=0.0) for column in (rows.days, rows.idle))
    return np.column_stack([
        np.log1p(evidence), rates, np.log1p(days), np.log1p(idle), days / 365, idle / 365,
        np.log1p(rows.events), is_new])


def tree_features(rows):
    evidence, rates = counters(rows)
    return np.column_stack([evidence, rates, rows.days, rows.idle, rows.events])


def split_by_time(rows):
    """Positions to train on and to choose by: the first were known before the second began."""
    order = np.argsort(rows.asked, kind="stable")
    begin = rows.asked[order[int(len(order) * (1 - HELD_OUT))]]
    return np.flatnonzero(rows.known < begin), np.flatnonzero(rows.asked >= begin)


@dataclasses.dataclass
class Trained:
    """A model with its settings, and which of the tables of evidence it reads."""

    name: str
    settings: dict
    table: str
    features: object
    model: object

    def forecast(self, tables):
        probability = self.model.predict_proba(self.features(tables[self.table]))[:, 1]
        return probability, probability


def logistic(penalty):
    return make_pipeline(StandardScaler(), LogisticRegression(C=penalty, max_iter=5_000))


def train_regression(tables):
    """
    - tables: the known orders with evidence as each policy keeps it, by name; half-lives
      differ, and which is best is left to the held-out orders
    """
    tried = []
    for name, rows in tables.items():
        train, held = split_by_time(rows)
        features = linear_features(rows)
        for penalty in PENALTIES:
            model = logistic(penalty).fit(features[train], rows.outcome[train])
            loss = measures.log_loss(
                model.predict_proba(features[held])[:, 1], rows.outcome[held])
            tried.append((loss, len(tried), name, penalty))
    _, _, name, penalty = min(tried)
    rows = tables[name]
    model = logistic(penalty).fit(linear_features(rows), rows.outcome)
    return Trained("logistic regression", {"evidence": name, "C": penalty}, name,
                   linear_features, model)


def boosting(trees):
    return HistGradientBoostingClassifier(
        max_depth=3, learning_rate=0.05, max_iter=trees, early_stopping=False, random_state=1)


def train_boosting(tables):
    """Stops where the held-out orders are foreseen best, then learns from all as long."""
    tried = []
    for name, rows in tables.items():
        train, held = split_by_time(rows)
        features = tree_features(rows)
        model = boosting(TREES_MAX).fit(features[train], rows.outcome[train])
        stages = model.staged_predict_proba(features[held])
        for trees, stage in enumerate(stages, 1):
            tried.append((measures.log_loss(stage[:, 1], rows.outcome[held]), trees, name))
    _, trees, name = min(tried)
    rows = tables[name]
    model = boosting(trees).fit(tree_features(rows), rows.outcome)
    return Trained("gradient boosting", {"evidence": name, "trees": trees}, name,
                   tree_features, model)
