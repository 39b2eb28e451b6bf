"""Fitting a policy to a history, and judging it, on the command line."""

import csv
import json
import random
import unittest

from daemon import Daemon, WithFiles, run

DAY = 86_400
START = 1_700_000_000


def market(merchants=60, days=60, seed=7):
    """Orders of merchants that are late with chances of their own, none to two fifths."""
    draw = random.Random(seed)
    events = []
    for day in range(days):
        for merchant in range(1, merchants + 1):
            at = START + day * DAY + merchant
            order = day * 1_000 + merchant
            common = {"buyer": 10_000 + order, "merchant": merchant, "order": order}
            late = draw.random() < 0.4 * (merchant % 10) / 10
            events.append({"type": "pickedUp", "at": at + 3_600, **common, "late": late})
            events.append({"type": "settled", "at": at + 7_200, **common, "amount": 1_000,
                           "orderedAt": at})
    return sorted(events, key=lambda event: event["at"])


class Fitting(WithFiles):
    UNTIL = str(START + 40 * DAY)

    def history(self, events=None):
        lines = [json.dumps(event) for event in (events or market())]
        return self.file("history.ndjson", "\n".join(lines) + "\n")

    def fit(self, history, *options):
        return run("policy", "fit", history, "--outcome", "latePickup", "--until", self.UNTIL,
                   *options)

    def test_a_fitted_policy_foresees_better_and_serves(self):
        history = self.history()
        fitted = str(self.folder / "fitted.yaml")
        result = self.fit(history, "--output", fitted, "--json", "--name", "spring")
        self.assertEqual(result.returncode, 0, result.stderr)
        report = json.loads(result.stdout)
        self.assertEqual((report["outcome"], report["orders"]), ("latePickup", 40 * 60))
        self.assertEqual(report["judged"]["orders"], 20 * 60)
        self.assertGreater(report["judged"]["auc"], 0.65)
        self.assertLess(report["judged"]["calibrationError"], 0.05)
        text = (self.folder / "fitted.yaml").read_text()
        self.assertIn("name: spring", text)
        self.assertIn("# Fitted to 2400 orders known before 2023-12-24", text)
        self.assertIn("nothing is wrong", run("policy", "check", fitted).stdout)

        half_life = str(report["halfLifeDays"])
        judge = ["policy", "judge", history, "--outcome", "latePickup", "--until", self.UNTIL,
                 "--json"]
        own = json.loads(run(*judge, "--policy", fitted, "--half-life-days", half_life).stdout)
        self.assertEqual(own["all"], report["judged"])
        usual = json.loads(run(*judge).stdout)
        self.assertLess(own["all"]["brier"], usual["all"]["brier"])
        self.assertEqual(sum(band["quality"]["orders"] for band in own["byHistory"]), 1_200)

        with Daemon("--policy", fitted, "--half-life-days", half_life) as daemon:
            self.assertEqual(daemon.run("record", history).returncode, 0)
            chances = [daemon.json("explain", f"merchant:{number}")[0]["probability"]
                       for number in [10, 5, 9]]
            self.assertEqual(sorted(chances), chances)
            card = daemon.run("explain", "merchant:9").stdout
            self.assertRegex(card, r"goes wrong through its fault: \d+\.\d %, to be safe \d+\.\d %")

    def test_the_same_history_gives_the_same_policy(self):
        history = self.history()
        texts = [self.fit(history).stdout for _ in range(2)]
        self.assertEqual(texts[0], texts[1])
        self.assertIn("merchant:", texts[0])

    def test_a_row_an_order(self):
        rows = str(self.folder / "rows.csv")
        result = run("policy", "judge", self.history(), "--outcome", "latePickup", "--until",
                     self.UNTIL, "--rows", rows)
        self.assertEqual(result.returncode, 0, result.stderr)
        with open(rows, encoding="utf-8") as file:
            table = list(csv.DictReader(file))
        self.assertEqual(len(table), 3_600)
        self.assertEqual([row["part"] for row in table].count("judge"), 1_200)
        first = table[0]
        self.assertEqual((first["events"], first["days"], first["idle"]), ("0", "", ""))
        self.assertEqual(first["account"], "1")
        self.assertTrue(all(int(row["asked"]) < int(row["known"]) for row in table))
        self.assertGreater(float(table[-2]["pickupsLate"]), 0)
        self.assertTrue(all(0 < float(row["probability"]) < 1 for row in table))

    def test_questions_of_ones_own(self):
        late = START + 60 * DAY
        lines = ["at,account,outcome"]
        lines += [f"{late},merchant:{n},{int(n % 10 >= 5)}" for n in range(1, 61)]
        questions = self.file("questions.csv", "\n".join(lines) + "\n")
        result = run("policy", "judge", self.history(), "--questions", questions, "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertGreater(json.loads(result.stdout)["all"]["auc"], 0.9)

    def test_fitting_to_answers_of_ones_own(self):
        late = START + 60 * DAY
        lines = ["at,account,outcome"]
        lines += [f"{late},merchant:{n},{int(n % 10 >= 5)}" for n in range(1, 61)] * 2
        questions = self.file("questions.csv", "\n".join(lines) + "\n")
        history, fitted = self.history(), str(self.folder / "fitted.yaml")
        result = run("policy", "fit", history, "--questions", questions, "--until", str(late + 1),
                     "--output", fitted, "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(json.loads(result.stdout)["outcome"], "answers")
        result = run("policy", "judge", history, "--questions", questions, "--json", "--policy",
                     fitted)
        self.assertGreater(json.loads(result.stdout)["all"]["auc"], 0.9)

    def test_bad_questions_are_named(self):
        history = self.history()
        for text, said in [("at,outcome\n", "the first line must be `at,account,outcome`"),
                           ("at,account,outcome\n5,buyer:1\n", ":2: must have the three fields"),
                           ("at,account,outcome\n-1,buyer:1,0\n", ":2: at: must be"),
                           ("at,account,outcome\n5,1,0\n", ":2: account: must be"),
                           ("at,account,outcome\n5,buyer:1,2\n", ":2: outcome: must be 0 or 1"),
                           ("at,account,outcome\n", "has no question"),
                           ("at,account,outcome\n5,buyer:1,0\n5,merchant:1,0\n",
                            ":3: account: the first is a buyer")]:
            result = run("policy", "judge", history, "--questions", self.file("q.csv", text))
            self.assertEqual(result.returncode, 1, text)
            self.assertIn(said, result.stderr)

    def test_bad_lines_are_named_and_the_others_used(self):
        events = [json.dumps(event) for event in market()]
        events[3] = '{"type":"settled"}'
        history = self.file("history.ndjson", "\n".join(events) + "\n")
        fitted = str(self.folder / "fitted.yaml")
        result = self.fit(history, "--output", fitted)
        self.assertEqual(result.returncode, 2)
        self.assertIn("line 4", result.stderr)
        self.assertTrue((self.folder / "fitted.yaml").exists())

    def test_too_little_is_refused_with_what_is_needed(self):
        for history, said in [
                (self.history(market(merchants=2, days=5)), "at least 50 of either sort"),
                (self.file("empty.ndjson", "\n"), "has no event"),
                (str(self.folder / "not.ndjson"), "cannot read")]:
            result = self.fit(history)
            self.assertEqual((result.returncode, result.stdout), (1, ""))
            self.assertIn(said, result.stderr)

    def test_options_are_checked(self):
        history = self.history(market(merchants=2, days=2))
        for options, said in [(["--half-life-days", "7"], "from 8 to 7300"),
                              (["--json"], "--json needs --output"),
                              (["--within", "4000"], "--within must be from 0 to 3650"),
                              (["--name", "a/b", "--policy", "/not/there"], "cannot read")]:
            result = self.fit(history, *options)
            self.assertNotEqual(result.returncode, 0)
            self.assertIn(said, result.stderr)
        result = run("policy", "fit", history, "--until", self.UNTIL)
        self.assertIn("--outcome or --questions", result.stderr)
        result = run("policy", "judge", history)
        self.assertIn("--outcome or --questions", result.stderr)


if __name__ == "__main__":
    unittest.main()
