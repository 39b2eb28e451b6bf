"""Measures on cases small enough to work out by hand."""

import math
import unittest

import numpy as np

import bootstrap
import measures
from measures import Ranking


class RankingTests(unittest.TestCase):
    def test_auc_counts_ties_half(self):
        # Of four pairs of a bad and a good row three are in order and one is tied.
        self.assertEqual(Ranking([1, 2, 2, 3], [0, 0, 1, 1]).auc(), 3.5 / 4)

    def test_auc_of_one_mark_is_chance(self):
        self.assertEqual(Ranking([5, 5, 5], [1, 0, 0]).auc(), 0.5)

    def test_auc_needs_both_kinds(self):
        self.assertTrue(math.isnan(Ranking([1, 2], [1, 1]).auc()))

    def test_weights_are_as_good_as_copies(self):
        marks, outcome = np.array([3, 1, 2, 2, 5]), np.array([1, 0, 1, 0, 0])
        drawn = np.array([2, 0, 1, 3, 1])
        copies = Ranking(np.repeat(marks, drawn), np.repeat(outcome, drawn))
        self.assertAlmostEqual(Ranking(marks, outcome).auc(drawn.astype(float)), copies.auc())

    def test_marks_must_be_numbers(self):
        with self.assertRaises(ValueError):
            Ranking([1, float("nan")], [0, 1])

    def test_average_precision(self):
        # Found at ranks 1 and 3: (1/1 + 2/3) / 2.
        self.assertAlmostEqual(Ranking([4, 3, 2, 1], [1, 0, 1, 0]).average_precision(), 5 / 6)

    def test_average_precision_of_one_mark_is_the_share(self):
        self.assertAlmostEqual(Ranking([1, 1, 1, 1], [1, 0, 0, 0]).average_precision(), 0.25)

    def test_lift(self):
        marks = np.arange(20)
        # The worst tenth, two rows, holds one of two bad rows: 5 times its share.
        self.assertAlmostEqual(Ranking(marks, marks % 10 == 9).lift(), 5)

    def test_lift_shares_a_group_that_the_line_cuts_through(self):
        self.assertAlmostEqual(Ranking(np.zeros(20), np.arange(20) < 7).lift(), 1)

    def test_roc_goes_from_none_to_all(self):
        points = Ranking([1, 2, 3], [0, 1, 1]).roc()
        self.assertEqual(points.tolist(), [[0, 0], [0, 0.5], [0, 1], [1, 1]])


class ProbabilityTests(unittest.TestCase):
    def test_brier(self):
        self.assertAlmostEqual(measures.brier([0.5, 1, 0], [1, 1, 1]), (0.25 + 0 + 1) / 3)

    def test_reliability_has_bins_of_equal_size(self):
        table = measures.reliability(np.linspace(0, 1, 25), np.zeros(25))
        self.assertEqual([rows for rows, _, _ in table], [3] * 5 + [2] * 5)

    def test_calibration_error(self):
        # Two bins: forecast 0.2 of which half goes wrong, 0.6 of which half does.
        probability, outcome = [0.2, 0.2, 0.6, 0.6], [0, 1, 1, 0]
        self.assertAlmostEqual(measures.calibration_error(probability, outcome, bins=2), 0.2)

    def test_equal_forecasts_are_not_cut_by_their_order(self):
        probability = np.full(100, 0.3)
        sorted_outcome = np.arange(100) < 30
        self.assertAlmostEqual(measures.calibration_error(probability, sorted_outcome), 0)

    def test_log_loss_of_certainty_is_finite(self):
        self.assertTrue(math.isfinite(measures.log_loss([0.0, 1.0], [1, 0])))


class BootstrapTests(unittest.TestCase):
    accounts = np.array([7, 7, 9, 11, 11, 11])
    outcome = np.array([0, 1, 1, 0, 1, 0])
    marks = np.array([1, 2, 3, 1, 2, 2])

    def test_accounts_are_drawn_with_all_their_rows(self):
        for drawn in bootstrap.weights(self.accounts, count=20):
            self.assertEqual(drawn[0], drawn[1])
            self.assertEqual(drawn[3], drawn[4])
            # As many accounts as there are, whatever their rows.
            self.assertEqual(drawn[[0, 2, 3]].sum(), 3)

    def test_the_same_seed_draws_the_same(self):
        ranking = [Ranking(self.marks, self.outcome)]
        first, again = (bootstrap.aucs(ranking, self.accounts, count=50) for _ in range(2))
        np.testing.assert_array_equal(first, again)
        other = bootstrap.aucs(ranking, self.accounts, count=50, seed=2)
        self.assertFalse(np.array_equal(first, other, equal_nan=True))

    def test_a_ranking_is_no_better_than_itself(self):
        one = Ranking(self.marks, self.outcome)
        drawn = bootstrap.aucs([one, one], self.accounts, count=50)
        self.assertEqual(bootstrap.difference(drawn[:, 0], drawn[:, 1]), ((0.0, 0.0), 0.0))

    def test_draws_without_a_value_are_left_out(self):
        self.assertIsNone(bootstrap.interval(np.array([np.nan])))
        self.assertEqual(bootstrap.interval(np.array([np.nan, 0.5])), (0.5, 0.5))


if __name__ == "__main__":
    unittest.main()
