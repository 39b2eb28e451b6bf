#!/usr/bin/env python3
"""How what things cost grows with the number of accounts: a table and a picture.

For each number of accounts a durable daemon is filled, asked, written to,
scanned, saved and started again. A cost is time, or bytes, for one account,
command or call, so that flat is good. Beside a start stands what the machine
takes to read the same snapshot file and to touch as much memory.
"""

import argparse
import json
import mmap
import os
import pathlib
import statistics
import sys
import time

import compare_restart
import comparison
import disk
import growth_chart
import servers
import snapshot_pause

BATCH = 1_000
# Of these a start is the median.
RESTARTS = 3
# Longer than any snapshot; the recorder is ended when that is done.
RECORDER_SECONDS = 3_600


def arguments(words=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accounts", type=comparison.positive, nargs="+",
                        default=[1_000_000, 10_000_000, 100_000_000],
                        help="each in turn, ascending; 100 M take about 8 GiB of memory and"
                             " tens of GB of disk")
    parser.add_argument("--seconds", type=float, default=3, help="of each load")
    parser.add_argument("--warm-up", type=float, default=1)
    parser.add_argument("--rounds", type=comparison.positive, default=3,
                        help="of each load; the median counts")
    parser.add_argument("--record-rate", type=comparison.positive, default=50_000,
                        help="commands a second while a snapshot is taken")
    parser.add_argument("--event-loops", type=int,
                        help="of the daemon; by default as many as it has of itself")
    parser.add_argument("--durability", default="always", help="of the daemon")
    disk.add_option(parser)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("scale.json"),
                        help="JSON of all rounds; the table and the picture go beside it")
    options = parser.parse_args(words)
    if options.accounts != sorted(options.accounts):
        parser.error("--accounts must ascend")
    # What the comparison of restarts and of snapshots ask for.
    options.batch = 500
    return options


def looked_up(daemon, options, accounts, connections, in_flight, batch=1):
    """Reports of lookups, one a round."""
    more = {} if batch == 1 else {"batch": batch}
    return [servers.load(
        daemon, connections=connections, in_flight=in_flight, accounts=accounts, threads=1,
        warm_up=options.warm_up, duration=options.seconds, seed=options.seed + index, **more)
        for index in range(options.rounds)]


def scan(daemon, accounts):
    """Scores everyone once, in order."""
    return servers.load(
        daemon, connections=4, in_flight=4, accounts=accounts, batch=BATCH, in_order=True,
        requests=-(-accounts // BATCH))


def take_snapshot(daemon, options, accounts):
    """A snapshot beside recording at a fixed rate."""
    chosen = argparse.Namespace(
        record_rate=options.record_rate, batch=options.batch, accounts=accounts,
        seed=options.seed)
    with snapshot_pause.recorder(daemon, chosen, RECORDER_SECONDS, 0) as load:
        time.sleep(1)
        reply = daemon.snapshot()
        load.check_running()
    return reply


def read_and_touch(path, resident_bytes):
    """Seconds to read a file into fresh memory, and to touch as much as a process has in all."""
    size = max(path.stat().st_size, resident_bytes)
    started = time.monotonic()
    with mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        view = memoryview(memory)
        offset = 0
        with open(path, "rb", buffering=0) as file:
            while count := file.readinto(view[offset:offset + (4 << 20)]):
                offset += count
        rest = view[offset::mmap.PAGESIZE]
        rest[:] = bytes(len(rest))
        seconds = time.monotonic() - started
        rest.release()
        view.release()
    return seconds


def restarts(case, state, options, accounts):
    """Starts from the files of a clean stop, each beside the machine's own reading."""
    chosen = argparse.Namespace(**{**vars(options), "accounts": accounts})
    found = []
    for index in range(RESTARTS):
        compare_restart.set_page_cache(case, is_cold=False)
        report = compare_restart.restart(case, {case.name: {"state": state}}, chosen, index)
        newest = max(case.data.glob("*.snapshot"))
        report["readAndTouchSeconds"] = read_and_touch(newest, report["residentBytes"])
        found.append(report)
    return found


def measure(directory, options, accounts):
    """All figures of one number of accounts."""
    with disk.fresh(directory, str(accounts)) as data:
        case = compare_restart.ProbityCase(data, options)
        with case.server() as daemon:
            found = {"accounts": accounts, "fill": servers.fill(daemon, accounts, options.seed)}
            found["residentBytes"] = daemon.resident_bytes()
            found["held"] = case.held(case.state(daemon))
            print("  snapshot", flush=True)
            found["snapshot"] = take_snapshot(daemon, options, accounts)
            print("  lookups", flush=True)
            found["lookups"] = {
                str(depth): looked_up(daemon, options, accounts, 50, depth)
                for depth in (1, 16, 64)}
            found["batches"] = looked_up(daemon, options, accounts, 4, 4, BATCH)
            print("  commands", flush=True)
            os.sync()
            found["record"] = [servers.record(
                daemon, connections=4, batch=options.batch, accounts=accounts,
                warm_up=options.warm_up, duration=options.seconds, seed=options.seed + index)
                for index in range(options.rounds)]
            print("  a scan of everyone", flush=True)
            found["scan"] = [scan(daemon, accounts) for _ in range(options.rounds)]
            # By now the batches that were in flight when recording ended are applied.
            state = case.state(daemon)
            print("  stop and starts", flush=True)
            daemon.stop_cleanly()
        found["restarts"] = restarts(case, state, options, accounts)
    return found


def run(options):
    if options.durability == "memory":
        raise servers.Failure("--durability memory leaves nothing to start from")
    sizes = []
    with disk.work_directory(options.work_dir) as directory:
        kind = disk.kind(directory)
        for accounts in options.accounts:
            print(f"\n== {accounts:,} accounts", flush=True)
            sizes.append(measure(directory, options, accounts))
    return comparison.result(options, [servers.Daemon.version()], sizes=sizes, fileSystem=kind)


def costs(size):
    """What one of everything costs, by name; flat is good."""
    def median(values):
        return statistics.median(values)
    accounts = size["accounts"]
    by_depth = {f"Score, 50 × {depth}: ns": median(
        [1e9 / r["requestsPerSecond"] for r in reports])
        for depth, reports in size["lookups"].items()}
    return {
        **by_depth,
        "ScoreBatch of 1,000: ns an account":
            median([1e9 / r["accountsPerSecond"] for r in size["batches"]]),
        "scan of everyone: ns an account":
            median([r["seconds"] * 1e9 / accounts for r in size["scan"]]),
        "Record, 4 × 500, durable: ns a command":
            median([1e9 / r["commandsPerSecond"] for r in size["record"]]),
        "filling: ns a command": 1e9 / size["fill"]["writesPerSecond"],
        "snapshot: ns an account": size["snapshot"]["seconds"] * 1e9 / size["held"],
        "start: ns an account": median([r["seconds"] for r in size["restarts"]]) * 1e9
        / size["held"],
        "memory: bytes an account": size["residentBytes"] / size["held"],
    }


def facts(size):
    """What is told as it is, not for each account."""
    starts = size["restarts"]
    snapshot = size["snapshot"]
    return {
        "filling: commands/s": f"{size['fill']['writesPerSecond']:,.0f}",
        "filling: longest wait of a batch":
            comparison.microseconds([size["fill"]["latency"]["maxMicroseconds"]]),
        "scan of everyone: accounts/s": comparison.spread(
            [size["accounts"] / r["seconds"] for r in size["scan"]]),
        "snapshot": f"{snapshot['seconds']:.1f} s, {snapshot['bytes'] / 1e6:,.0f} MB",
        "snapshot: longest wait of commands":
            comparison.microseconds([snapshot["pauseSeconds"] * 1e6]),
        "start, to the first answer":
            comparison.spread([r["seconds"] for r in starts], 2) + " s",
        "reading the snapshot and touching as much memory":
            comparison.spread([r["readAndTouchSeconds"] for r in starts], 2) + " s",
        "start ÷ reading and touching": comparison.spread(
            [r["seconds"] / r["readAndTouchSeconds"] for r in starts], 2),
        "resident": f"{size['residentBytes'] / 2**20:,.0f} MiB",
    }


def table(found):
    """Markdown: costs as ratios to the first size, then the rest as it is."""
    sizes = found["sizes"]
    lines = ["| | " + " | ".join(f"{size['accounts']:,} accounts" for size in sizes) + " |",
             "|---|" + "---|" * len(sizes)]
    first = costs(sizes[0])
    for name in first:
        cells = []
        for index, size in enumerate(sizes):
            cost = costs(size)[name]
            growth = "" if index == 0 else f" (× {cost / first[name]:.2f})"
            cells.append(f"{cost:,.{0 if cost >= 100 else 1}f}{growth}")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    for name in facts(sizes[0]):
        lines.append(f"| {name} | " + " | ".join(facts(size)[name] for size in sizes) + " |")
    return "\n".join(lines)


def main():
    options = arguments()
    found = run(options)
    text = f"{table(found)}\n\n{comparison.origin(found)}; {', '.join(found['versions'])}.\n"
    print(f"\n{text}")
    options.output.write_text(json.dumps(found, indent=2) + "\n")
    options.output.with_suffix(".md").write_text(text)
    picture = options.output.with_suffix(".svg")
    growth_chart.draw(
        [size["accounts"] for size in found["sizes"]],
        [costs(size) for size in found["sizes"]], picture)
    print(f"all rounds: {options.output}; picture: {picture}")


if __name__ == "__main__":
    try:
        main()
    except servers.Failure as failure:
        sys.exit(f"scale: {failure}")
