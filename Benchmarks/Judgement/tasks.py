"""What each dataset is asked, answered by Probity and by its rivals alike."""

import dataclasses
import sys

import numpy as np

import regression
import rivals
import rows as tables
import trust
from history import History

# Families of forecasters, as reports name them.
OURS, CONSTANT, OFFLINE = ORDER = "ours", "constant", "offline"
DEFAULT, FITTED = "default policy", "fitted policy"


@dataclasses.dataclass
class Forecast:
    name: str
    family: str
    # Higher where worse.
    marks: np.ndarray
    # None where the question is not about an order.
    probability: np.ndarray
    settings: dict


@dataclasses.dataclass
class Task:
    """Questions with all answers to them, ready to be measured."""

    dataset: str
    name: str
    title: str
    bad: str
    # Rows by what became of them.
    sizes: dict
    rows: tables.Rows
    forecasts: list
    # A name and marks, or None.
    reference: tuple = None


def progress(text):
    print(text, file=sys.stderr, flush=True)


class Examination:
    """A dataset: Probity's judgements of its orders, and rivals fitted to the first part."""

    def __init__(self, dataset, probity):
        self.dataset, self.probity = dataset, probity
        self.events = probity.write_events(dataset.events)
        outcome = dataset.outcome_options()
        progress(f"{dataset.name}: fitting a policy to {len(dataset.events)} events")
        self.fitted, self.options = probity.fit(self.events, outcome)
        progress(f"{dataset.name}: judging every order")
        self.rows = {DEFAULT: probity.judge(self.events, outcome, []),
                     FITTED: probity.judge(self.events, outcome, self.options)}
        tables.require_same(*self.rows.values())
        self._prepare()
        progress(f"{dataset.name}: fitting rivals to {len(self.known)} orders")
        self._fit()

    def _prepare(self):
        """What was known when, and which orders are learnt from and which are judged."""
        dataset, all_rows = self.dataset, self.rows[FITTED]
        self.known = np.flatnonzero(all_rows.part == "fit")
        # What would be known only after the data ends, may yet go wrong.
        is_open = all_rows.known > dataset.end()
        self.judged = np.flatnonzero((all_rows.part == "judge") & ~is_open)
        gap = (all_rows.part == "gap") & ~is_open
        self.sizes = {"fit": len(self.known), "gap": int(gap.sum()), "judge": len(self.judged),
                      "open": int(is_open.sum())}
        if min(len(self.known), len(self.judged)) == 0:
            raise ValueError(f"{dataset.name}: no order to learn from, or none to judge")
        ratings = dataset.ratings
        if ratings is not None and not np.isin(all_rows.order, [r.order for r in ratings]).all():
            raise ValueError(f"{dataset.name}: an order was judged that is no rating")
        self.history = History(all_rows.account, all_rows.known, all_rows.outcome)
        self.tallies = None
        if dataset.incidents is not None:
            self.tallies = [History(*zip(*side), np.ones(len(side)))
                            for side in (dataset.incidents, dataset.placed)]

    def sight(self, accounts, asked, traders=None):
        """What rivals may look at: `traders` are the accounts' own numbers in the ratings."""
        found = rivals.Sight(self.history.before(accounts, asked))
        if self.tallies:
            found.incidents, found.placed = (t.before(accounts, asked) for t in self.tallies)
        if self.dataset.ratings is not None:
            found.trust = trust.Trust(self.dataset.ratings, traders, asked)
        return found

    def order_sight(self, which):
        chosen = self.rows[FITTED].take(which)
        traders = None
        if self.dataset.ratings is not None:
            # Orders are numbered as the ratings are, from 1.
            traders = [self.dataset.ratings[int(order) - 1].ratee for order in chosen.order]
        return self.sight(chosen.account, chosen.asked, traders)

    def _fit(self):
        known = {name: rows.take(self.known) for name, rows in self.rows.items()}
        outcome = known[FITTED].outcome
        options = rivals.candidates(outcome.mean(), bool(self.tallies))
        if self.dataset.ratings is not None:
            early = [self.dataset.ratings[int(order) - 1].value for order in known[FITTED].order]
            options += trust.candidates(np.mean(early))
        self.rivals = rivals.fit(options, self.order_sight(self.known), outcome)
        self.trained = [regression.train_regression(known), regression.train_boosting(known)]

    def forecasts(self, answers, sight, is_about_orders):
        """Ours and all rivals' on the same questions."""
        found = [Forecast(name, OURS, -rows.score, rows.probability, {})
                 for name, rows in reversed(answers.items())]
        found += [Forecast(r.candidate.name, r.candidate.family, *r.forecast(sight),
                           r.candidate.settings) for r in self.rivals]
        found += [Forecast(t.name, OFFLINE, *t.forecast(answers), t.settings)
                  for t in self.trained]
        if not is_about_orders:
            found = [dataclasses.replace(f, probability=None) for f in found]
        return sorted(found, key=lambda forecast: ORDER.index(forecast.family))

    def order_task(self):
        answers = {name: rows.take(self.judged) for name, rows in self.rows.items()}
        return Task(
            self.dataset.name, "orders", self.dataset.question, self.dataset.bad, self.sizes,
            answers[FITTED], self.forecasts(answers, self.order_sight(self.judged), True))

    def question_task(self):
        asked = self.dataset.questions
        lines = asked.lines()
        progress(f"{self.dataset.name}: asking about {len(lines)} accounts")
        answers = {DEFAULT: self.probity.ask(self.events, lines, []),
                   FITTED: self.probity.ask(self.events, lines, self.options)}
        rows = answers[FITTED]
        sight = self.sight(rows.account, rows.asked, asked.subjects)
        return Task(
            self.dataset.name, asked.name, asked.title, asked.bad, {"judge": len(lines)}, rows,
            self.forecasts(answers, sight, False),
            (asked.reference[0], np.array(asked.reference[1])))
