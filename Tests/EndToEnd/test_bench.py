"""`probity bench`: loads of a real daemon, and what is said where that cannot be."""

import contextlib
import json
import os
import pty
import re
import resource
import signal
import socket
import subprocess
import threading
import time
import unittest
import xml.etree.ElementTree

from daemon import PROBITY, Daemon, WithFiles, run
from probity_client import FAILED_PRECONDITION, GOAWAY, frame, hello_frame, pb

SHORT = ["--accounts", "1000", "--warm-up", "0.1", "--duration", "0.3"]


def bench(daemon, *arguments, code=0):
    """The report of a short load."""
    result = daemon.run("bench", "--json", *SHORT, *arguments)
    assert result.returncode == code, (result.returncode, result.stderr)
    return json.loads(result.stdout)


@contextlib.contextmanager
def halted(daemon):
    """A daemon that does nothing within the block."""
    daemon.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        daemon.process.send_signal(signal.SIGCONT)


class InBackground(WithFiles):
    """Loads beside which a test does something."""

    def start(self, daemon, *arguments, awaited=None):
        """Starts a load; returns when the daemon has counted some of it, if told what."""
        process = subprocess.Popen(
            [PROBITY, "bench", "--json", "--server", daemon.address, "--accounts", "1000",
             *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

        def end():
            process.kill()
            process.communicate()

        self.addCleanup(end)
        while awaited is not None and daemon.json("status")[0][awaited] == 0:
            self.assertIsNone(process.poll(), "the load ended before any of it was counted")
            time.sleep(0.02)
        return process

    def finish(self, process, code):
        """The report, and what was said beside it."""
        out, error = process.communicate(timeout=30)
        self.assertEqual(process.returncode, code, error)
        return json.loads(out), error


class Loads(InBackground):
    def assertReport(self, report, workload):
        self.assertEqual(report["workload"], workload)
        self.assertGreater(report["requestsPerSecond"], 0)
        self.assertGreaterEqual(report["itemsPerSecond"], report["requestsPerSecond"])
        latency = report["latencyMicroseconds"]
        self.assertEqual(set(latency), {"p50", "p90", "p99", "p999", "p9999", "max"})
        values = [latency[key] for key in ["p50", "p90", "p99", "p999", "p9999", "max"]]
        self.assertEqual(values, sorted(values))
        self.assertGreater(values[0], 0)
        self.assertEqual(report["errors"], {})
        self.assertEqual(set(report["machine"]), {"cpuModel", "coreCount", "memoryGibibytes"})
        self.assertEqual(report["server"]["version"], run("--version").stdout.strip())
        self.assertEqual(report["seed"], 1)
        self.assertNotIn("rate", report)

    def test_score(self):
        with Daemon() as daemon:
            before = daemon.json("status")[0]["lookups"]
            report = bench(daemon, "--fill", "--connections", "3", "--in-flight", "4")
            self.assertReport(report, "score")
            self.assertEqual((report["connections"], report["inFlight"]), (3, 4))
            self.assertEqual(report["unknownLookups"], 0)
            self.assertEqual(report["notes"], [])
            [status] = daemon.json("status")
            # The daemon counts warm-up too.
            self.assertGreaterEqual(status["lookups"] - before, report["requests"])
            self.assertEqual(status["buyers"], 1000)

    def test_a_fill_is_recorded_once(self):
        with Daemon() as daemon:
            bench(daemon, "--fill")
            [first] = daemon.json("status")
            bench(daemon, "--fill")
            [again] = daemon.json("status")
            self.assertGreater(first["logPosition"], 1000)
            # The first account is sent to see how far the last fill came.
            self.assertLess(again["logPosition"] - first["logPosition"], 10)
            self.assertEqual(again["commandsApplied"], first["commandsApplied"])
            self.assertEqual(again["buyers"], 1000)

    def test_without_accounts_it_says_what_to_do(self):
        with Daemon() as daemon:
            result = daemon.run("bench", *SHORT)
            self.assertEqual(result.returncode, 0)
            self.assertRegex(result.stderr, "holds 0 buyers and 1000 are asked for.*--fill")
            self.assertGreater(bench(daemon)["unknownLookups"], 0)

    def test_batch(self):
        with Daemon() as daemon:
            report = bench(daemon, "--workload", "batch", "--batch", "100", "--fill")
            self.assertReport(report, "batch")
            self.assertAlmostEqual(
                report["itemsPerSecond"] / report["requestsPerSecond"], 100, delta=0.1)
            self.assertEqual(report["unknownLookups"], 0)

    def test_record_twice_without_duplicates(self):
        with Daemon() as daemon:
            applied = 0
            for _ in range(2):
                report = bench(
                    daemon, "--workload", "record", "--batch", "50", "--in-flight", "8")
                self.assertReport(report, "record")
                [status] = daemon.json("status")
                self.assertGreaterEqual(status["commandsApplied"] - applied, report["requests"] * 50)
                applied = status["commandsApplied"]
            self.assertEqual(status["commandsDuplicate"], 0)
            self.assertEqual(status["commandsApplied"] % 50, 0)

    def test_mixed(self):
        with Daemon() as daemon:
            report = bench(
                daemon, "--workload", "mixed", "--fill", "--in-flight", "16", "--batch", "20",
                "--mix", "8:1:1")
            self.assertReport(report, "mixed")
            self.assertEqual(set(report["calls"]), {"score", "batch", "record"})
            score = report["calls"]["score"]["requestsPerSecond"]
            self.assertAlmostEqual(score / report["requestsPerSecond"], 0.8, delta=0.1)
            [status] = daemon.json("status")
            self.assertEqual(status["commandsDuplicate"], 0)

    def test_two_at_once_do_not_meet(self):
        with Daemon() as daemon:
            reports = []
            arguments = ["--workload", "record", "--batch", "20", "--in-flight", "4"]
            threads = [
                threading.Thread(target=lambda: reports.append(bench(daemon, *arguments)))
                for _ in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            [status] = daemon.json("status")
            self.assertEqual(len(reports), 2)
            self.assertEqual(status["commandsDuplicate"], 0)

    def test_a_rate_is_kept(self):
        with Daemon() as daemon:
            report = bench(daemon, "--fill", "--rate", "1000")
            self.assertEqual(report["rate"], 1000)
            # All that was due in 0.3 s was asked and answered, whatever the machine was at.
            self.assertAlmostEqual(report["requests"], 300, delta=2)
            self.assertIn("lateMicroseconds", report["client"])
            self.assertLessEqual(report["requestsPerSecond"], 1010)

    def test_a_stall_counts_for_all_that_was_due_in_it(self):
        with Daemon() as daemon:
            process = self.start(
                daemon, "--warm-up", "0", "--duration", "2", "--rate", "1000", "--connections",
                "1", "--in-flight", "4")
            time.sleep(0.7)
            with halted(daemon):
                time.sleep(0.5)
            report, error = self.finish(process, 0)
            self.assertAlmostEqual(report["requests"], 2000, delta=2)
            # Half a second of two: requests due in it waited evenly from 0 to 500 ms.
            self.assertGreater(report["latencyMicroseconds"]["p90"], 150_000)
            self.assertGreater(report["latencyMicroseconds"]["max"], 450_000)
            # It was not the client that was late: four requests waited, the others for them.
            self.assertGreater(report["client"]["heldBack"], 300)
            self.assertIn("had to wait", report["notes"][0] + error)

    def test_requests_more_seldom_than_the_timeout(self):
        with Daemon() as daemon:
            report = bench(
                daemon, "--rate", "2", "--connections", "1", "--duration", "1.2", "--timeout", "0.2")
            self.assertEqual(report["errors"], {})
            self.assertAlmostEqual(report["requests"], 2, delta=1)

    def test_a_run_in_which_nothing_is_due(self):
        with Daemon() as daemon:
            report = bench(daemon, "--fill", "--rate", "1", "--connections", "1")
            self.assertEqual((report["requests"], report["errors"]), (0, {}))
            self.assertEqual(report["seconds"], 0.3)
            self.assertEqual(report["notes"], [])

    def test_more_connections_than_files_may_be_open_at_first(self):
        def few_files():
            _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (150, most))

        arguments = [*SHORT, "--connections", "300", "--threads", "4"]
        with Daemon() as daemon:
            for where in [["--server", daemon.address], ["--ceiling"]]:
                result = subprocess.run(
                    [PROBITY, "bench", *where, *arguments], preexec_fn=few_files,
                    capture_output=True, text=True, timeout=60)
                self.assertEqual(result.returncode, 0, (where, result.stderr))

    def test_runs_threads_and_zipf(self):
        with Daemon() as daemon:
            report = bench(
                daemon, "--fill", "--runs", "3", "--threads", "2", "--connections", "5",
                "--distribution", "zipf", "--zipf-exponent", "1.2")
            runs = report["runs"]
            self.assertEqual((runs["count"], len(runs["each"])), (3, 3))
            rate = runs["requestsPerSecond"]
            self.assertTrue(rate["min"] <= rate["median"] <= rate["max"])
            self.assertEqual(rate["median"], report["requestsPerSecond"])
            self.assertEqual(sum(run["requests"] for run in runs["each"]), report["requests"])
            self.assertEqual((report["distribution"], report["zipfExponent"]), ("zipf", 1.2))

    def test_a_name_and_a_token(self):
        token = self.file("token", "open sesame\n")
        with Daemon("--token-file", token) as daemon:
            port = daemon.address.rsplit(":", 1)[1]
            result = run("bench", "--server", f"localhost:{port}", "--token-file", token, *SHORT)
            self.assertEqual(result.returncode, 0, result.stderr)

    def test_a_plot(self):
        plot = str(self.folder / "plot.svg")
        with Daemon() as daemon:
            report = bench(daemon, "--fill", "--in-flight", "4", "--plot", plot)
            self.assertEqual([load["inFlight"] for load in report["smallerLoads"]], [1, 2])
            drawing = xml.etree.ElementTree.parse(plot).getroot()
            space = "{http://www.w3.org/2000/svg}"
            self.assertEqual(drawing.tag, space + "svg")
            self.assertEqual(len(drawing.findall(space + "circle")), 3)
            self.assertEqual(len(drawing.findall(space + "polyline")), 2)
            # Said before anything is measured, so without a report.
            for path in ["/nowhere/plot.svg", str(self.folder)]:
                result = daemon.run("bench", *SHORT, "--plot", path)
                self.assertEqual((result.returncode, result.stdout), (1, ""))
                self.assertIn(path, result.stderr)

    def test_the_generators_own_ceiling(self):
        for workload in ["score", "batch", "record", "mixed"]:
            result = run("bench", "--json", "--ceiling", "--workload", workload, *SHORT)
            self.assertEqual(result.returncode, 0, result.stderr)
            report = json.loads(result.stdout)
            self.assertTrue(report["isCeiling"])
            self.assertGreater(report["requests"], 0)
            self.assertEqual((report["errors"], report["unknownLookups"]), ({}, 0))
            self.assertIn("ceiling", result.stderr)

    def test_a_summary_for_people(self):
        with Daemon() as daemon:
            result = daemon.run("bench", "--fill", "--runs", "2", *SHORT)
            for text in ["score: 50 connections × 16 in flight, closed loop", "requests/s", "p99.9",
                         "2 runs", "ns of processor a request", "seed 1"]:
                self.assertIn(text, result.stdout)
            self.assertEqual(result.stderr, "", "no progress where there is no terminal")


class Interruption(InBackground):
    def test_ctrl_c_prints_what_was_measured(self):
        with Daemon() as daemon:
            process = self.start(
                daemon, "--warm-up", "0", "--duration", "60", awaited="lookups")
            time.sleep(0.3)
            process.send_signal(signal.SIGINT)
            report, _ = self.finish(process, 130)
            self.assertTrue(report["isInterrupted"])
            self.assertGreater(report["requests"], 0)
            self.assertLess(report["seconds"], 30)
            self.assertEqual(report["errors"], {})

    def test_ctrl_c_while_nothing_is_counted_yet(self):
        with Daemon() as daemon:
            process = self.start(daemon, "--warm-up", "60", "--threads", "2", awaited="lookups")
            process.send_signal(signal.SIGINT)
            report, _ = self.finish(process, 130)
            self.assertEqual((report["requests"], report["runs"]["count"]), (0, 0))

    def test_progress_on_a_terminal(self):
        with Daemon() as daemon:
            ours, theirs = pty.openpty()
            process = subprocess.Popen(
                [PROBITY, "bench", "--server", daemon.address, *SHORT, "--duration", "1"],
                stdout=subprocess.PIPE, stderr=theirs)
            os.close(theirs)
            shown = b""
            try:
                while data := os.read(ours, 65536):
                    shown += data
            except OSError:
                pass  # The terminal's other end is closed.
            os.close(ours)
            process.communicate(timeout=20)
            self.assertEqual(process.returncode, 0)
            self.assertIn("requests,", shown.decode())
            self.assertIn("█", shown.decode())


class Failures(InBackground):
    def assertRefused(self, result, *texts, code=1):
        self.assertEqual(result.returncode, code, result.stderr)
        for text in texts:
            self.assertIn(text, result.stderr)
        self.assertEqual(result.stdout, "")

    def stranger(self, answer):
        """A server that answers what it is sent first with `answer`, or never."""
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)

        def serve():
            try:
                connection, _ = server.accept()
            except OSError:
                return
            connection.recv(4096)
            if answer is not None:
                connection.sendall(answer)
                connection.close()
            else:
                self.addCleanup(connection.close)

        threading.Thread(target=serve, daemon=True).start()
        return f"127.0.0.1:{server.getsockname()[1]}"

    def bench(self, address, *arguments):
        return run("bench", "--server", address, *SHORT, *arguments)

    def test_nobody_listens(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            address = f"127.0.0.1:{free.getsockname()[1]}"
        started = time.monotonic()
        plot = self.folder / "plot.svg"
        result = self.bench(address, "--plot", str(plot))
        self.assertLess(time.monotonic() - started, 2, "it should be said at once")
        self.assertRefused(result, address, "Connection refused", "probity serve")
        self.assertFalse(plot.exists(), "nothing was measured, and nothing drawn")

    def test_a_name_without_an_address(self):
        self.assertRefused(self.bench("nowhere.invalid:7420"), "nowhere.invalid", "--server")

    def test_another_kind_of_server(self):
        for answer, said in [
            (b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", "HTTP/1.1 400 Bad Request"),
            (b"-ERR unknown command\r\n", "-ERR unknown command"),
            (b"\x00\x01\x02", "3 bytes that are no frame"), (b"", "the end of the connection"),
        ]:
            address = self.stranger(answer)
            self.assertRefused(
                self.bench(address), address, "no Probity daemon", said, "--server")

    def test_the_admin_listener(self):
        with Daemon("--admin-listen", "127.0.0.1:0") as daemon:
            self.assertRefused(self.bench(daemon.admin), daemon.admin, "no Probity daemon")

    def test_a_server_that_never_answers(self):
        address = self.stranger(None)
        started = time.monotonic()
        result = self.bench(address, "--timeout", "0.5")
        self.assertLess(time.monotonic() - started, 5)
        self.assertRefused(result, address, "has not answered within 0.5 s", "--server")

    def test_another_protocol_version(self):
        address = self.stranger(hello_frame(version=2))
        self.assertRefused(self.bench(address), address, "version 2", "version 1", "released with")

    def test_a_daemon_that_refuses_this_version(self):
        notice = pb.GoAway(status=FAILED_PRECONDITION, message="the version must be 2")
        address = self.stranger(frame(GOAWAY, notice.SerializeToString()))
        self.assertRefused(
            self.bench(address), address, "the version must be 2", "released with")

    def test_a_wrong_token(self):
        token, wrong = self.file("token", "open sesame\n"), self.file("wrong", "open barley\n")
        with Daemon("--token-file", token) as daemon:
            self.assertRefused(self.bench(daemon.address), daemon.address, "--token-file")
            self.assertRefused(
                self.bench(daemon.address, "--token-file", wrong), daemon.address, "--token-file")

    def test_options_out_of_range(self):
        for arguments, name in [
            (["--connections", "0"], "--connections"), (["--in-flight", "5000"], "--in-flight"),
            (["--threads", "99"], "--threads"), (["--rate", "0"], "--rate"),
            (["--duration", "0"], "--duration"), (["--warm-up=-1"], "--warm-up"),
            (["--runs", "0"], "--runs"), (["--accounts", "0"], "--accounts"),
            (["--workload", "record", "--batch", "10001"], "--batch"), (["--batch", "5"], "--batch"),
            (["--workload", "record", "--in-flight", "65"], "--in-flight"),
            (["--zipf-exponent", "1"], "--zipf-exponent"), (["--mix", "1:1:1"], "--mix"),
            (["--workload", "mixed", "--mix", "0:0:0"], "--mix"),
            (["--workload", "mixed", "--mix", "1:2"], "--mix"), (["--workload", "x"], "--workload"),
            (["--distribution", "zipf", "--zipf-exponent", "9"], "--zipf-exponent"),
        ]:
            result = run("bench", *arguments)
            self.assertEqual(result.returncode, 64, (arguments, result.stderr))
            self.assertIn(name, result.stderr)

    def test_a_full_store_fails_it(self):
        with Daemon("--accounts-max", "1000") as daemon:
            result = daemon.run(
                "bench", "--json", "--workload", "record", "--accounts", "1000000", "--warm-up", "0",
                "--duration", "0.3")
            self.assertEqual(result.returncode, 1, result.stderr)
            report = json.loads(result.stdout)
            self.assertGreater(report["errors"]["RESOURCE_EXHAUSTED"], 0)
            people = daemon.run("bench", "--workload", "record", *SHORT, "--accounts", "1000000")
            self.assertEqual(people.returncode, 1)
            self.assertRegex(people.stdout, re.compile("FAILED .*RESOURCE_EXHAUSTED"))

    def test_a_daemon_that_hangs(self):
        for workload, counted in [("score", "lookups"), ("record", "commandsApplied")]:
            with Daemon() as daemon:
                process = self.start(
                    daemon, "--workload", workload, "--in-flight", "2", "--runs", "2",
                    "--warm-up", "0", "--duration", "20", "--timeout", "0.5", awaited=counted)
                with halted(daemon):
                    report, error = self.finish(process, 1)
                self.assertEqual(set(report["errors"]), {"NO_REPLY"})
                self.assertGreater(report["requests"], 0)
                self.assertIn("has not answered for 0.5 s", report["failure"])
                self.assertIn(report["failure"], error)

    def test_a_daemon_that_hangs_while_nothing_is_counted_yet(self):
        with Daemon() as daemon:
            process = self.start(
                daemon, "--warm-up", "20", "--timeout", "0.5", awaited="lookups")
            with halted(daemon):
                report, _ = self.finish(process, 1)
            self.assertEqual(report["requests"], 0)
            self.assertIn("has not answered for 0.5 s", report["failure"])

    def test_a_daemon_that_ends_meanwhile(self):
        with Daemon() as daemon:
            process = self.start(
                daemon, "--warm-up", "0", "--duration", "30", awaited="lookups")
            daemon.process.send_signal(signal.SIGTERM)
            report, error = self.finish(process, 1)
            self.assertGreater(report["requests"], 0)
            self.assertRegex(report["failure"], "UNAVAILABLE|closed|connection")
            self.assertIn(report["failure"], error)


if __name__ == "__main__":
    unittest.main(verbosity=1)
