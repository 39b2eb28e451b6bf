"""Measures every forecast of a task, and says plainly what was reached and what was not."""

import numpy as np

import bootstrap
import measures
from tasks import CONSTANT, DEFAULT, FITTED, progress

# Events that had changed the account's record before: from, to.
HISTORIES = (("none", 0, 0), ("1–2", 1, 2), ("3–9", 3, 9), ("10 or more", 10, 1 << 62))
BAND = 50
NEAR = 0.01
ECE_MOST = 0.03
REGRESSION = "logistic regression"
# Points of a curve that are kept: more cannot be told apart in a chart.
CURVE_POINTS = 101


def rounded(value):
    """Six digits, so that reports do not differ by the last bit of a sum."""
    return None if value is None or np.isnan(value) else round(float(value), 6)


def evaluate(task):
    """The task as plain data: sizes, every forecast's measures, verdicts."""
    progress(f"{task.dataset}/{task.name}: measuring {len(task.forecasts)} forecasts")
    rows = task.rows
    measured = measure_all(task.forecasts, rows)
    histories = [
        {"history": name, **sizes_of(rows, chosen), "forecasts": (
            measure_all(task.forecasts, rows, chosen) if chosen.any() else [])}
        for name, low, high in HISTORIES
        for chosen in [(rows.events >= low) & (rows.events <= high)]]
    result = {
        "name": task.name, "title": task.title, "bad": task.bad, "rows": task.sizes,
        **sizes_of(rows, np.ones(len(rows), bool)), "forecasts": measured,
        "histories": histories,
        "floorAUC": rounded(measures.Ranking(-rows.floor, rows.outcome).auc()),
        "bands": bands(rows), "curves": curves(task), "reference": None}
    if task.reference:
        name, marks = task.reference
        result["reference"] = {"name": name,
                               "auc": rounded(measures.Ranking(marks, rows.outcome).auc())}
    result["verdicts"] = verdicts(result)
    return result


def sizes_of(rows, chosen):
    return {"count": int(chosen.sum()), "wentWrong": int(rows.outcome[chosen].sum()),
            "accounts": len(np.unique(rows.account[chosen]))}


def measure_all(forecasts, rows, chosen=slice(None)):
    """Every measure of every forecast on the chosen rows, the fitted policy's against each."""
    outcome, accounts = rows.outcome[chosen], rows.account[chosen]
    rankings = [measures.Ranking(f.marks[chosen], outcome) for f in forecasts]
    drawn = bootstrap.aucs(rankings, accounts)
    ours = next(i for i, f in enumerate(forecasts) if f.name == FITTED)
    found = []
    for i, (forecast, ranking) in enumerate(zip(forecasts, rankings)):
        entry = {"name": forecast.name, "family": forecast.family, "settings": forecast.settings,
                 "auc": with_interval(ranking.auc(), bootstrap.interval(drawn[:, i])),
                 "averagePrecision": rounded(ranking.average_precision()),
                 "liftOfWorstTenth": rounded(ranking.lift()),
                 "brier": None, "ece": None, "reliability": None, "oursLessThis": None}
        if forecast.probability is not None:
            entry |= of_probabilities(forecast.probability[chosen], outcome)
        if i != ours:
            entry["oursLessThis"] = less(rankings[ours].auc() - ranking.auc(),
                                         bootstrap.difference(drawn[:, ours], drawn[:, i]))
        found.append(entry)
    return found


def with_interval(value, interval):
    low, high = interval or (None, None)
    return {"value": rounded(value), "low": rounded(low), "high": rounded(high)}


def less(value, drawn):
    interval, share = drawn or (None, None)
    return {**with_interval(value, interval), "shareAbove": rounded(share)}


def of_probabilities(probability, outcome):
    return {"brier": rounded(measures.brier(probability, outcome)),
            "ece": rounded(measures.calibration_error(probability, outcome)),
            "reliability": [
                {"count": count, "forecast": rounded(mean), "wentWrong": rounded(share)}
                for count, mean, share in measures.reliability(probability, outcome)]}


def bands(rows):
    """Good and bad by score of the fitted policy."""
    found = []
    for low in range(0, 1000, BAND):
        # The last band has 1000 too.
        high = low + BAND if low + BAND < 1000 else 1001
        outcome = rows.outcome[(rows.score >= low) & (rows.score < high)]
        found.append({"from": low, "good": int((outcome == 0).sum()), "bad": int(outcome.sum())})
    return found


def curves(task):
    """ROC curves, by name of the forecast."""
    at = np.linspace(0, 1, CURVE_POINTS)
    found = {}
    for forecast in task.forecasts:
        points = measures.Ranking(forecast.marks, task.rows.outcome).roc()
        # Where many rows share a mark the curve is straight, so drawing between is right.
        grid = np.unique(np.r_[at, thinned(points[:, 0])])
        found[forecast.name] = [[rounded(x), rounded(y)] for x, y in zip(
            grid, np.interp(grid, points[:, 0], points[:, 1]))]
    return found


def thinned(values):
    """All of a short list of values; none of a long one, which the grid shows well enough."""
    return values if len(values) <= CURVE_POINTS else values[:0]


def best(forecasts, family):
    """The forecast of a family with the highest AUC, told afterwards: generous to rivals."""
    return max((f for f in forecasts if f["family"] == family), key=lambda f: f["auc"]["value"])


def named(forecasts, name):
    return next(f for f in forecasts if f["name"] == name)


def verdicts(result):
    """(claim, whether it holds, figures) of the fitted policy. A miss is as plain as a hit."""
    forecasts = result["forecasts"]
    ours = named(forecasts, FITTED)
    auc = ours["auc"]["value"]
    rival, regression = best(forecasts, CONSTANT), named(forecasts, REGRESSION)
    found = [
        verdict("above every O(1) rival", auc > rival["auc"]["value"],
                f"AUC {auc:.3f}, best of them {rival['auc']['value']:.3f} ({rival['name']})"),
        verdict("within 0.01 of the regression", auc >= regression["auc"]["value"] - NEAR,
                f"AUC {auc:.3f}, regression {regression['auc']['value']:.3f}")]
    if result["reference"]:
        reference = result["reference"]
        found.append(verdict("above the reference figure", auc > reference["auc"],
                             f"AUC {auc:.3f}, {reference['name']} {reference['auc']:.3f}"))
    if ours["ece"] is not None:
        default = named(forecasts, DEFAULT)["ece"]
        beside = "" if default is None else f", default policy {default:.3f}"
        found.append(verdict("ECE ≤ 0.03", ours["ece"] <= ECE_MOST,
                             f"ECE {ours['ece']:.3f}{beside}"))
    return found


def verdict(claim, holds, figures):
    return {"claim": claim, "holds": bool(holds), "figures": figures}
