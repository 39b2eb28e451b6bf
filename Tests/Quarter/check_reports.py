#!/usr/bin/env python3
"""Looks at the committee's reports in a real browser, at the widths of a screen and a telephone.

    check_reports.py [--screenshots DIR] PAGE.html CHART [CHART…] [-- PAGE.html CHART…]

Each page must hold the charts named by their ids, drawn and readable: shapes with a size, words
of 11 px and more with enough contrast, nothing cut off, nothing wider than the page. Then the
same is asked of the page with its charts spoilt, one way after another, which must be found.
Needs Chromium, which never goes beyond loopback.
"""

import argparse
import functools
import html
import http.server
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading

WIDTHS = (1280, 390)
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# Runs in the page that holds the report; writes what it finds into its own body.
MEASURE = """
<!DOCTYPE html><meta charset="utf-8"><body style="margin:0">
<iframe id="f" style="border:0;width:WIDTHpx;height:900px" src="PAGE"></iframe>
<pre id="found"></pre>
<script>
const frame = document.getElementById('f');
function luminance(colour) {
  const channels = colour.map(c => { c /= 255; return c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4; });
  return .2126 * channels[0] + .7152 * channels[1] + .0722 * channels[2];
}
function parse(text) {
  const srgb = text.match(/^color\\(srgb ([\\d.e-]+) ([\\d.e-]+) ([\\d.e-]+)(?: \\/ ([\\d.e-]+))?\\)/);
  if (srgb) return [255 * srgb[1], 255 * srgb[2], 255 * srgb[3], srgb[4] === undefined ? 1 : +srgb[4]];
  const numbers = (text.match(/[\\d.]+/g) || []).map(Number);
  return numbers.length < 3 ? [0, 0, 0, 0] : [...numbers.slice(0, 3), numbers.length > 3 ? numbers[3] : 1];
}
function background(view, element) {
  const layers = [];
  for (let e = element; e; e = e.parentElement) {
    const colour = parse(view.getComputedStyle(e).backgroundColor);
    if (colour[3] > 0) layers.push(colour);
    if (colour[3] >= 1) break;
  }
  let result = [255, 255, 255];
  for (const layer of layers.reverse())
    result = result.map((c, i) => c * (1 - layer[3]) + layer[i] * layer[3]);
  return result;
}
frame.onload = () => {
  const view = frame.contentWindow, page = frame.contentDocument;
  const found = {width: view.innerWidth, scrollWidth: page.documentElement.scrollWidth, charts: {}, words: []};
  for (const chart of page.querySelectorAll('figure.chart')) {
    const box = chart.getBoundingClientRect();
    const shapes = [];
    for (const path of chart.querySelectorAll('svg path')) {
      const size = path.getBoundingClientRect(), style = view.getComputedStyle(path);
      const visible = style.fill !== 'none' || style.stroke !== 'none';
      if (visible) shapes.push([size.width, size.height]);
    }
    for (const bar of chart.querySelectorAll('.track b')) {
      const size = bar.getBoundingClientRect();
      shapes.push([size.width, size.height]);
    }
    for (const cell of chart.querySelectorAll('td')) {
      const size = cell.getBoundingClientRect();
      shapes.push([size.width, size.height]);
    }
    found.charts[chart.id] = {width: box.width, height: box.height, left: box.left, right: box.right,
      shapes, caption: (chart.querySelector('figcaption') || {}).textContent || ''};
  }
  const walker = page.createTreeWalker(page.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, text = node.textContent.trim(), element = node.parentElement;
    if (!text || ['SCRIPT', 'STYLE'].includes(element.tagName)) continue;
    const style = view.getComputedStyle(element), range = page.createRange();
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect();
    const a = luminance(parse(style.color).slice(0, 3)), b = luminance(background(view, element));
    found.words.push({text: text.slice(0, 60), size: parseFloat(style.fontSize), left: box.left,
      right: box.right, height: box.height, contrast: (Math.max(a, b) + .05) / (Math.min(a, b) + .05)});
  }
  document.getElementById('found').textContent = JSON.stringify(found);
};
</script>
"""

FONT_PIXELS_MIN = 11
# WCAG 2.1, success criterion 1.4.3.
CONTRAST_MIN = 4.5
CHART_WIDTH_MIN, CHART_HEIGHT_MIN = 250, 90

# What may go wrong with a page, done to it on purpose.
SPOILT = {
    "shapes without a line": lambda page: re.sub(r' d="[^"]*"', ' d=""', page),
    "bars of no width": lambda page: re.sub(r"width:[\d.]+%", "width:0%", page),
    "small print": lambda page: page.replace("font-size: 13px", "font-size: 7px"),
    "a page too wide for a telephone": lambda page: page.replace(
        ".plot { position", ".plot { min-width: 700px; position"),
    "grey on grey": lambda page: page.replace("--soft: #5b6675", "--soft: #c9ced6"),
    "a chart that is missing": lambda page: page.replace('class="chart"', 'class="none"', 1),
}


def browser():
    for name in BROWSERS:
        path = shutil.which(name)
        if path:
            return path
    sys.exit("no Chromium was found: run `.ci/install-packages test`")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Eyes:
    """A browser that looks at pages of one directory."""

    def __init__(self, directory):
        self._directory = directory
        self._browser = browser()
        self._looks = 0
        self._profile = tempfile.TemporaryDirectory()
        handler = functools.partial(Quiet, directory=str(directory))
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._profile.cleanup()

    def _run(self, *arguments):
        command = [
            self._browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
            "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
            f"--user-data-dir={self._profile.name}", *arguments]
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=120)
        return done.stdout.decode(errors="replace")

    def _address(self, name):
        return f"http://127.0.0.1:{self._server.server_address[1]}/{name}"

    def measure(self, page, width):
        # A name of its own each time: browsers remember.
        self._looks += 1
        frame = self._directory / f"frame-{self._looks}.html"
        frame.write_text(MEASURE.replace("WIDTH", str(width)).replace("PAGE", f"{page}?{self._looks}"))
        text = self._run(
            f"--window-size={max(width, 600)},1000", "--virtual-time-budget=10000", "--dump-dom",
            self._address(frame.name))
        found = re.search(r'<pre id="found">(.*?)</pre>', text, re.S)
        if not found or not found.group(1):
            sys.exit(f"{page}: the browser said nothing: {text[-500:]}")
        return json.loads(html.unescape(found.group(1)))

    def screenshot(self, page, width, path):
        self._run(f"--window-size={width},3000", f"--screenshot={path}", self._address(page))


def complaints(found, charts, width):
    """Everything that is wrong with a page, as sentences."""
    wrong = []
    if found["width"] != width:
        wrong.append(f"it was looked at {found['width']} px wide, not {width}")
    if found["scrollWidth"] > width:
        wrong.append(f"it is {found['scrollWidth']} px wide")
    for chart in charts:
        seen = found["charts"].get(chart)
        if seen is None:
            wrong.append(f"the chart {chart} is missing")
            continue
        if seen["width"] < CHART_WIDTH_MIN or seen["height"] < CHART_HEIGHT_MIN:
            wrong.append(f"the chart {chart} is {seen['width']:.0f} x {seen['height']:.0f} px")
        if seen["left"] < 0 or seen["right"] > width:
            wrong.append(f"the chart {chart} is cut off")
        if not any(w > 3 and h > 3 for w, h in seen["shapes"]):
            wrong.append(f"the chart {chart} shows nothing")
        if len(seen["caption"]) < 10:
            wrong.append(f"the chart {chart} does not say what it shows")
    for word in found["words"]:
        if word["size"] < FONT_PIXELS_MIN:
            wrong.append(f"\"{word['text']}\" is {word['size']} px high")
        if word["contrast"] < CONTRAST_MIN:
            wrong.append(f"\"{word['text']}\" has a contrast of {word['contrast']:.1f}")
        if word["left"] < -1 or word["right"] > width + 1:
            wrong.append(f"\"{word['text']}\" is cut off")
    return wrong


def check(eyes, directory, page, charts, screenshots):
    count = 0
    name = page.name
    shutil.copy(page, directory / name)
    for width in WIDTHS:
        wrong = complaints(eyes.measure(name, width), charts, width)
        if wrong:
            sys.exit(f"{name} at {width} px: " + "; ".join(wrong[:10]))
        count += 1
        if screenshots:
            eyes.screenshot(name, width, screenshots / f"{page.stem}-{width}.png")
    text = page.read_text()
    for what, spoil in SPOILT.items():
        spoilt = spoil(text)
        if spoilt == text:
            continue
        (directory / "spoilt.html").write_text(spoilt)
        if not any(complaints(eyes.measure("spoilt.html", width), charts, width)
                   for width in reversed(WIDTHS)):
            sys.exit(f"{name} with {what} was taken for good")
        count += 1
    print(f"{name}: {len(charts)} charts are there and readable at "
          f"{' and '.join(map(str, WIDTHS))} px; {count} looks")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--screenshots", type=pathlib.Path, help="directory to keep pictures in")
    parser.add_argument("pages", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    groups = " ".join(options.pages).split(" -- ")
    if options.screenshots:
        options.screenshots.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work, Eyes(pathlib.Path(work)) as eyes:
        for group in groups:
            page, *charts = group.split()
            check(eyes, pathlib.Path(work), pathlib.Path(page), charts, options.screenshots)


if __name__ == "__main__":
    main()
