"""A data directory on a disk of a few MiB, which fills up, is freed, and is made
read-only. Mounting one takes root: without it these tests are skipped."""

import errno
import os
import subprocess
import time
import unittest

import checks
from daemon import WithFiles
from ledger import AT, Ledger, Source
from probity_client import RESOURCE_EXHAUSTED, CallError, Connection, pb
from stored_daemon import NotStarted, StoredDaemon

OPTIONS = (
    "--log-segment", "4", "--disk-reserve", "4", "--snapshot-log", "1000", "--snapshot-every", "0",
    "--accounts-max", "1000000")
DISK_MEBIBYTES = 24
# The daemon looks for space once a second.
RECOVERY_SECONDS_MAX = 15
BATCH_COMMANDS = 200
# More than fill the disk: each batch takes 16 KiB of log.
BATCHES_MAX = 4_000


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True, timeout=20)


class SmallDisk(WithFiles):
    """A test with a store on a disk of its own."""

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("root mounts the small disk; run this as root")
        self.disk = self.folder / "disk"
        self.disk.mkdir()
        try:
            mount("-t", "tmpfs", "-o", f"size={DISK_MEBIBYTES}m", "tmpfs", str(self.disk))
        except subprocess.CalledProcessError as error:
            self.skipTest(f"no small disk can be mounted here: {error}")
        self.addCleanup(
            subprocess.run, ["umount", "--lazy", str(self.disk)], check=True, timeout=20)
        self.data = self.disk / "data"
        self.ledger = Ledger([Source(1, 1), Source(2, 7)])

    def daemon(self, *options):
        return StoredDaemon(
            self.data, *OPTIONS, *options, log=self.folder / "daemon.log")

    def record(self, connection, source, count=BATCH_COMMANDS):
        """Sends the next batch of a source; False if it was refused for lack of room."""
        batch = source.next_batch(count)
        try:
            reply = connection.record(source.number, source.request(batch).commands)
        except CallError as error:
            self.assertEqual(error.status, RESOURCE_EXHAUSTED, error)
            self.assertTrue(error.not_executed, error)
            source.unknown = None
            source.sent = source.acknowledged
            return False
        source.acknowledge(reply)
        self.ledger.see_position(reply.log_position)
        return True

    def record_until_refused(self, connection, count=BATCH_COMMANDS):
        for number in range(BATCHES_MAX):
            if not self.record(connection, self.ledger.sources[number % 2], count):
                return
        self.fail(f"{BATCHES_MAX} batches found room on {DISK_MEBIBYTES} MiB")

    def fill_the_rest(self):
        """A file of somebody else's that leaves nothing; its path."""
        filler = self.disk / "filler"
        with open(filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(1 << 20))
            except OSError as error:
                self.assertEqual(error.errno, errno.ENOSPC)
        return filler

    def check_it_refuses(self, connection):
        """Lookups are served, recording is not, and Status says why."""
        status = self.await_health(connection, pb.NOT_SERVING)
        self.assertIn("MiB are free", status.recording_refused)
        self.assertEqual(connection.health("lookups").status, pb.SERVING)
        checks.check_counts(connection, self.ledger)
        source = self.ledger.sources[0]
        self.assertEqual(
            connection.score(source.merchant, pb.MERCHANT, AT).confidence, source.acknowledged)

    def check_it_records(self, connection):
        """By itself, some seconds after there is room again."""
        self.await_health(connection, pb.SERVING)
        for source in self.ledger.sources:
            self.assertTrue(self.record(connection, source))
        checks.check_counts(connection, self.ledger)

    def await_health(self, connection, wanted):
        deadline = time.monotonic() + RECOVERY_SECONDS_MAX
        while connection.health("recording").status != wanted:
            self.assertLess(time.monotonic(), deadline, f"recording does not become {wanted}")
            time.sleep(0.05)
        status = connection.status()
        self.assertEqual(bool(status.recording_refused), wanted == pb.NOT_SERVING)
        return status

    def check_after_start(self):
        with self.daemon() as daemon, Connection(daemon.address) as connection:
            status = connection.status()
            self.assertGreaterEqual(status.log_position, self.ledger.position_seen)
            self.ledger.see_hash(status.log_position, status.state_hash, "after a start")
            checks.check_counts(connection, self.ledger)


class DiskFull(SmallDisk):
    def test_recording_stops_and_comes_back(self):
        filler = self.disk / "filler"
        filler.write_bytes(bytes(12 << 20))
        with self.daemon() as daemon, Connection(daemon.address) as connection:
            self.record_until_refused(connection)
            self.check_it_refuses(connection)
            # It is refused again and again; lookups are answered meanwhile.
            for source in self.ledger.sources:
                self.assertFalse(self.record(connection, source))
            filler.unlink()
            self.check_it_records(connection)
            self.record_until_refused(connection)
            self.check_it_refuses(connection)
            self.assertEqual(daemon.stop(), 0, daemon.said)
        self.check_after_start()

    def test_killed_when_full(self):
        with self.daemon() as daemon, Connection(daemon.address) as connection:
            self.record_until_refused(connection)
            status = connection.status()
            self.ledger.see_hash(status.log_position, status.state_hash, "before the kill")
            daemon.kill()
        self.check_after_start()
        self.assertEqual(self.ledger.hashes_seen_again, 1)

    def test_not_a_byte_is_left(self):
        """Without the reserve's room too, at work and at a start."""
        with self.daemon() as daemon, Connection(daemon.address) as connection:
            self.assertTrue(self.record(connection, self.ledger.sources[0]))
            filler = self.fill_the_rest()
            self.record_until_refused(connection)
            self.check_it_refuses(connection)
            daemon.kill()
        with self.daemon() as daemon, Connection(daemon.address) as connection:
            checks.check_counts(connection, self.ledger)
            self.record_until_refused(connection)
            self.check_it_refuses(connection)
            filler.unlink()
            self.check_it_records(connection)

    def test_no_room_for_a_snapshot(self):
        with self.daemon() as daemon, Connection(daemon.address) as connection:
            for source in self.ledger.sources:
                self.assertTrue(self.record(connection, source))
            filler = self.fill_the_rest()
            with self.assertRaises(CallError) as raised:
                connection.snapshot()
            self.assertEqual(raised.exception.status, RESOURCE_EXHAUSTED)
            self.assertTrue(self.record(connection, self.ledger.sources[0]))
            filler.unlink()
            reply = connection.snapshot()
            self.ledger.see_hash(reply.log_position, reply.state_hash, "in the snapshot")
            daemon.kill()
        self.check_after_start()

    def test_a_snapshot_makes_room(self):
        """What fills the disk may be the log: a second snapshot lets the segments
        before the first go. Small batches: a block of log each, and few accounts."""
        with self.daemon() as daemon, Connection(daemon.address) as connection:
            for _ in range(1_200):
                self.assertTrue(self.record(connection, self.ledger.sources[0], 3))
            connection.snapshot()
            self.record_until_refused(connection, 3)
            self.check_it_refuses(connection)
            connection.snapshot()
            self.check_it_records(connection)
            daemon.kill()
        self.check_after_start()


class ReadOnly(SmallDisk):
    def test_refused(self):
        with self.daemon() as daemon, Connection(daemon.address) as connection:
            self.assertTrue(self.record(connection, self.ledger.sources[0]))
            daemon.kill()
        mount("-o", "remount,ro", str(self.disk))
        with self.assertRaises(NotStarted) as raised:
            self.daemon().__enter__()
        self.assertEqual(raised.exception.exit_code, 1)
        self.assertRegex(
            raised.exception.said,
            f"Error: {self.disk}/.*Read-only file system.*Next step: mount .* for writing")
        mount("-o", f"remount,rw,size={DISK_MEBIBYTES}m", str(self.disk))
        self.check_after_start()


if __name__ == "__main__":
    unittest.main(verbosity=1)
