"""Servers of a benchmark: started on loopback, measured, and stopped by their pid.

Nothing here ends a process that it did not start.
"""

import getpass
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

BENCHMARKS = pathlib.Path(__file__).resolve().parent.parent
REPOSITORY = BENCHMARKS.parent
START_SECONDS_MAX = 30
# What tells a daemon to keep its state in memory alone.
IN_MEMORY_ARGUMENTS = ["--durability", "memory"]


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


def grpc_peer(name):
    """The peer's server or its load client."""
    return binary(name.upper().replace("-", "_"), BENCHMARKS / ".build/grpc" / name)


class Server:
    """A process of ours that listens on 127.0.0.1; a context manager."""

    # What loopback-bench calls it.
    name = "server"
    # Longer than this after SIGTERM, and it is killed.
    stop_seconds_max = 15

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

    def wait_until_listening(self):
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise Failure(f"{self.name} ended with {self.process.returncode} at its start")
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise Failure(f"{self.name} does not listen on {self.port}")

    def load_command(self, options):
        """The command line of a client that looks things up in it; its report is JSON."""
        return command("run", self, **options)

    def fill(self, accounts, seed):
        """Puts accounts 1…N, or as many keys, into it; the report of that."""
        return json.loads(run(command("fill", self, accounts=accounts, seed=seed)))

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(self.stop_seconds_max)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def stop_cleanly(self):
        """Stops it and fails where it did not end by itself and with success."""
        self.stop()
        if self.process.returncode != 0:
            raise Failure(f"{self.name} ended with {self.process.returncode} when told to stop")

    def cpu_seconds(self):
        """Processor time of all its threads so far, to 10 ms."""
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Daemon(Server):
    """The release daemon on a free port; with its state in memory, or durable in `data`.

    With `event_loops` None it has as many as it takes of its own accord.
    """

    name = "probity"

    def __init__(self, event_loops=1, environment=None, arguments=(), data=None,
                 durability="memory"):
        super().__init__()
        self.arguments = ["--json", *arguments]
        if event_loops is not None:
            self.arguments += ["--event-loops", str(event_loops)]
        if durability == "memory":
            self.arguments += IN_MEMORY_ARGUMENTS
        else:
            self.arguments += ["--data", str(data), "--durability", durability]
        self.environment = {**os.environ, **(environment or {})}

    def launch(self, port=0):
        """Starts the process and does not wait until it listens."""
        self.process = subprocess.Popen(
            [probity(), "serve", "--listen", f"127.0.0.1:{port}", *self.arguments],
            stdout=subprocess.PIPE, env=self.environment, text=True)
        self.port = port

    def start(self):
        self.launch()
        text = self.process.stdout.readline()
        if not text:
            raise Failure("the daemon ended before it listened")
        self.port = int(json.loads(text)["listening"].rpartition(":")[2])

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def ask(self, command):
        """What a command of the CLI, such as status, says about this daemon."""
        return json.loads(run([probity(), command, "--json", "--server", self.address]))

    def snapshot(self, seconds_max=900):
        """What a snapshot says of itself; waits for one that the daemon takes by itself."""
        deadline = time.monotonic() + seconds_max
        while True:
            try:
                return self.ask("snapshot")
            except Failure:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    @staticmethod
    def version():
        return "Probity " + run([probity(), "--version"]).strip()


class Redis(Server):
    """redis-server on a free port; in memory, or with every write durable in `data`."""

    name = "redis"

    def __init__(self, data=None, durability="memory"):
        super().__init__()
        # Without snapshots of its own accord, and without rewriting its log
        # while it is measured.
        self.arguments = ["--save", "", "--auto-aof-rewrite-percentage", "0"]
        if data is not None:
            self.arguments += ["--dir", str(data)]
        if durability == "memory":
            self.arguments += ["--appendonly", "no"]
        else:
            self.arguments += ["--appendonly", "yes", "--appendfsync", durability]

    def launch(self, port):
        """Starts the process and does not wait until it listens."""
        self.process = subprocess.Popen(
            [program("redis-server"), "--bind", "127.0.0.1", "--port", str(port), *self.arguments],
            stdout=subprocess.DEVNULL)
        self.port = port

    def start(self):
        self.launch(free_port())
        self.wait_until_listening()

    @staticmethod
    def version():
        return run([program("redis-server"), "--version"]).split(" sha=")[0].strip()


class Memcached(Server):
    """memcached on a free port, with room for so many keys of ours and more."""

    name = "memcached"

    def __init__(self, accounts, threads=None):
        super().__init__()
        # Twice what a key takes; and it refuses what it has no room for, so that
        # nothing is thrown out in silence.
        mebibytes = 64 + accounts * 256 // (1 << 20)
        self.arguments = ["-m", str(mebibytes), "-M"]
        if threads is not None:
            self.arguments += ["-t", str(threads)]

    def start(self):
        self.port = free_port()
        self.process = subprocess.Popen(
            [program("memcached"), "-l", "127.0.0.1", "-p", str(self.port), "-U", "0",
             "-u", getpass.getuser(), *self.arguments], stdout=subprocess.DEVNULL)
        self.wait_until_listening()

    @staticmethod
    def version():
        return run([program("memcached"), "--version"]).strip()


class GrpcPeer(Server):
    """The plain gRPC server of Peers/grpc, born with its accounts."""

    name = "grpc"

    def __init__(self, accounts, threads):
        super().__init__()
        self.accounts, self.threads = accounts, threads

    def start(self):
        self.process = subprocess.Popen(
            [grpc_peer("lookup-server"), str(self.accounts), str(self.threads)],
            stdout=subprocess.PIPE, text=True)
        text = self.process.stdout.readline()
        if not text:
            raise Failure("lookup-server ended before it listened")
        self.port = int(text)

    def fill(self, accounts, seed):
        if accounts != self.accounts:
            raise Failure(f"lookup-server has {self.accounts} accounts, not {accounts}")
        return {"server": self.name, "accounts": accounts, "writes": 0, "writesPerSecond": 0}

    def load_command(self, options):
        names = ("connections", "in_flight", "threads", "accounts", "seed", "warm_up", "duration")
        return [grpc_peer("lookup-load"), str(self.port), *(str(options[name]) for name in names)]

    @staticmethod
    def version():
        return "gRPC C++ " + run(["pkg-config", "--modversion", "grpc++"]).strip()


def program(name):
    """A program of the system."""
    path = shutil.which(name)
    if path is None:
        raise Failure(f"{name} is missing: run `.ci/install-packages bench` first")
    return path


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
    """Puts accounts 1…N, or as many keys, into a server; prints and returns the report."""
    report = server.fill(accounts, seed)
    print(f"{server.name}: {accounts} accounts by {report['writes']} writes, "
          f"{report['writesPerSecond']:.0f} a second", flush=True)
    return report


def command(action, server, **options):
    """loopback-bench's command line; its options with underscores for hyphens, True for flags."""
    words = [loopback_bench(), action, server.name, "--port", str(server.port), "--json"]
    for name, value in options.items():
        if value is True:
            words.append("--" + name.replace("_", "-"))
        else:
            words += ["--" + name.replace("_", "-"), str(value)]
    return words


def load(server, **options):
    """Lookups by the server's client; its report."""
    return json.loads(run(server.load_command(options)))


def record(server, **options):
    """Batches of writes by loopback-bench; its report, with the server's processor time."""
    return json.loads(
        run(command("record", server, server_pid=server.process.pid, **options)))


def machine():
    """This machine, as loopback-bench's reports have it."""
    with open("/proc/cpuinfo") as file:
        models = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {"cpuModel": models[0] if models else "unknown processor",
            "coreCount": os.cpu_count(), "memoryGibibytes": round(memory / 2**30)}


def machine_line(machine):
    return (f"{machine['cpuModel']}, {machine['coreCount']} cores, "
            f"{machine['memoryGibibytes']} GiB")
