"""Kills a daemon again and again and counts what it promised to keep.

    make crash [RUNS=500] [SEED=1]

Each run starts the daemon on the directory that the run before left, checks that
every acknowledged command is there exactly once, lets clients record, and kills
it with SIGKILL: in the midst of traffic, while it starts, while it takes the last
snapshot after SIGTERM, or when all is quiet. SIGKILL leaves what the system has:
what a power cut takes is for the tests on a simulated disk.

Every choice comes from the seed; what the clock decides does not repeat.
Exit code 1, and the data is kept, if a promise was broken.
"""

import argparse
import json
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from dataclasses import asdict, dataclass, field

import checks
from ledger import Ledger, Source, Violation
from probity_client import Connection
from stored_daemon import NotStarted, StoredDaemon
from traffic import ANSWER_SECONDS_MAX, Recorder, Snapshooter, Watcher

# A store is given up for a new one after so many runs or commands.
STORE_RUNS = (20, 60)
STORE_COMMANDS_MAX = 400_000
BATCH_SIZES = {"small": (1, 8), "medium": (1, 120), "large": (200, 3_000)}
TRAFFIC_SECONDS = (0.01, 0.3)
# Long enough for a snapshot now and then.
SNAPSHOT_TRAFFIC_SECONDS = (0.1, 0.5)
START_KILL_SECONDS = (0, 0.06)
STOP_KILL_SECONDS = (0, 0.06)
BLOCK_BYTES = 4_096
TORN_BYTES = (1, 47, 4_096, 5_000, 200_000)
BUYERS_SAMPLED = 2_000


@dataclass
class Plan:
    """The choices of one run."""

    ending: str
    durability: str
    snapshot_rate: int
    event_loops: int
    batch_sizes: str
    takes_snapshots: bool
    resends_at_once: bool
    traffic_seconds: float
    # Kills in a row while the next daemon starts, each so long after it was spawned.
    start_kills: list
    stop_kill_seconds: float
    # Bytes written behind the log's end afterwards, as of a group that a power
    # cut tore; 0 = none.
    torn_bytes: int

    @classmethod
    def draw(cls, seed, run):
        choice = random.Random(f"{seed}/{run}")
        kills = choice.choices([0, 1, 2, 4], [80, 12, 5, 3])[0]
        takes_snapshots = choice.random() < 0.3
        return cls(
            ending=choice.choices(["traffic", "quiet", "stop", "clean"], [62, 13, 18, 7])[0],
            durability=choice.choices(["always", "interval=50"], [70, 30])[0],
            snapshot_rate=choice.choices([0, 1, 4, 256], [40, 10, 15, 35])[0],
            event_loops=choice.choice([1, 2]),
            batch_sizes=choice.choices(list(BATCH_SIZES), [40, 50, 10])[0],
            takes_snapshots=takes_snapshots,
            resends_at_once=choice.random() < 0.5,
            traffic_seconds=choice.uniform(
                *(SNAPSHOT_TRAFFIC_SECONDS if takes_snapshots else TRAFFIC_SECONDS)),
            start_kills=[choice.uniform(*START_KILL_SECONDS) for _ in range(kills)],
            stop_kill_seconds=choice.uniform(*STOP_KILL_SECONDS),
            torn_bytes=choice.choice(TORN_BYTES) if choice.random() < 0.08 else 0)

    @property
    def options(self):
        return (
            "--durability", self.durability, "--log-segment", "4", "--snapshot-log", "1",
            "--snapshot-every", "1", "--snapshot-rate", str(self.snapshot_rate),
            "--disk-reserve", "0", "--event-loops", str(self.event_loops))


@dataclass
class Counts:
    """What happened; the summary."""

    runs: int = 0
    stores: int = 0
    kills_in_traffic: int = 0
    kills_when_quiet: int = 0
    kills_while_starting: int = 0
    kills_while_stopping: int = 0
    # As the drafts tell that were left.
    kills_during_a_snapshot: int = 0
    kills_during_the_last_snapshot: int = 0
    clean_stops: int = 0
    starts: int = 0
    snapshots_loaded: int = 0
    commands_replayed: int = 0
    snapshots_taken: int = 0
    snapshots_asked_for: int = 0
    tails_torn: int = 0
    tails_put_aside: int = 0
    batches_acknowledged: int = 0
    commands_acknowledged: int = 0
    batches_of_unknown_fate: int = 0
    batches_of_unknown_fate_applied: int = 0
    buyers_checked: int = 0
    hashes: int = 0
    hashes_seen_again: int = 0
    commands_lost: int = 0
    commands_twice: int = 0
    snapshots_put_aside: int = 0
    seconds: float = 0
    start_milliseconds: list = field(default_factory=list)

    def summary(self):
        values = asdict(self)
        starts = sorted(values.pop("start_milliseconds")) or [0]
        values["start_milliseconds_median"] = round(starts[len(starts) // 2])
        values["start_milliseconds_max"] = round(starts[-1])
        values["seconds"] = round(self.seconds, 1)
        return values


class Store:
    """A data directory from its creation to the end of its last run."""

    def __init__(self, folder, seed, number, counts):
        choice = random.Random(f"{seed}/store/{number}")
        self.data = folder / f"store-{number}"
        self.counts = counts
        self.runs_left = choice.randint(*STORE_RUNS)
        self.clients = choice.randint(1, 3)
        per_client = choice.randint(2, 4)
        self.ledger = Ledger(
            [Source(number_of_source + 1, choice.choice([1, 1, 7]))
             for number_of_source in range(self.clients * per_client)])
        self.was_clean = False
        self.restarts = 0
        # The part of them that this script made; a kill may leave others.
        self.tails_torn = 0
        self.tails_aside = 0

    @property
    def is_worn_out(self):
        return self.runs_left <= 0 or self.ledger.acknowledged > STORE_COMMANDS_MAX

    def run(self, plan, seed):
        """One life of the daemon, from a start to a kill."""
        self.runs_left -= 1
        for seconds in plan.start_kills:
            self.kill_while_starting(plan, seconds)
        daemon = StoredDaemon(self.data, *plan.options)
        try:
            daemon.spawn()
            daemon.await_listening()
            self.note_start(daemon)
            self.check(daemon, plan, random.Random(f"{seed}/check"))
            self.let_clients_work(daemon, plan, seed)
        finally:
            daemon.kill()
            self.counts.snapshots_taken += daemon.said.count("[probity] snapshot taken")
        self.ledger.lose_sight()
        self.check_files()
        self.note_drafts(plan)
        if plan.torn_bytes:
            self.tear(random.Random(f"{seed}/tear"), plan.torn_bytes)

    def kill_while_starting(self, plan, seconds):
        daemon = StoredDaemon(self.data, *plan.options)
        daemon.spawn()
        try:
            time.sleep(seconds)
            if not daemon.is_running:
                raise NotStarted(daemon.process.returncode, daemon.said)
            self.counts.kills_while_starting += 0 if daemon.has_announced else 1
            self.was_clean = False
        finally:
            daemon.kill()

    def note_start(self, daemon):
        self.restarts += 1
        self.counts.starts += 1
        self.counts.start_milliseconds.append(daemon.start_seconds * 1_000)

    @property
    def name_of_restart(self):
        return f"after start {self.restarts} of {self.data.name}"

    def check(self, daemon, plan, choice):
        ledger = self.ledger
        with Connection(daemon.address, timeout_seconds=ANSWER_SECONDS_MAX) as connection:
            status = connection.status()
            checks.check_status(ledger, status, self.name_of_restart)
            self.counts.snapshots_loaded += status.snapshot_position > 0
            self.counts.commands_replayed += status.recovered_commands
            if status.torn_tails < self.tails_torn:
                raise Violation(f"{self.tails_torn} tails were torn, {status.torn_tails} noticed")
            if self.was_clean and status.recovered_commands:
                raise Violation(
                    f"{status.recovered_commands} commands were replayed after a clean stop")
            unknown = [source for source in ledger.sources if source.unknown is not None]
            checks.check_counts(connection, ledger)
            self.counts.batches_of_unknown_fate += len(unknown)
            self.counts.batches_of_unknown_fate_applied += sum(
                source.unknown_is_applied for source in unknown)
            checks.check_duplicates(connection, ledger)
            if plan.resends_at_once:
                checks.send_unknown(connection, ledger)
            sample = None if self.is_worn_out else BUYERS_SAMPLED
            self.counts.buyers_checked += checks.check_buyers(
                connection, ledger, choice, sample)

    def let_clients_work(self, daemon, plan, seed):
        """Traffic until the kill, or the stop, that the plan names."""
        before = self.ledger.acknowledged
        clients = self.make_clients(daemon, plan, seed)
        for client in clients:
            client.start()
        try:
            time.sleep(plan.traffic_seconds)
            self.was_clean = False
            if plan.ending == "quiet":
                self.quieten(daemon, clients)
            if plan.ending in ("stop", "clean"):
                self.stop(daemon, plan)
            elif daemon.kill():
                self.counts.kills_in_traffic += plan.ending == "traffic"
                self.counts.kills_when_quiet += plan.ending == "quiet"
            else:
                raise Violation(f"the daemon ended by itself: {daemon.said}")
        finally:
            daemon.kill()
            for client in clients:
                client.stopping.set()
        for client in clients:
            client.finish()
        self.counts.batches_acknowledged += sum(
            getattr(client, "batches_acknowledged", 0) for client in clients)
        self.counts.snapshots_asked_for += sum(getattr(client, "taken", 0) for client in clients)
        self.counts.commands_acknowledged += self.ledger.acknowledged - before

    def make_clients(self, daemon, plan, seed):
        address, ledger = daemon.address, self.ledger
        clients = [
            Recorder(
                address, f"{seed}/recorder/{index}", ledger, ledger.sources[index::self.clients],
                BATCH_SIZES[plan.batch_sizes])
            for index in range(self.clients)
        ]
        clients.append(Watcher(address, f"{seed}/watcher", ledger, self.name_of_restart))
        if plan.takes_snapshots:
            clients.append(
                Snapshooter(address, f"{seed}/snapshooter", ledger, self.name_of_restart))
        return clients

    def quieten(self, daemon, clients):
        """Lets all be answered; the state then seen must be the next start's."""
        for client in clients:
            if not isinstance(client, Snapshooter):
                client.finish()
        with Connection(daemon.address, timeout_seconds=ANSWER_SECONDS_MAX) as connection:
            status = connection.status()
            self.ledger.see_hash(
                status.log_position, status.state_hash, self.name_of_restart)

    def stop(self, daemon, plan):
        daemon.terminate()
        if plan.ending == "stop":
            time.sleep(plan.stop_kill_seconds)
            if daemon.kill():
                self.counts.kills_while_stopping += 1
                return
            code = daemon.process.returncode
        else:
            code = daemon.wait()
        if code != 0:
            raise Violation(f"exit code {code} after SIGTERM: {daemon.said}")
        self.was_clean = True
        self.counts.clean_stops += 1

    def check_files(self):
        """A snapshot gets its name only when it is whole: none is ever put aside."""
        if not self.data.exists():
            return
        aside = [path.name for path in self.data.iterdir() if path.name.startswith("aside-")]
        snapshots = [name for name in aside if "snapshot" in name]
        self.counts.snapshots_put_aside += len(snapshots)
        if snapshots:
            raise Violation(f"snapshots were put aside: {', '.join(snapshots)}")
        self.tails_aside = len(aside)
        if self.tails_aside < self.tails_torn:
            raise Violation(
                f"{self.tails_torn} tails were torn; put aside are {', '.join(aside) or 'none'}")

    def note_drafts(self, plan):
        if (self.data / "snapshot-draft.tmp").exists():
            is_last = plan.ending == "stop"
            self.counts.kills_during_a_snapshot += not is_last
            self.counts.kills_during_the_last_snapshot += is_last

    def tear(self, choice, count):
        """Puts bytes that are no group behind the last group of the log, if it has
        room for them."""
        last = max(self.data.glob("log-*.segment"), default=None)
        if last is None or not (self.data / "store").exists():
            return
        content = last.read_bytes()
        end = (len(content.rstrip(b"\0")) + BLOCK_BYTES - 1) // BLOCK_BYTES * BLOCK_BYTES
        if end == 0 or end + count > len(content):
            return
        with open(last, "r+b") as file:
            file.seek(end)
            file.write(choice.randbytes(count - 1) + b"!")
        self.tails_torn += 1
        self.counts.tails_torn += 1


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--seed", default=None, help="printed, and random, if not given")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    parser.add_argument("--folder", help="where data directories are made (default: temporary)")
    return parser.parse_args()


def show_progress(counts, runs, is_last):
    line = (
        f"{counts.runs}/{runs} runs, {counts.commands_acknowledged} commands acknowledged, "
        f"{counts.commands_lost} lost, {counts.commands_twice} twice, {counts.seconds:.0f} s")
    if sys.stderr.isatty():
        print("\r" + line, end="\n" if is_last else "", file=sys.stderr, flush=True)
    elif is_last or counts.runs % 50 == 0:
        print(line, file=sys.stderr, flush=True)


def run_all(options, folder, counts):
    started = time.monotonic()
    store = None
    for run in range(1, options.runs + 1):
        plan = Plan.draw(options.seed, run)
        if store is None or store.is_worn_out:
            store = replace(store, folder, options.seed, counts)
        if run == options.runs:
            # The last one looks at every buyer there is.
            store.runs_left = 1
        try:
            store.run(plan, f"{options.seed}/{run}")
        except BaseException:
            print(f"\nrun {run} on {store.data}: {plan}", file=sys.stderr)
            raise
        counts.runs = run
        counts.seconds = time.monotonic() - started
        show_progress(counts, options.runs, run == options.runs)
    replace(store, folder, options.seed, counts, makes_another=False)


def replace(store, folder, seed, counts, makes_another=True):
    """Sums a store up and removes it; the next one."""
    if store is not None:
        counts.tails_put_aside += store.tails_aside
        counts.hashes += len(store.ledger.hashes)
        counts.hashes_seen_again += store.ledger.hashes_seen_again
        shutil.rmtree(store.data)
    if not makes_another:
        return None
    counts.stores += 1
    return Store(folder, seed, counts.stores, counts)


def main():
    options = arguments()
    options.seed = options.seed or str(random.SystemRandom().randrange(1 << 32))
    # So that a terminated script ends its daemon, as an interrupted one does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # Clients share one interpreter: they take turns quickly.
    sys.setswitchinterval(0.0005)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="probity-crash-", dir=options.folder))
    counts = Counts()
    print(f"seed {options.seed}", file=sys.stderr)
    failure = None
    try:
        run_all(options, folder, counts)
        shutil.rmtree(folder)
    except Exception as error:  # noqa: B902: whatever it is, the data is kept and told of
        failure = f"{type(error).__name__}: {error}"
        counts.commands_lost += getattr(error, "lost", 0)
        counts.commands_twice += getattr(error, "twice", 0)
        if not isinstance(error, (Violation, NotStarted)):
            traceback.print_exc()
        print(
            f"\nBROKEN: {failure}\nThe data is kept in {folder}\n"
            f"Again: make crash RUNS={options.runs} SEED={options.seed}", file=sys.stderr)
    summary = {"seed": options.seed, **counts.summary(), "violation": failure}
    if options.json:
        print(json.dumps(summary))
    else:
        print("\n".join(f"{name.replace('_', ' '):<33} {value}" for name, value in summary.items()))
    return 1 if failure else 0


if __name__ == "__main__":
    sys.exit(main())
