"""Counts what a program executes within one function, call by call, by valgrind."""

import os
import re
import subprocess

# What hands out memory, by the names that libc gives it with and without its debug symbols.
ALLOCATING = {
    "malloc", "__libc_malloc", "calloc", "__libc_calloc", "realloc", "__libc_realloc",
    "posix_memalign", "__posix_memalign", "aligned_alloc", "__libc_memalign", "memalign",
}


class Failure(Exception):
    """What could not be counted, in words."""


class Call:
    """One call of the function: instructions by function, and calls for memory."""

    def __init__(self, path):
        self.instructions = 0
        self.allocations = 0
        self.by_function = {}
        self._read(path)

    def _read(self, path):
        function, called, is_callee = "", "", False
        for line in path.read_text(errors="replace").splitlines():
            key, _, value = line.partition("=")
            # A function that calls itself is told apart by depth.
            name = value.split("'")[0]
            if key == "fn":
                function = name
            elif key == "cfn":
                called = name
            elif key == "calls":
                # What libc's own functions ask of each other is the one call from outside.
                if called in ALLOCATING and function not in ALLOCATING:
                    self.allocations += int(value.split()[0])
                is_callee = True
            elif line.startswith("summary:"):
                self.instructions = int(line.split()[1])
            elif re.match(r"^[+\-*\d]", line):
                # The line behind `calls` is the callee's cost, which has its own lines.
                if not is_callee:
                    cost = int(line.split()[1])
                    self.by_function[function] = self.by_function.get(function, 0) + cost
                is_callee = False


def output(command, **options):
    """What a command prints; Failure where it fails or does not exist."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, **options)
    except FileNotFoundError as error:
        raise Failure(f"{error.filename} is not installed") from error
    if done.returncode != 0:
        raise Failure(f"`{' '.join(map(str, command))[:200]}` failed:\n{done.stderr[-2000:]}")
    return done.stdout


def count(program, arguments, watched, directory):
    """Runs a program under valgrind.

    - watched: a word that the symbol of one function contains.
    - directory: for files that are not needed afterwards.

    Returns what the program printed, and a Call for each call of the function.
    """
    # Valgrind fails on debug information that is newer than itself; names are enough.
    bare = directory / "program"
    output(["strip", "--strip-debug", "-o", bare, program])
    symbols = [line.split()[-1] for line in output(["nm", bare]).splitlines() if watched in line]
    if len(symbols) != 1:
        raise Failure(f"{len(symbols)} functions of {program} have {watched} in their name")
    environment = {
        # No more than this: what it holds lies on the stack, and moves what is there.
        "PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "SWIFT_DETERMINISTIC_HASHING": "1"}
    printed = output(
        ["valgrind", "--tool=callgrind", f"--callgrind-out-file={directory / 'calls'}",
         f"--toggle-collect={symbols[0]}", f"--dump-after={symbols[0]}",
         "--compress-strings=no", "--compress-pos=no", bare, *arguments],
        env=environment)
    calls = []
    while (path := directory / f"calls.{len(calls) + 1}").exists():
        calls.append(Call(path))
    return printed, calls
