#!/usr/bin/env python3
"""How well do Probity's scores foresee what accounts do next, beside rivals?

Fits and judges with the binary that is given, on the real data that is there, and writes
judgement.json and judgement.html. README.md beside this file says what is asked of whom.
"""

import argparse
import functools
import json
import pathlib
import sys
import tempfile

import datasets
import evaluation
import report_html
import report_text
from probity_command import Probity, ProbityFault
from folds import FoldedExamination
from tasks import Examination, progress

README = "Benchmarks/Judgement/README.md"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--probity", required=True, help="the binary")
    parser.add_argument("--data", required=True, type=pathlib.Path, help="folder of the datasets")
    parser.add_argument("--out", required=True, type=pathlib.Path, help="where reports go")
    parser.add_argument("--dataset", nargs="+", choices=list(datasets.LOADERS), metavar="NAME",
                        default=list(datasets.LOADERS), help="only these")
    parser.add_argument("--rater-evidence", choices=["none", "returns", "abuse"], default="none",
                        help="bitcoin_otc: what ratings of a trader say of it as a claimant")
    parser.add_argument("--simulations", type=pathlib.Path, metavar="FILE.json",
                        help="tables of simulated attacks to show on the page")
    return parser.parse_args()


def tasks_of(examination):
    """The orders of a dataset, and what else is asked about its accounts."""
    tasks = [examination.order_task()]
    questions = examination.dataset.questions
    if questions and questions.is_timeless:
        tasks.append(FoldedExamination(examination).task())
    elif questions:
        tasks.append(examination.question_task())
    return tasks


def judge_dataset(probity, folder, load):
    """One dataset as plain data."""
    progress(f"{folder.name}: reading")
    dataset = load(folder)
    with tempfile.TemporaryDirectory() as directory:
        examination = Examination(dataset, Probity(probity, directory))
        tasks = [evaluation.evaluate(task) for task in tasks_of(examination)]
    return {"name": dataset.name, "title": dataset.title, "source": dataset.source,
            "until": dataset.until, "events": len(dataset.events),
            "counts": dict(sorted(dataset.counts.items())), "fitted": examination.fitted,
            "tasks": tasks}


def loaders(options):
    """Name → what reads its folder, for the datasets asked for."""
    found = {name: datasets.LOADERS[name] for name in options.dataset}
    if "bitcoin_otc" in found:
        found["bitcoin_otc"] = functools.partial(
            found["bitcoin_otc"], rater_evidence=options.rater_evidence)
    return found


def main():
    options = arguments()
    judgement = {"datasets": [], "skipped": [], "simulations": []}
    if options.simulations:
        judgement["simulations"] = json.loads(options.simulations.read_text(encoding="utf-8"))["tables"]
    for name, load in loaders(options).items():
        folder = options.data / name
        if folder.is_dir():
            judgement["datasets"].append(judge_dataset(options.probity, folder, load))
        else:
            judgement["skipped"].append(
                f"no data in {folder}. Set PROBITY_DATA to the folder that has it; {README} "
                "says where it is from.")
    sys.stdout.write(report_text.text(judgement))
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "judgement.json").write_text(
        json.dumps(judgement, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    page = options.out / "judgement.html"
    page.write_text(report_html.page(judgement), encoding="utf-8")
    progress(f"wrote {page}")


if __name__ == "__main__":
    try:
        main()
    except ProbityFault as fault:
        sys.exit(f"judge: {fault}")
