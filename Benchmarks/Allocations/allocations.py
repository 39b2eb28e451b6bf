#!/usr/bin/env python3
"""Heap allocations of the daemon for each Score, counted inside its process.

Starts the release daemon with a library that counts calls of malloc and its
kin, loads it with exactly K requests for several K, and prints the calls for
each request. --sites says where they come from.
"""

import argparse
import collections
import os
import pathlib
import signal
import struct
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Harness"))
import servers  # noqa: E402

WORDS = ("malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "free", "bytes", "")
ALLOCATING = WORDS[:5]
TARGET = 0.5


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, nargs="+", default=[1_000_000, 2_000_000])
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--in-flight", type=int, default=16)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--event-loops", type=int, default=1)
    parser.add_argument("--sites", action="store_true", help="show the stacks that allocate")
    return parser.parse_args()


def build(directory):
    library = directory / "allocation_counter.so"
    servers.run(["cc", "-O2", "-shared", "-fPIC", "-o", str(library),
                 str(HERE / "allocation_counter.c"), "-ldl"])
    return library


def read(path):
    return dict(zip(WORDS, struct.unpack("<8Q", path.read_bytes())))


def load(daemon, options, requests):
    return servers.load(daemon, requests=requests, connections=options.connections,
                        in_flight=options.in_flight, accounts=options.accounts)


def count(daemon, options, counters, requests):
    """Allocations during exactly `requests` requests, by function."""
    before = read(counters)
    load(daemon, options, requests)
    after = read(counters)
    return {name: after[name] - before[name] for name in WORDS if name}


def show_sites(daemon, options, stacks_path, requests):
    os.kill(daemon.process.pid, signal.SIGUSR2)
    load(daemon, options, requests)
    os.kill(daemon.process.pid, signal.SIGUSR2)
    time.sleep(1)
    stacks = []
    for line in stacks_path.read_text().splitlines():
        number, *addresses = line.split()
        stacks.append((int(number), addresses))
    stacks.sort(reverse=True)
    names = symbols({a for _, addresses in stacks[:12] for a in addresses})
    print(f"\nwhere from, of {requests} requests (calls a request, innermost first):")
    for number, addresses in stacks[:12]:
        print(f"  {number / requests:.4f}")
        for address in addresses[:10]:
            print(f"      {names[address][:150]}")


def symbols(addresses):
    """Names of the functions that return addresses lie in."""
    known = [a for a in addresses if int(a, 16) < 1 << 40]
    # One less: the address after a call may belong to the next function.
    queries = "\n".join(hex(int(a, 16) - 1) for a in known)
    lines = subprocess.run(
        ["addr2line", "-f", "-e", servers.probity()], input=queries, stdout=subprocess.PIPE,
        text=True, check=True).stdout.splitlines()[::2]
    readable = subprocess.run(
        ["swift", "demangle", "--simplified"], input="\n".join(lines), stdout=subprocess.PIPE,
        text=True, check=True).stdout.splitlines()
    names = collections.defaultdict(lambda: "(another library)")
    names.update(zip(known, readable))
    return names


def main():
    options = arguments()
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        counters, stacks = directory / "counters", directory / "stacks"
        environment = {
            "LD_PRELOAD": str(build(directory)), "PROBITY_ALLOCATION_COUNTERS": str(counters)}
        if options.sites:
            environment["PROBITY_ALLOCATION_SITES"] = str(stacks)
        with servers.Daemon(options.event_loops, environment) as daemon:
            servers.fill(daemon, options.accounts, seed=1)
            load(daemon, options, 200_000)
            results = []
            for requests in options.requests:
                calls = count(daemon, options, counters, requests)
                total = sum(calls[name] for name in ALLOCATING)
                results.append(total / requests)
                detail = ", ".join(f"{n} {calls[n]}" for n in WORDS[:6] if calls[n])
                print(f"{requests} Scores at {options.connections} x {options.in_flight}: "
                      f"{total / requests:.4f} allocations each ({detail}; "
                      f"{calls['bytes'] / requests:.0f} bytes each)")
            verdict = "met" if max(results) <= TARGET else "MISSED"
            print(f"target: at most {TARGET} a Score: {verdict}")
            if options.sites:
                show_sites(daemon, options, stacks, 100_000)
    return 0 if max(results) <= TARGET else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except servers.Failure as failure:
        sys.exit(f"allocations: {failure}")
