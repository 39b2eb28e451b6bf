"""`probity inspect` and `probity repair`: stores that are sound, damaged, copied and mended."""

import json
import shutil
import signal
import struct
import unittest

from daemon import Daemon, WithFiles, run
from test_cli import settled

SMALL = ("--log-segment", "4", "--disk-reserve", "0", "--snapshot-every", "0", "--log-level", "error")
BLOCK = 4_096


class Stores(WithFiles):
    def setUp(self):
        super().setUp()
        self.data = self.folder / "data"

    def serve(self, data=None, *more):
        return Daemon("--data", str(data or self.data), *SMALL, *more)

    def record(self, daemon, first, last, source=1):
        lines = [settled(n, source=source, sequence=n) for n in range(first, last + 1)]
        [result] = daemon.json("record", "-", "--batch", "10", stdin="\n".join(lines))
        return result

    def make(self):
        """Snapshots at 40 and 80, commands up to 120, killed; tells the state's hash."""
        with self.serve() as daemon:
            for first in (1, 41, 81):
                if first > 1:
                    daemon.json("snapshot")
                self.record(daemon, first, first + 39)
            [status] = daemon.json("status")
            daemon.process.send_signal(signal.SIGKILL)
            daemon.process.wait()
        return status

    def inspect(self, *arguments, code=0):
        result = run("inspect", "--json", *map(str, arguments))
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return [json.loads(line) for line in result.stdout.splitlines()]

    def listing(self):
        return {path.name: (path.stat().st_mtime_ns, path.stat().st_size)
                for path in self.data.iterdir()}

    def groups(self, segment):
        """Block, first position and number of commands of each group."""
        content = segment.read_bytes()
        for block in range(1, len(content) // BLOCK):
            header = content[block * BLOCK:]
            if header[:4] == b"PGRP":
                yield block, *struct.unpack("<Q8xI", header[8:28])

    def flip(self, path, offset):
        with open(path, "r+b") as file:
            file.seek(offset)
            byte = file.read(1)[0]
            file.seek(offset)
            file.write(bytes([byte ^ 1]))


class Inspection(Stores):
    def test_a_sound_store(self):
        status = self.make()
        before = self.listing()
        [found] = self.inspect("--deep", self.data)
        self.assertEqual(self.listing(), before)
        self.assertTrue(found["sound"])
        self.assertEqual(found["faults"], [])
        self.assertIsNone(found["inUseBy"])
        self.assertEqual([one["position"] for one in found["snapshots"]], [40, 80])
        self.assertEqual([one["equalsLog"] for one in found["snapshots"]], [True, True])
        self.assertEqual([one["loaded"] for one in found["snapshots"]], [True, True])
        [segment] = found["segments"]
        self.assertEqual(
            (segment["firstPosition"], segment["lastPosition"], segment["commands"]), (1, 120, 120))
        self.assertEqual(found["start"]["snapshotPosition"], 80)
        self.assertEqual(found["start"]["replayedCommands"], 40)
        self.assertEqual(found["deep"]["replayedFrom"], 0)
        self.assertEqual(found["deep"]["stateHash"], status["stateHash"])
        text = run("inspect", "--deep", str(self.data)).stdout
        self.assertIn("verified: snapshot at 80 equals the log's fold", text)
        self.assertIn("would load the snapshot at 80 and replay 40 commands", text)

    def test_the_identifier_stays_hidden(self):
        self.make()
        identifier = (self.data / "store").read_bytes()[16:32].hex()
        text = run("inspect", str(self.data)).stdout
        self.assertIn(identifier[:8], text)
        self.assertNotIn(identifier[8:16], text)

    def test_beside_a_daemon(self):
        with self.serve() as daemon:
            self.record(daemon, 1, 30)
            [found] = self.inspect("--deep", self.data)
            self.assertEqual(found["inUseBy"], str(daemon.process.pid))
            [status] = daemon.json("status")
            self.assertEqual(found["deep"]["stateHash"], status["stateHash"])
            result = run("repair", "--data", str(self.data), "--accept-loss-after", "1")
            self.assertEqual(result.returncode, 1)
            self.assertIn(f"in use by process {daemon.process.pid}", result.stderr)

    def test_single_files_and_their_commands(self):
        self.make()
        segment = next(self.data.glob("log-*"))
        newest = sorted(self.data.glob("snapshot-*"))[-1]
        copy = self.folder / "anything"
        shutil.copy(newest, copy)
        found = self.inspect("--deep", segment, newest, copy, self.data / "store")
        self.assertEqual(
            [one["kind"] for one in found], ["segment", "snapshot", "snapshot", "identity"])
        self.assertEqual(found[1]["snapshot"]["accounts"], 81)
        self.assertTrue(found[2]["snapshot"]["loaded"])
        lines = run("inspect", "--commands", str(segment)).stdout.splitlines()
        self.assertEqual(len(lines), 120)
        self.assertEqual(json.loads(lines[6]), {
            "type": "settled", "at": "2026-03-01T12:00:00Z", "buyer": 7, "merchant": 7,
            "amount": 1999, "source": 1, "sequence": 7, "position": 7})
        self.assertEqual(run("inspect", "--commands", str(self.data)).stdout.splitlines(), lines)
        with self.serve() as daemon:
            [result] = daemon.json("record", "-", stdin="\n".join(lines))
            self.assertEqual((result["applied"], result["duplicates"]), (0, 120))

    def test_damage_is_named(self):
        self.make()
        newest = sorted(self.data.glob("snapshot-*"))[-1]
        self.flip(newest, 100)
        [found] = self.inspect(self.data, code=3)
        self.assertIsNone(found["start"]["refusal"])
        self.assertEqual(found["start"]["snapshotPosition"], 40)
        self.assertIn(f"{newest} at offset ", found["faults"][0])

    def test_what_is_not_there(self):
        for path in [self.folder / "none", self.folder, self.file("feed", "{}")]:
            result = run("inspect", str(path))
            self.assertEqual(result.returncode, 1, path)
            self.assertEqual(len(result.stderr.splitlines()), 1)
            self.assertTrue(result.stderr.startswith(f"Error: {path}"), result.stderr)
            self.assertIn("Next step: ", result.stderr)
        self.assertEqual(run("inspect").returncode, 64)


class Repairs(Stores):
    def repair(self, position, *more, code=0):
        result = run(
            "repair", "--data", str(self.data), "--accept-loss-after", str(position), *more)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result

    def test_from_refusal_to_service(self):
        self.make()
        segment = next(self.data.glob("log-*"))
        blocks = {first: block for block, first, _ in self.groups(segment)}
        first = [first for first in blocks if first > 81][0]
        next_first = [other for other in blocks if other > first][0]
        offset = blocks[first] * BLOCK
        self.flip(segment, offset + 100)
        refusal = run("serve", "--data", str(self.data), "--listen", "127.0.0.1:0", *SMALL)
        self.assertEqual(refusal.returncode, 3)
        self.assertEqual(len(refusal.stderr.splitlines()), 1)
        self.assertTrue(refusal.stderr.startswith(
            f"Error: DATA_LOSS: {segment} at offset {offset}: "))
        self.assertIn(f"positions {first} to 120", refusal.stderr)
        intact = first - 1
        self.assertIn(f"`probity repair --accept-loss-after {intact}`", refusal.stderr)
        [found] = self.inspect(self.data, code=3)
        self.assertIn(f"--accept-loss-after {intact}", found["start"]["refusal"])

        before = self.listing()
        self.assertIn(f"that is {intact}", self.repair(80, code=3).stderr)
        self.assertIn(f"{first} to 120", self.repair(intact, "--dry-run").stdout)
        self.assertEqual(
            {name: what for name, what in self.listing().items() if name != "lock"},
            {name: what for name, what in before.items() if name != "lock"})
        done = json.loads(self.repair(intact, "--json").stdout)
        self.assertTrue(done["done"])
        self.assertEqual((done["lostFrom"], done["lostThrough"]), (first, 120))
        [kept] = done["kept"]
        self.assertIn("no repair is needed", self.repair(intact).stdout)

        [found] = self.inspect("--deep", self.data)
        self.assertEqual(found["start"]["endPosition"], intact)
        self.assertEqual([one["file"] for one in found["aside"]], [kept["keptAs"]])
        # What can still be read goes back in, once.
        rest = run("inspect", "--commands", str(self.data / kept["keptAs"])).stdout
        self.assertEqual(
            [json.loads(line)["position"] for line in rest.splitlines()], list(range(next_first, 121)))
        with self.serve() as daemon:
            [result] = daemon.json("record", "-", stdin=rest + rest)
            self.assertEqual((result["applied"], result["duplicates"]), (rest.count("\n"),) * 2)
            [status] = daemon.json("status")
            self.assertEqual(status["buyers"], intact + 121 - next_first)
            self.assertEqual(status["tornTails"], 0)

    def test_a_sound_store_and_none(self):
        self.make()
        self.assertIn("nothing was changed", self.repair(120).stdout)
        before = sorted(path.name for path in self.folder.iterdir())
        result = run("repair", "--data", str(self.folder / "none"), "--accept-loss-after", "1")
        self.assertEqual(result.returncode, 1)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), before)

    def test_a_back_up_of_a_daemon_that_runs(self):
        """As Docs/OPERATIONS.md has it: identity and snapshot, and the log if one likes."""
        backup = self.folder / "backup"
        backup.mkdir()
        with self.serve() as daemon:
            self.record(daemon, 1, 50)
            [made] = daemon.json("snapshot")
            name = f"snapshot-{made['logPosition']:020}.snapshot"
            for file in ("store", name):
                shutil.copy(self.data / file, backup)
            self.record(daemon, 51, 60)
            small = self.folder / "small"
            shutil.copytree(backup, small)
            for segment in self.data.glob("log-*"):
                shutil.copy(segment, backup)
            [status] = daemon.json("status")
        self.inspect("--deep", backup / name)
        [found] = self.inspect("--deep", backup)
        self.assertEqual(found["deep"]["stateHash"], status["stateHash"])
        self.data = small
        self.inspect("--deep", small, code=3)
        self.repair(50)
        [found] = self.inspect("--deep", small)
        self.assertEqual(found["start"]["endPosition"], 50)
        with self.serve() as daemon:
            self.assertEqual(daemon.json("status")[0]["stateHash"], made["stateHash"])
            self.assertEqual(self.record(daemon, 41, 60)["applied"], 10)


if __name__ == "__main__":
    unittest.main(verbosity=1)
