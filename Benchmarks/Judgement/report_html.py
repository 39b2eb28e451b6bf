"""The report as one page that needs nothing else: no script, no font, no picture from elsewhere."""

import html
import json
import pathlib

import charts
import report_sections as sections
from evaluation import FITTED, REGRESSION, best, named
from report_text import number, share
from tasks import CONSTANT

STYLE = pathlib.Path(__file__).resolve().with_name("page.css")


def page(judgement):
    parts = [
        "<!DOCTYPE html>", '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "<title>Probity, judged on real data</title>",
        f"<style>\n{STYLE.read_text(encoding='utf-8')}</style></head><body><main>",
        header(judgement)]
    parts += [dataset_section(dataset) for dataset in judgement["datasets"]]
    parts += [f'<p class="soft">Skipped: {html.escape(reason)}</p>'
              for reason in judgement["skipped"]]
    if judgement["simulations"]:
        parts += ["<h2>Attacks and fairness, simulated</h2>",
                  sections.generic_tables(judgement["simulations"])]
    parts += [footer(), "</main></body></html>"]
    return "\n".join(parts) + "\n"


def header(judgement):
    return (
        "<header><h1>Probity, judged on real data</h1>"
        "<p>How well do its scores foresee what accounts do next? Every score here was given by "
        "the decision core itself, before anything of what it was to foresee was known. The same "
        "questions are answered by rivals that knew as much. A miss is shown as plainly as a "
        f"hit.</p></header>{overview(judgement['datasets'])}")


def overview(datasets):
    """A line for each task: what was reached, beside what there was to beat."""
    rows = []
    for dataset in datasets:
        for task in dataset["tasks"]:
            ours = named(task["forecasts"], FITTED)
            rival = best(task["forecasts"], CONSTANT)
            regression = named(task["forecasts"], REGRESSION)
            reference = task["reference"]
            marks = " ".join(sections.mark(v["holds"], v["claim"]) for v in task["verdicts"])
            rows.append(
                f'<tr><td><a href="#{dataset["name"]}-{task["name"]}">{html.escape(task["title"])}'
                f"</a></td><td>{marks}</td><td><b>{number(ours['auc']['value'])}</b></td>"
                f"<td>{number(rival['auc']['value'])}</td>"
                f"<td>{number(regression['auc']['value'])}</td>"
                f"<td>{number(reference and reference['auc'])}</td>"
                f"<td>{number(ours['ece'])}</td><td>{task['count']:,}</td>"
                f"<td>{share(task)}</td></tr>")
    if not rows:
        return ""
    columns = ["question", "verdicts", "AUC, fitted policy", "best O(1) rival", "regression",
               "figure to beat", "ECE", "asked", "bad"]
    return (
        f'<section class="card"><h3>At a glance</h3>{sections.table(columns, rows, "wide")}'
        '<p class="small soft">AUC: the odds that a bad one has a lower score than a good one; '
        "0.5 is chance. ECE: how far forecast and outcome are apart, in the mean. The best O(1) "
        "rival is chosen afterwards, by what is asked here: generous to the rivals. Verdicts "
        "are those of the sections below, in their order.</p></section>")


def dataset_section(dataset):
    counts = "".join(f"<tr><td>{html.escape(reason)}</td><td>{count:,}</td></tr>"
                     for reason, count in dataset["counts"].items())
    parts = [
        f"<section><h2>{html.escape(dataset['title'])}</h2>",
        f'<p class="soft small">{html.escape(dataset["source"])}. {dataset["events"]:,} events; '
        f"fitted to what was known before {html.escape(dataset['until'][:10])}.</p>",
        sections.details("Rows that were not used or need a word",
                         f'<div class="scroll"><table><tbody>{counts}</tbody></table></div>')
        if counts else "",
        sections.details("What was fitted", "<pre>"
                         f"{html.escape(json.dumps(dataset['fitted'], indent=1))}</pre>")]
    parts += [task_card(dataset, task) for task in dataset["tasks"]]
    return "".join(parts) + "</section>"


def task_card(dataset, task):
    aside = {"fit": "learnt from", "gap": "in between, unused", "open": "still open at the end"}
    others = "".join(f"; {count:,} {aside[name]}" for name, count in task["rows"].items()
                     if name in aside and count)
    return (
        f'<article class="card" id="{dataset["name"]}-{task["name"]}">'
        f"<h3>{html.escape(task['title'])}</h3>"
        f'<p class="soft small">Bad: {html.escape(task["bad"])}. {task["count"]:,} judged, '
        f"{share(task)} bad, {task['accounts']:,} accounts{others}.</p>"
        + sections.verdicts(task["verdicts"]) + sections.forecasts(task)
        + f'<p class="small soft">AUC of the fitted policy’s floor: {number(task["floorAUC"])}.</p>'
        + figures(task)
        + f'<div class="two"><div>{sections.histories(task)}</div>'
        f"<div>{sections.settings(task)}</div></div>{sections.more(task)}</article>")


def figures(task):
    """ROC, reliability where there are probabilities, and the spread of scores."""
    ours, rival = named(task["forecasts"], FITTED), best(task["forecasts"], CONSTANT)
    regression = named(task["forecasts"], REGRESSION)
    chosen = [(regression, "offline"), (rival, "rival"), (ours, "ours")]
    lines = [(task["curves"][f["name"]], kind) for f, kind in chosen]
    legend = [(kind, f"{f['name']} {number(f['auc']['value'])}") for f, kind in reversed(chosen)]
    found = [sections.figure("Who is warned of", legend, charts.roc(lines))]
    shown = [(kind, f) for kind, f in (("ours", ours), ("default", task["forecasts"][1]))
             if f["reliability"]]
    if shown:
        found.append(sections.figure(
            "Does what is forecast happen?",
            [(kind, f"{f['name']}, ECE {number(f['ece'])}") for kind, f in shown],
            charts.reliability([(f["reliability"], kind, f["name"])
                                for kind, f in reversed(shown)])))
    found.append(sections.figure(
        "Scores of the good and of the bad", [("good", "good"), ("bad", "bad")],
        charts.score_bands(task["bands"])))
    return f'<div class="charts">{"".join(found)}</div>'


def footer():
    return (
        '<footer class="small soft"><p>Intervals hold 95 % of 1,000 draws of the accounts, with '
        "all rows of each; differences are taken draw by draw. “Ours less this” is the fitted "
        "policy’s AUC less the rival’s, with the share of draws in which it is above 0. Settings "
        "of rivals were chosen by their likelihood before the split, never after. "
        "Benchmarks/Judgement/README.md says how all of this is computed.</p></footer>")
