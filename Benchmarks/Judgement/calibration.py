"""Makes a probability of a mark that is none."""

import numpy as np
from sklearn.linear_model import LogisticRegression


def calibrate(marks, outcome):
    """From marks to probabilities: a logistic curve in one variable, of most likelihood."""
    marks = np.asarray(marks, float)
    middle, scale = marks.mean(), marks.std() or 1.0
    model = LogisticRegression(C=1e6).fit(((marks - middle) / scale)[:, None], outcome)

    def probability(values):
        values = (np.asarray(values, float) - middle) / scale
        return model.predict_proba(values[:, None])[:, 1]

    return probability
