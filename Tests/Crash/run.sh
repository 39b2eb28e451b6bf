#!/usr/bin/env bash
# Tests a daemon whose disk is full, fails, or holds damaged files.
#
#   Tests/Crash/run.sh PROBITY [unittest arguments]
#
# PROBITY is the binary. Needs a C compiler; as root also the small disks are
# mounted on which the tests of full ones run.
set -euo pipefail

PROBITY=$(realpath "${1:?name the probity binary}")
shift
cd "$(dirname "$0")"
../EndToEnd/python.sh "$PROBITY" -m unittest "${@:-discover}"
