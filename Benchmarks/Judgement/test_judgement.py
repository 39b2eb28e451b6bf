"""From events to reports with a Probity that is played: what is judged, said and written."""

import contextlib
import io
import json
import pathlib
import tempfile
import unittest
import unittest.mock

import numpy as np

import datasets
import evaluation
import folds
import judge
import regression
import report_html
import report_text
import rows
import tasks
from history import DAY, History
from otc_to_events import Rating

COUNTERS = [f"counter{i}" for i in range(rows.COUNTERS)]
SPLIT = 200 * DAY


def table(entries):
    """Rows of (part, day asked, day known, account, order, outcome, score, events)."""
    part, asked, known, account, order, outcome, score, events = map(np.array, zip(*entries))
    size = len(entries)
    evidence = np.zeros((size, rows.COUNTERS))
    evidence[:, 0] = events
    return rows.Rows(
        part=part, asked=asked * DAY, known=known * DAY, account=account.astype(np.uint64),
        order=order.astype(np.uint64), outcome=outcome, score=score.astype(float),
        floor=score - 50.0, probability=np.clip(1 - score / 1000, 0.01, 0.99), events=events,
        evidence=evidence, days=events.astype(float), idle=np.ones(size), counters=COUNTERS)


class PlayedProbity:
    """Answers from a table; remembers with which options it was asked."""

    def __init__(self, judged):
        self.judged, self.asked = judged, []

    def write_events(self, events):
        return events

    def fit(self, events, outcome):
        return {"halfLifeDays": 90}, ["--policy", "fitted"]

    def judge(self, events, outcome, options):
        self.asked.append((outcome, options))
        return self.judged

    def ask(self, events, questions, options):
        return self.judged.take(np.arange(len(questions)))


def market(seed=1, count=600):
    """Accounts 1 to 20, of which the odd ones fail often; what they did is in the score."""
    generator = np.random.default_rng(seed)
    entries, bad, seen = [], np.zeros(21), np.zeros(21)
    for i in range(count):
        account, day = int(generator.integers(1, 21)), i * 400 // count
        outcome = int(generator.random() < (0.4 if account % 2 else 0.05))
        part = "fit" if day + 2 < 200 else "judge" if day >= 200 else "gap"
        rate = (bad[account] + 0.4) / (seen[account] + 2)
        entries.append((part, day, day + 2, account, i + 1, outcome, round(900 - 800 * rate),
                        int(seen[account])))
        bad[account] += outcome
        seen[account] += 1
    return entries


def dataset(**changes):
    fields = {"name": "market", "title": "A <market>", "source": "made up", "question": "Late?",
              "bad": "late", "outcome": "latePickup", "until": "1970-07-20T00:00:00Z",
              "events": [{"at": 390 * DAY}], "counts": {"rows that do not parse": 2}}
    return datasets.Dataset(**{**fields, **changes})


def examine(entries, **changes):
    with contextlib.redirect_stderr(io.StringIO()):
        return tasks.Examination(dataset(**changes), PlayedProbity(table(entries)))


class TaskTests(unittest.TestCase):
    def test_orders_still_open_at_the_end_are_left_out(self):
        examination = examine(market())
        late = sum(entry[2] > 390 for entry in market())
        self.assertGreater(late, 0)
        self.assertEqual(examination.sizes["open"], late)
        judged = examination.rows[tasks.FITTED].take(examination.judged)
        self.assertLessEqual(judged.known.max(), 390 * DAY)
        self.assertGreaterEqual(judged.asked.min(), SPLIT)

    def test_only_the_fitted_policy_is_judged_with_options(self):
        options = [asked[1] for asked in examine(market()).probity.asked]
        self.assertEqual(options, [[], ["--policy", "fitted"]])

    def test_an_order_that_is_no_rating_is_refused(self):
        with self.assertRaisesRegex(ValueError, "no rating"):
            examine(market(), ratings=[])

    def test_judgements_of_different_orders_are_refused(self):
        a, b = table(market()), table(market())
        b.outcome[3] = 1 - b.outcome[3]
        with self.assertRaisesRegex(ValueError, "outcome"):
            rows.require_same(a, b)


class FoldTests(unittest.TestCase):
    def test_every_account_is_in_one_fold(self):
        found = folds.parted(263)
        self.assertEqual(sorted(np.concatenate(found)), list(range(263)))
        self.assertEqual({len(fold) for fold in found}, {26, 27})
        self.assertTrue(all((a == b).all() for a, b in zip(found, folds.parted(263))))

    def test_nothing_is_learnt_from_the_answers_that_are_foreseen(self):
        """Each fold is fitted to without it, and only its own forecasts are taken from that."""
        count = 60
        outcomes = [i % 2 for i in range(count)]
        entries = [("judge", 300 + i, 300 + i, i + 1, i + 1, outcomes[i], 600, i % 7)
                   for i in range(count)]
        probity = FoldedProbity(table(entries))
        questions = datasets.Questions(
            "labels", "Who?", "the worst", [(300 + i) * DAY for i in range(count)],
            [f"merchant:{i + 1}" for i in range(count)], list(range(1, count + 1)), outcomes,
            ("mean", outcomes), is_timeless=True)
        ratings = [Rating(i + 1, 100, i + 1, 5 - 8 * outcomes[i], 299 * DAY)
                   for i in range(count)]
        examination = tasks.Examination.__new__(tasks.Examination)
        examination.dataset = dataset(questions=questions, ratings=ratings)
        examination.probity, examination.events, examination.tallies = probity, [], None
        examination.history = History(range(1, count + 1), [299 * DAY] * count, outcomes)
        with contextlib.redirect_stderr(io.StringIO()):
            task = folds.FoldedExamination(examination).task()
        self.assertEqual(len(probity.fitted_to), folds.FOLDS)
        for which, lines in zip(folds.parted(count), probity.fitted_to):
            asked = {line[1] for line in lines}
            self.assertEqual(len(asked), count - len(which))
            self.assertFalse(asked & {questions.accounts[i] for i in which})
        ours = next(f for f in task.forecasts if f.name == tasks.FITTED)
        expected = np.zeros(count)
        for number, which in enumerate(folds.parted(count), 1):
            expected[which] = number / 100
        self.assertEqual(list(ours.probability), list(expected))
        self.assertEqual(task.forecasts[0].name, tasks.FITTED)


class FoldedProbity(PlayedProbity):
    """Forecasts the number of the fit that it was asked after, in hundredths."""

    def __init__(self, judged):
        super().__init__(judged)
        self.fitted_to = []

    def fit_answers(self, events, questions):
        self.fitted_to.append(questions)
        return {"halfLifeDays": 90, "equalWords": False}, ["--policy", "answers"]

    def ask(self, events, questions, options):
        rows_asked = self.judged.take(np.arange(len(questions)))
        rows_asked.probability = np.full(len(questions), len(self.fitted_to) / 100)
        return rows_asked


class RegressionTests(unittest.TestCase):
    def test_settings_are_chosen_by_what_came_later(self):
        known = table([e for e in market() if e[0] == "fit"])
        train, held = regression.split_by_time(known)
        self.assertLess(known.known[train].max(), known.asked[held].min())
        self.assertGreater(min(len(train), len(held)), 0)

    def test_both_find_what_is_in_the_evidence(self):
        entries = market(count=1_500)
        known = table([e for e in entries if e[0] == "fit"])
        judged = table([e for e in entries if e[0] == "judge"])
        for one, outcome in ((known, known.outcome), (judged, judged.outcome)):
            one.evidence[:, 2] = outcome * 5
        for train in (regression.train_regression, regression.train_boosting):
            marks, _ = train({"a": known}).forecast({"a": judged})
            self.assertGreater(evaluation.measures.Ranking(marks, judged.outcome).auc(), 0.95)


class ReportTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        questions = datasets.Questions(
            "year", "Who?", "the worst", [SPLIT] * 40, ["buyer:1"] * 40, list(range(40)),
            [0, 1] * 20, ("past rate", [0, 1] * 20))
        with contextlib.redirect_stderr(io.StringIO()):
            examination = examine(market(), questions=questions)
            cls.tasks = [evaluation.evaluate(task) for task in judge.tasks_of(examination)]
        cls.judgement = {
            "skipped": [], "simulations": [
                {"title": "Rings", "columns": ["a", "b"], "notes": ["n"],
                 "rows": [["<x>", 1], ["as many words as it takes", None], ["y", -1234.5]]}],
            "datasets": [{"name": "market", "title": "A <market>", "source": "made up",
                          "until": "1970-07-20", "events": 600, "counts": {"odd rows": 2},
                          "fitted": {"halfLifeDays": 90}, "tasks": cls.tasks}]}

    def test_every_forecast_is_measured(self):
        orders, year = self.tasks
        names = [f["name"] for f in orders["forecasts"]]
        self.assertEqual(names[:2], ["fitted policy", "default policy"])
        self.assertIn("logistic regression", names)
        self.assertEqual(names, [f["name"] for f in year["forecasts"]])
        for forecast in orders["forecasts"]:
            self.assertEqual(sum(b["count"] for b in forecast["reliability"]), orders["count"])
        self.assertEqual(sum(h["count"] for h in orders["histories"]), orders["count"])
        self.assertIsNone(year["forecasts"][0]["ece"])

    def test_a_policy_is_no_better_than_the_same(self):
        default = self.tasks[0]["forecasts"][1]["oursLessThis"]
        self.assertEqual((default["value"], default["shareAbove"]), (0, 0))

    def test_verdicts_are_computed(self):
        def forecast(name, family, auc, ece=None):
            return {"name": name, "family": family, "auc": {"value": auc}, "ece": ece}

        result = {"reference": {"name": "figure", "auc": 0.7}, "forecasts": [
            forecast("fitted policy", "ours", 0.69, 0.031),
            forecast("default policy", "ours", 0.6, 0.1), forecast("rival", "constant", 0.68),
            forecast("logistic regression", "offline", 0.6999)]}
        found = [v["holds"] for v in evaluation.verdicts(result)]
        self.assertEqual(found, [True, True, False, False])

    def test_the_text_tells_misses(self):
        judgement = json.loads(json.dumps(self.judgement))
        judgement["datasets"][0]["tasks"][0]["verdicts"] = [
            {"claim": "better", "holds": False, "figures": "by −1"}]
        text = report_text.text(judgement)
        self.assertIn("NO   better: by −1", text)
        self.assertIn("2 × odd rows", text)

    def test_the_page_needs_nothing_else(self):
        page = report_html.page(self.judgement)
        for word in ("<script", "http:", "https:", "url(", "@import", "src="):
            self.assertNotIn(word, page)
        self.assertIn("A &lt;market&gt;", page)
        self.assertIn("Rings", page)
        self.assertIn("&lt;x&gt;", page)
        self.assertIn('<td class="words">as many words as it takes</td><td>–</td>', page)
        self.assertIn("<td>-1,234.50</td>", page)
        self.assertEqual(page.count("<svg"), page.count("</svg>"))
        self.assertEqual(page.count("<table"), page.count("</table>"))

    def test_a_page_shows_what_one_policy_alone_forecasts(self):
        judgement = json.loads(json.dumps(self.judgement))
        default = judgement["datasets"][0]["tasks"][0]["forecasts"][1]
        default["reliability"] = default["ece"] = default["brier"] = None
        self.assertIn("Does what is forecast happen?", report_html.page(judgement))
        self.assertIn("forecasts of the fitted policy", report_text.text(judgement))

    def test_results_are_plain_numbers(self):
        json.dumps(self.judgement, allow_nan=False)

    def test_curves_go_from_none_to_all(self):
        for points in self.tasks[0]["curves"].values():
            self.assertEqual((points[0][0], points[-1]), (0, [1, 1]))


class CommandTests(unittest.TestCase):
    def test_absent_data_is_said_and_is_no_failure(self):
        with tempfile.TemporaryDirectory() as directory:
            folder = pathlib.Path(directory)
            arguments = ["judge.py", "--probity", "none", "--data", directory,
                         "--out", str(folder / "out")]
            output = io.StringIO()
            with unittest.mock.patch("sys.argv", arguments), \
                    contextlib.redirect_stdout(output), contextlib.redirect_stderr(io.StringIO()):
                judge.main()
            for name in datasets.LOADERS:
                self.assertIn(str(folder / name), output.getvalue())
            self.assertIn("PROBITY_DATA", output.getvalue())

    def test_a_table_that_is_not_as_agreed_is_refused(self):
        good = ",".join(["part", *rows.INTEGERS.keys()]).replace(",events", "")
        header = f"{good},score,floor,probability,events,{','.join(COUNTERS)},days,idle"
        line = "judge,100,,18446744073709551615,7,1,600,348,0.1,0" + ",0" * 10 + ",,"
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / "rows.csv"
            path.write_text(f"{header}\n{line}\n", encoding="utf-8")
            read = rows.read(path)
            self.assertEqual((int(read.account[0]), int(read.known[0])), ((1 << 64) - 1, 100))
            self.assertTrue(np.isnan(read.days[0]))
            for wrong in (f"{header}\n{line},1\n", f"{header}\n{line.replace('0.1', 'x')}\n",
                          f"{header.replace('score', 'points')}\n{line}\n", ""):
                path.write_text(wrong, encoding="utf-8")
                with self.assertRaises(ValueError):
                    rows.read(path)


if __name__ == "__main__":
    unittest.main()
