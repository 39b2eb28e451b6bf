#!/usr/bin/env bash
# Walks a new daemon through a day of disputes, and ends it.
#
#   Tests/DisputeDay/run.sh PROBITY DISPUTE_DAY [options of dispute-day]
#
# PROBITY and DISPUTE_DAY are binaries.
set -euo pipefail

HERE=$(dirname "$(realpath "$0")")
PROBITY=$(realpath "${1:?name the probity binary}")
DISPUTE_DAY=$(realpath "${2:?name the dispute-day binary}")
shift 2
source "$HERE/../own_daemon.sh"
"$DISPUTE_DAY" --port "$PORT" "$@"
