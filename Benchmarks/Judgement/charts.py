"""Charts as inline SVG: colours come from the page's classes, so that they turn with it."""

import html
import math

WIDTH, HEIGHT = 340, 260
LEFT, RIGHT, TOP, BOTTOM = 46, 18, 10, 38


class Plot:
    """A plane with two axes from `x[0]` to `x[1]` and from `y[0]` to `y[1]`."""

    def __init__(self, title, x, y, x_label, y_label):
        self.x, self.y = x, y
        self.parts = [
            f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            f'aria-label="{html.escape(title)}">']
        self._axis_labels(x_label, y_label)

    def at(self, x, y):
        """Place of a point in the picture."""
        share_x = (x - self.x[0]) / (self.x[1] - self.x[0])
        share_y = (y - self.y[0]) / (self.y[1] - self.y[0])
        return (LEFT + share_x * (WIDTH - LEFT - RIGHT),
                HEIGHT - BOTTOM - share_y * (HEIGHT - TOP - BOTTOM))

    def _axis_labels(self, x_label, y_label):
        middle = (HEIGHT - BOTTOM + TOP) / 2
        self.text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 5, x_label, "axis-label", "middle")
        self.parts.append(
            f'<text class="axis-label" text-anchor="middle" transform="translate(11 {middle:.1f}) '
            f'rotate(-90)">{html.escape(y_label)}</text>')

    def text(self, x, y, text, kind, anchor):
        self.parts.append(f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">'
                          f"{html.escape(text)}</text>")

    def grid(self, x_ticks, y_ticks, show):
        """Thin lines and what they stand for; `show` makes text of a number."""
        for tick in y_ticks:
            left, y = self.at(self.x[0], tick)
            right, _ = self.at(self.x[1], tick)
            self.parts.append(
                f'<line class="grid" x1="{left:.1f}" x2="{right:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>')
            self.text(left - 5, y + 3.5, show[1](tick), "tick", "end")
        for tick in x_ticks:
            x, y = self.at(tick, self.y[0])
            self.text(x, y + 14, show[0](tick), "tick", "middle")

    def line(self, points, kind):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (self.at(*point) for point in points))
        self.parts.append(f'<polyline class="line {kind}" points="{path}"/>')

    def dots(self, points, kind):
        """Points with a text each, shown where one rests on them."""
        for x, y, text in points:
            x, y = self.at(x, y)
            self.parts.append(f'<circle class="dot {kind}" cx="{x:.1f}" cy="{y:.1f}" r="3.2">'
                              f"<title>{html.escape(text)}</title></circle>")

    def bar(self, low, high, value, kind, text):
        left, top = self.at(low, value)
        right, bottom = self.at(high, self.y[0])
        self.parts.append(
            f'<rect class="bar {kind}" x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" '
            f'height="{max(bottom - top, 0):.1f}"><title>{html.escape(text)}</title></rect>')

    def svg(self):
        return "".join(self.parts) + "</svg>"


def percent(value):
    return f"{value * 100:g} %"


def ticks(high, count=5):
    """About `count` round numbers from 0 to at least `high`."""
    step = 10 ** math.floor(math.log10(high / count)) if high > 0 else 0.2
    step = next(step * factor for factor in (1, 2, 2.5, 5, 10)
                if step * factor * count >= high * 0.999)
    last = math.ceil(high / step - 1e-9)
    return [round(step * i, 10) for i in range(last + 1)]


def roc(lines):
    """- lines: (points, class) each."""
    plot = Plot("ROC curves", (0, 1), (0, 1), "good ones that are warned of too",
                "bad ones that are warned of")
    quarters = [0, 0.25, 0.5, 0.75, 1]
    plot.grid(quarters, quarters, (percent, percent))
    plot.line([(0, 0), (1, 1)], "chance")
    for points, kind in lines:
        plot.line(points, kind)
    return plot.svg()


def reliability(series):
    """- series: (bins, class, name) each."""
    high = max(max(b["forecast"], b["wentWrong"]) for bins, _, _ in series for b in bins)
    marks = ticks(high)
    span = (0, marks[-1])
    plot = Plot("Reliability", span, span, "forecast", "went wrong")
    plot.grid(marks, marks, (percent, percent))
    plot.line([(0, 0), (marks[-1], marks[-1])], "chance")
    for bins, kind, name in series:
        plot.line([(b["forecast"], b["wentWrong"]) for b in bins], kind + " thin")
        plot.dots([(b["forecast"], b["wentWrong"],
                    f"{name}: forecast {100 * b['forecast']:.1f} %, went wrong "
                    f"{100 * b['wentWrong']:.1f} % "
                    f"of {b['count']:,}") for b in bins], kind)
    return plot.svg()


def score_bands(bands):
    """How scores are spread among the good and among the bad."""
    good, bad = (max(1, sum(band[kind] for band in bands)) for kind in ("good", "bad"))
    width = bands[1]["from"] - bands[0]["from"]
    filled = [band["from"] for band in bands if band["good"] or band["bad"]]
    high = max(max(band["good"] / good, band["bad"] / bad) for band in bands)
    marks = ticks(high)
    low, top = min(filled, default=0), max(filled, default=1000 - width) + width
    plot = Plot("Scores of good and bad", (low, top), (0, marks[-1]), "score of the fitted policy",
                "share of the good, of the bad")
    step = 200 if top - low > 400 else 100 if top - low > 200 else 50
    plot.grid(range(-(-low // step) * step, top + 1, step), marks, (str, percent))
    for band in bands:
        start = band["from"]
        if start < low or start >= top:
            continue
        text = f"score {start}–{start + width - 1}: {band['good']:,} good, {band['bad']:,} bad"
        edge, middle = width * 0.1, start + width / 2
        plot.bar(start + edge, middle - width * 0.02, band["good"] / good, "good", text)
        plot.bar(middle + width * 0.02, start + width - edge, band["bad"] / bad, "bad", text)
    return plot.svg()


def interval_strip(entry, span, kind):
    """An AUC with its interval, on a line that all forecasts of a task share."""
    width, height = 110, 16

    def x(value):
        return 4 + (value - span[0]) / (span[1] - span[0]) * (width - 8)

    parts = [f'<svg class="strip" viewBox="0 0 {width} {height}" width="{width}" '
             f'height="{height}" aria-hidden="true">']
    if span[0] <= 0.5:
        parts.append(f'<line class="chance" x1="{x(0.5):.1f}" x2="{x(0.5):.1f}" y1="0" '
                     f'y2="{height}"/>')
    if entry["low"] is not None:
        parts.append(f'<line class="line {kind}" x1="{x(entry["low"]):.1f}" '
                     f'x2="{x(entry["high"]):.1f}" y1="8" y2="8"/>')
    if entry["value"] is not None:
        parts.append(f'<circle class="dot {kind}" cx="{x(entry["value"]):.1f}" cy="8" r="4"/>')
    return "".join(parts) + "</svg>"
