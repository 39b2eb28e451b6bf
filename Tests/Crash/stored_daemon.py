"""A daemon on a directory that outlives it: to be killed and started again."""

import json
import os
import pathlib
import select
import signal
import subprocess
import time

from daemon import PROBITY

START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 60


class NotStarted(Exception):
    """The daemon ended before it listened; holds its exit code and what it said."""

    def __init__(self, exit_code, said):
        super().__init__(f"exit code {exit_code}: {said.strip() or '(nothing said)'}")
        self.exit_code = exit_code
        self.said = said


class StoredDaemon:
    """`spawn` starts it; `await_listening` says when it is there; `kill` and `stop`
    end it, and so does the end of a `with` block. What it says on standard error
    is appended to the file `log` and is in `said`."""

    def __init__(self, data, *options, environment=None, log=None):
        self.data = pathlib.Path(data)
        self.options = options
        self.environment = {**os.environ, **(environment or {})}
        self.log = pathlib.Path(log or self.data.parent / (self.data.name + ".log"))
        self.process = None
        self.address = None

    def __enter__(self):
        self.spawn()
        try:
            self.await_listening()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *_):
        self.kill()

    def spawn(self):
        """Starts the process and returns at once."""
        self.address = None
        self.said_from = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [PROBITY, "serve", "--listen", "127.0.0.1:0", "--json",
                 "--data", str(self.data), *self.options],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
                env=self.environment)
        self.spawned_at = time.monotonic()

    def await_listening(self):
        """The address, once it listens; raises NotStarted if it ends before."""
        readable, _, _ = select.select([self.process.stdout], [], [], START_SECONDS_MAX)
        if not readable:
            self.kill()
            raise NotStarted(None, f"no word in {START_SECONDS_MAX} s; {self.said}")
        line = self.process.stdout.readline()
        if not line:
            raise NotStarted(self.wait(), self.said)
        self.address = json.loads(line)["listening"]
        self.start_seconds = time.monotonic() - self.spawned_at
        return self.address

    @property
    def has_announced(self):
        """Whether it listens, as far as it has said so."""
        if self.address:
            return True
        return bool(select.select([self.process.stdout], [], [], 0)[0])

    @property
    def is_running(self):
        return self.process is not None and self.process.poll() is None

    @property
    def said(self):
        """Standard error since `spawn`."""
        if not self.log.exists():
            return ""
        with open(self.log, "rb") as log:
            log.seek(self.said_from)
            return log.read().decode(errors="replace")

    def kill(self):
        """SIGKILL. True if it was still running."""
        if self.process is None:
            return False
        was_running = self.process.poll() is None
        if was_running:
            self.process.kill()
        self.process.wait(timeout=STOP_SECONDS_MAX)
        self.process.stdout.close()
        return was_running

    def terminate(self):
        """SIGTERM, without waiting."""
        self.process.send_signal(signal.SIGTERM)

    def wait(self):
        """The exit code."""
        code = self.process.wait(timeout=STOP_SECONDS_MAX)
        self.process.stdout.close()
        return code

    def stop(self):
        """SIGTERM; the exit code."""
        self.terminate()
        return self.wait()
