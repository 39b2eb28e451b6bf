"""The README's five minutes print what the README has them print."""

import os
import pathlib
import re
import subprocess
import unittest

from daemon import PROBITY, Daemon, WithFiles

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"
# What differs from one run to the next.
VARYING = [(r"source \d+", "source N"), (r"[\d.]+ events/s", "N events/s")]


def steps():
    """The commands of the section, each with the lines that follow it."""
    section = README.read_text().split("\n## Five minutes\n")[1].split("\n## ")[0]
    found = []
    for block in re.findall(r"^```\n(.*?)^```$", section, re.M | re.S):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, expected = re.sub(r" \\\n\s*", " ", part).partition("\n")
            found.append((command, expected))
    return found


def masked(text):
    for pattern, replacement in VARYING:
        text = re.sub(pattern, replacement, text)
    return text.strip("\n")


class FiveMinutes(WithFiles):
    def test_every_command_prints_what_is_written(self):
        commands = steps()
        self.assertGreaterEqual(len(commands), 9)
        with Daemon() as daemon:
            script = pathlib.Path(self.file("probity", (
                f'#!/bin/sh\nexec "{PROBITY}" "$@" --server {daemon.address}\n')))
            script.chmod(0o755)
            for command, expected in commands:
                with self.subTest(command):
                    self.check(command, expected)

    def check(self, command, expected):
        if command.startswith("cat > "):
            self.file(command.removeprefix("cat > "), expected)
            return
        result = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=60,
            env={**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}"})
        printed = masked(result.stdout)
        if expected.startswith("…\n"):
            # A part of it is shown.
            self.assertIn(masked(expected.removeprefix("…\n")), printed)
        else:
            self.assertEqual(masked(expected), printed)


if __name__ == "__main__":
    unittest.main()
