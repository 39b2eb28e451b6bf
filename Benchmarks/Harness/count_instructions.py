#!/usr/bin/env python3
"""Instructions, heap allocations and bytes of each operation, against thresholds.

Counts do not depend on what else the machine does, so that CI can hold a change
to them: 1 % more instructions than the threshold fail, or 3 % where the operation
allocates. --update writes what is counted now as the thresholds; --where says
which functions it is spent in.
"""

import argparse
import json
import pathlib
import platform
import sys
import tempfile

import callgrind

BENCHMARKS = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = BENCHMARKS / ".build" / "release" / "count-operations"
THRESHOLDS = BENCHMARKS / "Thresholds" / f"{platform.machine()}.json"
CALLS_PER_OPERATION = 3
# A division more is 1.3 % of `judge`, which without allocations is the same to the
# last instruction. What malloc does depends on what was allocated before, by 0.7 %.
TOLERANCE_PERCENT = 1
TOLERANCE_ALLOCATING_PERCENT = 3
# Printed and kept to this place: below it is rounding.
ALLOCATION_DIGITS = 3


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("operations", nargs="*", help="names; all if there are none")
    parser.add_argument("--update", action="store_true", help="write the thresholds")
    parser.add_argument("--where", action="store_true", help="list the functions of each")
    parser.add_argument("--thresholds", type=pathlib.Path, default=THRESHOLDS)
    parser.add_argument("--program", type=pathlib.Path, default=PROGRAM)
    return parser.parse_args()


class Count:
    """What one operation takes, from two runs of which one did it more often."""

    def __init__(self, operations, fewer, more, encoded_bytes):
        self.instructions = round((more.instructions - fewer.instructions) / operations, 2)
        self.allocations = round(
            (more.allocations - fewer.allocations) / operations, ALLOCATION_DIGITS)
        self.encoded_bytes = encoded_bytes
        self.functions = sorted(
            (((cost - fewer.by_function.get(name, 0)) / operations, name)
             for name, cost in more.by_function.items()), reverse=True)

    def figures(self):
        figures = {"instructions": self.instructions, "allocations": self.allocations}
        return figures | ({} if self.encoded_bytes is None else {"bytes": self.encoded_bytes})


def count(options):
    """A Count by the name of each operation, in the program's order."""
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        printed, calls = callgrind.count(
            options.program, ["--directory", directory, *options.operations],
            "countedRegion", directory)
    lines = [line.split("\t") for line in printed.splitlines()]
    if len(calls) != CALLS_PER_OPERATION * len(lines) or not lines:
        raise callgrind.Failure(f"{len(lines)} operations were run, but {len(calls)} calls seen")
    counts = {}
    for index, (name, operations, encoded) in enumerate(lines):
        _, fewer, more = calls[CALLS_PER_OPERATION * index:][:CALLS_PER_OPERATION]
        counts[name] = Count(
            int(operations), fewer, more, None if encoded == "-" else float(encoded))
    return counts


def made_with():
    """What else counts depend on: the same sources differ where this does."""
    swift = callgrind.output(["swift", "--version"]).splitlines()[0]
    return {
        "swift": swift[swift.find("Swift version"):].split("(")[0].removeprefix(
            "Swift version").strip(),
        "libc": " ".join(platform.libc_ver()),
        "libprotobuf-c": callgrind.output(
            ["pkg-config", "--modversion", "libprotobuf-c"]).strip(),
    }


def compare(figures, threshold):
    """What is worse than the threshold, and what is better, in words."""
    worse, better = [], []
    tolerance = TOLERANCE_ALLOCATING_PERCENT if figures["allocations"] else TOLERANCE_PERCENT
    for what, limit in threshold.items():
        figure = figures.get(what)
        if figure is None:
            worse.append(f"{what} not counted any more")
            continue
        # The others are exact: there is no such thing as a few allocations more.
        slack = limit * tolerance / 100 if what == "instructions" else 0
        if figure > limit + slack:
            worse.append(f"{figure:g} {what}, not {limit:g}")
        elif figure < limit - slack:
            better.append(f"{figure:g} {what}, not {limit:g}")
    worse += [f"no threshold of {what}" for what in figures if what not in threshold]
    return worse, better


def row(name, count, threshold):
    encoded = "" if count.encoded_bytes is None else f"{count.encoded_bytes:g}"
    limit = (threshold or {}).get("instructions")
    change = f"{100 * (count.instructions / limit - 1):+.1f} %" if limit else "new"
    return (f"{name:54}{count.instructions:10.1f}{change:>10}"
            f"{count.allocations:9g}{encoded:>9}")


def show_functions(count):
    names = callgrind.output(
        ["swift", "demangle", "--simplified"],
        input="\n".join(name for _, name in count.functions)).splitlines()
    for (instructions, _), name in list(zip(count.functions, names))[:12]:
        print(f"    {instructions:10.1f}  {name[:100]}")


def report(counts, thresholds, options):
    """Prints the table; returns lines about what is worse, and about what is better."""
    worse, better = [], []
    print(f"{'one operation':54}{'instr.':>10}{'change':>10}{'allocs':>9}{'bytes':>9}")
    for name, counted in counts.items():
        threshold = thresholds.get(name)
        print(row(name, counted, threshold))
        if options.where:
            show_functions(counted)
        if threshold is None:
            worse.append(f"{name}: no threshold")
            continue
        more, less = compare(counted.figures(), threshold)
        worse += [f"{name}: {words}" for words in more]
        better += [f"{name}: {words}" for words in less]
    if not options.operations:
        worse += [f"{name}: a threshold, but no such operation"
                  for name in thresholds if name not in counts]
    return worse, better


def main():
    options = arguments()
    known = {"made with": {}, "operations": {}}
    if options.thresholds.exists():
        known = json.loads(options.thresholds.read_text())
    counts = count(options)
    worse, better = report(counts, known["operations"], options)
    environment = made_with()
    if options.update:
        # Of operations that were not asked for the thresholds stay.
        kept = known["operations"] if options.operations else {}
        operations = kept | {name: counted.figures() for name, counted in counts.items()}
        text = json.dumps({"made with": environment, "operations": operations}, indent=2)
        options.thresholds.parent.mkdir(exist_ok=True)
        options.thresholds.write_text(text + "\n")
        print(f"\nwrote {options.thresholds}")
        return 0
    if better:
        print("\nbelow the threshold, which should come down (--update):")
        print("\n".join(f"  {line}" for line in better))
    if worse:
        print("\nabove the threshold:")
        print("\n".join(f"  {line}" for line in worse))
        print("If a change is worth that, --update the thresholds with it and say why.")
    else:
        print(f"\nall {len(counts)} operations are within their thresholds")
    for what, version in known["made with"].items():
        if environment[what] != version:
            print(f"The thresholds are from {what} {version}; this is {environment[what]}, "
                  "which alone may change counts.")
    return 1 if worse else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except callgrind.Failure as failure:
        sys.exit(f"count_instructions: {failure}")
