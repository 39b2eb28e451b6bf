"""Rivals on histories made by hand, and that none of them sees what came later."""

import unittest

import numpy as np

import rivals
import trust
from history import DAY, History
from otc_to_events import Rating
from rivals import Candidate, Sight


def history(entries):
    """Of (account, day, went wrong)."""
    return History(*zip(*[(a, d * DAY, w) for a, d, w in entries]))


def asked(past, account, day):
    return past.before([account], [day * DAY])


def mark(name, settings, sight, mean=0.1):
    """What a rival of that name and settings says."""
    options = rivals.candidates(mean, sight.incidents is not None)
    [option] = [o for o in options if o.name == name and o.settings == settings]
    return option.mark(sight)


class HistoryTests(unittest.TestCase):
    past = history([(1, 10, 1), (1, 30, 0), (1, 20, 0), (2, 5, 1)])

    def test_what_is_known_later_is_not_seen(self):
        for day, counts in ((10, (0, 0)), (11, (1, 1)), (20, (1, 1)), (21, (1, 2)), (31, (1, 3))):
            bad, total = asked(self.past, 1, day).counts()
            self.assertEqual((bad[0], total[0]), counts, f"day {day}")

    def test_accounts_are_kept_apart(self):
        bad, total = self.past.before([2, 1, 3, 0, (1 << 64) - 1], [99 * DAY] * 5).counts()
        self.assertEqual(bad.tolist(), [1, 1, 0, 0, 0])
        self.assertEqual(total.tolist(), [1, 3, 0, 0, 0])

    def test_latest_are_the_latest_known(self):
        bad, total = asked(self.past, 1, 99).last(2)
        self.assertEqual((bad[0], total[0]), (0, 2))

    def test_fading(self):
        bad, total = asked(self.past, 1, 40).faded(10)
        self.assertAlmostEqual(bad[0], 1 / 8)
        self.assertAlmostEqual(total[0], 1 / 8 + 1 / 4 + 1 / 2)

    def test_fading_stops_at_the_question(self):
        bad, total = asked(self.past, 1, 20).faded(10)
        self.assertAlmostEqual(bad[0], 1 / 2)
        self.assertAlmostEqual(total[0], 1 / 2)


class RivalTests(unittest.TestCase):
    def sight(self, day=99):
        past = history([(1, d, d % 4 == 0) for d in range(1, 9)])
        return Sight(asked(past, 1, day))

    def test_past_rate(self):
        self.assertAlmostEqual(
            mark("past rate, smoothed", {"strength": 2}, self.sight())[0], 2.2 / 10)

    def test_rate_of_the_last_orders(self):
        settings = {"last": 5, "strength": 1}
        self.assertAlmostEqual(
            mark("rate of the last orders", settings, self.sight())[0], 2.1 / 6)

    def test_beta_reputation(self):
        past = history([(1, 0, 1), (1, 30, 0)])
        settings = {"halfLifeDays": 30, "strength": 1}
        found = mark("beta reputation, forgetting", settings, Sight(asked(past, 1, 60)))
        self.assertAlmostEqual(found[0], (0.25 + 0.1) / (0.75 + 1))

    def test_wilson_bound(self):
        # By the published formula for 1 of 10 at z = 1.96.
        self.assertAlmostEqual(rivals.wilson(([1], [10]))[0], 0.4042, 4)
        self.assertEqual(rivals.wilson(([0], [0]))[0], 1)
        self.assertLess(rivals.wilson(([0], [100]))[0], rivals.wilson(([0], [10]))[0])

    def test_incidents_as_they_come(self):
        claims, orders = history([(1, 5, 1), (1, 50, 1)]), history([(1, 1, 1), (1, 2, 1)])
        sight = Sight(asked(orders, 1, 9), asked(claims, 1, 9), asked(orders, 1, 9))
        settings = {"halfLifeDays": rivals.NEVER, "strength": 2}
        found = mark("incidents per order as they come", settings, sight)
        self.assertAlmostEqual(np.exp(found[0]), (1 + 0.2) / (2 + 2), 5)

    def test_no_rival_looks_at_what_is_known_later(self):
        """The same with and without a later outcome: fails if `known` is ignored."""
        entries = [(1, 1, 0), (1, 2, 0), (1, 3, 1)]
        later = entries + [(1, 10, 1), (1, 11, 1)]
        few, many = (Sight(asked(h, 1, 10), asked(h, 1, 10), asked(h, 1, 10))
                     for h in (history(entries), history(later)))
        for option in rivals.candidates(0.1, True):
            self.assertEqual(option.mark(few)[0], option.mark(many)[0], option.name)

    def test_settings_are_chosen_by_likelihood(self):
        outcome = np.array([0, 0, 0, 1])
        options = [Candidate("r", {"p": p}, lambda s, p=p: np.full(4, p)) for p in (0.1, 0.25, 0.9)]
        [fitted] = rivals.fit(options, None, outcome)
        self.assertEqual(fitted.candidate.settings, {"p": 0.25})

    def test_marks_that_are_no_probabilities_become_some(self):
        marks = np.repeat([5.0, 9.0], 100)
        outcome = np.r_[np.arange(100) < 10, np.arange(100) < 60].astype(int)
        option = Candidate("r", {}, lambda s: marks, is_probability=False)
        [fitted] = rivals.fit([option], None, outcome)
        found, probability = fitted.forecast(None)
        self.assertEqual(found[0], 5)
        self.assertAlmostEqual(probability[0], 0.1, 3)
        self.assertAlmostEqual(probability[-1], 0.6, 3)


class TrustTests(unittest.TestCase):
    def test_raters_who_contradict_each_other_are_half_fair(self):
        goodness, fairness = trust.fairness_goodness(
            np.array([0, 1]), np.array([2, 2]), np.array([10, -10]), 3)
        self.assertAlmostEqual(goodness[2], 0)
        self.assertAlmostEqual(fairness[0], 0.5)
        self.assertTrue(np.isnan(goodness[0]))

    def test_an_unfair_rater_counts_less(self):
        # 0 says of everyone what the others say; 3 says the opposite.
        rater, ratee = np.array([0, 1, 0, 1, 3, 3]), np.array([5, 5, 6, 6, 5, 6])
        goodness, fairness = trust.fairness_goodness(
            rater, ratee, np.array([10, 10, -10, -10, -10, 10]), 7)
        # Worked out by hand: goodness is (2 f − f3) / 3, f is (1 + g) / 2, f3 is (1 − g) / 2.
        for found, right in ((goodness[5], 1 / 3), (fairness[0], 2 / 3), (fairness[3], 1 / 3)):
            self.assertAlmostEqual(found, right, 5)

    def test_later_ratings_are_not_seen(self):
        ratings = [Rating(1, 0, 2, 4, 1 * DAY), Rating(2, 1, 2, -10, 9 * DAY)]
        seen = trust.Trust(ratings, [2, 2, 2], [1 * DAY, 9 * DAY, 10 * DAY])
        self.assertEqual(trust.mean_received(seen, 0, 1.5).tolist(), [1.5, 4, -3])
        goodness = trust.known_goodness(seen, 0.15)
        self.assertEqual(goodness[0], 0.15)
        self.assertAlmostEqual(goodness[1], 0.4)
        self.assertLess(goodness[2], 0)


if __name__ == "__main__":
    unittest.main()
