#!/usr/bin/env python3
"""Rescores beside lookups, and recording beside watchers.

A rescore walks all accounts under two policies; lookups are due at a fixed rate, and latency
counts from when each was due. A round has lookups alone, then lookups while rescores follow
one another. Recording is as fast as batches are answered, without watchers and with them, in
turn.
"""

import argparse
import contextlib
import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

import comparison
import servers
import snapshot_pause


def arguments(words=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=comparison.positive, default=5)
    parser.add_argument("--accounts", type=comparison.positive, default=10_000_000)
    parser.add_argument("--lookup-rate", type=comparison.positive, default=20_000,
                        help="lookups a second")
    parser.add_argument("--connections", type=comparison.positive, default=20,
                        help="of the lookups")
    parser.add_argument("--seconds", type=float, default=5, help="of each phase")
    parser.add_argument("--watchers", type=comparison.positive, default=1_000)
    parser.add_argument("--accounts-each", type=comparison.positive, default=1_000,
                        help="accounts of each watcher")
    parser.add_argument("--lost-per-mille", type=int, default=20,
                        help="of a thousand commands those that claim that nothing came: these "
                             "change tiers")
    parser.add_argument("--event-loops", type=int, default=2, help="of the daemon")
    parser.add_argument("--parts", nargs="+", default=["rescore", "watch"],
                        choices=["rescore", "watch"])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", default="population.json", help="JSON of all rounds")
    return parser.parse_args(words)


def candidate(directory):
    """Another policy than the one in force: a buyer begins lower."""
    path = servers.REPOSITORY / "Sources/IntegrityPolicy/Resources/default-policy.yaml"
    text = path.read_text()
    version = int(text.split("\nversion: ")[1].split("\n")[0])
    text = text.replace(f"\nversion: {version}\n", f"\nversion: {version + 1}\n", 1)
    text = text.replace("\n  base: 600\n", "\n  base: 580\n", 1)
    policy = directory / "candidate.yaml"
    policy.write_text(text)
    return policy


class Rescores(snapshot_pause.Load):
    """loopback-bench rescore in the background, once it begins."""

    def __init__(self, daemon, policy, seconds):
        super().__init__([
            servers.loopback_bench(), "rescore", "--port", str(daemon.port),
            "--policy", str(policy), "--duration", str(seconds)])
        if self._process.stdout.readline().strip() != "rescoring":
            raise servers.Failure("rescores could not begin")

    def scans(self):
        return self.report()["scanSeconds"]


class Memory(threading.Thread):
    """The most that a daemon holds meanwhile."""

    def __init__(self, daemon):
        super().__init__()
        self._daemon = daemon
        self._stopping = threading.Event()
        self.before = self.most = daemon.resident_bytes()

    def run(self):
        while not self._stopping.wait(0.02):
            self.most = max(self.most, self._daemon.resident_bytes())

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._stopping.set()
        self.join()


def rescore_round(daemon, options, policy, path, index):
    with Memory(daemon) as memory, Rescores(daemon, policy, 0) as rescores:
        lone = rescores.scans()[0]

    def lookups():
        with snapshot_pause.lookups(daemon, options, path, options.seconds, index) as load:
            load.report()
        return snapshot_pause.latencies(snapshot_pause.read_samples(path))
    alone = lookups()
    # They go on until behind the lookups and their warm-up.
    with Rescores(daemon, policy, options.seconds + 2) as rescores:
        during = lookups()
        beside = rescores.scans()
    return {"scanSeconds": lone, "scansBesideLookups": beside, "alone": alone,
            "during": during, "ratio": during["p99"] / alone["p99"],
            "extraBytes": memory.most - memory.before}


class Watchers:
    """loopback-bench watch, once all of them watch."""

    def __init__(self, daemon, options, seconds):
        self._command = [
            servers.loopback_bench(), "watch", "--port", str(daemon.port),
            "--watchers", str(options.watchers), "--accounts-each", str(options.accounts_each),
            "--duration", str(seconds)]

    def __enter__(self):
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        if self._process.stdout.readline().strip() != "watching":
            raise servers.Failure("the watchers could not begin")
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()

    def told(self):
        text = self._process.communicate()[0]
        if self._process.returncode != 0:
            raise servers.Failure("the watchers failed")
        return json.loads(text)


def record(daemon, options, index):
    return json.loads(servers.run(servers.command(
        "record", daemon, accounts=options.watchers * options.accounts_each, connections=4,
        batch=500, warm_up=0.5, duration=options.seconds, seed=options.seed + index,
        lost_per_mille=options.lost_per_mille, server_pid=daemon.process.pid)))


def watch_round(options, index):
    """Each phase has a daemon of its own: tiers that have fallen do not fall again."""
    found = {}
    for phase in ("alone", "watched") if index % 2 == 0 else ("watched", "alone"):
        with servers.Daemon(options.event_loops) as daemon:
            daemon.fill(options.watchers * options.accounts_each, options.seed)
            if phase == "alone":
                found[phase] = record(daemon, options, index)
                continue
            with Watchers(daemon, options, options.seconds + 2) as watchers:
                found[phase] = record(daemon, options, index)
                found["told"] = watchers.told()
    rates = [found[phase]["commandsPerSecond"] for phase in ("alone", "watched")]
    return {**found, "cost": 1 - rates[1] / rates[0]}


def run(options):
    rounds = {part: [] for part in options.parts}
    with contextlib.ExitStack() as stack:
        directory = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        policy = candidate(directory)
        if "rescore" in options.parts:
            with servers.Daemon(options.event_loops) as daemon:
                daemon.fill(options.accounts, options.seed)
                for index in range(options.rounds):
                    rounds["rescore"].append(
                        rescore_round(daemon, options, policy, directory / "samples", index))
        if "watch" in options.parts:
            for index in range(options.rounds):
                rounds["watch"].append(watch_round(options, index))
    return comparison.result(options, [servers.Daemon.version()], rounds=rounds)


def show(found):
    options = argparse.Namespace(**found["options"])
    rounds = found["rounds"].get("rescore", [])
    if rounds:
        each = [r["scanSeconds"] / options.accounts * 1e9 for r in rounds]
        print(f"rescore of {options.accounts:,} accounts: "
              f"{comparison.spread([r['scanSeconds'] for r in rounds], 3)} s alone, "
              f"{comparison.spread(each, 1)} ns an account; beside lookups "
              f"{comparison.spread([s for r in rounds for s in r['scansBesideLookups']], 2)} s; "
              f"extra memory {max(r['extraBytes'] for r in rounds) / 2**20:.1f} MiB at most")
        for phase in ("alone", "during"):
            values = "  ".join(
                f"{quantile} {comparison.spread([r[phase][quantile] for r in rounds])}"
                for quantile in snapshot_pause.QUANTILES)
            print(f"  lookups {phase:8} {values} µs")
        print(f"  p99 during / alone: {comparison.spread([r['ratio'] for r in rounds], 2)}")
    rounds = found["rounds"].get("watch", [])
    if rounds:
        print(f"recording beside {options.watchers:,} watchers of {options.accounts_each:,} "
              f"accounts: {comparison.spread([r['cost'] * 100 for r in rounds], 1)} % slower")
        for phase in ("alone", "watched"):
            print(f"  {phase:8} {comparison.spread([r[phase]['commandsPerSecond'] for r in rounds])} "
                  "commands/s")
        told = [r["told"]["changes"] / r["watched"]["seconds"] for r in rounds]
        print(f"  told     {comparison.spread(told)} changes/s")


def rows(found):
    return []


if __name__ == "__main__":
    comparison.main(sys.modules[__name__])
