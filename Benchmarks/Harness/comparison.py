"""What every comparison has: options, rounds, a result with where it is from, rows of a table.

A comparison is a module with `arguments(words=None)`, `run(options)`, which
returns a result made by `result` below, `show(result)`, which prints it for
people, and `rows(result)`, its rows of the table.
"""

import argparse
import dataclasses
import datetime
import json
import pathlib
import statistics
import subprocess
import sys

import servers


@dataclasses.dataclass
class Row:
    """One server's figures in the table; all text."""

    what: str
    server: str
    measured: str
    p50: str = ""
    p99: str = ""
    # How much better Probity is: above 1 it is faster, or takes less.
    ratio: str = ""
    # The same of Probity with one event loop, where both were measured.
    ratio_one_loop: str = ""
    aim: str = ""


def positive(text):
    """A number of rounds, accounts and the like on a command line."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, not {number}")
    return number


def result(options, versions, **data):
    """A result of this machine, today, and this state of the source."""
    described = subprocess.run(
        ["git", "-C", str(servers.REPOSITORY), "describe", "--always", "--dirty"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    # Paths say nothing about a figure, and are nobody's business.
    kept = {name: value for name, value in vars(options).items()
            if name not in ("work_dir", "output")}
    return {"machine": servers.machine(), "date": datetime.date.today().isoformat(),
            "commit": described.stdout.strip() or "unknown", "versions": versions,
            "options": kept, **data}


def origin(found):
    """Machine, day, source and seed of a result, in a line."""
    return (f"{servers.machine_line(found['machine'])}; {found['date']}, commit "
            f"{found['commit']}, seed {found['options']['seed']}")


def main(module):
    """Runs one comparison by itself, as its script does."""
    options = module.arguments()
    try:
        found = module.run(options)
    except servers.Failure as failure:
        sys.exit(f"{pathlib.Path(sys.argv[0]).stem}: {failure}")
    print(f"\n{origin(found)}; {', '.join(found['versions'])}; "
          f"{found['options']['accounts']} accounts")
    module.show(found)
    pathlib.Path(options.output).write_text(json.dumps(found, indent=2) + "\n")
    print(f"\nall rounds: {options.output}")


def spread(values, digits=0):
    """Median and range as people read them."""
    ordered = sorted(values)
    return (f"{statistics.median(ordered):,.{digits}f} "
            f"({ordered[0]:,.{digits}f}…{ordered[-1]:,.{digits}f})")


def microseconds(values):
    """A median of times, in the unit that suits it."""
    median = statistics.median(values)
    return f"{median:.0f} µs" if round(median) < 1_000 else f"{median / 1e3:.1f} ms"


class Reports:
    """What loopback-bench said under one name, such as a server's, in all rounds."""

    def __init__(self, rounds, name):
        self._reports = [reports[name] for reports in rounds]

    def spread(self, key, digits=0):
        return spread([report[key] for report in self._reports], digits)

    def _latencies(self, percentile):
        return [report["latency"][f"{percentile}Microseconds"] for report in self._reports]

    def latency_spread(self, percentile):
        """In µs; of "p50", "p90", "p99", "p999" or "max"."""
        return spread(self._latencies(percentile))

    def p50_and_p99(self):
        """As a row of the table has them."""
        return [microseconds(self._latencies(percentile)) for percentile in ("p50", "p99")]


def daemon_title(event_loops, machine):
    """As rows name a daemon; None = as many event loops as it has of its own accord."""
    count = machine["coreCount"] if event_loops is None else event_loops
    return f"Probity, {count} event loop" + ("s" if count > 1 else "")


def ordered(rows, titles):
    """Rows with their servers in one order; a round may have begun with either end."""
    whats = list(dict.fromkeys(row.what for row in rows))
    return sorted(rows, key=lambda row: (whats.index(row.what), titles.index(row.server)))


TITLES = ["what", "server", "median (min…max)", "p50", "p99", "ratio",
          "ratio, one event loop", "aim"]


def table(rows):
    """Rows as Markdown; what they measure is said once."""
    lines = ["| " + " | ".join(TITLES) + " |", "|" + "---|" * len(TITLES)]
    last = None
    for row in rows:
        cells = list(dataclasses.astuple(row))
        if row.what == last:
            cells[0] = ""
        last = row.what
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
