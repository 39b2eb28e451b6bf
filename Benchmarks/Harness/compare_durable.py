#!/usr/bin/env python3
"""Durable recording against Redis: commands a second, each on disk before it is answered.

Every round starts both servers afresh, in turn, with empty directories on the
same disk, fills them with the same number of accounts or keys, and has as many
connections send batches of the same size, each batch answered before the next.
The ratio is taken within each round. Only one server runs at a time.
"""

import argparse
import os
import statistics
import sys

import comparison
import disk
import servers

# A command in the log, as CommandCoding has it.
LOGGED_BYTES = 80


def arguments(words=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=comparison.positive, default=5)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--warm-up", type=float, default=1)
    parser.add_argument("--accounts", type=comparison.positive, default=1_000_000)
    parser.add_argument("--connections", type=comparison.positive, default=4)
    parser.add_argument("--batch", type=comparison.positive, default=500)
    parser.add_argument("--event-loops", type=int, default=1, help="of the daemon")
    parser.add_argument("--durability", default="always",
                        help="of both; `memory` leaves the disk out of it")
    parser.add_argument("--redis-write", nargs="+", default=["set", "mset"],
                        choices=["set", "mset"],
                        help="a pipeline of SET, one MSET, or each in turn")
    disk.add_option(parser)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", default="compare-durable.json", help="JSON of all rounds")
    return parser.parse_args(words)


def measure(server, options, round_index, **more):
    # What filling left to write back is not this run's to pay.
    os.sync()
    return servers.record(
        server, connections=options.connections, batch=options.batch,
        accounts=options.accounts, warm_up=options.warm_up, duration=options.seconds,
        seed=options.seed + round_index, **more)


def run_probity(directory, options, index):
    with disk.fresh(directory, "probity") as data:
        with servers.Daemon(options.event_loops, data=data,
                            durability=options.durability) as daemon:
            servers.fill(daemon, options.accounts, options.seed)
            return {"probity": measure(daemon, options, index)}


def run_redis(directory, options, index):
    with disk.fresh(directory, "redis") as data:
        with servers.Redis(data, options.durability) as redis:
            servers.fill(redis, options.accounts, options.seed)
            return {f"redis {write}": measure(redis, options, index, redis_write=write)
                    for write in options.redis_write}


def run_round(directory, options, index):
    batch_bytes = options.batch * LOGGED_BYTES
    sizes = {"oneBatch": batch_bytes, "allBatches": batch_bytes * options.connections}
    limits = {name: {"bytes": size, **disk.sync_microseconds(directory, size)}
              for name, size in sizes.items()}
    order = [run_probity, run_redis] if index % 2 == 0 else [run_redis, run_probity]
    reports = {}
    for run in order:
        reports.update(run(directory, options, index))
    ours = reports["probity"]["commandsPerSecond"]
    ratios = {name: ours / report["commandsPerSecond"]
              for name, report in reports.items() if name != "probity"}
    print(f"  round {index + 1}: " + ", ".join(
        f"{name} {report['commandsPerSecond']:.0f}/s" for name, report in reports.items()),
        flush=True)
    return {"reports": reports, "ratios": ratios, "limits": limits}


def by_server(rounds):
    """Names and reports, Probity first."""
    each = [r["reports"] for r in rounds]
    return [(name, comparison.Reports(each, name)) for name in ("probity", *rounds[0]["ratios"])]


def show(found):
    rounds, options = found["rounds"], found["options"]
    print(f"\nfiles on {found['fileSystem']}, durability {options['durability']}; "
          f"{options['connections']} connections x {options['batch']} in flight, "
          f"{options['rounds']} rounds of {options['seconds']:g} s; median (min…max)")
    for name, reports in by_server(rounds):
        print(f"  {name:10} commands/s {reports.spread('commandsPerSecond')}"
              f"  batches/s {reports.spread('batchesPerSecond')}\n"
              f"             batch p50 {reports.latency_spread('p50')}"
              f"  p99 {reports.latency_spread('p99')}"
              f"  max {reports.latency_spread('max')} µs\n"
              f"             server {reports.spread('serverMicrosecondsPerCommand', 3)}"
              f" µs CPU/command, {reports.spread('serverCores', 2)} cores")
    for name in rounds[0]["ratios"]:
        print(f"  ratio to {name:10} {comparison.spread([r['ratios'][name] for r in rounds], 2)}")
    for name in rounds[0]["limits"]:
        limits = [r["limits"][name] for r in rounds]
        size = limits[0]["bytes"]
        for way in ("appended", "overwritten"):
            times = [limit[way] for limit in limits]
            rate = size / LOGGED_BYTES / (statistics.median(times) / 1e6)
            print(f"  limit: write + fdatasync of {size} bytes, {way}: "
                  f"{comparison.spread(times)} µs, so at most {rate:.0f} commands/s one by one")


def run(options):
    with disk.work_directory(options.work_dir) as directory:
        kind = disk.kind(directory)
        rounds = [run_round(directory, options, index) for index in range(options.rounds)]
    return comparison.result(options, [servers.Daemon.version(), servers.Redis.version()],
                             rounds=rounds, fileSystem=kind)


TITLES = {"redis set": "Redis `SET`, pipelined, `appendfsync always`",
          "redis mset": "Redis `MSET`, `appendfsync always`"}
AIMS = {"probity": "≥ 600,000 /s", "redis set": "≥ 3"}


def rows(found):
    rounds, options = found["rounds"], found["options"]
    what = (f"`Record`, on disk before it is answered, {options['connections']} × "
            f"{options['batch']}, {options['accounts']:,} accounts")
    daemon = comparison.daemon_title(options["event_loops"], found["machine"])
    table = []
    for name, reports in by_server(rounds):
        ratio = "" if name == "probity" \
            else comparison.spread([r["ratios"][name] for r in rounds], 2)
        table.append(comparison.Row(
            what, TITLES.get(name, daemon), reports.spread("commandsPerSecond") + " /s",
            *reports.p50_and_p99(), ratio, aim=AIMS.get(name, "")))
    return table


if __name__ == "__main__":
    comparison.main(sys.modules[__name__])
