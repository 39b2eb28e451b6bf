"""Where a benchmark keeps its files, and what that disk can do by itself."""

import contextlib
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

import servers

NOT_DISKS = {"tmpfs", "ramfs"}


def add_option(parser):
    parser.add_argument(
        "--work-dir", type=pathlib.Path, default=servers.REPOSITORY.parent,
        help="where the servers' files go, in a directory that is removed afterwards;"
             " by default beside the repository")


def kind(path):
    """Name of the file system, as `stat` knows it."""
    return subprocess.run(["stat", "-f", "-c", "%T", str(path)], stdout=subprocess.PIPE,
                          text=True, check=True).stdout.strip()


@contextlib.contextmanager
def work_directory(parent):
    """A fresh directory on a disk, removed at the end."""
    if not parent.is_dir():
        raise servers.Failure(f"{parent} is not a directory: choose another --work-dir")
    if kind(parent) in NOT_DISKS:
        raise servers.Failure(
            f"{parent} is on {kind(parent)}, where nothing is durable: choose another --work-dir")
    path = pathlib.Path(tempfile.mkdtemp(prefix="probity-bench-", dir=parent))
    try:
        yield path
    finally:
        shutil.rmtree(path)


@contextlib.contextmanager
def fresh(directory, name):
    """An empty directory for one server's run, removed behind it."""
    path = directory / name
    path.mkdir()
    try:
        yield path
    finally:
        shutil.rmtree(path)


def size_bytes(directory):
    """Of every file under a directory, by its path there."""
    return {str(path.relative_to(directory)): path.stat().st_size
            for path in sorted(directory.rglob("*")) if path.is_file()}


def sync_microseconds(directory, group_bytes, seconds=0.5):
    """Median time of write and fdatasync of a group, by two ways to keep a log.

    `appended` grows the file with each group; `overwritten` writes into a file
    whose blocks are there and written before: the least that durability costs.
    """
    return {"appended": _sync_microseconds(directory, group_bytes, seconds, 0),
            "overwritten": _sync_microseconds(directory, group_bytes, seconds, 64 << 20)}


def _sync_microseconds(directory, group_bytes, seconds, prepared_bytes):
    path = directory / "sync-probe"
    group = os.urandom(group_bytes)
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
    try:
        for _ in range(prepared_bytes >> 20):
            os.write(descriptor, bytes(1 << 20))
        os.fsync(descriptor)
        times, offset = [], 0
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            started = time.perf_counter_ns()
            os.pwrite(descriptor, group, offset)
            os.fdatasync(descriptor)
            times.append(time.perf_counter_ns() - started)
            offset += group_bytes
            if prepared_bytes and offset + group_bytes > prepared_bytes:
                offset = 0
    finally:
        os.close(descriptor)
        path.unlink()
    return round(statistics.median(times) / 1e3, 1)
