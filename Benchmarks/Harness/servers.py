"""Servers of a benchmark: started on loopback, measured, and stopped by their pid.

Nothing here ends a process that it did not start.
"""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

BENCHMARKS = pathlib.Path(__file__).resolve().parent.parent
REPOSITORY = BENCHMARKS.parent
STOP_SECONDS_MAX = 15
START_SECONDS_MAX = 30


class Failure(Exception):
    """Something that the user has to put right; its text says what."""


def binary(environment_name, path):
    """A release binary: where the environment says, or where it is built."""
    chosen = pathlib.Path(os.environ.get(environment_name, path))
    if not chosen.is_file():
        raise Failure(f"{chosen} is missing: run `make build-bench` first")
    return str(chosen)


def probity():
    return binary("PROBITY", REPOSITORY / ".build/release/probity")


def loopback_bench():
    return binary("LOOPBACK_BENCH", BENCHMARKS / ".build/release/loopback-bench")


class Server:
    """A process of ours that listens on 127.0.0.1; a context manager."""

    name = "server"

    def __init__(self):
        self.process = None
        self.port = None

    def __enter__(self):
        # So that a terminated script stops its servers as an interrupted one does.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def cpu_seconds(self):
        """Processor time of all its threads so far, to 10 ms."""
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Daemon(Server):
    """The release daemon on a free port, with state in memory."""

    name = "probity"

    def __init__(self, event_loops=1, environment=None, arguments=()):
        super().__init__()
        self.command = [
            probity(), "serve", "--listen", "127.0.0.1:0", "--json", "--event-loops",
            str(event_loops), *arguments,
        ]
        self.environment = {**os.environ, **(environment or {})}

    def start(self):
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.PIPE, env=self.environment, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise Failure("the daemon ended before it listened")
        text = line
        while not text.rstrip().endswith("}"):
            text += self.process.stdout.readline()
        self.port = int(json.loads(text)["listening"].rpartition(":")[2])

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @staticmethod
    def version():
        return run([probity(), "--version"]).strip()


class Redis(Server):
    """redis-server on a free port, without persistence."""

    name = "redis"

    def start(self):
        self.port = free_port()
        self.process = subprocess.Popen(
            ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--save", "",
             "--appendonly", "no"],
            stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise Failure(f"redis-server does not listen on {self.port}")

    @staticmethod
    def version():
        return run(["redis-server", "--version"]).split(" sha=")[0].strip()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(command):
    """Runs a command to its end and returns what it printed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise Failure(f"`{' '.join(command)}` failed with {done.returncode}: {done.stdout}")
    return done.stdout


def fill(server, accounts, seed):
    """Puts accounts 1…N, or as many keys, into a server."""
    command = [loopback_bench(), "fill", server.name, "--port", str(server.port)]
    return run(command + ["--accounts", str(accounts), "--seed", str(seed)]).strip()


def load(server, **options):
    """One run of loopback-bench; its report, with the server's processor time a request.

    Takes loopback-bench's options with underscores for hyphens.
    """
    command = [loopback_bench(), "run", server.name, "--port", str(server.port), "--json"]
    for name, value in options.items():
        command += ["--" + name.replace("_", "-"), str(value)]
    return json.loads(run(command))
