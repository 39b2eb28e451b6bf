"""Parts of the page: verdicts, tables and what can be unfolded."""

import html

import charts
from evaluation import FITTED
from report_text import number, settings_text, share

GROUPS = {"ours": "Probity", "constant": "Rivals with O(1) state an account",
          "offline": "Rivals trained offline on everything"}


def mark(holds, claim):
    """A sign that says the same in words, to those who hear the page or see no colours."""
    kind, sign, word = ("yes", "✓", "yes") if holds else ("no", "✗", "no")
    return (f'<span class="mark {kind}" title="{html.escape(claim)}: {word}" '
            f'aria-label="{html.escape(claim)}: {word}">{sign}</span>')


def verdicts(found):
    items = "".join(
        f'<li class="{"yes" if v["holds"] else "no"}"><b><span class="mark">'
        f'{"✓ yes" if v["holds"] else "✗ no"}</span> · {html.escape(v["claim"])}</b>'
        f"{html.escape(v['figures'])}</li>" for v in found)
    return f'<ul class="verdicts">{items}</ul>'


def kind(forecast):
    """Class of a forecast's colour."""
    if forecast["family"] == "ours":
        return "ours" if forecast["name"] == FITTED else "default"
    return "rival" if forecast["family"] == "constant" else "offline"


def named_cell(forecast):
    return (f'<td><span class="name"><i class="key {kind(forecast)}"></i>'
            f"<span>{html.escape(forecast['name'])}</span></span></td>")


def with_interval(entry, sign=""):
    """A figure, and smaller what it may as well be."""
    if entry is None or entry["value"] is None:
        return "" if entry is None else "–"
    ends = "" if entry["low"] is None else (
        f'<span class="ci">{entry["low"]:{sign}.3f} … {entry["high"]:{sign}.3f}</span>')
    return f"<b>{entry['value']:{sign}.3f}</b>{ends}".replace("-", "−").replace("−ci", "-ci")


def above(entry):
    return "" if not entry or entry["shareAbove"] is None else f"{entry['shareAbove'] * 100:.0f} %"


def row_class(forecast):
    return ' class="ours-row"' if forecast["name"] == FITTED else ""


def forecasts(task):
    """Every forecast with its AUC drawn on one scale."""
    has_probabilities = any(f["ece"] is not None for f in task["forecasts"])
    edges = [f["auc"][end] for f in task["forecasts"] for end in ("value", "low", "high")
             if f["auc"][end] is not None]
    span = (min(edges) - 0.01, max(edges) + 0.01)
    columns = ["", "", "AUC [95 %]", "ours less this [95 %]", "above 0", "average precision",
               "lift, worst tenth"] + ["Brier", "ECE"] * has_probabilities
    rows, family = [], None
    for f in task["forecasts"]:
        if f["family"] != family:
            family = f["family"]
            rows.append(
                f'<tr><td class="group" colspan="{len(columns)}">{GROUPS[family]}</td></tr>')
        cells = [charts.interval_strip(f["auc"], span, kind(f)), *measures_of(f)]
        rows.append(row(f, cells if has_probabilities else cells[:-2]))
    return table(columns, rows)


def measures_of(f):
    return [with_interval(f["auc"]), with_interval(f["oursLessThis"], "+"),
            above(f["oursLessThis"]), number(f["averagePrecision"]),
            number(f["liftOfWorstTenth"], 2), number(f["brier"], 4), number(f["ece"])]


def row(f, cells):
    return (f"<tr{row_class(f)}>{named_cell(f)}"
            + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")


def table(columns, rows, kind_of_table=""):
    head = "".join(f"<th>{html.escape(column)}</th>" for column in columns)
    return (f'<div class="scroll"><table class="{kind_of_table}"><thead><tr>{head}</tr></thead>'
            f'<tbody>{"".join(rows)}</tbody></table></div>')


def histories(task):
    """AUC by how much had happened to the account before."""
    known = [h for h in task["histories"] if h["count"]]
    columns = ["AUC by events before"] + [h["history"] for h in known]
    rows = [f'<tr><td class="soft">{name}</td>' + "".join(
        f'<td class="soft">{show(h)}</td>' for h in known) + "</tr>"
        for name, show in (("rows", lambda h: f"{h['count']:,}"), ("bad", share))]
    tops = [max((f["auc"]["value"] for f in h["forecasts"] if f["auc"]["value"] is not None),
                default=None) for h in known]
    for i, f in enumerate(task["forecasts"]):
        values = [h["forecasts"][i]["auc"]["value"] for h in known]
        rows.append(f"<tr{row_class(f)}>{named_cell(f)}" + "".join(
            f'<td{" class=best" if value is not None and value == top and top > 0.5 else ""}>'
            f"{number(value)}</td>" for value, top in zip(values, tops)) + "</tr>")
    return "<h4>By length of history</h4>" + table(columns, rows)


def settings(task):
    rows = [f'<tr>{named_cell(f)}<td class="left">{html.escape(settings_text(f["settings"]))}</td>'
            "</tr>" for f in task["forecasts"] if f["settings"]]
    return "<h4>Settings of the rivals</h4>" + table(["chosen before the split", ""], rows)


def more(task):
    """What few look for: reliability in numbers, all measures by history."""
    parts = []
    if task["forecasts"][0]["reliability"]:
        parts.append(details("Reliability in numbers", reliability(task)))
    parts.append(details("All measures by length of history", by_history(task)))
    return "".join(parts)


def reliability(task):
    two = [f for f in task["forecasts"][:2] if f["reliability"]]
    columns = ["tenth of the rows"] + [
        f"{f['name']}: {what}" for f in two for what in ("forecast", "went wrong")]
    rows = [f"<tr><td>{i}</td>" + "".join(
        f"<td>{100 * b['forecast']:.1f} %</td><td>{100 * b['wentWrong']:.1f} %</td>"
        for b in bins) + "</tr>"
        for i, bins in enumerate(zip(*(f["reliability"] for f in two)), 1)]
    return table(columns, rows)


def by_history(task):
    columns = ["", "events before", "AUC [95 %]", "ours less this [95 %]", "above 0",
               "average precision", "lift, worst tenth", "Brier", "ECE"]
    return table(columns, [row(f, [h["history"], *measures_of(f)])
                           for h in task["histories"] for f in h["forecasts"]])


def details(title, content):
    return f"<details><summary>{html.escape(title)}</summary>{content}</details>"


def figure(title, legend, svg):
    keys = "".join(f'<span><i class="key {name}"></i>{html.escape(text)}</span>'
                   for name, text in legend)
    return f"<figure><figcaption><b>{html.escape(title)}</b>{keys}</figcaption>{svg}</figure>"


def generic_cell(cell):
    """Sentences are set as such, figures as figures."""
    if cell is None:
        return "<td>–</td>"
    if isinstance(cell, float):
        return f"<td>{cell:,.2f}</td>"
    if isinstance(cell, int):
        return f"<td>{cell:,}</td>"
    kind = ' class="words"' if len(cell) > 12 and " " in cell else ""
    return f"<td{kind}>{html.escape(cell)}</td>"


def generic_tables(tables):
    """Tables of any kind: title, columns, rows, notes."""
    parts = []
    for entry in tables:
        rows = ["<tr>" + "".join(map(generic_cell, row)) + "</tr>" for row in entry["rows"]]
        notes = "".join(f'<p class="small soft">{html.escape(note)}</p>'
                        for note in entry.get("notes", []))
        parts.append(f'<section class="card"><h3>{html.escape(entry["title"])}</h3>'
                     f'{table(entry["columns"], rows)}{notes}</section>')
    return "".join(parts)
