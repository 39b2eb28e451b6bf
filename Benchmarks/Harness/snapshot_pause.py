#!/usr/bin/env python3
"""Lookups while a snapshot is written, beside Redis: latency during over latency without.

Lookups are due at a fixed rate, and so are recorded commands; latency counts
from when a lookup was due, so that a stall counts with all that waits for it. A
round has lookups alone, then lookups beside recording, first without and then
with a snapshot: Probity's, and BGSAVE in Redis, which forks for it.
"""

import argparse
import array
import contextlib
import json
import math
import pathlib
import subprocess
import sys
import time

import calls
import comparison
import disk
import servers

# No snapshots but those that are measured.
ASKED_ONLY = ("--snapshot-log", "1048576", "--snapshot-every", "0")
QUANTILES = {"p50": 0.5, "p99": 0.99, "p999": 0.999, "max": 1}
IN_FLIGHT_MAX = 1_024
# Half of the batches this late: they wait for one another, not for the disk.
BEHIND_MICROSECONDS = 100_000


def arguments(words=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=comparison.positive, default=3)
    parser.add_argument("--accounts", type=comparison.positive, default=10_000_000)
    parser.add_argument("--record-rate", type=comparison.positive, default=100_000,
                        help="commands a second")
    parser.add_argument("--batch", type=comparison.positive, default=500)
    parser.add_argument("--lookup-rate", type=comparison.positive, default=20_000,
                        help="lookups a second")
    parser.add_argument("--connections", type=comparison.positive, default=20,
                        help="of the lookups")
    parser.add_argument("--idle-seconds", type=float, default=5,
                        help="of each phase without a snapshot")
    parser.add_argument("--snapshot-seconds", type=float, default=30,
                        help="within which the snapshot must be done")
    parser.add_argument("--event-loops", type=int, default=1, help="of the daemon")
    parser.add_argument("--durability", default="always", help="of the daemon")
    parser.add_argument("--redis-durability", default="memory",
                        help="of Redis; with `always` it may not keep up with --record-rate")
    parser.add_argument("--servers", nargs="+", default=["probity", "redis"],
                        choices=["probity", "redis"])
    disk.add_option(parser)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", default="snapshot-pause.json", help="JSON of all rounds")
    return parser.parse_args(words)


def snapshot_probity(daemon):
    reply = daemon.snapshot()
    return {"pauseMicroseconds": reply["pauseSeconds"] * 1e6, "bytes": reply["bytes"],
            "reported": reply}


def snapshot_redis(redis):
    with calls.RedisCalls(redis.port) as connection:
        connection.call("BGSAVE")
        while True:
            fields = connection.persistence()
            if fields["rdb_bgsave_in_progress"] == "0":
                break
            time.sleep(0.01)
        if fields["rdb_last_bgsave_status"] != "ok":
            raise servers.Failure("BGSAVE failed")
        path = pathlib.Path(f"/proc/{redis.process.pid}/cwd/dump.rdb")
        return {"pauseMicroseconds": int(fields["latest_fork_usec"]),
                "bytes": path.stat().st_size}


SNAPSHOTS = {"probity": snapshot_probity, "redis": snapshot_redis}


class Load:
    """loopback-bench in the background."""

    def __init__(self, command):
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()

    def check_running(self):
        if self._process.poll() is not None:
            raise servers.Failure(f"loopback-bench ended with {self._process.returncode}")

    def report(self):
        text = self._process.communicate()[0]
        if self._process.returncode != 0:
            raise servers.Failure(f"loopback-bench failed with {self._process.returncode}: {text}")
        return json.loads(text)


def lookups(server, options, path, seconds, index):
    return Load(servers.command(
        "run", server, rate=options.lookup_rate, connections=options.connections,
        in_flight=IN_FLIGHT_MAX, accounts=options.accounts, warm_up=1, duration=seconds,
        seed=options.seed + index, samples=path))


def recorder(server, options, seconds, index):
    return Load(servers.command(
        "record", server, rate=options.record_rate, batch=options.batch,
        accounts=options.accounts, warm_up=0.5, duration=seconds, seed=options.seed + index,
        server_pid=server.process.pid))


def read_samples(path):
    """Pairs of when a lookup was due and its latency, in nanoseconds."""
    words = array.array("Q")
    words.frombytes(path.read_bytes())
    return list(zip(words[::2], words[1::2]))


def latencies(samples, first=0, last=float("inf")):
    """Of the lookups that were due from `first` to `last`, in microseconds."""
    chosen = sorted(nanoseconds for due, nanoseconds in samples if first <= due <= last)
    if not chosen:
        raise servers.Failure("no lookup was due in that time: raise --lookup-rate")
    # The least that no less than a share of q do not exceed.
    values = {name: chosen[math.ceil(q * len(chosen)) - 1] / 1e3
              for name, q in QUANTILES.items()}
    return {**values, "count": len(chosen)}


def run_round(server, options, path, index):
    """Latencies of a round's three phases, and what the snapshot says of itself."""
    with lookups(server, options, path, options.idle_seconds, index) as load:
        load.report()
    alone = latencies(read_samples(path))
    seconds = options.idle_seconds + options.snapshot_seconds
    with lookups(server, options, path, seconds, index) as load, \
            recorder(server, options, seconds + 1, index) as writes:
        # Both are past their warm-up by then, and lookups have been for idle_seconds.
        time.sleep(1.5 + options.idle_seconds)
        begun = time.monotonic_ns()
        snapshot = SNAPSHOTS[server.name](server)
        ended = time.monotonic_ns()
        load.report()
        written = writes.report()
    samples = read_samples(path)
    if ended > max((due for due, _ in samples), default=0):
        raise servers.Failure("the snapshot outlasted the load: raise --snapshot-seconds")
    snapshot["seconds"] = (ended - begun) / 1e9
    during = latencies(samples, begun, ended)
    without = latencies(samples, last=begun)
    return {"alone": alone, "recording": without, "snapshot": during, "report": snapshot,
            "recorder": written, "ratio": during["p99"] / without["p99"]}


PHASES = {"alone": "lookups alone", "recording": "beside recording",
          "snapshot": "beside recording, during the snapshot"}


def show_server(name, rounds, options):
    print(f"\n{name}: {options.lookup_rate} lookups/s, {options.record_rate} commands/s; "
          f"median (min…max) of {len(rounds)} rounds, µs")
    for phase, title in PHASES.items():
        values = "  ".join(f"{quantile} {comparison.spread([r[phase][quantile] for r in rounds])}"
                           for quantile in QUANTILES)
        print(f"  {title:38} {values}")
    reports = [r["report"] for r in rounds]
    pause = comparison.spread([report["pauseMicroseconds"] for report in reports])
    print(f"  p99 during / without: {comparison.spread([r['ratio'] for r in rounds], 2)};"
          f" {'fork' if name == 'redis' else 'longest pause of recording'} {pause} µs")
    recorded = comparison.Reports(rounds, "recorder")
    print(f"  snapshot {comparison.spread([report['seconds'] for report in reports], 2)} s, "
          f"{reports[-1]['bytes'] / 1e6:.0f} MB; batches of commands p99 "
          f"{recorded.latency_spread('p99')}, max {recorded.latency_spread('max')}")
    if any(r["recorder"]["latency"]["p50Microseconds"] > BEHIND_MICROSECONDS for r in rounds):
        print(f"  {name} did not keep up with the commands: choose a lower --record-rate")


def run(options):
    rounds = {name: [] for name in options.servers}
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(disk.work_directory(options.work_dir))
        kind = disk.kind(directory)
        running = {}
        for name in options.servers:
            data = directory / name
            data.mkdir()
            server = (servers.Daemon(options.event_loops, data=data, arguments=ASKED_ONLY,
                                     durability=options.durability)
                      if name == "probity" else servers.Redis(data, options.redis_durability))
            running[name] = stack.enter_context(server)
            servers.fill(server, options.accounts, options.seed)
        for index in range(options.rounds):
            order = options.servers if index % 2 == 0 else options.servers[::-1]
            for name in order:
                rounds[name].append(
                    run_round(running[name], options, directory / "samples", index))
    return comparison.result(options, [server.version() for server in running.values()],
                             rounds=rounds, fileSystem=kind)


def show(found):
    options = argparse.Namespace(**found["options"])
    print(f"durability {options.durability}, of Redis {options.redis_durability}")
    for name, rounds in found["rounds"].items():
        show_server(name, rounds, options)


def rows(found):
    options = found["options"]
    load = (f"snapshot of {options['accounts']:,} accounts, beside "
            f"{options['record_rate']:,} commands/s and {options['lookup_rate']:,} lookups/s")
    titles = {"probity": comparison.daemon_title(options["event_loops"], found["machine"]),
              "redis": "Redis `BGSAVE`"}

    def pauses(name):
        return [r["report"]["pauseMicroseconds"] / 1e3 for r in found["rounds"][name]]

    def slower(name):
        return [r["ratio"] for r in found["rounds"][name]]

    def ratio(name, values):
        if name == "probity" or "probity" not in found["rounds"]:
            return ""
        pairs = zip(values(name), values("probity"))
        return comparison.spread([theirs / ours for theirs, ours in pairs], 2)
    table = []
    for name in found["rounds"]:
        table.append(comparison.Row(
            load + ": the longest that commands wait (Redis: its fork)", titles[name],
            comparison.spread(pauses(name), 2) + " ms", ratio=ratio(name, pauses),
            aim="≤ 2 ms" if name == "probity" else ""))
    for name, rounds in found["rounds"].items():
        table.append(comparison.Row(
            load + ": p99 of lookups meanwhile, over that before", titles[name],
            comparison.spread(slower(name), 2),
            *(comparison.microseconds([r["snapshot"][key] for r in rounds])
              for key in ("p50", "p99")),
            ratio(name, slower), aim="≤ 1.5" if name == "probity" else ""))
    return table


if __name__ == "__main__":
    comparison.main(sys.modules[__name__])
