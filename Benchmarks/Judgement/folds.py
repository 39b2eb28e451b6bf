"""Questions about accounts whose answers have no time: each is foreseen from the others'.

The accounts are parted into folds. For each fold everything that is learnt, ours and
rivals', is learnt from the answers of the other folds; the forecasts are put together.
"""

import dataclasses

import numpy as np

import regression
import rivals
import trust
from tasks import DEFAULT, FITTED, ORDER, OURS, OFFLINE, Forecast, Task, progress

FOLDS = 10
SEED = 20_260_301


def parted(count, folds=FOLDS, seed=SEED):
    """The positions in each fold: as many in each as can be, drawn once."""
    return np.array_split(np.random.default_rng(seed).permutation(count), folds)


class FoldedExamination:
    """The questions of a dataset, answered fold by fold."""

    def __init__(self, examination):
        self.examination, self.probity = examination, examination.probity
        self.asked = examination.dataset.questions
        self.outcome = np.array(self.asked.outcomes)
        self.subjects = np.array(self.asked.subjects)
        # With the built-in policy, which learns nothing.
        self.answered = self.probity.ask(examination.events, self.asked.lines(), [])
        self.forecasts = {}

    def task(self):
        progress(f"{self.examination.dataset.name}: {len(self.outcome)} accounts in "
                 f"{FOLDS} folds")
        everyone = np.arange(len(self.outcome))
        self._note(DEFAULT, OURS, everyone, -self.answered.score, None, {})
        for which in parted(len(self.outcome)):
            self._fold(np.setdiff1d(everyone, which), which)
        # Scores of different fits do not compare; their chances do.
        score = np.round(1000 * (1 - self.forecasts[FITTED].probability))
        rows = dataclasses.replace(self.answered, score=score, floor=score)
        found = sorted(self.forecasts.values(), key=lambda forecast: (
            ORDER.index(forecast.family), forecast.name == DEFAULT))
        name, marks = self.asked.reference
        return Task(self.examination.dataset.name, self.asked.name, self.asked.title,
                    self.asked.bad, {"judge": len(self.outcome)}, rows, found,
                    (name, np.array(marks)))

    def _fold(self, others, which):
        """Learns from the answers of `others` and forecasts `which`."""
        lines = self.asked.lines()
        events = self.examination.events
        fitted, options = self.probity.fit_answers(events, [lines[i] for i in others])
        rows = self.probity.ask(events, lines, options)
        settings = {name: fitted[name] for name in ("halfLifeDays", "equalWords")}
        self._note(FITTED, OURS, which, None, rows.probability[which], settings)
        self._rivals(others, which)
        known, asked = ({FITTED: rows.take(part)} for part in (others, which))
        for train in (regression.train_regression, regression.train_boosting):
            trained = train(known)
            self._note(trained.name, OFFLINE, which, *trained.forecast(asked), trained.settings)

    def _sight(self, which):
        return self.examination.sight(
            self.answered.account[which], self.answered.asked[which], self.subjects[which])

    def _rivals(self, others, which):
        known = self._sight(others)
        bad, count = known.orders.counts()
        total, rated = known.trust.received()
        options = rivals.candidates(bad.sum() / count.sum(), False)
        options += trust.candidates(total.sum() / rated.sum())
        # None of them says what is asked: it is turned into chances of that.
        options = [dataclasses.replace(option, is_probability=False) for option in options]
        sight = self._sight(which)
        for rival in rivals.fit(options, known, self.outcome[others]):
            _, probability = rival.forecast(sight)
            self._note(rival.candidate.name, rival.candidate.family, which, None, probability,
                       rival.candidate.settings)

    def _note(self, name, family, which, marks, probability, settings):
        """What one forecaster says of one fold: marks of different folds compare as chances.

        The settings are those of the last fold.
        """
        size = len(self.outcome)
        empty = None if probability is None else np.zeros(size)
        forecast = self.forecasts.setdefault(
            name, Forecast(name, family, np.zeros(size), empty, settings))
        forecast.settings = settings
        forecast.marks[which] = probability if marks is None else marks
        if probability is not None:
            forecast.probability[which] = probability
