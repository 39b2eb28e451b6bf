"""A daemon of the release build, and the command line, for tests.

PROBITY names the binary. Every daemon listens on a free port of loopback, and
is ended by its process id."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

PROBITY = os.environ.get("PROBITY", ".build/release/probity")


class Daemon:
    """`with Daemon() as daemon:` serves until the block ends, from a store of its
    own unless the arguments name one."""

    def __init__(self, *arguments):
        self.arguments = arguments

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        if "--data" not in self.arguments:
            self.arguments += ("--data", os.path.join(self.folder.name, "data"))
        self.process = subprocess.Popen(
            [PROBITY, "serve", "--listen", "127.0.0.1:0", "--json", *self.arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            said = self.process.stderr.read()
            self.__exit__()
            raise RuntimeError("the daemon did not start: " + said)
        announced = json.loads(line)
        self.address = announced["listening"]
        self.admin = announced.get("admin")
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.exit_code = self.process.wait(timeout=20)
        self.process.stdout.close()
        self.process.stderr.close()
        self.folder.cleanup()

    def run(self, command, *arguments, **options):
        """Runs `probity command` against this daemon."""
        return run(command, "--server", self.address, *arguments, **options)

    def json(self, command, *arguments, **options):
        """The objects that `probity command --json` prints."""
        result = self.run(command, "--json", *arguments, **options)
        assert result.returncode in (0, 2), result.stderr
        return [json.loads(line) for line in result.stdout.splitlines()]


def run(*arguments, stdin="", timeout=60, env=None):
    return subprocess.run(
        [PROBITY, *arguments], input=stdin, capture_output=True, text=True, timeout=timeout,
        env={**os.environ, **(env or {})})


class WithFiles(unittest.TestCase):
    """A test case with a folder of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def file(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return str(path)
