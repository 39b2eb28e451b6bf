"""The report as text: what a terminal shows."""

KINDS = {"ours": "ours", "constant": "O(1)", "offline": "offline"}


def number(value, digits=3):
    return "–" if value is None else f"{value:.{digits}f}"


def interval(entry, digits=3):
    """0.712 [0.69, 0.73]"""
    if entry["value"] is None:
        return "–"
    if entry["low"] is None:
        return number(entry["value"], digits)
    low, high = number(entry["low"], digits), number(entry["high"], digits)
    return f"{number(entry['value'], digits)} [{low}, {high}]"


def signed(entry):
    """+0.012 [-0.001, +0.025] 96 %"""
    if entry is None or entry["value"] is None:
        return ""
    if entry["low"] is None:
        return f"{entry['value']:+.3f}"
    return (f"{entry['value']:+.3f} [{entry['low']:+.3f}, {entry['high']:+.3f}] "
            f"{entry['shareAbove'] * 100:.0f} %")


def settings_text(settings):
    """half-life 180 days, strength 4"""
    names = {"halfLifeDays": "half-life {} days", "everyDays": "every {} days",
             "evidence": "evidence of the {}", "last": "last {}",
             "stranger": "strangers as {}", "trees": "{} trees"}
    texts = []
    for name, value in settings.items():
        shown = "without end" if name == "halfLifeDays" and value > 1e6 else value
        texts.append(names.get(name, name + " {}").format(shown))
    return ", ".join(texts).replace("without end days", "without end")


def table(columns, rows):
    """Lines of a table: the first column to the left, the others to the right."""
    cells = [columns, *rows]
    widths = [max(len(str(row[i])) for row in cells) for i in range(len(columns))]
    return ["  " + "  ".join(
        str(cell).ljust(width) if i == 0 else str(cell).rjust(width)
        for i, (cell, width) in enumerate(zip(row, widths))).rstrip() for row in cells]


def forecast_table(task):
    columns = ["", "kind", "AUC [95 %]", "ours less this", "AP", "lift", "Brier", "ECE"]
    return table(columns, [
        [f["name"], KINDS[f["family"]], interval(f["auc"]), signed(f["oursLessThis"]),
         number(f["averagePrecision"]), number(f["liftOfWorstTenth"], 2), number(f["brier"], 4),
         number(f["ece"])]
        for f in task["forecasts"]])


def history_table(task):
    columns = ["events before"] + [h["history"] for h in task["histories"]]
    rows = [["rows"] + [f"{h['count']:,}" for h in task["histories"]],
            ["went wrong"] + [share(h) for h in task["histories"]]]
    for i, forecast in enumerate(task["forecasts"]):
        rows.append(["AUC " + forecast["name"]] + [
            number(h["forecasts"][i]["auc"]["value"]) if h["forecasts"] else "–"
            for h in task["histories"]])
    return table(columns, rows)


def share(sizes):
    return f"{100 * sizes['wentWrong'] / sizes['count']:.1f} %" if sizes["count"] else "–"


def reliability_table(forecast):
    return table([f"forecasts of the {forecast['name']}", "rows", "forecast", "went wrong"], [
        [f"{i}. tenth", f"{b['count']:,}", f"{b['forecast']:.3f}", f"{b['wentWrong']:.3f}"]
        for i, b in enumerate(forecast["reliability"], 1)])


def task_lines(task):
    lines = ["", f"{task['title']}  (bad: {task['bad']})",
             f"  {task['count']:,} judged, {share(task)} bad, {task['accounts']:,} accounts"
             + "".join(f"; {name} {count:,}" for name, count in task["rows"].items()
                       if name != "judge"), ""]
    lines += forecast_table(task)
    lines += ["", f"  AUC of the fitted policy's floor {number(task['floorAUC'])}"]
    lines += [f"  {'yes' if v['holds'] else 'NO '}  {v['claim']}: {v['figures']}"
              for v in task["verdicts"]]
    for forecast in task["forecasts"][:2]:
        if forecast["reliability"]:
            lines += ["", *reliability_table(forecast)]
    return lines + ["", *history_table(task)]


def dataset_lines(dataset):
    lines = ["", "=" * 78, dataset["title"], f"  {dataset['source']}",
             f"  {dataset['events']:,} events"]
    lines += [f"  {count:,} × {reason}" for reason, count in dataset["counts"].items()]
    lines += fitted_lines(dataset["fitted"])
    for task in dataset["tasks"]:
        lines += task_lines(task)
    return lines


def fitted_lines(fitted):
    """What `policy fit` found: the half-life, and the dimensions that had incidents enough."""
    lines = [f"  fitted: half-life {fitted['halfLifeDays']} days"
             + (", every claim weighs alike" if fitted.get("equalWords") else "")]
    lines += [f"    {d['name']}: prior {d['priorMean']} of {d['priorStrength']} orders, "
              f"{d['pointsPerDoubling']} points a doubling"
              for d in fitted.get("dimensions", []) if d["fitted"]]
    return lines + [f"    {name}: {fitted[key]} points a doubling"
                    for name, key in (("history", "historyPointsPerDoubling"),
                                      ("tenure", "tenurePointsPerDoubling")) if key in fitted]


def text(judgement):
    lines = [f"skipped: {reason}" for reason in judgement["skipped"]]
    for dataset in judgement["datasets"]:
        lines += dataset_lines(dataset)
    return "\n".join(lines) + "\n"
