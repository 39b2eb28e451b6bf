#!/usr/bin/env python3
"""Score against Redis GET: the same client, keys, connections and seconds, in turn.

Rounds alternate which server goes first, so that what drifts hits both. The
ratio is taken within each round. Only one server is under load at a time.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys

import servers


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--warm-up", type=float, default=1)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--in-flight", type=int, nargs="+", default=[1, 16, 64])
    parser.add_argument("--event-loops", type=int, default=1,
                        help="of the daemon; Redis has one thread for commands")
    parser.add_argument("--client-threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", default="compare-redis.json", help="JSON of all rounds")
    return parser.parse_args()


def measure(server, options, in_flight, round_index):
    """A run, with the processor time of the server for each request of it, warm-up included."""
    # The counter ticks every 10 ms: that is 0.3 % of three seconds.
    before = server.cpu_seconds()
    report = servers.load(
        server, connections=options.connections, in_flight=in_flight,
        threads=options.client_threads, warm_up=options.warm_up, duration=options.seconds,
        accounts=options.accounts, seed=options.seed + round_index)
    busy = server.cpu_seconds() - before
    whole_seconds = options.seconds + options.warm_up
    requests = report["requestsPerSecond"] * whole_seconds
    report["serverMicrosecondsPerRequest"] = round(busy / requests * 1e6, 3)
    report["serverCores"] = round(busy / whole_seconds, 2)
    return report


def compare(daemon, redis, options, in_flight):
    rounds = []
    for index in range(options.rounds):
        order = [daemon, redis] if index % 2 == 0 else [redis, daemon]
        reports = {server.name: measure(server, options, in_flight, index) for server in order}
        reports["ratio"] = (
            reports["probity"]["requestsPerSecond"] / reports["redis"]["requestsPerSecond"])
        rounds.append(reports)
    return {"inFlight": in_flight, "rounds": rounds}


def show(shape, options):
    print(f"\n{options.connections} connections x {shape['inFlight']} in flight, "
          f"{options.rounds} rounds of {options.seconds:g} s; median (min…max)")
    for name in ("probity", "redis"):
        reports = [r[name] for r in shape["rounds"]]

        def column(key, digits=0):
            return servers.spread([r[key] for r in reports], digits)

        def latency(key):
            return servers.spread([r["latency"][key] for r in reports])
        print(f"  {name:8} requests/s {column('requestsPerSecond')}"
              f"  p50 {latency('p50Microseconds')} µs  p99 {latency('p99Microseconds')} µs"
              f"  server {column('serverMicrosecondsPerRequest', 2)} µs CPU/request,"
              f" {column('serverCores', 2)} cores")
    print(f"  ratio    {servers.spread([r['ratio'] for r in shape['rounds']], 2)}")


def cross_check(redis, options):
    """What redis-benchmark itself gets out of the same server, for 16 in flight."""
    output = subprocess.run(
        ["redis-benchmark", "-p", str(redis.port), "-t", "get", "-d", "33", "-c", "50", "-P",
         "16", "-n", "3000000", "-r", str(options.accounts), "--csv"],
        stdout=subprocess.PIPE, text=True, check=True).stdout
    rate = float(re.search(r'"GET","([0-9.]+)"', output).group(1))
    print(f"\nredis-benchmark -t get -d 33 -c 50 -P 16: {rate:.0f} requests/s"
          " (what the client above gets should be no less)")
    return rate


def main():
    options = arguments()
    machine = None
    with servers.Daemon(options.event_loops) as daemon, servers.Redis() as redis:
        for server in (daemon, redis):
            print(servers.fill(server, options.accounts, options.seed))
        shapes = [compare(daemon, redis, options, depth) for depth in options.in_flight]
        machine = shapes[0]["rounds"][0]["probity"]["machine"]
        print(f"\n{servers.machine_line(machine)}; {daemon.version()}, {redis.version()}; "
              f"daemon with {options.event_loops} event loops; "
              f"{options.accounts} accounts, seed {options.seed}")
        for shape in shapes:
            show(shape, options)
        check = cross_check(redis, options)
        result = {
            "machine": machine, "options": vars(options), "shapes": shapes,
            "redisBenchmarkRequestsPerSecond": check,
            "versions": [daemon.version(), redis.version()],
        }
    pathlib.Path(options.output).write_text(json.dumps(result, indent=2) + "\n")
    print(f"\nall rounds: {options.output}")


if __name__ == "__main__":
    try:
        main()
    except servers.Failure as failure:
        sys.exit(f"compare_redis: {failure}")
