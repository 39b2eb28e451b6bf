"""Lets this folder import the converters of Benchmarks/Replay."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Replay"))
