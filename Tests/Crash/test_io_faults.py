"""Fails the daemon's calls to its files, one in each run.

A run starts the daemon, records, takes a snapshot, records and stops, and one
call in it fails with EIO or ENOSPC, alone or with all changing calls after it. It
must end in a clear refusal to start, a failed log, refused commands, no snapshot,
or no effect. Afterwards a start without faults must show every acknowledged
command once, and none that was refused.

By default a part of the calls is tried: of a row of calls of one kind on one file
the first, one in the middle and the last. PROBITY_FAULTS=each tries each call, in one of
the four ways in turn; PROBITY_FAULTS=all each in every way, which takes four times as
long; PROBITY_FAULTS=17:ENOSPC:1 the 17th, with it all later ones.
"""

import collections
import copy
import errno
import itertools
import os
import pathlib
import random
import re
import shutil
import subprocess
import tempfile
import unittest

import checks
from daemon import WithFiles
from ledger import Ledger, Source, Violation
from probity_client import (
    END, RECORD, REQUEST, RESOURCE_EXHAUSTED, CallError, Connection, ConnectionClosed, GoAway,
    frame, pb,
)
from stored_daemon import NotStarted, StoredDaemon

CHOSEN = os.environ.get("PROBITY_FAULTS", "some")
OPTIONS = (
    "--log-segment", "4", "--snapshot-log", "1000", "--snapshot-every", "0", "--disk-reserve",
    "0", "--accounts-max", "1000000", "--event-loops", "1")
# Five such batches fill a segment. The last block of such a group holds the last
# 16 bytes of the last command and zeros: the least that a torn write can lack.
BATCH_COMMANDS = 9_062
# Overwrites only the beginning of what a large one left that was refused.
SMALL_BATCH_COMMANDS = 10
SHIM_SOURCE = pathlib.Path(__file__).resolve().parent / "io_fault.c"


class Fault:
    """Which call fails, how."""

    def __init__(self, call, error="EIO", lasts=False):
        self.call = call
        self.error = error
        self.lasts = lasts

    def __str__(self):
        return f"{self.call}:{self.error}:{int(self.lasts)}"


NO_FAULT = Fault(0)


class Run:
    """One life of a daemon with a fault, and one without."""

    def __init__(self, scenario, fault):
        self.scenario = scenario
        self.fault = fault
        self.ledger = copy.deepcopy(scenario.ledger)
        self.data = scenario.folder / "data"
        self.trace = scenario.folder / "trace"
        self.has_failed = False
        self.refused_count = 0
        self.was_last_refused = False
        self.snapshot_failures = 0

    def play(self):
        """How it ended, in a word or two."""
        shutil.rmtree(self.data, ignore_errors=True)
        self.trace.unlink(missing_ok=True)
        if self.scenario.template.exists():
            shutil.copytree(self.scenario.template, self.data)
        ending = self.live()
        self.ledger.lose_sight()
        # Half a group stays behind only if no group came after it.
        is_whole = ending != "log failed" and not self.was_last_refused
        self.check_afterwards(torn_tails_max=0 if is_whole else 1)
        return ending

    def live(self):
        daemon = StoredDaemon(self.data, *OPTIONS, environment={
            "LD_PRELOAD": str(self.scenario.shim),
            "PROBITY_FAULT_DIRECTORY": str(self.data),
            "PROBITY_FAULT_CALL": str(self.fault.call),
            "PROBITY_FAULT_ERRNO": str(getattr(errno, self.fault.error)),
            "PROBITY_FAULT_LASTS": str(int(self.fault.lasts)),
            "PROBITY_FAULT_TRACE": str(self.trace)})
        try:
            daemon.spawn()
            try:
                daemon.await_listening()
            except NotStarted as refusal:
                self.check_refusal(refusal)
                return "refused to start"
            try:
                self.use(daemon)
            except (ConnectionClosed, ConnectionError, GoAway):
                self.has_failed = True
            code = daemon.wait() if self.has_failed else daemon.stop()
            return self.ending(code, daemon.said)
        finally:
            daemon.kill()

    def use(self, daemon):
        with Connection(daemon.address) as connection:
            for source in self.ledger.sources:
                self.record(daemon, source)
            try:
                reply = connection.snapshot()
                self.ledger.see_hash(reply.log_position, reply.state_hash, "in a snapshot")
            except CallError:
                self.snapshot_failures += 1
            for source in self.ledger.sources:
                self.record(daemon, source)
            if not self.has_failed:
                source = self.ledger.sources[0]
                orders = connection.score(source.merchant, pb.MERCHANT, checks.AT).confidence
                source.demand(
                    orders == source.acknowledged, f"a lookup sees {orders} orders")
                status = connection.status()
                self.ledger.see_hash(status.log_position, status.state_hash, "before the end")

    def record(self, daemon, source):
        """The next batch, on a connection of its own: its frame is made already."""
        batch = source.next_batch(
            SMALL_BATCH_COMMANDS if self.refused_count else BATCH_COMMANDS)
        try:
            with Connection(daemon.address) as connection:
                connection.send(self.scenario.frame(source, batch))
                reply = connection.finish(1, pb.RecordReply)
        except CallError as error:
            if not error.not_executed:
                self.has_failed = True
                return
            # Refused: nothing of it may ever be seen.
            source.unknown = None
            source.sent = source.acknowledged
            self.refused_count += 1
            self.was_last_refused = True
            if error.status != RESOURCE_EXHAUSTED:
                self.has_failed = True
            return
        source.demand(not self.has_failed, "acknowledged after the log had failed")
        source.acknowledge(reply)
        self.was_last_refused = False
        self.ledger.see_position(reply.log_position)

    def check_refusal(self, refusal):
        if refusal.exit_code not in (1, 3):
            raise Violation(f"refused to start with exit code {refusal}")
        lines = [line for line in refusal.said.splitlines() if line.startswith("Error: ")]
        if len(lines) != 1 or str(self.data) not in lines[0] or "Next step: " not in lines[0]:
            raise Violation(f"refused to start without saying what to do where: {refusal.said}")

    def ending(self, code, said):
        if self.has_failed or code == 1 and "the log failed" in said:
            if code != 1 or "the log failed" not in said:
                raise Violation(f"exit code {code} after the log failed: {said}")
            return "log failed"
        if code != 0:
            raise Violation(f"exit code {code}: {said}")
        if self.refused_count:
            return "commands refused"
        return "no snapshot" if self.snapshot_failures or "no snapshot: " in said else "no effect"

    def check_afterwards(self, *, torn_tails_max):
        with StoredDaemon(self.data, *OPTIONS) as daemon:
            with Connection(daemon.address) as connection:
                status = connection.status()
                checks.check_status(self.ledger, status, "after the fault")
                if status.torn_tails > torn_tails_max:
                    raise Violation(f"{status.torn_tails} torn tails")
                checks.check_counts(connection, self.ledger)
                checks.check_duplicates(connection, self.ledger)
                checks.check_buyers(connection, self.ledger, random.Random(1), 100)
                checks.send_unknown(connection, self.ledger)

    def calls(self):
        """Number, function and name of each call of the daemon."""
        return [
            (int(number), function, name)
            for number, function, name, _ in map(str.split, self.trace.read_text().splitlines())
        ]


class Scenario:
    """What runs begin with: a directory, and payloads made once for all."""

    def __init__(self, folder, shim, *, is_new):
        self.folder = pathlib.Path(folder)
        self.shim = shim
        self.template = self.folder / "template"
        self.ledger = Ledger([Source(1, 1), Source(2, 7)])
        if not is_new:
            self.make_template()
        self.frames = {}

    def make_template(self):
        """Two snapshots, two segments, and a log behind them."""
        with StoredDaemon(self.template, *OPTIONS) as daemon:
            with Connection(daemon.address) as connection:
                self.fill(connection, 2)
                connection.snapshot()
                self.fill(connection, 2)
                connection.snapshot()
                self.fill(connection, 1)

    def fill(self, connection, rounds):
        for _ in range(rounds):
            for source in self.ledger.sources:
                batch = source.next_batch(BATCH_COMMANDS)
                commands = source.request(batch).commands
                reply = connection.record(source.number, commands)
                source.acknowledge(reply)
                self.ledger.see_position(reply.log_position)

    def frame(self, source, batch):
        """Of the first call of a connection; made once for all runs."""
        key = (source.number, batch.first, batch.last)
        if key not in self.frames:
            self.frames[key] = frame(
                REQUEST, source.request(batch).SerializeToString(), stream=1, flags=END,
                code=RECORD)
        return self.frames[key]


def chosen_calls(calls):
    """Of each row of calls of one kind on one kind of file: the first, one in the
    middle, and the last."""
    rows = collections.defaultdict(list)
    # Several threads call: their rows lie in each other.
    for number, function, name in calls:
        rows[function, re.sub(r"\d+", "", name)].append(number)
    chosen = set()
    for numbers in rows.values():
        chosen.update([numbers[0], numbers[len(numbers) // 2], numbers[-1]])
    return sorted(chosen)


def faults_of(calls):
    if CHOSEN == "all":
        every = itertools.product([call[0] for call in calls], ["EIO", "ENOSPC"], [False, True])
        return [Fault(*each) for each in every]
    if CHOSEN not in ("some", "each"):
        call, error, lasts = CHOSEN.split(":")
        return [Fault(int(call), error, lasts == "1")]
    numbers = [call[0] for call in calls] if CHOSEN == "each" else chosen_calls(calls)
    # Each way for some; the two ways that differ most of what follows.
    ways = itertools.cycle([("EIO", False), ("ENOSPC", True), ("ENOSPC", False), ("EIO", True)])
    return [Fault(number, *next(ways)) for number in numbers]


class IOFaults(WithFiles):
    """Every call to the data directory may fail."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.shim = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory())) / "io_fault.so"
        subprocess.run(
            ["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", str(cls.shim),
             str(SHIM_SOURCE), "-ldl"], check=True)

    def play_all(self, *, is_new):
        scenario = Scenario(self.folder, self.shim, is_new=is_new)
        whole = Run(scenario, NO_FAULT)
        self.assertEqual(whole.play(), "no effect")
        endings = collections.Counter()
        calls = whole.calls()
        faults = faults_of(calls)
        for fault in faults:
            with self.subTest(fault=str(fault)):
                run = Run(scenario, fault)
                try:
                    endings[run.play()] += 1
                except (Violation, NotStarted, AssertionError) as error:
                    failed = [call for call in run.calls() if call[0] == fault.call]
                    self.fail(f"PROBITY_FAULTS={fault} {failed}: {type(error).__name__}: {error}")
        print(f"{len(faults)} of {len(calls)} calls failed: {dict(endings)}")

    def test_a_new_store(self):
        self.play_all(is_new=True)

    def test_a_store_with_snapshots_and_a_log(self):
        self.play_all(is_new=False)


if __name__ == "__main__":
    unittest.main(verbosity=1)
