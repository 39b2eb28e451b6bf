"""Files that are damaged, missing, cut short or another store's.

A start without what was acknowledged is refused: one line that names the file, the
offset where there is one, and the next step; exit code 3, or 1 where another attempt
may succeed by itself; and not a byte changed.
"""

import hashlib
import pathlib
import re
import shutil
import tempfile
import unittest

import checks
from daemon import WithFiles
from ledger import Ledger, Source
from probity_client import Connection
from stored_daemon import NotStarted, StoredDaemon

OPTIONS = (
    "--log-segment", "4", "--disk-reserve", "0", "--snapshot-log", "1000", "--snapshot-every", "0")
BLOCK_BYTES = 4_096
# A batch is one block of log; so many fill a segment of 4 MiB.
BATCH_COMMANDS = 3
SEGMENT_BATCHES = 1_023


class Template:
    """A store whose log begins behind position 1: two snapshots, three segments,
    and commands behind the newer snapshot."""

    def __init__(self, folder, batches_of_parts):
        self.data = folder / "template"
        self.ledger = Ledger([Source(1, 1), Source(2, 7)])
        with StoredDaemon(self.data, *OPTIONS) as daemon:
            with Connection(daemon.address) as connection:
                for number, batches in enumerate(batches_of_parts):
                    if number > 0:
                        connection.snapshot()
                    self.fill(connection, batches)
                status = connection.status()
                self.position, self.hash = status.log_position, status.state_hash
                daemon.kill()

    def fill(self, connection, batches):
        for number in range(batches):
            source = self.ledger.sources[number % 2]
            batch = source.next_batch(BATCH_COMMANDS)
            reply = connection.record(source.number, source.request(batch).commands)
            source.acknowledge(reply)
            self.ledger.see_position(reply.log_position)


def flip(path, offset):
    """Changes one byte; an offset below 0 counts from the end."""
    with open(path, "r+b") as file:
        file.seek(offset, 0 if offset >= 0 else 2)
        byte = file.read(1)[0]
        file.seek(-1, 1)
        file.write(bytes([byte ^ 0x41]))


def cut(path, size):
    with open(path, "r+b") as file:
        file.truncate(size)


class Damage(WithFiles):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.template = Template(folder, [SEGMENT_BATCHES + 100, SEGMENT_BATCHES, SEGMENT_BATCHES])
        (folder / "other").mkdir()
        cls.other = Template(folder / "other", [SEGMENT_BATCHES + 100, SEGMENT_BATCHES, 5])

    def setUp(self):
        super().setUp()
        self.data = self.folder / "data"
        shutil.copytree(self.template.data, self.data)

    def files(self, pattern):
        return sorted(self.data.glob(pattern))

    @property
    def segments(self):
        return self.files("log-*.segment")

    @property
    def snapshots(self):
        return self.files("snapshot-*.snapshot")

    def contents(self):
        """Of everything that may hold what was acknowledged."""
        return {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in self.files("*") if path.name != "lock" and path.suffix != ".tmp"}

    def assert_refused(self, file, what, *options, offset=None, exit_code=3):
        """Refused because of `file`, for a reason that matches `what`."""
        before = self.contents()
        with self.assertRaises(NotStarted) as raised:
            with StoredDaemon(self.data, *OPTIONS, *options):
                pass
        self.assertEqual(raised.exception.exit_code, exit_code)
        lines = [line for line in raised.exception.said.splitlines() if line.startswith("Error: ")]
        self.assertEqual(len(lines), 1, raised.exception.said)
        place = re.escape(str(file)) + ("" if offset is None else f" at offset {offset}")
        self.assertRegex(lines[0], f"^Error: (DATA_LOSS: )?{place}: .*{what}.*\\. Next step: .+")
        self.assertEqual(self.contents(), before, "the refusal changed files")

    def assert_whole(self, daemon):
        """All that was acknowledged is there, and the state is that of before."""
        with Connection(daemon.address) as connection:
            status = connection.status()
            self.assertEqual(status.log_position, self.template.position)
            self.assertEqual(status.state_hash, self.template.hash)
            checks.check_counts(connection, self.template.ledger)
        return status

    # ------------------------------------------------------------ no damage

    def test_template(self):
        """It is what the other tests take it for."""
        self.assertEqual((len(self.segments), len(self.snapshots)), (3, 2))
        self.assertNotIn("log-00000000000000000001.segment", [path.name for path in self.segments])
        with StoredDaemon(self.data, *OPTIONS) as daemon:
            status = self.assert_whole(daemon)
            self.assertGreater(status.recovered_commands, 0)

    def test_files_of_others_are_left_alone(self):
        (self.data / "notes.txt").write_text("not ours")
        (self.data / "log-1.segment").write_text("not ours either")
        with StoredDaemon(self.data, *OPTIONS) as daemon:
            self.assert_whole(daemon)
        self.assertEqual((self.data / "notes.txt").read_text(), "not ours")

    # ------------------------------------------------------------ snapshots

    def test_newest_snapshot_damaged(self):
        """The older one and more of the log make the same state."""
        newest = self.snapshots[-1]
        size = newest.stat().st_size
        for name, damage in {
            "head": lambda: flip(newest, 10), "body": lambda: flip(newest, size // 2),
            "end": lambda: flip(newest, -5), "cut": lambda: cut(newest, size // 2),
            "empty": lambda: cut(newest, 0),
        }.items():
            with self.subTest(name):
                shutil.rmtree(self.data)
                shutil.copytree(self.template.data, self.data)
                damage()
                with StoredDaemon(self.data, *OPTIONS) as daemon:
                    status = self.assert_whole(daemon)
                    self.assertLess(status.snapshot_position, self.template.position)
                    self.assertRegex(daemon.said, f"cannot be used.*{newest}")
                self.assertEqual(len(self.files("aside-snapshot-*")), 1)
                # It goes on as if there had been no other.
                with StoredDaemon(self.data, *OPTIONS) as daemon:
                    self.assert_whole(daemon)

    def test_all_snapshots_damaged(self):
        """Each is named, with the place of its damage."""
        reasons = ""
        for snapshot in reversed(self.snapshots):
            flip(snapshot, snapshot.stat().st_size - 5)
            reasons += f".*{re.escape(str(snapshot))} at offset [0-9]+: the trailer"
        self.assert_refused(
            self.data, f"no valid snapshot, and the log begins at position .*unusable: {reasons}")

    def test_no_snapshots(self):
        for snapshot in self.snapshots:
            snapshot.unlink()
        self.assert_refused(self.data, "no valid snapshot, and the log begins at position")

    def test_no_log(self):
        for segment in self.segments:
            segment.unlink()
        self.assert_refused(self.data, "the log has no segment")
        for snapshot in self.snapshots:
            snapshot.unlink()
        self.assert_refused(self.data, "no valid snapshot, and the log has no segment")

    def test_snapshot_of_another_store(self):
        newest = self.snapshots[-1]
        shutil.copy(sorted(self.other.data.glob("snapshot-*"))[-1], newest)
        self.assert_refused(newest, "another store", offset=16)

    def test_snapshot_beyond_the_log(self):
        """The log's newest files are gone."""
        for segment in self.segments[1:]:
            segment.unlink()
        self.assert_refused(self.segments[0], "before the snapshot")

    # ------------------------------------------------------------ the log

    def test_a_byte_of_an_acknowledged_group(self):
        for number, segment in enumerate(self.segments):
            # In the last segment, some blocks before its end.
            block = 400 if number < 2 else 1
            for offset in (block * BLOCK_BYTES + 5, block * BLOCK_BYTES + 100):
                with self.subTest(segment=number, offset=offset):
                    flip(segment, offset)
                    needed = number > 0
                    if needed:
                        self.assert_refused(
                            segment, "cannot be read", offset=block * BLOCK_BYTES)
                    flip(segment, offset)

    def test_the_last_group(self):
        """Cannot be told from one that was never acknowledged: it is put aside."""
        last = self.segments[-1]
        blocks = last.read_bytes().rstrip(b"\0")
        flip(last, len(blocks) // BLOCK_BYTES * BLOCK_BYTES + 60)
        with StoredDaemon(self.data, *OPTIONS) as daemon:
            with Connection(daemon.address) as connection:
                status = connection.status()
            self.assertEqual(status.log_position, self.template.position - BATCH_COMMANDS)
            self.assertEqual(status.torn_tails, 1)
            self.assertRegex(daemon.said, f"put aside.*{last}|{last}.*put aside")
        self.assertEqual(len(self.files("aside-tail-*")), 1)

    def test_segment_head_damaged(self):
        for segment in self.segments[1:]:
            with self.subTest(segment.name):
                flip(segment, 33)
                self.assert_refused(segment, "header is damaged", offset=0)
                flip(segment, 33)

    def test_segment_cut_short(self):
        for segment in self.segments[1:]:
            whole = segment.read_bytes()
            for size in (0, 50, BLOCK_BYTES, 3 * BLOCK_BYTES):
                with self.subTest(segment.name, size=size):
                    cut(segment, size)
                    self.assert_refused(segment, "cannot be read", offset=0)
            segment.write_bytes(whole)

    def test_segment_missing(self):
        before, missing, after = self.segments
        missing.unlink()
        self.assert_refused(
            before, f"{after.name} does not follow", offset=before.stat().st_size)

    def test_segment_of_another_store(self):
        last = self.segments[-1]
        shutil.copy(sorted(self.other.data.glob("log-*"))[-1], last)
        self.assert_refused(last, "another store", offset=16)

    def test_segment_swapped(self):
        first, second = self.segments[1:]
        content = first.read_bytes()
        first.write_bytes(second.read_bytes())
        second.write_bytes(content)
        self.assert_refused(first, "the header says position", offset=0)

    # ------------------------------------------------------------ identity

    def test_identity_missing(self):
        (self.data / "store").unlink()
        self.assert_refused(self.data / "store", "identity is missing")

    def test_identity_damaged(self):
        for name, damage in {
            "flipped": lambda path: flip(path, 20), "cut": lambda path: cut(path, 40),
            "empty": lambda path: cut(path, 0),
        }.items():
            with self.subTest(name):
                whole = (self.data / "store").read_bytes()
                damage(self.data / "store")
                self.assert_refused(self.data / "store", "damaged", offset=0)
                (self.data / "store").write_bytes(whole)

    def test_identity_of_another_store(self):
        shutil.copy(self.other.data / "store", self.data / "store")
        self.assert_refused(self.snapshots[-1], "another store", offset=16)

    def test_another_half_life(self):
        self.assert_refused(
            self.data / "store", "half-life is 180 days", "--half-life-days", "30", offset=32)

    # ------------------------------------------------------------ the directory

    def test_in_use(self):
        with StoredDaemon(self.data, *OPTIONS) as daemon:
            self.assert_refused(
                self.data / "lock", f"in use by process {daemon.process.pid}",
                exit_code=1)
            self.assert_whole(daemon)

    def test_no_store_where_one_is_required(self):
        for name in ("empty", "missing"):
            with self.subTest(name):
                self.data = self.folder / name
                if name == "empty":
                    self.data.mkdir()
                self.assert_refused(self.data / "store", "there is no store", "--require-store")
                self.assertFalse((self.data / "store").exists())

    def test_a_file_in_place_of_the_directory(self):
        self.data = self.folder / "file"
        self.data.write_text("not a directory")
        self.assert_refused(self.data, "this is a file|File exists|Not a directory", exit_code=1)
        self.assertEqual(self.data.read_text(), "not a directory")


if __name__ == "__main__":
    unittest.main(verbosity=1)
