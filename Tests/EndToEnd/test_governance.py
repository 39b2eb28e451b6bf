"""Governing the market on the command line: standings, sweeps, ranks, watches, rescores, figures."""

import csv
import json
import os
import signal
import subprocess
import time
import unittest

from daemon import PROBITY, Daemon, WithFiles, run
from link import Link


def day(number):
    """Days of 2026, from 1."""
    month, rest = divmod(number - 1, 28)
    return f"2026-{month + 1:02}-{rest + 1:02}"


def market(late=(77,), merchants=(77, 78), orders=60, at=day(1)):
    """Orders of two merchants' buyers; every second one of the late merchants' comes late."""
    lines = []
    for merchant in merchants:
        for index in range(orders):
            order = {"at": at + "T12:00:00Z", "buyer": 100 + index, "merchant": merchant}
            lines.append({**order, "type": "settled", "amount": 5000})
            if merchant in late and index % 2 == 0:
                lines.append({**order, "type": "pickedUp", "late": True})
    return "".join(json.dumps(line) + "\n" for line in lines)


class Market:
    def __init__(self, daemon, **options):
        self.daemon = daemon
        daemon.json("record", "-", "--source", "5", stdin=market(**options))

    def lines(self, *words):
        result = run(*words, "--json", "--server", self.daemon.address)
        assert result.returncode == 0, result.stderr
        return [json.loads(line) for line in result.stdout.splitlines()]

    def sweep(self, number):
        *steps, end = self.lines("sweep", "--at", day(number), "--actor", "night")
        return steps, end

    def merchant(self, action, *words):
        [answer] = self.lines("merchant", action, *words, *(
            ["--actor", "li"] if action not in ("show", "list") else []))
        return answer

    def run(self, *words, **options):
        return run(*words, "--server", self.daemon.address, **options)


class Standings(WithFiles):
    def test_from_the_first_step_to_the_way_back(self):
        with Daemon() as daemon:
            market = Market(daemon)
            self.assertEqual(market.sweep(20)[0], [])
            steps, end = market.sweep(31)
            self.assertEqual([(s["merchant"], s["before"], s["after"]) for s in steps],
                             [(77, "NORMAL", "WATCH")])
            self.assertEqual(steps[0]["conduct"]["dimension"], "latePickup")
            self.assertEqual(end["standings"]["WATCH"], 1)
            self.assertEqual(market.sweep(31)[0], [])
            market.sweep(38)
            market.sweep(45)
            shown = market.merchant("show", "77")
            self.assertEqual((shown["standing"], shown["notice"]), ("CLEAR_OUT_NOTICE", "pending"))
            self.assertEqual([step["standing"] for step in shown["steps"]],
                             ["CLEAR_OUT_NOTICE", "RESTRICTED", "WATCH"])
            early = market.run("merchant", "decide", "77", "clearOut", "--at", day(46))
            self.assertEqual(early.returncode, 1)
            self.assertIn("notice", early.stderr)
            _, end = market.sweep(76)
            self.assertEqual((end["waitForHuman"], end["standings"]["CLEARED_OUT"]), (1, 0))
            [waiting] = market.lines("merchant", "list", "--waiting")
            self.assertEqual((waiting["merchant"], waiting["notice"]), (77, "unmet"))
            out = market.merchant("decide", "77", "clearOut", "--at", day(76))
            self.assertEqual((out["standing"], out["changed"]), ("CLEARED_OUT", True))
            again = market.merchant("decide", "77", "clearOut", "--at", day(76))
            self.assertEqual((again["standing"], again["changed"]), ("CLEARED_OUT", False))
            appealed = market.merchant("appeal", "77", "--at", day(80))
            self.assertTrue(appealed["waitsForHuman"])
            back = market.merchant("decide-appeal", "77", "upheld", "--at", day(81))
            self.assertEqual(back["standing"], "CLEAR_OUT_NOTICE")
            text = market.run("merchant", "show", "77").stdout
            self.assertIn("latePickup 50.0 %", text)
            self.assertIn("appeal upheld", text)

    def test_what_cannot_be_done_is_said(self):
        with Daemon() as daemon:
            market = Market(daemon)
            for words, said in [
                    (("show", "5"), "nothing was ever recorded about merchant 5"),
                    (("decide", "77", "reinstate"), "stands at NORMAL"),
                    (("appeal", "77"), "nothing to appeal against"),
                    (("revoke", "77"), "no certification"),
                    (("certify", "77", "factory", "--until", "2001-01-01"), "ends_at")]:
                result = market.run("merchant", *words)
                self.assertEqual(result.returncode, 1, words)
                self.assertIn(said, result.stderr)
            self.assertEqual(market.run("merchant", "certify", "77", "bakery").returncode, 64)
            self.assertEqual(market.run("merchant", "show", "buyer:7").returncode, 64)

    def test_certification_supports_and_ranks(self):
        with Daemon() as daemon:
            market = Market(daemon)
            market.merchant("certify", "77", "originAggregator", "--until", "2030-01-01",
                            "--at", day(2))
            for number in (31, 38, 45, 52):
                market.sweep(number)
            shown = market.merchant("show", "77")
            self.assertEqual((shown["standing"], shown["callsFor"]),
                             ("RESTRICTED", "CLEAR_OUT_NOTICE"))
            self.assertEqual(shown["certification"]["track"], "originAggregator")
            # Only a human goes further, and is told so.
            self.assertTrue(shown["waitsForHuman"])
            [waiting] = market.lines("merchant", "list", "--waiting")
            self.assertEqual(waiting["merchant"], 77)
            self.assertEqual(
                market.run("merchant", "list", "--standing", "NORMAL").returncode, 64)
            rows = market.lines("rank", "77", "merchant:78", "5", "--as-of", day(53))
            self.assertEqual([row["merchant"] for row in rows], [78, 5, 77])
            self.assertEqual(rows[2]["certification"], "originAggregator")
            listed = self.file("suppliers", "merchant:78\n5\n")
            self.assertEqual(
                market.lines("rank", "77", "--from", listed, "--as-of", day(53)),
                market.lines("rank", "77", "78", "5", "--as-of", day(53)))
            self.assertEqual(market.run("rank").returncode, 64)
            broken = self.file("broken", "buyer:7\n")
            result = market.run("rank", "--from", broken)
            self.assertEqual(result.returncode, 1)
            self.assertIn("names no account", result.stderr)
            floor = rows[2]["scoreFloor"]
            self.assertAlmostEqual(rows[2]["weight"], floor * 0.4 * 1.1, delta=1)
            later = market.lines("rank", "77", "--as-of", "2031-01-01")
            self.assertNotIn("certification", later[0])

    def test_stricter_limits_are_seen_in_shadow_first(self):
        with Daemon() as daemon:
            market = Market(daemon)
            text = run("policy", "default").stdout
            version = int(text.split("\nversion: ")[1].split("\n")[0])
            strict = text.replace(f"\nversion: {version}\n", f"\nversion: {version + 1}\n").replace(
                "maturityDays: 30", "maturityDays: 5")
            path = self.file("strict.yaml", strict)
            for words in (("put", path), ("shadow", str(version + 1))):
                result = market.run("policy", *words, "--at", day(2))
                self.assertEqual(result.returncode, 0, result.stderr)
            steps, end = market.sweep(10)
            self.assertEqual((end["shadowWorse"], end["worse"]), (1, 0))
            self.assertEqual(steps[0]["shadowCallsFor"], "CLEAR_OUT_NOTICE")
            early = market.run("policy", "activate", str(version + 1), "--at", day(11))
            self.assertEqual(early.returncode, 1)
            self.assertIn("in shadow", early.stderr)
            result = market.run("policy", "activate", str(version + 1), "--at", day(40))
            self.assertEqual(result.returncode, 0, result.stderr)


class Watches(WithFiles):
    def watch(self, daemon, *words):
        return subprocess.Popen(
            [PROBITY, "watch", "--json", "--server", daemon.address, *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def test_changes_come_and_the_cursor_survives_a_restart(self):
        data = str(self.folder / "data")
        cursor = str(self.folder / "cursor")
        words = ("merchant:77", "--kinds", "standing,certification", "--cursor-file", cursor)
        with Daemon("--data", data) as daemon:
            market = Market(daemon)
            watcher = self.watch(daemon, *words, "--count", "1")
            while not os.path.exists(cursor):
                time.sleep(0.02)
            market.sweep(31)
            change = json.loads(watcher.stdout.readline())
            self.assertEqual((change["account"], change["what"], change["before"],
                              change["after"]), (77, "standing", "NORMAL", "WATCH"))
            watcher.communicate(timeout=20)
            self.assertEqual(watcher.returncode, 0)
            # While nobody watches.
            market.sweep(38)
        with Daemon("--data", data) as daemon:
            market = Market(daemon)
            market.merchant("certify", "77", "factory", "--until", "2030-01-01")
            watcher = self.watch(daemon, *words, "--count", "2")
            out, _ = watcher.communicate(timeout=20)
            changes = [json.loads(line) for line in out.splitlines()]
            self.assertEqual([change["after"] for change in changes], ["RESTRICTED", "factory"])

    def test_a_count_leaves_the_rest_to_the_next(self):
        with Daemon() as daemon:
            market = Market(daemon)
            cursor = self.file("cursor", "1\n")
            for account in ("merchant:77", "merchant:78", "merchant:79"):
                market.run("override", "set", account, "listed")
            # All three are there, and come together.
            words = ("watch", "--kinds", "override", "--cursor-file", cursor)
            first = market.lines(*words, "--count", "1")
            second = market.lines(*words, "--count", "2")
            self.assertEqual([change["account"] for change in first + second], [77, 78, 79])

    def test_it_goes_on_when_the_daemon_comes_back(self):
        data = str(self.folder / "data")
        with Daemon("--data", data) as daemon:
            market = Market(daemon)
            watcher = self.watch(daemon, "--cursor", "1", "--kinds", "override", "--count", "2")
            market.run("override", "set", "merchant:77", "listed")
            self.assertEqual(json.loads(watcher.stdout.readline())["after"], "listed")
        with Daemon("--data", data, "--listen", daemon.address) as again:
            run("override", "clear", "merchant:77", "listed", "--server", again.address)
            out, _ = watcher.communicate(timeout=30)
            self.assertEqual(json.loads(out)["before"], "listed")
            self.assertEqual(watcher.returncode, 0)

    def test_an_interrupt_says_where_to_go_on(self):
        with Daemon() as daemon:
            market = Market(daemon)
            watcher = self.watch(daemon, "--cursor", "1", "merchant:78")
            market.run("override", "set", "merchant:78", "listed")
            watcher.stdout.readline()
            watcher.send_signal(signal.SIGINT)
            _, said = watcher.communicate(timeout=20)
            self.assertEqual(watcher.returncode, 130)
            self.assertRegex(said, r"--cursor \d+")

    def test_a_cursor_that_cannot_be(self):
        with Daemon() as daemon:
            result = run("watch", "--cursor", "99", "--server", daemon.address)
            self.assertEqual(result.returncode, 1)
            self.assertIn("OUT_OF_RANGE", result.stderr)
            broken = self.file("cursor", "x")
            result = run("watch", "--cursor-file", broken, "--server", daemon.address)
            self.assertEqual(result.returncode, 1)
            self.assertIn("holds no cursor", result.stderr)
            self.assertEqual(run("watch", "--kinds", "mood").returncode, 64)


class Rescores(WithFiles):
    def candidate(self):
        text = run("policy", "default").stdout
        version = int(text.split("\nversion: ")[1].split("\n")[0])
        return self.file("candidate.yaml", text.replace(
            f"\nversion: {version}\n", f"\nversion: {version + 1}\n").replace(
            "\n  base: 600\n", "\n  base: 450\n"))

    def test_sums_rows_and_page_agree(self):
        with Daemon() as daemon:
            market = Market(daemon)
            out, page = str(self.folder / "rows.csv"), self.folder / "page.html"
            [found] = market.lines(
                "rescore", "--policy", self.candidate(), "--out", out, "--report", str(page),
                "--as-of", day(2))
            with open(out) as file:
                rows = list(csv.DictReader(file))
            changed = sum(found[kind]["tierChanged"] for kind in ("buyers", "merchants"))
            self.assertEqual(len(rows), changed)
            self.assertGreater(changed, 50)
            self.assertEqual(found["buyers"]["accounts"], 60)
            self.assertEqual(sum(found["buyers"]["scoresAfter"]), 60)
            for row in rows:
                self.assertNotEqual(row["tier_before"], row["tier_after"])
                [scored] = market.lines(
                    "score", f"{row['kind']}:{row['account']}", "--as-of", day(2))
                self.assertEqual(int(row["score_before"]), scored["score"])
            text = page.read_text()
            self.assertIn('id="buyer-scores"', text)
            self.assertNotIn("http", text.replace("http-equiv", ""))
            lines = str(self.folder / "rows.ndjson")
            market.lines("rescore", "--policy", self.candidate(), "--out", lines,
                         "--changed", "score", "--as-of", day(2))
            with open(lines) as file:
                self.assertEqual(len([json.loads(line) for line in file]), 62)
            self.assertEqual(sorted(os.listdir(self.folder)),
                             ["candidate.yaml", "page.html", "rows.csv", "rows.ndjson"])

    def test_what_cannot_be_is_said_before_the_scan(self):
        with Daemon() as daemon:
            market = Market(daemon)
            bad = self.file("bad.yaml", "version: x\n")
            result = market.run("rescore", "--policy", bad)
            self.assertEqual(result.returncode, 1)
            self.assertIn("bad.yaml:1:10", result.stderr)
            good = self.candidate()
            for option, path, said in [
                    ("--report", str(self.folder / "no" / "page.html"), "cannot write"),
                    ("--out", str(self.folder / "no" / "rows.csv"), "cannot write"),
                    ("--report", str(self.folder), "it is a folder")]:
                result = market.run("rescore", "--policy", good, option, path)
                self.assertEqual(result.returncode, 1)
                self.assertIn(said, result.stderr)
            self.assertEqual(
                market.run("rescore", "--out", "rows.txt").returncode, 64)
            result = market.run("rescore", "--put", "99")
            self.assertEqual(result.returncode, 1)
            self.assertIn("there is no policy 99", result.stderr)
            self.assertEqual(sorted(os.listdir(self.folder)), ["bad.yaml", "candidate.yaml"])

    def rows(self, path):
        with open(path) as file:
            return sorted(file)[1:]

    def interrupted(self, link, *words):
        """Cut off in the midst; leaves its checkpoint and the rows of complete shards."""
        link.cuts, link.passes = [4_000], 0
        result = run(*words, "--server", link.address)
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertIn("UNAVAILABLE", result.stderr)
        self.assertTrue(os.path.exists(self.folder / "checkpoint"))
        self.assertFalse(os.path.exists(self.folder / "rows.csv"))
        link.passes = None

    def test_what_is_interrupted_goes_on(self):
        with Daemon() as daemon, Link(daemon.address) as link:
            market = Market(daemon)
            folder, out = str(self.folder), str(self.folder / "rows.csv")
            policy = self.candidate()
            words = ("rescore", "--policy", policy, "--as-of", day(2), "--changed", "score")
            [whole] = market.lines(*words, "--out", folder + "/whole.csv")
            words += ("--out", out, "--checkpoint", folder + "/checkpoint")
            self.interrupted(link, *words)
            part = os.path.getsize(out + ".part")
            self.assertGreater(part, 100)
            asked = link.passed
            result = run(*words, "--json", "--server", link.address)
            self.assertEqual(result.returncode, 0, result.stderr)
            found = json.loads(result.stdout)
            for key in ("buyers", "merchants", "movers"):
                self.assertEqual(found[key], whole[key])
            self.assertEqual(self.rows(out), self.rows(folder + "/whole.csv"))
            self.assertEqual(len(self.rows(out)), 62)
            self.assertEqual(sorted(os.listdir(folder)),
                             ["candidate.yaml", "rows.csv", "whole.csv"])
            # What was complete is not asked for again.
            again = link.passed - asked
            os.remove(out)
            run(*words, "--server", link.address)
            self.assertLess(again, link.passed - asked - again)

    def test_a_lost_connection_is_made_good(self):
        with Daemon() as daemon, Link(daemon.address) as link:
            market = Market(daemon)
            words = ("rescore", "--policy", self.candidate(), "--as-of", day(2))
            [whole] = market.lines(*words)
            link.cuts = [4_000]
            result = run(*words, "--json", "--server", link.address)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertEqual(link.cuts, [])
            found = json.loads(result.stdout)
            for key in ("buyers", "merchants", "movers"):
                self.assertEqual(found[key], whole[key])

    def test_rows_that_were_lost_are_missed(self):
        with Daemon() as daemon, Link(daemon.address) as link:
            Market(daemon)
            out = str(self.folder / "rows.csv")
            words = ("rescore", "--policy", self.candidate(), "--as-of", day(2), "--changed",
                     "score", "--out", out, "--checkpoint", str(self.folder / "checkpoint"))
            self.interrupted(link, *words)
            os.truncate(out + ".part", 100)
            result = run(*words, "--server", link.address)
            self.assertEqual(result.returncode, 1)
            self.assertIn("does not hold the rows", result.stderr)
            self.assertIn("remove the checkpoint", result.stderr)
            os.remove(self.folder / "checkpoint")
            self.assertEqual(run(*words, "--server", link.address).returncode, 0)
            self.assertEqual(len(self.rows(out)), 62)

    def test_a_checkpoint_is_of_one_rescore(self):
        with Daemon() as daemon:
            market = Market(daemon)
            checkpoint = self.file("checkpoint", "probity rescore something else\n")
            result = market.run("rescore", "--policy", self.candidate(), "--checkpoint", checkpoint)
            self.assertEqual(result.returncode, 1)
            self.assertIn("is of another rescore", result.stderr)


class Figures(WithFiles):
    def test_each_says_how_it_is_worked_out(self):
        with Daemon() as daemon:
            market = Market(daemon)
            for claim in range(1, 5):
                market.run("claim", "open", str(claim), "--buyer", "100", "--merchant",
                           "merchant:77", "--amount", "2500.00", "--alleges", "defective",
                           "--opened-at", day(2))
            market.run("claim", "decide", "1", "abuse", "--actor", "li", "--at", day(3))
            page = self.folder / "kpi.html"
            [found] = market.lines("kpi", "--from", day(1), "--to", day(20), "--report", str(page))
            figures = found["figures"]
            self.assertEqual(figures["claims"]["value"], 4)
            self.assertEqual(figures["hoursToDecide"]["value"], 24)
            self.assertEqual(figures["abuseStopped"]["value"], 2500)
            self.assertTrue(all(len(figure["how"]) > 20 for figure in figures.values()))
            self.assertIn('id="outcomes"', page.read_text())
            text = market.run("kpi", "--from", day(1), "--to", day(20)).stdout
            for group in ("Rule optimisation", "Market order", "Efficiency"):
                self.assertIn(group, text)
            empty = market.lines("kpi", "--from", "2025-01-01", "--to", "2025-02-01")[0]
            self.assertEqual(empty["figures"]["claims"]["value"], 0)

    def test_a_period_that_cannot_be(self):
        with Daemon() as daemon:
            market = Market(daemon)
            for start, end, said in [(day(5), day(4), "before `to`"),
                                     ("2020-01-01", "2026-01-01", "400 days")]:
                result = market.run("kpi", "--from", start, "--to", end)
                self.assertEqual(result.returncode, 1)
                self.assertIn(said, result.stderr)


if __name__ == "__main__":
    unittest.main()
