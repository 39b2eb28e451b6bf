#!/usr/bin/env bash
# Tests a daemon from outside: the protocol in Python, then the command line.
#
#   Tests/EndToEnd/run.sh PROBITY [unittest arguments]
#
# PROBITY is the binary.
set -euo pipefail

PROBITY=$(realpath "${1:?name the probity binary}")
shift
cd "$(dirname "$0")"
./python.sh "$PROBITY" -m unittest "${@:-discover}"
