#!/usr/bin/env python3
"""Time from exec to the first answered lookup, with the state on disk, beside Redis.

Both are filled with the same number of accounts or keys, take a snapshot, and
are told to stop. Then each is started, asked for an account until it knows it,
checked and stopped again, in turn. Redis loads dump.rdb, without a log. Only
one server is in memory at a time. Memory is what each holds resident after it
was filled, memcached too, which has no restart.
"""

import argparse
import pathlib
import random
import sys
import time

import calls
import comparison
import disk
import servers

WAIT_SECONDS_MAX = 600
POLL_SECONDS = 0.0005
SAMPLE = 2_000


def arguments(words=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=comparison.positive, default=5)
    parser.add_argument("--accounts", type=comparison.positive, default=10_000_000)
    parser.add_argument("--event-loops", type=int, default=1, help="of the daemon")
    parser.add_argument("--durability", default="always", help="of the daemon")
    parser.add_argument("--servers", nargs="+", default=["probity", "redis", "memcached"],
                        choices=["probity", "redis", "memcached"])
    parser.add_argument("--cold", action="store_true",
                        help="also with the page cache dropped before each start; needs root")
    disk.add_option(parser)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", default="compare-restart.json", help="JSON of all rounds")
    return parser.parse_args(words)


class ProbityCase:
    """How a daemon is filled, described and asked."""

    name = "probity"
    connect = calls.ProbityCalls

    def __init__(self, data, options):
        self.data, self.options = data, options

    def server(self):
        daemon = servers.Daemon(self.options.event_loops, data=self.data,
                                durability=self.options.durability)
        daemon.stop_seconds_max = WAIT_SECONDS_MAX
        return daemon

    def save(self, daemon):
        return daemon.snapshot()

    def state(self, daemon):
        status = daemon.ask("status")
        return {key: status[key] for key in ("logPosition", "stateHash", "buyers", "merchants")}

    def held(self, state):
        """Accounts: filling makes a merchant for twenty buyers."""
        return state["buyers"] + state["merchants"]


class RedisCase:
    """The same of Redis."""

    name = "redis"
    connect = calls.RedisCalls

    def __init__(self, data, _):
        self.data = data

    def server(self):
        redis = servers.Redis(self.data)
        redis.stop_seconds_max = WAIT_SECONDS_MAX
        return redis

    def save(self, redis):
        started = time.monotonic()
        with calls.RedisCalls(redis.port, WAIT_SECONDS_MAX) as connection:
            connection.call("SAVE")
        return {"seconds": time.monotonic() - started}

    def state(self, redis):
        with calls.RedisCalls(redis.port) as connection:
            return {"keys": int(connection.call("DBSIZE"))}

    def held(self, state):
        return state["keys"]


def prepare(case, options):
    """Fills a server and leaves its files behind; returns what it held."""
    with case.server() as server:
        servers.fill(server, options.accounts, options.seed)
        resident = server.resident_bytes()
        saved = case.save(server)
        state = case.state(server)
        server.stop_cleanly()
    files = disk.size_bytes(case.data)
    print(f"  {case.name}: {state}; {sum(files.values()) / 1e6:.0f} MB in {len(files)} files;"
          f" saved in {saved['seconds']:.1f} s", flush=True)
    held = case.held(state)
    print(f"  {resident / held:.1f} bytes resident for each of {held}", flush=True)
    return {"state": state, "saved": saved, "files": files, "residentBytes": resident,
            "held": held}


def memcached_memory(options):
    """What memcached holds resident after it was filled with as many keys."""
    with servers.Memcached(options.accounts) as server:
        servers.fill(server, options.accounts, options.seed)
        resident = server.resident_bytes()
    print(f"  {resident / options.accounts:.1f} bytes resident for each", flush=True)
    return {"residentBytes": resident, "held": options.accounts}


def first_answer(case, server, account, started):
    """Seconds from `started` until the server knows an account."""
    while time.monotonic() - started < WAIT_SECONDS_MAX:
        if server.process.poll() is not None:
            raise servers.Failure(f"{case.name} ended with {server.process.returncode}")
        try:
            with case.connect(server.port) as connection:
                is_known = connection.is_known(account)
            if not is_known:
                raise servers.Failure(f"{case.name} came back without account {account}")
            return time.monotonic() - started
        except calls.NotYet:
            pass
        time.sleep(POLL_SECONDS)
    raise servers.Failure(f"{case.name} does not answer after {WAIT_SECONDS_MAX} s")


def restart(case, prepared, options, index):
    chooser = random.Random(options.seed + index)
    server = case.server()
    port = servers.free_port()
    started = time.monotonic()
    server.launch(port)
    try:
        seconds = first_answer(case, server, chooser.randint(1, options.accounts), started)
        resident = server.resident_bytes()
        with case.connect(port) as connection:
            sample = (chooser.randint(1, options.accounts) for _ in range(SAMPLE))
            lost = [account for account in sample if not connection.is_known(account)]
        state = case.state(server)
        server.stop_cleanly()
    finally:
        server.stop()
    if lost:
        raise servers.Failure(f"{case.name} lost {len(lost)} of {SAMPLE} accounts: {lost[:3]}…")
    if state != prepared[case.name]["state"]:
        raise servers.Failure(
            f"{case.name} came back as {state}, and was {prepared[case.name]['state']}")
    return {"seconds": seconds, "residentBytes": resident}


def set_page_cache(case, is_cold):
    """Drops every clean page, or reads the server's files so that they are there."""
    if is_cold:
        servers.run(["sync"])
        pathlib.Path("/proc/sys/vm/drop_caches").write_text("3\n")
        return
    # In order of names, which puts snapshots last: where memory is short, it is
    # the log that drops out again.
    for path in sorted(case.data.rglob("*")):
        if path.is_file():
            with open(path, "rb") as file:
                while file.read(1 << 20):
                    pass


def run_rounds(cases, prepared, options, is_cold):
    rounds = []
    for index in range(options.rounds):
        reports = {}
        for case in cases if index % 2 == 0 else cases[::-1]:
            set_page_cache(case, is_cold)
            reports[case.name] = restart(case, prepared, options, index)
        rounds.append(reports)
    return rounds


def show_rounds(rounds, title):
    print(f"\nfrom exec to the first answered lookup, {title}, {len(rounds)} rounds;"
          " median (min…max)")
    for name in rounds[0]:
        def column(key, scale, digits):
            return comparison.spread([r[name][key] / scale for r in rounds], digits)
        print(f"  {name:8} {column('seconds', 1, 3)} s, then"
              f" {column('residentBytes', 1 << 20, 0)} MiB resident")
    if len(rounds[0]) == 2:
        ratios = [r["redis"]["seconds"] / r["probity"]["seconds"] for r in rounds]
        print(f"  Redis takes {comparison.spread(ratios, 2)} times as long")


def run(options):
    with disk.work_directory(options.work_dir) as directory:
        kind = disk.kind(directory)
        cases = []
        for make in (ProbityCase, RedisCase):
            if make.name in options.servers:
                data = directory / make.name
                data.mkdir()
                cases.append(make(data, options))
        prepared = {case.name: prepare(case, options) for case in cases}
        if "memcached" in options.servers:
            prepared["memcached"] = memcached_memory(options)
        shapes = {"warm": run_rounds(cases, prepared, options, is_cold=False)}
        if options.cold:
            shapes["cold"] = run_rounds(cases, prepared, options, is_cold=True)
    kinds = {"probity": servers.Daemon, "redis": servers.Redis, "memcached": servers.Memcached}
    return comparison.result(
        options, [kinds[name].version() for name in kinds if name in options.servers],
        prepared=prepared, shapes=shapes, fileSystem=kind)


def show(found):
    for name, rounds in found["shapes"].items():
        show_rounds(rounds, "page cache " + name)


def titles(found):
    daemon = comparison.daemon_title(found["options"]["event_loops"], found["machine"])
    return {"probity": daemon, "redis": "Redis", "memcached": "memcached"}


def rows(found):
    accounts = f"{found['options']['accounts']:,} accounts"
    table = []
    for name, rounds in found["shapes"].items():
        what = f"start with {accounts}, to the first answer, page cache {name}"
        for server in rounds[0]:
            ratio = "" if server == "probity" or "probity" not in rounds[0] else \
                comparison.spread([r[server]["seconds"] / r["probity"]["seconds"]
                                   for r in rounds], 2)
            seconds = comparison.spread([r[server]["seconds"] for r in rounds], 2)
            table.append(comparison.Row(
                what, titles(found)[server], seconds + " s", ratio=ratio,
                aim="≥ 5" if ratio else ""))
    ours = found["prepared"].get("probity")
    for server, prepared in found["prepared"].items():
        each = prepared["residentBytes"] / prepared["held"]
        ratio = "" if server == "probity" or ours is None else \
            f"{each / (ours['residentBytes'] / ours['held']):.2f}"
        table.append(comparison.Row(
            f"memory resident after filling with {accounts}, for each",
            titles(found)[server], f"{each:.0f} bytes", ratio=ratio,
            aim="≤ 80 bytes" if server == "probity" else ""))
    return comparison.ordered(table, list(titles(found).values()))


if __name__ == "__main__":
    comparison.main(sys.modules[__name__])
