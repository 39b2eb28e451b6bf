#!/usr/bin/env python3
"""Lookups against other servers: the same client, accounts, connections and seconds, in turn.

`Score` beside Redis GET, memcached get and the plain gRPC server; with --batch,
`ScoreBatch` beside Redis MGET and memcached's get of many keys. All servers are
up and filled; one is under load at a time. Rounds alternate the order, so that
what drifts hits all. Ratios are taken within each round.
"""

import argparse
import contextlib
import re
import sys

import comparison
import servers

ONE_LOOP = "probity-one-loop"


# In order of the table. The first is what the others are compared with.
CASES = {
    "probity": lambda options: servers.Daemon(options.event_loops),
    ONE_LOOP: lambda options: servers.Daemon(1),
    "redis": lambda _: servers.Redis(),
    "memcached-one-thread": lambda options: servers.Memcached(options.accounts, threads=1),
    "memcached": lambda options: servers.Memcached(options.accounts),
    "grpc-one-thread": lambda options: servers.GrpcPeer(options.accounts, threads=1),
    "grpc": lambda options: servers.GrpcPeer(options.accounts, threads=2),
}
KINDS = {"redis": servers.Redis, "memcached": servers.Memcached, "grpc": servers.GrpcPeer}
# How many times as fast as Redis Probity should be, by requests in flight.
AIMS = {1: "≥ 1.1", 16: "≥ 2", 64: "≥ 3"}
BATCH_AIM = "≥ 10"


def arguments(words=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=comparison.positive, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--warm-up", type=float, default=1)
    parser.add_argument("--accounts", type=comparison.positive, default=1_000_000)
    parser.add_argument("--connections", type=comparison.positive, default=50)
    parser.add_argument("--in-flight", type=comparison.positive, nargs="+", default=[1, 16, 64])
    parser.add_argument("--batch", type=comparison.positive, default=1,
                        help="accounts, or keys, in each request")
    parser.add_argument("--event-loops", type=int,
                        help="of the daemon `probity`; by default as many as it has of itself")
    parser.add_argument("--client-threads", type=comparison.positive, default=1)
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", default="compare-lookups.json", help="JSON of all rounds")
    options = parser.parse_args(words)
    if options.batch > 1:
        options.cases = [name for name in options.cases if not name.startswith("grpc")]
    return options


def measure(server, options, in_flight, index):
    """A run, with the processor time of the server for each request of it, warm-up included."""
    # The counter ticks every 10 ms: that is 0.3 % of three seconds.
    before = server.cpu_seconds()
    more = {} if options.batch == 1 else {"batch": options.batch}
    report = servers.load(
        server, connections=options.connections, in_flight=in_flight,
        threads=options.client_threads, warm_up=options.warm_up, duration=options.seconds,
        accounts=options.accounts, seed=options.seed + index, **more)
    busy = server.cpu_seconds() - before
    whole_seconds = options.seconds + options.warm_up
    requests = report["requestsPerSecond"] * whole_seconds
    report["serverMicrosecondsPerRequest"] = round(busy / requests * 1e6, 3)
    report["serverCores"] = round(busy / whole_seconds, 2)
    return report


def compare(running, options, in_flight):
    rounds = []
    for index in range(options.rounds):
        order = list(running) if index % 2 == 0 else list(running)[::-1]
        rounds.append({name: measure(running[name], options, in_flight, index)
                       for name in order})
        print(f"  {in_flight} in flight, round {index + 1}: " + ", ".join(
            f"{name} {rounds[-1][name]['accountsPerSecond']:.0f}/s" for name in running),
            flush=True)
    return {"inFlight": in_flight, "rounds": rounds}


def cross_check(redis, options):
    """What redis-benchmark itself gets out of the same server, for 16 in flight."""
    output = servers.run(
        [servers.program("redis-benchmark"), "-p", str(redis.port), "-t", "get", "-d", "33",
         "-c", "50", "-P", "16", "-n", "3000000", "-r", str(options.accounts), "--csv"])
    found = re.search(r'"GET","([0-9.]+)"', output)
    if found is None:
        raise servers.Failure(f"redis-benchmark names no rate of GET: {output}")
    return float(found.group(1))


def run(options):
    with contextlib.ExitStack() as stack:
        running = {}
        for name in options.cases:
            running[name] = stack.enter_context(CASES[name](options))
            servers.fill(running[name], options.accounts, options.seed)
        shapes = [compare(running, options, depth) for depth in options.in_flight]
        check = cross_check(running["redis"], options) \
            if "redis" in running and options.batch == 1 else None
    kinds = [kind for name, kind in KINDS.items() if any(c.startswith(name) for c in running)]
    return comparison.result(
        options, [kind.version() for kind in [servers.Daemon, *kinds]], shapes=shapes,
        redisBenchmarkRequestsPerSecond=check)


def ratios(shape, ours, peer):
    """Of a round each, or nothing where one of the two was not measured."""
    rounds = shape["rounds"]
    if ours not in rounds[0] or peer not in rounds[0]:
        return []
    return [r[ours]["requestsPerSecond"] / r[peer]["requestsPerSecond"] for r in rounds]


def title(name, found):
    """As a row names a server."""
    many = found["options"]["batch"] > 1
    return {
        "probity": comparison.daemon_title(found["options"]["event_loops"], found["machine"]),
        ONE_LOOP: comparison.daemon_title(1, found["machine"]),
        "redis": "Redis `MGET`" if many else "Redis `GET`",
        "memcached-one-thread": "memcached, 1 thread",
        "memcached": "memcached, 4 threads",
        "grpc-one-thread": "gRPC C++, 1 thread",
        "grpc": "gRPC C++, 2 threads",
    }[name]


def rows(found):
    options = found["options"]
    table = []
    for shape in found["shapes"]:
        load = f"{options['connections']} × {shape['inFlight']} in flight"
        many = options["batch"] > 1
        what = (f"`ScoreBatch` of {options['batch']:,} of {options['accounts']:,} accounts, {load}"
                if many else f"`Score`, {options['accounts']:,} accounts, {load}")
        for name in shape["rounds"][0]:
            reports = comparison.Reports(shape["rounds"], name)

            def ratio(ours):
                values = ratios(shape, ours, name)
                return comparison.spread(values, 2) if values else ""
            is_ours = name in ("probity", ONE_LOOP)
            aim = BATCH_AIM if many else AIMS.get(shape["inFlight"], "")
            table.append(comparison.Row(
                what, title(name, found),
                reports.spread("accountsPerSecond") + (" ids/s" if many else " /s"),
                *reports.p50_and_p99(),
                "" if is_ours else ratio("probity"), "" if is_ours else ratio(ONE_LOOP),
                aim if name == "redis" else ""))
    return comparison.ordered(table, [title(name, found) for name in CASES])


def show(found):
    options = found["options"]
    for shape in found["shapes"]:
        print(f"\n{options['connections']} connections x {shape['inFlight']} in flight of "
              f"{options['batch']}, {options['rounds']} rounds of {options['seconds']:g} s; "
              "median (min…max)")
        for name in options["cases"]:
            reports = comparison.Reports(shape["rounds"], name)
            print(f"  {name:20} requests/s {reports.spread('requestsPerSecond')}"
                  f"  p50 {reports.latency_spread('p50')} µs"
                  f"  p99 {reports.latency_spread('p99')} µs"
                  f"  server {reports.spread('serverMicrosecondsPerRequest', 2)} µs CPU/request,"
                  f" {reports.spread('serverCores', 2)} cores")
            for ours in ("probity", ONE_LOOP):
                values = ratios(shape, ours, name)
                if values and name not in ("probity", ONE_LOOP):
                    print(f"      {ours} is {comparison.spread(values, 2)} times as fast")
    if found["redisBenchmarkRequestsPerSecond"]:
        print(f"\nredis-benchmark -t get -d 33 -c 50 -P 16: "
              f"{found['redisBenchmarkRequestsPerSecond']:.0f} requests/s"
              " (what the client above gets should be no less)")


if __name__ == "__main__":
    comparison.main(sys.modules[__name__])
