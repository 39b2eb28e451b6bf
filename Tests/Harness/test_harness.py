"""Benchmarks/Harness: what its figures, tables and files may get wrong without a server."""

import contextlib
import io
import json
import os
import pathlib
import sys
import tempfile
import types
import unittest
import unittest.mock

HARNESS = pathlib.Path(__file__).resolve().parents[2] / "Benchmarks" / "Harness"
sys.path.insert(0, str(HARNESS))
# Draws with matplotlib, which only `make scale` needs.
sys.modules["growth_chart"] = types.ModuleType("growth_chart")

import callgrind  # noqa: E402
import calls  # noqa: E402
import compare  # noqa: E402
import compare_durable  # noqa: E402
import compare_lookups  # noqa: E402
import compare_restart  # noqa: E402
import comparison  # noqa: E402
import count_instructions  # noqa: E402
import disk  # noqa: E402
import scale  # noqa: E402
import servers  # noqa: E402
import snapshot_pause  # noqa: E402

MACHINE = {"cpuModel": "Abacus", "coreCount": 2, "memoryGibibytes": 24}


def result(date="2026-01-01", versions=("Probity 1",), **data):
    """As `comparison.result` makes it, of a machine and a day of our own."""
    options = {"seed": 1, "batch": 1, "connections": 50, "accounts": 1_000, "event_loops": None,
               "rounds": 3, "seconds": 1, "durability": "always"} | data.pop("options", {})
    return {"machine": MACHINE, "date": date, "commit": "abc", "versions": list(versions),
            "options": options, **data}


def report(rate, p50=100, p99=900):
    """As loopback-bench prints a run, as far as tables read it."""
    return {"requestsPerSecond": rate, "accountsPerSecond": rate, "commandsPerSecond": rate,
            "batchesPerSecond": rate / 500, "serverMicrosecondsPerRequest": 1.5,
            "serverMicrosecondsPerCommand": 0.5, "serverCores": 0.9,
            "latency": {"p50Microseconds": p50, "p99Microseconds": p99, "maxMicroseconds": 2_000}}


def lookups(*rounds, in_flight=16, **options):
    """A result of lookups: of each round, rates by server."""
    reports = [{name: report(rate) for name, rate in rates.items()} for rates in rounds]
    return result(
        shapes=[{"inFlight": in_flight, "rounds": reports}],
        redisBenchmarkRequestsPerSecond=None, options={"cases": list(rounds[0]), **options})


def shown(show, found):
    """What a comparison prints for people."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        show(found)
    return printed.getvalue()


class InFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)


class Figures(unittest.TestCase):
    def test_a_spread_is_the_median_and_the_range(self):
        self.assertEqual(comparison.spread([3_000, 1_000, 2_000]), "2,000 (1,000…3,000)")
        self.assertEqual(comparison.spread([1, 2, 3, 4], 1), "2.5 (1.0…4.0)")

    def test_times_are_in_the_unit_that_suits_them(self):
        for median, text in [(0.4, "0 µs"), (280, "280 µs"), (999.4, "999 µs"),
                             (999.6, "1.0 ms"), (38_000, "38.0 ms")]:
            self.assertEqual(comparison.microseconds([median]), text)
        self.assertEqual(comparison.microseconds([1, 5_000, 9_000_000]), "5.0 ms")

    def test_percentiles_of_samples_are_nearest_ranks(self):
        samples = [(due, (100 - due) * 1_000) for due in range(100)]
        found = snapshot_pause.latencies(samples)
        self.assertEqual(found, {"p50": 50, "p99": 99, "p999": 100, "max": 100, "count": 100})
        self.assertEqual(snapshot_pause.latencies([(0, 7_000)])["p99"], 7)

    def test_samples_count_by_when_they_were_due(self):
        samples = [(10, 1_000), (20, 2_000), (30, 3_000)]
        self.assertEqual(snapshot_pause.latencies(samples, 15, 25)["max"], 2)
        self.assertEqual(snapshot_pause.latencies(samples, last=20)["count"], 2)
        with self.assertRaisesRegex(servers.Failure, "--lookup-rate"):
            snapshot_pause.latencies(samples, 40, 50)

    def test_growth_is_over_the_first_size(self):
        def size(accounts, cost):
            rate = 1e9 / cost
            return {
                "accounts": accounts, "held": accounts, "residentBytes": 80 * accounts,
                "lookups": {"16": [report(rate)] * 3}, "batches": [report(rate)] * 3,
                "scan": [{"seconds": accounts * cost / 1e9}] * 3, "record": [report(rate)] * 3,
                "fill": {"writesPerSecond": rate, "latency": {"maxMicroseconds": 5_000}},
                "snapshot": {"seconds": 1, "bytes": 8e6, "pauseSeconds": 0.0002},
                "restarts": [{"seconds": 2, "readAndTouchSeconds": 1}] * 3}
        lines = scale.table({"sizes": [size(1_000_000, 200), size(10_000_000, 300)]}).splitlines()
        self.assertEqual(lines[0], "| | 1,000,000 accounts | 10,000,000 accounts |")
        self.assertIn("| Score, 50 × 16: ns | 200 | 300 (× 1.50) |", lines)
        self.assertIn("| scan of everyone: ns an account | 200 | 300 (× 1.50) |", lines)
        self.assertIn("| memory: bytes an account | 80.0 | 80.0 (× 1.00) |", lines)
        self.assertIn("| snapshot: longest wait of commands | 200 µs | 200 µs |", lines)


class Rows(unittest.TestCase):
    def test_ratios_are_taken_within_rounds_and_above_1_where_probity_is_faster(self):
        found = lookups({"probity": 200, "redis": 100}, {"probity": 900, "redis": 100},
                        {"probity": 300, "redis": 200})
        [ours, redis] = compare_lookups.rows(found)
        self.assertEqual((ours.server, ours.ratio), ("Probity, 2 event loops", ""))
        self.assertEqual((redis.server, redis.ratio), ("Redis `GET`", "2.00 (1.50…9.00)"))
        self.assertEqual((redis.ratio_one_loop, redis.aim), ("", "≥ 2"))
        self.assertEqual((redis.measured, redis.p50, redis.p99),
                         ("100 (100…200) /s", "100 µs", "900 µs"))
        self.assertIn("probity is 2.00 (1.50…9.00) times as fast",
                      shown(compare_lookups.show, found))

    def test_servers_have_one_order_whatever_the_round_began_with(self):
        found = lookups({"memcached": 1, "redis": 1, "probity-one-loop": 1, "probity": 1})
        self.assertEqual(
            [row.server for row in compare_lookups.rows(found)],
            ["Probity, 2 event loops", "Probity, 1 event loop", "Redis `GET`",
             "memcached, 4 threads"])
        self.assertEqual([row.aim for row in compare_lookups.rows(found)], ["", "", "≥ 2", ""])

    def test_batches_have_their_own_words_and_no_grpc(self):
        [row] = compare_lookups.rows(lookups({"redis": 5}, batch=1_000))
        self.assertEqual((row.server, row.measured, row.aim),
                         ("Redis `MGET`", "5 (5…5) ids/s", "≥ 10"))
        self.assertIn("`ScoreBatch` of 1,000 of 1,000 accounts", row.what)
        self.assertNotIn("grpc", compare_lookups.arguments(["--batch", "9"]).cases)
        self.assertIn("grpc", compare_lookups.arguments([]).cases)

    def test_recording(self):
        rounds = [{"reports": {"redis set": report(100), "probity": report(ours)},
                   "ratios": {"redis set": ours / 100},
                   "limits": {"oneBatch": {"bytes": 40_000, "appended": 250, "overwritten": 100}}}
                  for ours in (300, 400)]
        found = result(rounds=rounds, fileSystem="ext4", options={"event_loops": 1, "batch": 500})
        [ours, redis] = compare_durable.rows(found)
        self.assertEqual((ours.server, ours.ratio), ("Probity, 1 event loop", ""))
        self.assertEqual((redis.ratio, redis.aim), ("3.50 (3.00…4.00)", "≥ 3"))
        text = shown(compare_durable.show, found)
        self.assertIn("ratio to redis set  3.50 (3.00…4.00)", text)
        # 40,000 bytes are 500 commands, and 100 µs a ten-thousandth of a second.
        self.assertIn("at most 5000000 commands/s", text)

    def test_restarts_and_memory(self):
        each = {"probity": {"seconds": 1}, "redis": {"seconds": 6}}
        prepared = {"redis": {"residentBytes": 1_500, "held": 10},
                    "probity": {"residentBytes": 840, "held": 12}}
        found = result(shapes={"warm": [each]}, prepared=prepared)
        rows = compare_restart.rows(found)
        self.assertEqual([(row.measured, row.ratio) for row in rows], [
            ("1.00 (1.00…1.00) s", ""), ("6.00 (6.00…6.00) s", "6.00 (6.00…6.00)"),
            ("70 bytes", ""), ("150 bytes", "2.14")])

    def test_snapshots(self):
        def one(pause, ratio):
            return {"report": {"pauseMicroseconds": pause, "seconds": 1, "bytes": 1e6},
                    "ratio": ratio,
                    "recorder": report(1_000, p50=200_000 if pause > 1_000 else 300),
                    **{phase: {"p50": 50, "p99": 1_500, "p999": 1_600, "max": 1_700}
                       for phase in snapshot_pause.PHASES}}
        found = result(rounds={"probity": [one(200, 0.5)], "redis": [one(38_000, 25)]}, options={
            "record_rate": 1_000, "lookup_rate": 2_000, "event_loops": 1,
            "redis_durability": "memory"})
        rows = snapshot_pause.rows(found)
        self.assertEqual([(row.measured, row.ratio) for row in rows], [
            ("0.20 (0.20…0.20) ms", ""), ("38.00 (38.00…38.00) ms", "190.00 (190.00…190.00)"),
            ("0.50 (0.50…0.50)", ""), ("25.00 (25.00…25.00)", "50.00 (50.00…50.00)")])
        self.assertEqual((rows[3].p50, rows[3].p99), ("50 µs", "1.5 ms"))
        text = shown(snapshot_pause.show, found)
        self.assertIn("redis did not keep up", text)
        self.assertNotIn("probity did not keep up", text)

    def test_a_table_says_what_it_measures_once(self):
        rows = [comparison.Row("a", "x", "1", aim="2"), comparison.Row("a", "y", "3"),
                comparison.Row("b", "x", "4")]
        self.assertEqual(comparison.table(rows).splitlines()[1:], [
            "|---|---|---|---|---|---|---|---|", "| a | x | 1 |  |  |  |  | 2 |",
            "|  | y | 3 |  |  |  |  |  |", "| b | x | 4 |  |  |  |  |  |"])


class Documents(InFolder):
    AROUND = f"# Title\n\n{compare.BEGIN}\nold\n{compare.END}\n\nbehind\n"

    def document(self, text):
        path = self.folder / "PERFORMANCE.md"
        path.write_text(text)
        return path

    def test_what_stands_around_the_table_stays(self):
        path = self.document(self.AROUND)
        for _ in range(2):
            compare.write_document(path, "| new |")
            self.assertEqual(path.read_text(), (
                f"# Title\n\n{compare.BEGIN}\n\n| new |\n\n{compare.END}\n\nbehind\n"))
        self.assertEqual(os.listdir(self.folder), [path.name])

    def test_a_document_without_the_tables_place_is_left_alone(self):
        for text in ["# Title\n", compare.BEGIN, f"{compare.END}\n{compare.BEGIN}\n"]:
            path = self.document(text)
            with self.assertRaisesRegex(servers.Failure, "no table's place"):
                compare.write_document(path, "| new |")
            self.assertEqual(path.read_text(), text)
        with self.assertRaisesRegex(servers.Failure, "is not there"):
            compare.around_table(self.folder / "none.md")

    def test_rows_from_before_stay_in_the_table(self):
        path = self.folder / "compare.json"
        self.assertEqual(compare.earlier(path), {})
        before = {"score": lookups({"redis": 7}), "nothing that is measured any more": {}}
        path.write_text(json.dumps(before))
        found = compare.earlier(path)
        found["batch"] = result("2026-01-02", ("Probity 1", "Redis 7"), **{
            key: lookups({"redis": 8}, batch=10)[key] for key in ("shapes", "options")})
        text = compare.render(found)
        self.assertLess(text.index("7 (7…7) /s"), text.index("8 (8…8) ids/s"))
        self.assertIn("score: Abacus, 2 cores, 24 GiB; 2026-01-01, commit abc, seed 1; Probity 1.",
                      text)
        self.assertIn("batch: Abacus, 2 cores, 24 GiB; 2026-01-02, commit abc, seed 1; "
                      "Probity 1, Redis 7.", text)
        path.write_text("{")
        with self.assertRaisesRegex(servers.Failure, "is no JSON.*remove it"):
            compare.earlier(path)

    def test_what_was_measured_on_one_day_is_told_once(self):
        found = {"score": lookups({"redis": 7}), "batch": lookups({"redis": 8}, batch=10)}
        self.assertEqual(compare.render(found).count("Abacus"), 1)

    def test_a_result_says_nothing_of_paths(self):
        options = compare_durable.arguments(["--work-dir", "/secret", "--output", "/secret.json"])
        found = comparison.result(options, ["Probity 1"], rounds=[])
        self.assertNotIn("/secret", json.dumps(found))
        self.assertEqual(found["options"]["rounds"], 5)


class Arguments(unittest.TestCase):
    def refusal(self, arguments, *words):
        """What is said of a command line that is refused."""
        with contextlib.redirect_stderr(io.StringIO()) as said:
            with self.assertRaises(SystemExit) as ended:
                arguments(list(words))
        self.assertEqual(ended.exception.code, 2)
        return said.getvalue()

    def test_nothing_is_measured_without_rounds_or_accounts(self):
        for module in (compare_lookups, compare_durable, compare_restart, snapshot_pause, scale):
            for option in ("--rounds", "--accounts"):
                said = self.refusal(module.arguments, option, "0")
                self.assertRegex(said, f"{option}: must be at least 1, not 0")

    def test_choices(self):
        self.assertIn("mongo", self.refusal(compare_lookups.arguments, "--cases", "mongo"))
        self.assertIn("ascend", self.refusal(scale.arguments, "--accounts", "2", "1"))
        self.assertIn("--servers", self.refusal(snapshot_pause.arguments, "--servers", "grpc"))

    def test_a_comparison_takes_the_line_that_compare_gives_it(self):
        options = types.SimpleNamespace(
            quick=True, seed=7, rounds=4, restart_accounts=9, work_dir=pathlib.Path("/disk"))
        for name, (module, _, _) in compare.ROWS.items():
            taken = module.arguments(compare.words(name, options))
            self.assertEqual((taken.seed, taken.rounds), (7, 4), name)
            self.assertEqual(taken.accounts == 9, name == "restart")
            if module is not compare_lookups:
                self.assertEqual(taken.work_dir, pathlib.Path("/disk"))
        options.quick = False
        self.assertEqual(
            compare_lookups.arguments(compare.words("batch", options)).accounts, 10_000_000)


class Servers(InFolder):
    def program(self, name, text):
        """A program that stands in for one of ours."""
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o700)
        self.environment(name, str(path))

    def environment(self, name, value):
        patch = unittest.mock.patch.dict(os.environ, {name: value})
        patch.start()
        self.addCleanup(patch.stop)

    def test_a_command_line(self):
        self.program("LOOPBACK_BENCH", "")
        server = servers.Redis()
        server.port = 5
        self.assertEqual(
            servers.command("run", server, in_order=True, warm_up=0.5)[1:],
            ["run", "redis", "--port", "5", "--json", "--in-order", "--warm-up", "0.5"])

    def test_a_program_that_is_not_built_is_named(self):
        self.environment("PROBITY", "/nowhere/probity")
        with self.assertRaisesRegex(servers.Failure, "/nowhere/probity is missing: run `make"):
            servers.probity()

    def test_a_daemon_is_up_when_it_says_where_and_stopped_behind_its_block(self):
        self.program("PROBITY", """echo '{"listening": "127.0.0.1:77"}'; exec sleep 60""")
        with servers.Daemon() as daemon:
            self.assertEqual(daemon.port, 77)
            self.assertGreater(daemon.resident_bytes(), 0)
            self.assertGreaterEqual(daemon.cpu_seconds(), 0)
        self.assertEqual(daemon.process.returncode, -15)
        daemon.process.stdout.close()

    def test_a_daemon_that_ends_at_its_start(self):
        self.program("PROBITY", "exit 1")
        daemon = servers.Daemon()
        with self.assertRaisesRegex(servers.Failure, "ended before it listened"):
            daemon.start()
        daemon.process.wait()
        daemon.process.stdout.close()

    def test_a_command_that_fails_is_told(self):
        with self.assertRaisesRegex(servers.Failure, "`sh -c .*` failed with 3: half"):
            servers.run(["sh", "-c", "printf half; exit 3"])

    def test_files_go_to_a_disk_and_away_again(self):
        with self.assertRaisesRegex(servers.Failure, "not a directory.*--work-dir"):
            with disk.work_directory(self.folder / "none"):
                pass
        with self.assertRaisesRegex(servers.Failure, "nothing is durable"):
            with disk.work_directory(pathlib.Path("/dev/shm")):
                pass
        with disk.fresh(self.folder, "data") as data:
            (data / "log").write_text("abc")
            self.assertEqual(disk.size_bytes(self.folder), {"data/log": 3})
        self.assertEqual(os.listdir(self.folder), [])


class Calls(unittest.TestCase):
    def test_the_checksum_is_crc32c(self):
        # The check value of the catalogue of CRCs.
        self.assertEqual(calls._crc32c(b"123456789"), 0xE3069283)

    def test_a_server_that_is_not_there_is_not_ready_yet(self):
        port = servers.free_port()
        for connect in (calls.ProbityCalls, calls.RedisCalls):
            with self.assertRaises(calls.NotYet):
                connect(port)


class Counting(InFolder):
    def test_calls_are_told_from_what_they_cost(self):
        path = self.folder / "calls.1"
        path.write_text(
            "fn=judge\n10 5\n11 7\ncfn=malloc\ncalls=3 0\n12 900\n+1 8\n"
            "fn=malloc\n20 880\ncfn=__libc_malloc\ncalls=9 0\n21 20\nsummary: 920\n")
        call = callgrind.Call(path)
        self.assertEqual((call.instructions, call.allocations), (920, 3))
        self.assertEqual(call.by_function, {"judge": 20, "malloc": 880})

    def test_thresholds(self):
        threshold = {"instructions": 1_000, "allocations": 0, "bytes": 33}
        for figures, worse, better in [
            (threshold, [], []), (threshold | {"instructions": 1_010}, [], []),
            (threshold | {"instructions": 1_011}, ["1011 instructions, not 1000"], []),
            (threshold | {"instructions": 980}, [], ["980 instructions, not 1000"]),
            (threshold | {"bytes": 33.1}, ["33.1 bytes, not 33"], []),
            # What allocates may take 3 % more, but no allocation more.
            ({"instructions": 1_020, "allocations": 0.001, "bytes": 33},
             ["0.001 allocations, not 0"], []),
            ({"instructions": 1_000, "allocations": 0}, ["bytes not counted any more"], []),
        ]:
            self.assertEqual(count_instructions.compare(figures, threshold), (worse, better))
        self.assertEqual(count_instructions.compare({"instructions": 1, "allocations": 0}, {})[0],
                         ["no threshold of instructions", "no threshold of allocations"])


if __name__ == "__main__":
    unittest.main()
