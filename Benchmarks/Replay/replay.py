#!/usr/bin/env python3
"""Do scores foresee what accounts do next? Real data through a real daemon.

    replay.py PROBITY DATA

For each dataset that is in the folder DATA: records everything up to a date
with the command line, over TCP, asks for the scores as of that date, and shows
how they are distributed among the accounts that later turned out good and bad.
README.md beside this file says what good and bad mean.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import olist_to_events
import uci_to_events
from marketplace_csv import seconds

# Points a band of the printed distribution.
BAND = 50
# Below this the scores foresee nothing, and the replay fails: 0.5 is chance.
AUC_LEAST = 0.6


class Daemon:
    """A daemon of our own on a free port with an empty store, ended by its process id."""

    def __init__(self, probity):
        self.probity = probity

    def __enter__(self):
        self.store = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen(
            [self.probity, "serve", "--listen", "127.0.0.1:0", "--json", "--data",
             self.store.name + "/store"], stdout=subprocess.PIPE)
        self.address = json.loads(self.process.stdout.readline())["listening"]
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=30)
        self.store.cleanup()

    def call(self, command, *arguments):
        result = subprocess.run(
            [self.probity, command, "--server", self.address, "--json", *arguments],
            stdout=subprocess.PIPE, text=True)
        if result.returncode not in (0, 2):
            sys.exit(f"probity {command} failed with {result.returncode}")
        return [json.loads(line) for line in result.stdout.splitlines()]


def replay(probity, events, until, accounts):
    """Records the events before `until`; the scores of `accounts` as of then."""
    with Daemon(probity) as daemon, tempfile.NamedTemporaryFile("w", suffix=".ndjson") as feed:
        count = 0
        for event in events:
            if event["at"] >= until:
                break
            feed.write(json.dumps(event) + "\n")
            count += 1
        feed.flush()
        started = time.monotonic()
        [result] = daemon.call("record", feed.name)
        took = time.monotonic() - started
        print(f"  recorded {result['applied']} of {count} events, refused {result['refused']}, "
              f"in {took:.1f} s ({result['applied'] / took:,.0f}/s)")
        if result["applied"] != count or result["refused"]:
            sys.exit("not every event was recorded")
        answers = []
        for start in range(0, len(accounts), 500):
            answers += daemon.call("score", "--as-of", str(until), *accounts[start:start + 500])
        return answers


def auc(marks, is_bad):
    """Odds that a bad account is marked higher than a good one; ties count half."""
    order = sorted(range(len(marks)), key=lambda i: marks[i])
    ranks, i = [0.0] * len(marks), 0
    while i < len(order):
        j = i
        while j < len(order) and marks[order[j]] == marks[order[i]]:
            j += 1
        for k in order[i:j]:
            ranks[k] = (i + j + 1) / 2
        i = j
    bad = sum(is_bad)
    total = sum(rank for rank, flag in zip(ranks, is_bad) if flag)
    return (total - bad * (bad + 1) / 2) / (bad * (len(marks) - bad))


def median(values):
    values = sorted(values)
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


def report(answers, is_bad, rivals):
    """Scores by band among good and bad, and how well they and their rivals rank."""
    scores = [answer["score"] for answer in answers]
    bad = sum(is_bad)
    print(f"  {len(answers)} accounts: {len(answers) - bad} turned out good, {bad} bad")
    print("  score      good   bad   share bad")
    for low in range(0, 1000, BAND):
        band = [flag for score, flag in zip(scores, is_bad) if low <= score < low + BAND]
        if band:
            share = sum(band) / len(band)
            print(f"  {low:3}–{low + BAND - 1:3}  {len(band) - sum(band):6} {sum(band):5}   "
                  f"{share:6.1%} {'█' * round(share * 40)}")
    for name, flag in [("good", False), ("bad", True)]:
        chosen = [answer for answer, isb in zip(answers, is_bad) if isb == flag]
        tiers = {tier: sum(answer["tier"] == tier for answer in chosen) for tier in "ABCDE"}
        print(f"  {name:4} median score {median([a['score'] for a in chosen]):.0f}, "
              f"floor {median([a['scoreFloor'] for a in chosen]):.0f}, tiers "
              + " ".join(f"{tier} {count / len(chosen):.0%}" for tier, count in tiers.items()))
    of_score = auc([-score for score in scores], is_bad)
    print(f"  AUC of the score {of_score:.3f}, of the floor "
          f"{auc([-answer['scoreFloor'] for answer in answers], is_bad):.3f}; "
          + ", ".join(f"of {name} {auc(marks, is_bad):.3f}" for name, marks in rivals.items()))
    if of_score < AUC_LEAST:
        sys.exit(f"the score ranks hardly better than chance: AUC {of_score:.3f} < {AUC_LEAST}")


def rates(events, key, incident, exposure, start, end):
    """account → (incidents, exposure) between two times."""
    counts = {}
    for event in events:
        if start <= event["at"] < end:
            pair = counts.setdefault(event[key], [0, 0])
            pair[0] += incident(event)
            pair[1] += exposure(event)
    return counts


def smoothed(past, accounts, strength=10):
    """Past rates, shrunk to their mean: the simple rival."""
    mean = sum(p[0] for p in past.values()) / max(1, sum(p[1] for p in past.values()))
    return [(past[a][0] + strength * mean) / (past[a][1] + strength) for a in accounts]


def olist(probity, folder):
    split = seconds("2018-03-01 00:00:00")
    print("Olist: sellers who hand parcels over late, before and after 2018-03-01")
    events, data = olist_to_events.read(folder)
    data.report("  olist", len(events))
    def late(event):
        return event["type"] == "pickedUp" and event["late"]
    def picked(event):
        return event["type"] == "pickedUp"
    past = rates(events, "merchant", late, picked, 0, split)
    future = rates(events, "merchant", late, picked, split, 1 << 40)
    sellers = sorted(s for s, p in future.items() if p[1] >= 5 and past.get(s, [0, 0])[1] >= 1)
    overall = sum(p[0] for p in future.values()) / sum(p[1] for p in future.values())
    is_bad = [future[s][0] / future[s][1] > 2 * overall for s in sellers]
    answers = replay(probity, events, split, [f"merchant:{s}" for s in sellers])
    print(f"  bad: late more than twice as often as all ({overall:.1%}) afterwards; "
          "sellers with ≥ 1 parcel before and ≥ 5 after")
    report(answers, is_bad, {"the past late rate, smoothed": smoothed(past, sellers)})


def uci(probity, folder):
    split = uci_to_events.OVERLAP_START
    print("UCI: buyers who send back much, before and after 2010-12-01")
    events, data = uci_to_events.read(folder)
    data.report("  uci", len(events))
    def claimed(event):
        return event["type"] == "claimOpened"
    def ordered(event):
        return event["type"] == "settled"
    past = rates(events, "buyer", claimed, ordered, 0, split)
    future = rates(events, "buyer", claimed, ordered, split, 1 << 40)
    buyers = sorted(b for b, p in future.items() if p[1] >= 3 and past.get(b, [0, 0])[1] >= 5)
    limit = sorted((future[b][0] / future[b][1] for b in buyers), reverse=True)[len(buyers) // 10]
    is_bad = [future[b][0] / future[b][1] > limit for b in buyers]
    answers = replay(probity, events, split, [f"buyer:{b}" for b in buyers])
    print("  bad: the tenth that cancels most per order in the next year; "
          "buyers with ≥ 5 orders before and ≥ 3 after")
    report(answers, is_bad, {"the past rate, smoothed": smoothed(past, buyers)})


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    probity, data = sys.argv[1], pathlib.Path(sys.argv[2])
    for name, judge in [("olist", olist), ("uci_online_retail", uci)]:
        if (data / name).is_dir():
            judge(os.path.abspath(probity), data / name)
        else:
            print(f"skipped: {data / name} is not there; Benchmarks/Replay/README.md says where "
                  "the data is from")


if __name__ == "__main__":
    main()
