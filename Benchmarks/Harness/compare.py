#!/usr/bin/env python3
"""Every comparison with other servers, one after another, and the table of them all.

Writes the table between two marker comments of Docs/PERFORMANCE.md, and all
rounds as JSON. With --rows, what was not measured this time stays as the JSON
file has it from before. With --quick each takes seconds: to see that it works,
not to believe it; the document is left alone then.
"""

import argparse
import json
import os
import pathlib
import sys

import comparison
import compare_durable
import compare_lookups
import compare_restart
import disk
import servers
import snapshot_pause

BEGIN = "<!-- Written by `make compare` from here -->"
END = "<!-- to here -->"

BATCH = ["--batch", "1000", "--connections", "4", "--in-flight", "1", "4"]
QUICK_ROUNDS = ["--rounds", "2"]
QUICK_LOAD = [*QUICK_ROUNDS, "--seconds", "0.5", "--warm-up", "0.3", "--accounts", "100000"]

# By name: the comparison, what is special about it, and what makes it quick.
ROWS = {
    "score": (compare_lookups, [], QUICK_LOAD),
    "batch": (compare_lookups, [*BATCH, "--accounts", "10000000"], QUICK_LOAD),
    "record": (compare_durable, [], QUICK_LOAD),
    "restart": (compare_restart, [], [*QUICK_ROUNDS, "--accounts", "200000"]),
    "snapshot": (snapshot_pause, [],
                 [*QUICK_ROUNDS, "--accounts", "200000", "--idle-seconds", "1",
                  "--snapshot-seconds", "2", "--record-rate", "20000"]),
}
# Those that a larger --accounts is meant for.
RESIZED = ("restart",)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--quick", action="store_true", help="a few seconds for each")
    parser.add_argument("--rounds", type=comparison.positive, help="of each comparison")
    parser.add_argument("--restart-accounts", type=comparison.positive,
                        help="of the row `restart`; up to 100 M")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--document", type=pathlib.Path,
                        default=servers.REPOSITORY / "Docs/PERFORMANCE.md",
                        help="whose table is written")
    parser.add_argument("--no-document", action="store_true", help="print the table alone")
    disk.add_option(parser)
    parser.add_argument("--output", type=pathlib.Path,
                        help="JSON of all rounds: compare.json, or compare-quick.json")
    options = parser.parse_args()
    if options.output is None:
        options.output = pathlib.Path("compare-quick.json" if options.quick else "compare.json")
    return options


def words(name, options):
    """The command line of one comparison."""
    module, special, quick = ROWS[name]
    line = [*special, *(quick if options.quick else []), "--seed", str(options.seed)]
    if options.rounds is not None:
        line += ["--rounds", str(options.rounds)]
    if name in RESIZED and options.restart_accounts is not None:
        line += ["--accounts", str(options.restart_accounts)]
    if module is not compare_lookups:
        line += ["--work-dir", str(options.work_dir)]
    return line


def check_programs(names):
    """Fails before anything is measured, not after an hour."""
    servers.probity()
    servers.loopback_bench()
    if "score" in names:
        servers.grpc_peer("lookup-server")
        servers.grpc_peer("lookup-load")
        servers.program("redis-benchmark")
    for program in ("redis-server", "memcached"):
        servers.program(program)


def earlier(path):
    """What the file has from before, by row."""
    if not path.exists():
        return {}
    try:
        return json.loads(path.read_text())
    except json.JSONDecodeError as error:
        raise servers.Failure(f"{path} is no JSON ({error}): remove it") from error


def render(found):
    """The table and where its figures are from."""
    chosen = [name for name in ROWS if name in found]
    table = comparison.table(
        [row for name in chosen for row in ROWS[name][0].rows(found[name])])
    # What was measured on one day is told once.
    origins = {}
    for name in chosen:
        origins.setdefault(comparison.origin(found[name]), []).append(name)
    lines = [table]
    for origin, names in origins.items():
        which = "" if len(origins) == 1 else f"{', '.join(names)}: "
        versions = dict.fromkeys(v for name in names for v in found[name]["versions"])
        lines.append(f"{which}{origin}; {', '.join(versions)}.")
    return "\n\n".join(lines)


def around_table(path):
    """The document before the table's place and behind it."""
    if not path.exists():
        raise servers.Failure(
            f"{path} is not there: make it, with these two lines where the table belongs:\n"
            f"{BEGIN}\n{END}")
    before, begin, rest = path.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise servers.Failure(f"{path} has no table's place: put these two lines there:\n"
                              f"{BEGIN}\n{END}")
    return before + begin, end + after


def write_document(path, text):
    """Puts the table between the markers; what stands around them stays."""
    before, after = around_table(path)
    # As a whole or not at all.
    draft = path.with_name(path.name + ".new")
    draft.write_text(f"{before}\n\n{text}\n\n{after}")
    os.replace(draft, path)


def main():
    options = arguments()
    check_programs(options.rows)
    has_document = not options.quick and not options.no_document
    if has_document:
        around_table(options.document)
    found = earlier(options.output)
    for name in options.rows:
        module = ROWS[name][0]
        print(f"\n== {name}", flush=True)
        found[name] = module.run(module.arguments(words(name, options)))
        module.show(found[name])
        # After each, so that a failure of the next does not lose it.
        options.output.write_text(json.dumps(found, indent=2) + "\n")
    text = render(found)
    print(f"\n{text}\n\nall rounds: {options.output}")
    if has_document:
        write_document(options.document, text)
        print(f"table: {options.document}")


if __name__ == "__main__":
    try:
        main()
    except servers.Failure as failure:
        sys.exit(f"compare: {failure}")
