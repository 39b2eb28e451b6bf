"""The command line as people and scripts meet it."""

import json
import pathlib
import re
import signal
import socket
import subprocess
import time
import unittest

from daemon import PROBITY, Daemon, WithFiles, run


def settled(buyer, merchant=7, at="2026-03-01T12:00:00Z", **more):
    return json.dumps(
        {"type": "settled", "at": at, "buyer": buyer, "merchant": merchant, "amount": 1999, **more})


class Recording(WithFiles):
    def test_what_is_recorded_can_be_scored(self):
        with Daemon() as daemon:
            feed = self.file("feed.ndjson", "\n".join(settled(42) for _ in range(30)) + "\n")
            [result] = daemon.json("record", feed)
            self.assertEqual(result["applied"], 30)
            self.assertEqual(result["refused"], 0)
            stranger, known = daemon.json("score", "alice", "42", "--as-of", "2026-03-02")
            self.assertEqual(set(known), {
                "account", "kind", "known", "score", "scoreFloor", "tier", "confidence", "reasons",
                "asOf", "logPosition", "policyVersion", "policyHash", "degraded"})
            self.assertEqual((known["account"], known["kind"]), (42, "buyer"))
            self.assertTrue(known["known"])
            self.assertFalse(stranger["known"])
            self.assertEqual(stranger["key"], "alice")
            self.assertGreater(known["score"], stranger["score"])
            self.assertAlmostEqual(known["confidence"], 30, delta=0.2)
            self.assertEqual(known["asOf"], "2026-03-02T00:00:00Z")
            self.assertEqual(known["logPosition"], 30)

    def test_standard_input_and_text_keys(self):
        with Daemon() as daemon:
            [result] = daemon.json("record", "-", stdin=settled("alice", "shop") + "\n\n  \n")
            self.assertEqual((result["applied"], result["blank"]), (1, 2))
            alice, shop = daemon.json("score", "buyer:alice", "merchant:shop")
            self.assertTrue(alice["known"] and shop["known"])

    def test_the_last_line_needs_no_newline(self):
        with Daemon() as daemon:
            [result] = daemon.json("record", "-", stdin=settled(1) + "\n" + settled(2))
            self.assertEqual(result["applied"], 2)

    def test_bad_lines_are_named_and_the_others_recorded(self):
        lines = [settled(1), '{"type":"settled"', settled(2, amuont=3), settled(3, at="yesterday"),
                 settled(4), settled(0), settled(5, at="2099-01-01T00:00:00Z")]
        with Daemon() as daemon:
            result = daemon.run("record", "-", "--json", stdin="\n".join(lines))
            self.assertEqual(result.returncode, 2)
            summary = json.loads(result.stdout)
            self.assertEqual((summary["applied"], summary["refused"]), (2, 5))
            for text in ["line 2", "line 3: `amuont`", "amount", "line 4: `at`", "line 6: `buyer`",
                         "line 7: `at`"]:
                self.assertIn(text, result.stderr)
            [status] = daemon.json("status")
            self.assertEqual(status["logPosition"], 2)

    def test_strict_records_nothing_of_a_file_with_a_bad_line(self):
        feed = self.file("feed.ndjson", settled(1) + "\nnonsense\n" + settled(2) + "\n")
        with Daemon() as daemon:
            result = daemon.run("record", feed, "--strict")
            self.assertEqual(result.returncode, 1)
            self.assertIn("line 2", result.stderr)
            [status] = daemon.json("status")
            self.assertEqual(status["logPosition"], 0)

    def test_a_source_makes_a_run_repeatable(self):
        feed = self.file("feed.ndjson", "\n".join(settled(n) for n in range(1, 11)))
        with Daemon() as daemon:
            first, = daemon.json("record", feed, "--source", "77")
            hash_before = daemon.json("status")[0]["stateHash"]
            again, = daemon.json("record", feed, "--source", "77")
            self.assertEqual((first["applied"], first["duplicates"]), (10, 0))
            self.assertEqual((again["applied"], again["duplicates"]), (0, 10))
            status, = daemon.json("status")
            self.assertEqual((status["commandsApplied"], status["commandsDuplicate"]), (10, 10))
            self.assertEqual(status["buyers"], 10)
            self.assertNotEqual(status["stateHash"], hash_before, "the position is part of it")

    def test_lines_may_carry_their_own_source(self):
        lines = [settled(n, source=1 + n % 3, sequence=n) for n in range(1, 301)]
        with Daemon() as daemon:
            [result] = daemon.json("record", "-", stdin="\n".join(lines + lines))
            self.assertEqual((result["applied"], result["duplicates"]), (300, 300))

    def test_ctrl_c_ends_between_batches_and_says_what_is_recorded(self):
        with Daemon() as daemon:
            process = subprocess.Popen(
                [PROBITY, "record", "-", "--json", "--server", daemon.address],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            process.stdin.write(settled(1) + "\n")
            process.stdin.flush()
            while daemon.json("status")[0]["logPosition"] == 0:
                time.sleep(0.02)
            process.send_signal(signal.SIGINT)
            process.stdin.write(settled(2) + "\n")
            out, error = process.communicate(timeout=20)
            self.assertEqual(process.returncode, 130)
            self.assertIn("interrupted", error)
            self.assertGreaterEqual(json.loads(out)["applied"], 1)


class Refusals(WithFiles):
    def assertOneLine(self, result, *texts, code=1):
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertEqual(len(result.stderr.strip().splitlines()), 1, result.stderr)
        for text in texts:
            self.assertIn(text, result.stderr)

    def test_a_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            result = run("serve", "--durability", "memory", "--listen", f"127.0.0.1:{port}")
            self.assertOneLine(result, f"127.0.0.1:{port}", "in use")

    def test_no_daemon(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.assertOneLine(
            run("score", "1", "--server", f"127.0.0.1:{port}"), "cannot connect", "probity serve")

    def test_a_missing_feed(self):
        with Daemon() as daemon:
            self.assertOneLine(daemon.run("record", "/nowhere/feed"), "/nowhere/feed", "No such file")
            self.assertOneLine(daemon.run("record", str(self.folder)), "is a directory")

    def test_a_missing_policy(self):
        self.assertOneLine(run("serve", "--policy", "/nowhere/p.yaml"), "/nowhere/p.yaml")

    def test_an_invalid_policy(self):
        policy = self.file("p.yaml", "version: 1\nname: broken\n  tiers: 3\n")
        result = run("serve", "--listen", "127.0.0.1:0", "--policy", policy)
        self.assertEqual(result.returncode, 1)
        self.assertIn("p.yaml", result.stderr)
        self.assertNotIn("Fatal error", result.stderr)

    def test_a_data_directory_that_is_a_file(self):
        self.assertOneLine(run("serve", "--data", self.file("data", "")), "is a file")

    def test_beyond_loopback_needs_a_token(self):
        result = run("serve", "--listen", "0.0.0.0:0")
        self.assertEqual(result.returncode, 64)
        self.assertIn("--token-file", result.stderr)

    def test_metrics_beyond_loopback_need_a_word(self):
        result = run("serve", "--listen", "127.0.0.1:0", "--admin-listen", "0.0.0.0:0")
        self.assertEqual(result.returncode, 64)
        self.assertIn("--allow-anonymous", result.stderr)

    def test_an_admin_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            result = run(
                "serve", "--durability", "memory", "--listen", "127.0.0.1:0", "--admin-listen",
                address)
            self.assertOneLine(result, address, "in use")

    def test_a_snapshot_of_a_daemon_that_keeps_nothing(self):
        with Daemon("--durability", "memory") as daemon:
            self.assertEqual(daemon.json("status")[0]["durability"], "memory")
            self.assertOneLine(daemon.run("snapshot"), "FAILED_PRECONDITION", "memory only")

    def test_a_token_is_asked_for(self):
        token = self.file("token", "open sesame\n")
        with Daemon("--token-file", token) as daemon:
            self.assertOneLine(daemon.run("status"), "token")
            self.assertEqual(daemon.run("status", "--token-file", token).returncode, 0)
            with_environment = daemon.run("status", env={"PROBITY_TOKEN_FILE": token})
            self.assertEqual(with_environment.returncode, 0)

    def test_wrong_arguments(self):
        for arguments in [["score"], ["score", "buyer:"], ["score", "0"], ["record"],
                          ["serve", "--listen", "nowhere"], ["score", "1", "--server", "x"],
                          ["record", "-", "--batch", "0"], ["simulate", "--accounts", "2"]]:
            result = run(*arguments)
            self.assertEqual(result.returncode, 64, arguments)
            self.assertIn("Usage", result.stderr)

    def test_explaining_a_stranger(self):
        with Daemon() as daemon:
            self.assertOneLine(daemon.run("explain", "merchant:5"), "NOT_FOUND", "merchant 5")


class Answers(WithFiles):
    def test_a_score_is_a_readable_card(self):
        with Daemon() as daemon:
            daemon.run("record", "-", stdin="\n".join(settled(42) for _ in range(30)))
            card = daemon.run("score", "42", "merchant:7").stdout
            for text in ["buyer 42", "merchant 7", "score", "floor", "tier", "confidence", "B01",
                         "strong history", "policy "]:
                self.assertIn(text, card)
            self.assertNotIn("\x1b", card, "no colours where there is no terminal")

    def test_explain_adds_up(self):
        with Daemon() as daemon:
            daemon.run("record", "-", stdin="\n".join(settled(42) for _ in range(30)))
            [explained] = daemon.json("explain", "42")
            points = explained["pointsBase"] + sum(d["points"] for d in explained["dimensions"])
            self.assertAlmostEqual(points, explained["verdict"]["score"], delta=0.51)
            self.assertGreater(explained["evidence"]["ordersSettled"], 0)
            self.assertIn("dimension", daemon.run("explain", "42").stdout)

    def test_status(self):
        with Daemon("--half-life-days", "90") as daemon:
            [status] = daemon.json("status")
            self.assertEqual(status["durability"], "always")
            self.assertEqual(status["halfLifeSeconds"], 90 * 86400)
            self.assertTrue(status["recording"])
            self.assertEqual(len(status["stateHash"]), 16)
            self.assertIsNone(status["snapshotAt"])
            self.assertEqual(status["recordingRefused"], "")
            for key in ["durablePosition", "snapshotPosition", "snapshotBytes", "logBytes",
                        "logSegments", "diskFreeBytes", "sources", "recoveredCommands",
                        "recoverySeconds", "tornTails"]:
                self.assertIn(key, status)
            self.assertIn("log position", daemon.run("status").stdout)

    def test_simulate_is_repeatable_and_finds_its_way_into_the_daemon(self):
        numbers = ["--accounts", "200", "--orders", "2000", "--seed", "5"]
        truth = str(self.folder / "truth")
        feed = run("simulate", *numbers, "--truth", truth)
        self.assertEqual(feed.stdout, run("simulate", *numbers).stdout)
        with open(truth) as lines:
            roles = [json.loads(line) for line in lines]
        self.assertEqual(len(roles), 200)
        self.assertEqual(set(roles[0]), {"account", "kind", "role", "honest"})
        hashes = []
        for send in [True, False]:
            with Daemon() as daemon:
                if send:
                    [result] = daemon.json("simulate", *numbers, "--send")
                else:
                    [result] = daemon.json("record", "-", stdin=feed.stdout)
                self.assertEqual(result["applied"], len(feed.stdout.splitlines()))
                asked = daemon.json("score", *[f"merchant:{n}" for n in range(1, 11)],
                                    "--as-of", "2026-01-01")
                hashes.append([answer["score"] for answer in asked])
        self.assertEqual(hashes[0], hashes[1])

    def test_a_policy_of_ones_own(self):
        resources = pathlib.Path(__file__).parents[2] / "Sources/IntegrityPolicy/Resources"
        text = (resources / "default-policy.yaml").read_text()
        own = self.file("own.yaml", re.sub(r"\nversion: \d+\n", "\nversion: 77\n", text))
        with Daemon("--policy", own) as daemon, Daemon() as standard:
            [answer] = daemon.json("score", "1")
            [usual] = standard.json("score", "1")
            self.assertEqual(answer["policyVersion"], 77)
            self.assertNotEqual(answer["policyHash"], usual["policyHash"])
            self.assertEqual(answer["score"], usual["score"])

    def test_help_and_version(self):
        for command in ["serve", "score", "explain", "record", "status", "snapshot", "simulate",
                        "bench", "claim", "appeal", "budget", "override", "policy", "receipt"]:
            result = run(command, "--help")
            self.assertEqual(result.returncode, 0)
            self.assertIn("USAGE", result.stdout)
        self.assertRegex(run("--version").stdout, r"^\d+\.\d+\.\d+\n$")


class Shutdown(unittest.TestCase):
    def test_whoever_reads_the_log_may_go(self):
        with Daemon() as daemon:
            daemon.process.stderr.close()
            # Says on standard error that it was taken, where nobody reads any more.
            self.assertEqual(daemon.run("snapshot").returncode, 0)
            self.assertEqual(daemon.run("status").returncode, 0)
        self.assertEqual(daemon.exit_code, 0)

    def test_sigterm_and_ctrl_c_end_with_zero(self):
        for signal_number in [signal.SIGTERM, signal.SIGINT]:
            with Daemon() as daemon:
                daemon.json("status")
                daemon.process.send_signal(signal_number)
                self.assertEqual(daemon.process.wait(timeout=20), 0)


if __name__ == "__main__":
    unittest.main(verbosity=1)
